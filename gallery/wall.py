"""A page of the public gallery, or of one creator's works, and the way to its neighbours.

Knows nothing of how it looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from sqlmodel import Session

from accounts.permissions import STRANGER
from errors import BadInput, NotFound
from gallery import browse
from moderation.views import clips_json


@dataclass(frozen=True)
class Wall:
    """Clips as a stranger reads them, newest first; `newer` and `older` are addresses, or None."""

    clips: list[dict[str, Any]]
    newer: str | None
    older: str | None
    text: str = ""
    creator: str = ""


def wall(
    session: Session,
    *,
    text: str = "",
    creator: str = "",
    older: str | None = None,
    newer: str | None = None,
) -> Wall:
    """The first page, or the one that a cursor leads to: `older` than a clip, or `newer`.

    Raises NotFound for a creator of whom nothing is published: whether there is such a person is
    not said.
    """
    if older is not None and newer is not None:
        rule = "a page lies in one direction: older or newer"
        raise BadInput(field="newer", value=newer, rule=rule, step="Send one of them.")
    if newer is not None:
        clips, before = browse.newer(session, text=text, creator=creator, cursor=newer)
        after = browse.cursor_of(clips[-1]) if clips else None
    else:
        clips, after = browse.published(session, text=text, creator=creator, cursor=older)
        before = browse.cursor_of(clips[0]) if clips and older is not None else None
    if creator and not clips and older is None and newer is None:
        raise NotFound()
    shown = clips_json(session, STRANGER, clips)
    name = shown[0]["creator"] if creator and shown else ""  # as its owner writes it
    path = f"/creator/{quote(name, safe='')}" if name else "/gallery"

    def address(direction: str, cursor: str | None) -> str | None:
        if cursor is None:
            return None
        asked = {"q": text} if text else {}
        return f"{path}?{urlencode({**asked, direction: cursor})}"

    return Wall(
        clips=shown,
        newer=address("newer", before),
        older=address("older", after),
        text=text,
        creator=name,
    )
