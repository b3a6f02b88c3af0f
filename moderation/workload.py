"""How the review is doing, for leads: what waits, what is overdue, and who holds what.

Knows nothing of clips' words. Numbers of people are for leads alone; the public ones stand in
statistics.py.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlmodel import Session, col, func, select

from accounts.models import Person
from accounts.permissions import MAY, User
from moderation.models import REVIEWED, Clip, Decision
from store import utc_now

_SOON: Final = timedelta(hours=4)
_TODAY: Final = timedelta(hours=24)


def health(session: Session, user: User) -> dict[str, Any]:
    """Counts of waiting clips by how late they are, the oldest wait in seconds, and per reviewer
    what they decided in the last 24 hours and hold now."""
    user.must("see the workload")
    now = utc_now()
    waits = col(Clip.state).in_([state.value for state in REVIEWED])

    def count(*conditions: Any) -> int:
        return session.exec(select(func.count()).where(waits, *conditions)).one()

    oldest = session.exec(select(func.min(Clip.pending_since)).where(waits)).one()
    decided = dict(
        session.exec(
            select(Decision.reviewer_id, func.count())
            .where(Decision.decided_at > now - _TODAY)
            .group_by(Decision.reviewer_id)
        ).all()
    )
    held = select(Clip.claimed_by, func.count()).where(waits, col(Clip.claimed_until) > now)
    holding = dict(session.exec(held.group_by(col(Clip.claimed_by))).all())
    roles = [role.value for role in MAY["review"]]
    people = session.exec(
        select(Person)
        .where(col(Person.role).in_(roles), col(Person.locked_at).is_(None))
        .order_by(col(Person.name))
    )
    return {
        "waiting": count(),
        "oldest_s": None if oldest is None else round((now - oldest).total_seconds(), 1),
        "due_soon": count(col(Clip.due_at) > now, col(Clip.due_at) <= now + _SOON),
        "overdue": count(col(Clip.due_at) <= now),
        "late": count(col(Clip.late_at) <= now),
        "by_reviewer": [
            {
                "name": person.name,
                "decided_today": decided.get(person.id, 0),
                "holding": holding.get(person.id, 0),
            }
            for person in people
        ],
    }
