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


@dataclass(frozen=True)
class Unreviewed:
    """How many clips are being made or wait for a person, by creator."""

    by: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.by.values())

    def holds(self, creator_id: str, limits: Limits) -> Reason | None:
        """Why this creator's next clip is not made yet; None when it may start."""
        if self.by.get(creator_id, 0) >= limits.own:
            return "own_backlog"
        return "review_backlog" if self.total >= limits.all else None


def unreviewed(session: Session) -> Unreviewed:
    query = select(Clip.creator_id, func.count()).where(col(Clip.state).in_(_ON_ITS_WAY))
    return Unreviewed(dict(session.exec(query.group_by(Clip.creator_id)).all()))
