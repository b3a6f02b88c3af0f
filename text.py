"""What people may write, wherever they write it: visible characters, up to a length.

Knows nothing of what the text is for.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from errors import BadInput, TextTooLong

_LAYOUT: Final = "\n\t\r"
_TURNS_AROUND: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that change the direction of what follows: a reviewer would read another text than the
one that was sent."""


def check_text(field: str, value: str, limit: int) -> None:
    """Raise TextTooLong, or BadInput with the character that nobody can see."""
    if len(value) > limit:
        raise TextTooLong(field=field, length=len(value), limit=limit, over=len(value) - limit)
    for character in value:
        unseen = unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn")
        if (unseen and character not in _LAYOUT) or character in _TURNS_AROUND:
            raise BadInput(
                field=field,
                value=f"a text with the character U+{ord(character):04X}",
                rule="text is written in visible characters",
                step="Take it out.",
            )


def is_visible(value: str) -> bool:
    """Whether there is anything to read in it: a letter, digit, mark or sign."""
    return any(unicodedata.category(character)[0] in "LNPS" for character in value)
