"""How a model reads a prompt: the words it has learned, those it has not, and what it assumes.

A lexicon is a file beside a preset: language → attribute → value → form → {"seen", "unseen"} →
words, and language → "glue" → words that fill a sentence. Words of the form "vague" count only where
nothing plainer is said. Knows nothing of the model, of people
or of pages. A prompt is read and forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from pipeline.spelling import ELIDED, Spellings, Word, words_of

_MOST_UNKNOWN: Final = 12
_ARTICLES: Final = ("a", "an", "the", "this", "un", "une", "le", "la", "les")
"""A lexicon may hold them as `one`, but alone they count nothing: `the two balls`."""
_HYPHENS: Final = ("-", "\u2010", "\u2011")
_VAGUE: Final = "vague"
"""The form of words that name a value only if nothing else does."""
_GENDERS: Final = ("m", "f")
"""They follow the forms of a French noun."""


@dataclass(frozen=True)
class Value:
    """A value of an attribute. `label` names it in each language."""

    attribute: str
    value: str
    label: dict[str, str]


@dataclass(frozen=True)
class Known(Value):
    words: tuple[str, ...]  # as they were written


@dataclass(frozen=True)
class Unknown:
    word: str  # as it was written
    meant: str | None


@dataclass(frozen=True)
class Clash:
    """An attribute that was given more than one value."""

    attribute: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Reading:
    known: tuple[Known, ...]
    unknown: tuple[Unknown, ...]
    assumed: tuple[Value, ...]
    clashes: tuple[Clash, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class _Meaning(NamedTuple):
    attribute: str  # empty for glue
    value: str
    is_plural: bool
    is_vague: bool = False  # counts only where nothing else names the attribute: "flying (left)"


class _Match(NamedTuple):
    """A phrase of the lexicon found in a prompt. Places are counted in words."""

    start: int
    length: int
    meanings: dict[str, _Meaning]  # by language


_GLUE: Final = _Meaning("", "", False)


@cache
def open_lexicon(path: Path) -> Lexicon:
    """The lexicon of a file, read once."""
    return Lexicon(json.loads(path.read_text(encoding="utf-8")))


class Lexicon:
    """All words of a model, ready to be looked up."""

    def __init__(self, content: dict[str, Any]) -> None:
        self._languages = tuple(content)
        self._labels: dict[tuple[str, str], dict[str, str]] = {}
        self._phrases: dict[str, dict[str, _Meaning]] = {}
        self._longest: dict[str, int] = {}  # first word → words of its longest phrase
        self._spellings = {language: Spellings() for language in content}
        for language, attributes in content.items():
            for attribute, values in attributes.items():
                if attribute != "glue":
                    self._learn(language, attribute, values)
        for language, attributes in content.items():  # after the values, which go first
            for phrase in (*attributes.get("glue", ()), *_ARTICLES, *ELIDED.values()):
                self._add(language, phrase, _GLUE)

    def read(self, prompt: str, assumes: Mapping[str, str]) -> Reading:
        """What the words of `prompt` say. `assumes`: what an attribute is when it goes unsaid."""
        words = words_of(prompt)
        found = sorted(self._matches(words), key=lambda match: (-match.length, match.start))
        spoken = self._spoken(found, len(words))
        matches = sorted(_apart(found, len(words)), key=lambda match: match.start)
        known = self._known(prompt, words, matches, spoken)
        named: dict[str, list[Value]] = {}
        for each in known:
            named.setdefault(each.attribute, []).append(self._value(each.attribute, each.value))
        return Reading(
            known=known,
            unknown=self._unknown(prompt, words, matches, spoken),
            assumed=self._assumed(named, assumes),
            clashes=tuple(
                Clash(attribute, tuple(values))
                for attribute, values in named.items()
                if len(values) > 1
            ),
        )

    # ---- learning -------------------------------------------------------------------------

    def _learn(self, language: str, attribute: str, values: dict[str, Any]) -> None:
        for value, forms in values.items():
            for form, entries in forms.items():
                for entry in (*entries["seen"], *entries["unseen"]):
                    for phrase, is_plural in _inflected(form, entry):
                        if phrase not in _ARTICLES:
                            meaning = _Meaning(attribute, value, is_plural, form == _VAGUE)
                            self._add(language, phrase, meaning)
            self._labels.setdefault((attribute, value), {})[language] = _label(value, forms)

    def _add(self, language: str, phrase: str, meaning: _Meaning) -> None:
        keys = [word.key for word in words_of(phrase)]
        self._phrases.setdefault(" ".join(keys), {}).setdefault(language, meaning)
        self._longest[keys[0]] = max(len(keys), self._longest.get(keys[0], 0))
        if len(keys) == 1 and meaning.attribute:
            self._spellings[language].add(keys[0], phrase)

    # ---- reading --------------------------------------------------------------------------

    def _matches(self, words: list[Word]) -> Iterator[_Match]:
        """Every phrase at every place, overlapping as they may."""
        keys = [word.key for word in words]
        for start, first in enumerate(keys):
            longest = min(self._longest.get(first, 0), len(keys) - start)
            for length in range(1, longest + 1):
                meanings = self._phrases.get(" ".join(keys[start : start + length]))
                if meanings:
                    yield _Match(start, length, meanings)

    def _spoken(self, found: list[_Match], count: int) -> list[str]:
        """The language that explains most of the words; several if they explain as much."""
        explained = {
            language: sum(
                match.length
                for match in _apart((each for each in found if language in each.meanings), count)
            )
            for language in self._languages
        }
        most = max(explained.values(), default=0)
        return [language for language in self._languages if explained[language] == most]

    def _known(
        self, prompt: str, words: list[Word], matches: list[_Match], spoken: list[str]
    ) -> tuple[Known, ...]:
        named: dict[tuple[str, str], dict[str, None]] = {}  # the words of a value, each once
        plurals: dict[str, None] = {}
        meanings = [_meaning(match, spoken) for match in matches]
        named_plainly = {each.attribute for each in meanings if not each.is_vague}
        for match, (attribute, value, is_plural, is_vague) in zip(matches, meanings, strict=True):
            if not attribute or (is_vague and attribute in named_plainly):
                continue
            last = words[match.start + match.length - 1]
            written = prompt[words[match.start].start : last.end]
            named.setdefault((attribute, value), {})[written] = None
            if is_plural:
                plurals[written] = None
        is_counted = any(attribute == "count" for attribute, _ in named)
        if plurals and not is_counted and ("count", "two") in self._labels:
            named["count", "two"] = plurals
        return tuple(
            Known(attribute, value, self._label(attribute, value), tuple(written))
            for (attribute, value), written in named.items()
        )

    def _unknown(
        self, prompt: str, words: list[Word], matches: list[_Match], spoken: list[str]
    ) -> tuple[Unknown, ...]:
        explained = {place for m in matches for place in range(m.start, m.start + m.length)}
        strange: list[Word] = []
        for place, word in enumerate(words):
            if place in explained:
                continue
            before = strange[-1] if strange else word
            if prompt[before.end : word.start] in _HYPHENS:  # one word to whoever wrote it
                strange[-1] = Word(before.start, word.end, f"{before.key}-{word.key}")
            else:
                strange.append(word)
        once = {word.key: word for word in reversed(strange)}  # the first of each stays
        first = sorted(once.values())[:_MOST_UNKNOWN]
        return tuple(
            Unknown(prompt[word.start : word.end], self._meant(word.key, spoken)) for word in first
        )

    def _meant(self, key: str, spoken: list[str]) -> str | None:
        guesses = (self._spellings[language].nearest(key) for language in spoken)
        return next((guess for guess in guesses if guess), None)

    def _assumed(
        self, named: Mapping[str, list[Value]], assumes: Mapping[str, str]
    ) -> tuple[Value, ...]:
        unsaid = {name: value for name, value in assumes.items() if name not in named}
        motions = {each.value for each in named.get("motion", [])} or {assumes.get("motion", "")}
        if motions == {"still"}:
            unsaid.pop("speed", None)  # what does not move has none
        return tuple(self._value(name, value) for name, value in unsaid.items())

    def _value(self, attribute: str, value: str) -> Value:
        return Value(attribute, value, self._label(attribute, value))

    def _label(self, attribute: str, value: str) -> dict[str, str]:
        return dict.fromkeys(self._languages, value) | self._labels.get((attribute, value), {})


def _apart(found: Iterable[_Match], count: int) -> list[_Match]:
    """Matches that share no word, taken in the order they come."""
    taken = bytearray(count)
    chosen = []
    for match in found:
        end = match.start + match.length
        if not any(taken[match.start : end]):
            taken[match.start : end] = b"\x01" * match.length
            chosen.append(match)
    return chosen


def _meaning(match: _Match, spoken: list[str]) -> _Meaning:
    for language in spoken:
        if language in match.meanings:
            return match.meanings[language]
    return next(iter(match.meanings.values()))


def _inflected(form: str, entry: str | list[str]) -> Iterator[tuple[str, bool]]:
    """The phrases of an entry, and whether each is a noun's plural."""
    if isinstance(entry, str):
        yield entry, False
        return
    for place, phrase in enumerate(entry):
        if phrase not in _GENDERS:
            yield phrase, form == "nouns" and place == 1 and phrase != entry[0]


def _label(value: str, forms: dict[str, Any]) -> str:
    """How a value is named: its first word, but no `a`, which names nothing by itself."""
    seen = next(iter(forms.values()))["seen"]
    first = [entry if isinstance(entry, str) else entry[0] for entry in seen]
    return next((phrase for phrase in first if len(phrase) > 1), value)
