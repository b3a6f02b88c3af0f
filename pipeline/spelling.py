"""A text as words: where each stands, how it is compared, and which one a misspelt word resembles.

Knows nothing of what words mean. Capitals, accents, apostrophes and hyphens make no difference,
and every script is read; what cannot be read as a word is passed over.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from typing import Final, NamedTuple

SHORTEST_TO_GUESS: Final = 4
_ALIKE: Final = 0.8
"""From here on (of difflib's 1) one word may have been meant as another."""

ELIDED: Final = {
    "c": "ce",
    "d": "de",
    "j": "je",
    "l": "le",
    "m": "me",
    "n": "ne",
    "qu": "que",
    "s": "se",
    "t": "te",
}
"""French words as they stand before an apostrophe, and in full."""
_CLITICS: Final = frozenset({"d", "ll", "m", "re", "s", "t", "ve"})
"""English endings after an apostrophe: part of the word before."""
_APOSTROPHES: Final = frozenset("'`\u00b4\u02bc\u2018\u2019\uff07")
_JOINER: Final = "\u200d"  # makes one emoji of several

_KINDS: Final = {
    **dict.fromkeys(("Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No"), "w"),
    **dict.fromkeys(("Mn", "Mc", "Me"), "m"),
    **dict.fromkeys(("So", "Sk"), "s"),
}
_WORD: Final = re.compile(r"w[wm]*|s[sm]*")
"""In a text of kinds: a run of letters and digits with their marks, or of emoji."""


class Word(NamedTuple):
    start: int
    end: int
    key: str  # what it is compared by


def words_of(text: str) -> list[Word]:
    kinds = "".join(map(_kind, text))
    found: list[Word] = []
    for place in _WORD.finditer(kinds):
        start, end = place.span()
        key = _key(text[start:end])
        before = found[-1] if found else None
        if before and before.end == start - 1 and text[start - 1] in _APOSTROPHES:
            if key in _CLITICS:
                found[-1] = before._replace(end=end)
                continue
            found[-1] = before._replace(key=ELIDED.get(before.key, before.key))
        if key:
            found.append(Word(start, end, key))
    return found


class Spellings:
    """Words that are known, to find what a misspelt one was meant to be."""

    def __init__(self) -> None:
        self._by_length: dict[int, dict[str, tuple[int, str]]] = {}

    def add(self, key: str, spelling: str) -> None:
        self._by_length.setdefault(len(key), {}).setdefault(key, (_letters(key), spelling))

    def nearest(self, key: str) -> str | None:
        """The known word that resembles this one most, if any does."""
        if len(key) < SHORTEST_TO_GUESS:
            return None
        letters, alike = _letters(key), {}
        shortest, longest = _ALIKE / (2 - _ALIKE), (2 - _ALIKE) / _ALIKE
        for length in range(int(len(key) * shortest), int(len(key) * longest) + 1):
            # difflib is slow. Words that differ in more letters than this cannot be so alike.
            differing = (1 - _ALIKE) * (len(key) + length)
            for other, (has, spelling) in self._by_length.get(length, {}).items():
                if (letters ^ has).bit_count() <= differing:
                    alike[other] = spelling
        best = difflib.get_close_matches(key, list(alike), 1, _ALIKE)
        return alike[best[0]] if best else None


def _kind(character: str) -> str:
    if character in _APOSTROPHES:
        return "'"
    return "m" if character == _JOINER else _KINDS.get(unicodedata.category(character), " ")


def _key(word: str) -> str:
    if word.isascii():
        return word.lower()
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", word).casefold())
    return "".join(each for each in apart if unicodedata.category(each) != "Mn").replace("œ", "oe")


def _letters(key: str) -> int:
    """Which letters are in it, as bits. Two letters may share a bit, never one letter two."""
    bits = 0
    for letter in key:
        bits |= 1 << ord(letter) % 64
    return bits
