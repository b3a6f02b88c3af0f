"""The values by which the gallery can be filtered: those that a published clip really has.

Knows nothing of pages. Each value is found by one step in an index, however many clips have it.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from gallery.question import LENGTHS, SHAPES

MOST: Final = 100
"""Values of one kind that a form can still show."""

_NEXT: Final = (
    "SELECT {column} FROM clip WHERE state = 'published' AND {column} > :last"
    "{told} ORDER BY {column} LIMIT 1"
)
_TOLD: Final = {"style": " AND shares_prompt"}
"""A style is a word of the prompt: it counts where that is shared."""
_ANY: Final = text("SELECT 1 FROM clip_words WHERE clip_words MATCH :asked LIMIT 1")


def choices(session: Session) -> dict[str, list[str]]:
    """Filter → values, in the order in which they are offered."""
    return {
        "model": _values(session, "model"),
        "style": _values(session, "style"),
        "shape": [each for each in SHAPES if _has(session, f"shape{each}")],
        "length": [each for each in LENGTHS if _has(session, f"length{each}")],
    }


def _values(session: Session, column: str) -> list[str]:
    """From one value to the next greater one; the empty one, which says nothing, is left out."""
    found: list[str] = []
    query = text(_NEXT.format(column=column, told=_TOLD.get(column, "")))
    while len(found) < MOST:
        following = session.execute(query, {"last": found[-1] if found else ""}).scalar()
        if following is None:
            break
        found.append(following)
    return found


def _has(session: Session, word: str) -> bool:
    return session.execute(_ANY, {"asked": f"facets : {word}"}).first() is not None
