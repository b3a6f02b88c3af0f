"""Prompts against lists of words: whole words in several languages, in the usual disguises too.

Knows nothing of pictures, nor of what a sentence means: a word is noticed wherever it stands, and
docs/screening.md says which innocent ones are. The lists are words/*.json, one language each;
what a prompt asks to leave out (the negative prompt) is not read.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from moderation.screening import disguises
from moderation.screening.signals import Signal

VERSION: Final = "words 1"
CHECK: Final = "prompt"

_LISTS: Final = Path(__file__).parent / "words"
_SCORES: Final = {"sure": 0.9, "maybe": 0.4, "together": 0.0}
"""`together`: words of childhood, which say something only beside words of sex."""
_DISGUISED: Final = 0.8
"""Whoever disguises a word means it, also one that is innocent otherwise. A reading may be wrong."""
_LEAST_DISGUISED: Final = 4
"""A shorter word is too often what a number or an ornament happens to look like."""
_TOGETHER_SCORES: Final = {True: 1.0, False: 0.7}
"""Beside a sure word of sex, or one that can be innocent."""

_TELEPHONE: Final = re.compile(
    r"(?<![\w.])(?:"
    r"(?:\+|0)\d(?:[ ()\-/]{0,2}\d){7,13}"  # with its country, or with a zero in front
    r"|\d{2}(?:\.\d{2}){4}"  # as the French write it
    r"|\(?\d{3}\)?[ .\-]\d{3}[ .\-]\d{4}"  # and the Americans
    r")(?![\w.])"
)
_PRIVATE: Final = (
    ("an e-mail address", re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")),
    ("a telephone number", _TELEPHONE),
)


@dataclass(frozen=True)
class Entry:
    """A word or phrase of a list, as it is compared."""

    spelling: str
    code: str  # of the policy
    score: float
    languages: tuple[str, ...]  # in which it is written like this


@dataclass
class _Lists:
    """All lists, ready to be looked up."""

    whole: dict[tuple[str, ...], Entry] = field(default_factory=dict)
    beginnings: dict[tuple[str, ...], Entry] = field(default_factory=dict)
    inside: dict[str, Entry] = field(default_factory=dict)  # of scripts that set no spaces
    innocent: set[tuple[str, ...]] = field(default_factory=set)
    by_shape: dict[tuple[int, str], list[tuple[str, Entry]]] = field(
        default_factory=lambda: defaultdict(list)
    )  # by length and first letter
    longest: int = 1

    def find(self, phrase: tuple[str, ...]) -> Entry | None:
        """The entry that these words are, the last of them perhaps with another ending."""
        if phrase in self.whole:
            return self.whole[phrase]
        last = phrase[-1]
        for length in range(len(last), 2, -1):
            entry = self.beginnings.get((*phrase[:-1], last[:length]))
            if entry is not None:
                return entry
        return None

    def find_masked(self, word: str) -> Entry | None:
        """The entry that `word` is, in which a dot stands for any letter."""
        for meant, entry in self.by_shape.get((len(word), word[0]), []):
            if all(seen in (".", letter) for seen, letter in zip(word, meant, strict=True)):
                return entry
        return None


def prompt_words(prompt: str) -> list[Signal]:
    """The strongest word of each kind, and what looks like private data."""
    found: dict[str, Signal] = {}
    for signal in (*_in_lists(prompt), *_private(prompt)):
        known = found.get(signal.reason or "")
        if known is None or _score(signal) > _score(known):
            found[signal.reason or ""] = signal
    if "sexual_content" in found and "minors" in found:
        found["minors"] = _together(found["sexual_content"], found["minors"])
    said = sorted(found.values(), key=_score, reverse=True)
    return [signal for signal in said if _score(signal)]


def _together(sex: Signal, childhood: Signal) -> Signal:
    says = f"Words of sex and of childhood stand together. {sex.says} {childhood.says}"
    score = _TOGETHER_SCORES[_score(sex) > _SCORES["maybe"]]
    return replace(childhood, says=says, score=max(score, _score(childhood)))


def _score(signal: Signal) -> float:
    return signal.score or 0.0


def _in_lists(prompt: str) -> Iterator[Signal]:
    lists = _open_lists()
    plain = disguises.words(prompt)
    for entry, written in _plain_matches(lists, plain):
        yield _signal(entry, entry.score, f"The prompt has “{written}”")
    folded = disguises.fold(prompt)
    for piece, entry in lists.inside.items():
        if piece in folded:
            yield _signal(entry, entry.score, f"The prompt has “{entry.spelling}”")
    for reading in disguises.disguised(prompt):
        meant = _of(lists, reading.word)
        if meant is not None:
            says = f"The prompt has “{reading.written}”, which reads as “{meant.spelling}”"
            yield _signal(meant, meant.score and max(_DISGUISED, meant.score), says)


def _plain_matches(lists: _Lists, words: list[str]) -> Iterator[tuple[Entry, str]]:
    """Longest phrases first; what is part of an innocent phrase is passed over."""
    start = 0
    while start < len(words):
        taken = 1
        for length in range(min(lists.longest, len(words) - start), 0, -1):
            phrase = tuple(words[start : start + length])
            entry = lists.find(phrase)
            if _is_innocent(lists, phrase):
                taken = length
                break
            if entry is not None:
                yield entry, " ".join(phrase)
                taken = length
                break
        start += taken


def _is_innocent(lists: _Lists, phrase: tuple[str, ...]) -> bool:
    plural = (*phrase[:-1], phrase[-1].removesuffix("s"))
    return phrase in lists.innocent or plural in lists.innocent


def _of(lists: _Lists, word: str) -> Entry | None:
    if "." in word:
        return lists.find_masked(word)
    return lists.find((word,)) if len(word) >= _LEAST_DISGUISED or word == "sex" else None


def _private(prompt: str) -> Iterator[Signal]:
    for what, pattern in _PRIVATE:
        if pattern.search(prompt):
            says = f"The prompt has what looks like {what}."
            yield Signal(CHECK, says, 0.7, VERSION, reason="private_data")


def _signal(entry: Entry, score: float, says: str) -> Signal:
    kind = entry.code.replace("_", " ")
    says = f"{says} ({', '.join(entry.languages)}: {kind})."
    return Signal(CHECK, says, score, VERSION, reason=entry.code)


@cache
def _open_lists() -> _Lists:
    lists = _Lists()
    # English first: of two words that a masked one may be, most people mean that.
    for path in sorted(_LISTS.glob("*.json"), key=lambda path: (path.stem != "en", path.stem)):
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        language, spaced = said.pop("language"), said.pop("spaced")
        lists.innocent |= {tuple(disguises.words(phrase)) for phrase in said.pop("innocent")}
        for code, by_score in said.items():
            for how_sure, spellings in by_score.items():
                for spelling in spellings:
                    plain = spelling.removesuffix("*")
                    entry = Entry(plain, code, _SCORES[how_sure], (language,))
                    if not spaced:
                        lists.inside[disguises.fold(plain)] = entry
                    elif spelling != plain:
                        _add(lists, lists.beginnings, entry)
                    else:
                        _add(lists, lists.whole, entry)
    lists.longest = max(map(len, (*lists.whole, *lists.beginnings, *lists.innocent)))
    return lists


def _add(lists: _Lists, shelf: dict[tuple[str, ...], Entry], entry: Entry) -> None:
    phrase = tuple(disguises.words(entry.spelling))
    known = shelf.get(phrase)
    if known is None or known.score < entry.score:
        shelf[phrase] = entry  # the same letters in two languages: the stronger meaning counts
    elif known.code == entry.code and known.score == entry.score:
        shelf[phrase] = replace(known, languages=(*known.languages, *entry.languages))
    if len(phrase) == 1 and entry.score == _SCORES["sure"]:
        lists.by_shape[len(phrase[0]), phrase[0][0]].append((phrase[0], entry))
