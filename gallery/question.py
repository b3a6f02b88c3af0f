"""What somebody looks for in the gallery: words, filters and an order, checked when it is made, and
as the full-text search reads it.

Knows nothing of clips. People's text is never its syntax: each word stands in quotes. Filters are
words of a column of their own, which only this file and the triggers that write it know
(migrations/versions/0009_finding.py).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from errors import BadInput
from text import check_text

QUERY_LIMIT: Final = 200
VALUE_LIMIT: Final = 300
SHAPES: Final = ("landscape", "portrait", "square")
LENGTHS: Final = ("short", "medium", "long")
"""Under 4 seconds, 4 to 8, over 8: about where today's models end, so that each holds some."""
ORDERS: Final = ("newest", "rotating", "curated")
LONGEST_PREFIX: Final = 6
"""Letters of an unfinished word that the search has an index for."""


@dataclass(frozen=True)
class Question:
    """Empty: no wish. `creator` is a name; `model` and `style` are as the clips name them.

    Raises TextTooLong, or BadInput for what does not exist.
    """

    text: str = ""
    creator: str = ""
    model: str = ""
    style: str = ""
    shape: str = ""
    length: str = ""
    order: str = ORDERS[0]

    def __post_init__(self) -> None:
        check_text("q", self.text, QUERY_LIMIT)
        for name in ("creator", "model", "style"):
            check_text(name, getattr(self, name), VALUE_LIMIT)
        _check_known("shape", self.shape, ("", *SHAPES))
        _check_known("length", self.length, ("", *LENGTHS))
        _check_known("order", self.order, ORDERS)

    @property
    def words(self) -> list[str]:
        """The words of the text that can be found: those with a letter or a digit."""
        return [word for word in self.text.split() if any(map(_is_letter, word))]

    @property
    def filters(self) -> dict[str, str]:
        """Those that are set, the creator left out."""
        names = ("model", "style", "shape", "length")
        return {name: getattr(self, name) for name in names if getattr(self, name)}

    @property
    def is_open(self) -> bool:
        """Whether it leaves nothing out."""
        return not (self.text.strip() or self.creator or self.filters)


def expression(question: Question, creator_ids: Sequence[str], *, is_whole: bool) -> str | None:
    """The question for the full-text search; None where every clip is an answer.

    `creator_ids`: the people of that name. `is_whole`: the last word is no beginning of others.
    """
    wanted = []
    if question.creator:
        wanted.append(_facets([f"creator{_hex(each)}" for each in creator_ids] or ["nobody"]))
    for name in ("model", "style"):
        if value := getattr(question, name):
            wanted.append(_facets([name + _hex(value)]))
    for name in ("shape", "length"):
        if value := getattr(question, name):
            wanted.append(_facets([name + value]))
    if question.text.strip():
        quoted = [quote(word) for word in question.words]
        if not quoted:
            return _facets(["nothing"])
        quoted[-1] += "" if is_whole else " *"
        wanted.append(f"{{title prompt creator}} : ({' AND '.join(quoted)})")
    return " AND ".join(wanted) or None


def quote(word: str) -> str:
    """The word as a string of the search's syntax, whatever is in it."""
    return '"' + word.replace('"', '""') + '"'


def _facets(words: Sequence[str]) -> str:
    return f"facets : ({' OR '.join(map(quote, words))})"


def _hex(value: str) -> str:
    return value.encode().hex()


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LN"


def _check_known(field: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        rule = f"one of {', '.join(each for each in known if each)}"
        raise BadInput(field=field, value=value, rule=rule, step="Use one, or leave it out.")
