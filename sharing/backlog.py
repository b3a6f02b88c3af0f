"""When new clips wait because the people who review cannot keep up; nothing is refused for that.

Knows nothing of jobs: they ask before each clip, and look again later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from sqlmodel import Session, col, func, select

from moderation.models import Clip, State

Reason = Literal["own_backlog", "review_backlog"]
_ON_ITS_WAY: Final = (State.GENERATING.value, State.SCREENING.value, State.PENDING_REVIEW.value)


@dataclass(frozen=True)
class Limits:
    """Most unreviewed clips, of one creator and of all together, before new ones wait."""

    own: int
    all: int


def waits_for(session: Session, creator_id: str, limits: Limits) -> Reason | None:
    """Why this creator's next clip is not made yet; None when it may start."""
    if unreviewed(session, creator_id) >= limits.own:
        return "own_backlog"
    if unreviewed(session) >= limits.all:
        return "review_backlog"
    return None


def unreviewed(session: Session, creator_id: str | None = None) -> int:
    """Clips that are being made or wait for a person: one creator's, or everybody's."""
    query = select(func.count()).where(col(Clip.state).in_(_ON_ITS_WAY))
    if creator_id is not None:
        query = query.where(Clip.creator_id == creator_id)
    return session.exec(query).one()
