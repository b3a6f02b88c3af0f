"""What people may write, wherever they write it: visible characters, up to a length.

Knows nothing of what the text is for.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import urlsplit

from errors import BadInput, TextTooLong

LINK_LIMIT: Final = 300
_LINK: Final = re.compile(r"[!#-;=?-\[\]_a-z~\u00a1-\uffef]+")
"""What stands in an address as browsers show it: no blank, quote, backslash or bracket of HTML."""
_HOST: Final = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9](?::\d{1,5})?", re.I
)
"""In ASCII, so that a name in look-alike letters shows as what it is (xn--…)."""

_UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
"""Of those that Unicode counts as letters, marks or signs: Default_Ignorable_Code_Point, and the
empty pattern of Braille."""

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


def check_line(field: str, value: str, limit: int) -> None:
    """A text of one line. An empty one is none; one of blanks would look like a mistake of ours."""
    check_text(field, value, limit)
    if any(character in value for character in "\n\t\r"):
        rule = "it is one line"
        raise BadInput(field=field, value=value, rule=rule, step="Take the line breaks out.")
    if value and not is_visible(value):
        rule = "there is something to read in it"
        raise BadInput(
            field=field, value=value, rule=rule, step="Write something, or leave it empty."
        )


def check_link(field: str, value: str) -> None:
    """A link to a page elsewhere, or none: https, a host's name, and nobody's password in it."""
    if not value:
        return
    check_line(field, value, LINK_LIMIT)
    try:
        parts = urlsplit(value)
        is_plain = parts.scheme == "https" and _HOST.fullmatch(parts.netloc) is not None
    except ValueError:
        is_plain = False
    if not is_plain or not _LINK.fullmatch(value) or any(map(is_unseen, value)):
        rule = "a link is the address of a page, https://…, without spaces, names or passwords"
        raise BadInput(field=field, value=value, rule=rule, step="Copy it from the browser.")


def is_visible(value: str) -> bool:
    """Whether there is anything to read in it: a letter, digit, mark or sign."""
    return any(unicodedata.category(each)[0] in "LNPS" and not is_unseen(each) for each in value)


def is_unseen(character: str) -> bool:
    """Whether it leaves no trace: marks of layout, variants of a glyph, letters that fill a gap."""
    return unicodedata.category(character) == "Cf" or _UNSEEN.fullmatch(character) is not None
