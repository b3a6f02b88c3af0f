"""A prompt as words, read as a person would who knows the usual disguises.

Knows nothing of which words matter. Capitals, accents, invisible characters and letters borrowed
from another script make no difference; digits and signs that stand for letters, letters set
apart, stretched or masked are read as a second spelling of the same word.

Not seen through: words cut in two with a space, written backwards, in rhymes or in emoji.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Final

_LOOKALIKES: Final = Path(__file__).with_name("lookalikes.json")
"""Latin letter → small letters of other scripts that are drawn like it."""
_SIGNS: Final = {
    "0": "o",
    "1": "il",
    "2": "z",
    "3": "e",
    "4": "a",
    "5": "s",
    "6": "g",
    "7": "t",
    "8": "b",
    "9": "g",
    "@": "a",
    "$": "s",
    "!": "i",
    "|": "il",
    "+": "t",
    "€": "e",
    "£": "l",
    "(": "c",
    "¥": "y",
}
"""What may stand for a letter, and for which ones."""
_MASKS: Final = "*_#%•·×"
_MOST_READINGS: Final = 16
"""A word of ambiguous signs only is a number or an ornament, not a disguise."""

_WORD: Final = re.compile(r"[^\W_]+")
_CHUNK: Final = re.compile(r"\S+")
_EDGES: Final = ".,;:?!\"'()[]{}<>«»„“”\u2018’`~…–—-/\\*_"
_STRETCHED: Final = re.compile(r"(.)\1{2,}")
_SEPARATED: Final = re.compile(
    r"[^\W_]{1,2}(?:[^\w\s][^\W_]{1,2}){2,}|[^\W_]{1,2}(?:_[^\W_]{1,2}){2,}"
)


@dataclass(frozen=True)
class Reading:
    """One way to read a piece of the prompt: as a word, and as it stands there."""

    word: str  # folded; a dot stands for a letter that was masked
    written: str


def fold(text: str) -> str:
    """Without capitals, accents, invisible characters and fancy letter forms."""
    if text.isascii():  # most are, and ten thousand are read when the first precedent is asked for
        return text.lower()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(each for each in plain if unicodedata.category(each) not in ("Mn", "Cf"))


def words(text: str) -> list[str]:
    """The plain words in order, folded."""
    return _WORD.findall(fold(text))


def disguised(text: str) -> list[Reading]:
    """Second readings of what is not written plainly. A plain prompt has few, often none."""
    folded = fold(text)
    readings: list[Reading] = []
    for place in _CHUNK.finditer(folded):
        chunk = place.group()
        readings += [Reading(word, chunk) for word in _second(chunk.strip(_EDGES))]
    readings += _spaced(folded)
    return list(dict.fromkeys(readings))


def in_latin(word: str) -> str:
    """The word with letters of other scripts taken for the Latin ones they look like."""
    return word.translate(_lookalikes())


@cache
def _lookalikes() -> dict[int, str]:
    drawn: dict[str, str] = json.loads(_LOOKALIKES.read_text(encoding="utf-8"))
    flags = {0x1F1E6 + place: chr(ord("a") + place) for place in range(26)}  # their letters
    return flags | {ord(alike): letter for letter in drawn for alike in drawn[letter]}


def _second(chunk: str) -> set[str]:
    """Other words that one chunk without spaces may stand for."""
    found: set[str] = set()
    for piece in (chunk, *_WORD.findall(chunk)):
        latin = in_latin(piece)
        if latin != piece and latin.isascii():
            found.add(latin)
    joined = chunk
    if _SEPARATED.fullmatch(chunk):
        joined = "".join(each for each in chunk if each.isalnum())
        found.add(joined)
    latin = in_latin(joined)
    if any(each.isalpha() for each in latin):
        if any(each in _SIGNS for each in latin):
            found |= _unsigned(latin)
        if any(each in _MASKS for each in latin[1:-1]):
            found |= _unmasked(latin)
    found |= {short for word in (latin, *found) for short in _unstretched(word)}
    return found - {chunk}


def _unsigned(chunk: str) -> set[str]:
    """Signs read as letters, in every combination as long as these are few."""
    options = [_SIGNS.get(each, each) for each in chunk]
    count = 1
    for letters in options:
        count *= len(letters)
    if count > _MOST_READINGS:
        return set()
    spelled = {"".join(letters) for letters in product(*options)}
    return {word for word in spelled if word.isalpha()}


def _unmasked(chunk: str) -> set[str]:
    """`p*rn` as `p.rn`: letters at both ends, and at least as many of them as masks."""
    word = "".join("." if each in _MASKS else each for each in chunk)
    letters = sum(each.isalpha() for each in word)
    if word.replace(".", "").isalpha() and letters >= max(2, word.count(".")):
        return {word}
    return set()


def _unstretched(word: str) -> set[str]:
    if not word.isalpha() or not _STRETCHED.search(word):
        return set()
    return {_STRETCHED.sub(r"\1", word), _STRETCHED.sub(r"\1\1", word)}


def _spaced(folded: str) -> list[Reading]:
    """Single letters with spaces between them, as one word; also without a leading article."""
    readings = []
    run: list[str] = []
    for chunk in [*_CHUNK.findall(folded), ""]:
        single = chunk.strip(_EDGES) or chunk
        if len(single) == 1 and (single.isalnum() or single in _SIGNS):
            run.append(single)
            continue
        for letters in (run, run[1:]):
            if len(letters) >= 3:
                word, written = "".join(letters), " ".join(letters)
                spelled = _unsigned(in_latin(word)) | {in_latin(word)}
                readings += [Reading(each, written) for each in spelled if each.isalpha()]
        run = []
    return readings
