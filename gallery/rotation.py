"""The rotating order: whose clips stand in the gallery's first places, window after window.

Knows nothing of pages. Creators stand in a queue. A window takes the PLACES first of it, puts one
clip of each in a first place, and sends them to the end; whoever comes anew joins at the end. So
with n creators everyone has a first place at least every ceil(n / PLACES) windows, and having more
clips changes nothing. Of one creator the clip comes that was shown least. A window is drawn once,
when somebody first looks, and kept: within it the order stays. One in which nobody looks is none.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, func, literal_column
from sqlmodel import Session, col, delete, select

from gallery.models import Exposure, FirstPlace, Turn
from moderation.models import Clip

WINDOW_S: Final = 3600
PLACES: Final = 24
"""As many as a page has clips: the first places are the first page."""
_KEPT: Final = 48
"""Windows whose places are remembered, for cursors that somebody still has."""

_PUBLISHED: Final[ColumnElement[bool]] = literal_column("clip.state = 'published'")


def window_at(moment: datetime) -> int:
    return int(moment.timestamp()) // WINDOW_S


def begin(session: Session, window: int) -> None:
    """Draw the first places of a window, unless that was done."""
    drawn = select(FirstPlace).where(FirstPlace.window == window).limit(1)
    if session.exec(drawn).first() is not None:
        return
    last = session.exec(select(func.max(Turn.ticket))).one() or 0
    next_turn = select(Turn).where(Turn.ticket <= last).order_by(col(Turn.ticket)).limit(1)
    place = 0
    while place < PLACES and (turn := session.exec(next_turn).first()) is not None:
        clip_id = _least_shown(session, turn.creator_id)
        if clip_id is None:  # nothing of theirs is public now; they join again with their next clip
            session.delete(turn)
            continue
        place += 1
        turn.ticket = last + place
        session.add_all([turn, FirstPlace(window=window, place=place, clip_id=clip_id)])
        _count(session, clip_id)
    session.execute(delete(FirstPlace).where(col(FirstPlace.window) <= window - _KEPT))
    session.flush()


def places(session: Session, window: int) -> list[int]:
    """The numbers (clip.publish_seq) of the clips in the first places that are published now."""
    query = (
        select(Clip.publish_seq)
        .join(FirstPlace, col(FirstPlace.clip_id) == Clip.id)
        .where(FirstPlace.window == window, _PUBLISHED)
        .order_by(col(FirstPlace.place))
    )
    return [seq for seq in session.exec(query) if seq is not None]


def _least_shown(session: Session, creator_id: str) -> str | None:
    """Of the creator's published clips the one shown least, in fewest windows, the newest."""
    query = (
        select(Clip.id)
        .outerjoin(Exposure, col(Exposure.clip_id) == Clip.id)
        .where(Clip.creator_id == creator_id, _PUBLISHED)
        .order_by(
            func.coalesce(Exposure.shown, 0),
            func.coalesce(Exposure.windows, 0),
            col(Clip.publish_seq).desc(),
        )
    )
    return session.exec(query.limit(1)).first()


def _count(session: Session, clip_id: str) -> None:
    row = session.get(Exposure, clip_id) or Exposure(clip_id=clip_id)
    row.windows += 1
    session.add(row)
