"""By when a step of the review is due, and what follows when nobody did it.

Knows nothing of who reviews. Past its due time a clip is shown to the leads; past the second one
its creator may take it home, with what it cost given back. Silence decides nothing else.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import Session, col, select, update

import audit
from accounts.models import Person
from accounts.permissions import MAY
from moderation.models import REVIEWED, Clip, Stage, State
from moderation.rules import Rules
from notices.inbox import tell
from notices.models import Kind

STAGE_OF: Final = {
    State.PENDING_REVIEW: Stage.FIRST,
    State.SECOND_REVIEW: Stage.SECOND,
    State.APPEALED: Stage.APPEAL,
}

OVER: Final[dict[str, Any]] = {"due_at": None, "late_at": None, "escalated_at": None}
"""The columns of a step that is done."""


def due(stage: Stage, since: datetime, rules: Rules) -> dict[str, Any]:
    """The columns of a step that waits since then."""
    hours = {Stage.FIRST: rules.first_h, Stage.SECOND: rules.second_h, Stage.APPEAL: rules.appeal_h}
    due_at = since + timedelta(hours=hours[stage])
    late_at = due_at + timedelta(hours=rules.late_h)
    return {"due_at": due_at, "late_at": late_at, "escalated_at": None}


def is_overdue(clip: Clip, now: datetime) -> bool:
    return clip.state in REVIEWED and clip.due_at is not None and clip.due_at <= now


def is_late(clip: Clip, now: datetime) -> bool:
    """Whether its creator may take it home."""
    return clip.state in REVIEWED and clip.late_at is not None and clip.late_at <= now


def unsaid(session: Session, now: datetime) -> list[Clip]:
    """Clips that are past a due time of which nobody was told yet."""
    waits = col(Clip.state).in_([state.value for state in REVIEWED])
    query = select(Clip).where(waits, col(Clip.due_at) <= now)
    is_new = col(Clip.escalated_at).is_(None)
    is_late_now = (col(Clip.late_at) <= now) & (col(Clip.escalated_at) < col(Clip.late_at))
    return list(session.exec(query.where(is_new | is_late_now)))


def escalate(session: Session, now: datetime) -> int:
    """Tell the leads of every clip that has just become overdue, and the creators of those that
    are late. Returns how many there were. Safe to call as often as one likes."""
    found = unsaid(session, now)
    for clip in found:
        late = is_late(clip, now)
        body = {"due_at": clip.due_at.isoformat()} if clip.due_at else {}
        action = "late" if late else "overdue"
        audit.append(session, actor=audit.SYSTEM, action=action, subject=clip.id, body=body)
        if clip.escalated_at is None:
            for lead in _leads(session):
                _tell(session, lead, Kind.OVERDUE, clip)
        if late:
            _tell(session, clip.creator_id, Kind.LATE, clip)
        session.execute(update(Clip).where(col(Clip.id) == clip.id).values(escalated_at=now))
    return len(found)


def _leads(session: Session) -> list[str]:
    roles = col(Person.role).in_([role.value for role in MAY["hear of overdue clips"]])
    return list(session.exec(select(Person.id).where(roles, col(Person.locked_at).is_(None))))


def _tell(session: Session, person_id: str, kind: Kind, clip: Clip) -> None:
    tell(session, person_id=person_id, kind=kind, clip_id=clip.id, actor=audit.SYSTEM)
