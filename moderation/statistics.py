"""Public numbers about the gate: how much is approved, and how long people wait.

Knows nothing of single clips: only counts and percentiles leave this file.
"""

from __future__ import annotations

import math
from typing import Any, Final

from sqlmodel import Session, col, func, select

from moderation.models import Clip, Decision, State, Verdict

_RECENT: Final = 500
"""Waits are taken over this many latest decisions, so that they describe now, not last year."""


def numbers(session: Session) -> dict[str, Any]:
    """Counts by verdict, clips public and waiting, and the usual wait in seconds."""
    verdicts = dict(
        session.exec(select(Decision.verdict, func.count()).group_by(Decision.verdict)).all()
    )
    recent = select(Decision.waited_s).order_by(col(Decision.decided_at).desc()).limit(_RECENT)
    waits = sorted(session.exec(recent))
    return {
        "approved": verdicts.get(Verdict.APPROVE.value, 0),
        "rejected": verdicts.get(Verdict.REJECT.value, 0),
        "changes_requested": verdicts.get(Verdict.REQUEST_CHANGES.value, 0),
        "published": _count(session, State.PUBLISHED),
        "waiting": _count(session, State.PENDING_REVIEW),
        "wait_s": {"p50": _percentile(waits, 0.5), "p90": _percentile(waits, 0.9)},
    }


def _count(session: Session, state: State) -> int:
    return session.exec(select(func.count()).where(Clip.state == state.value)).one()


def _percentile(ordered: list[float], share: float) -> float | None:
    """Nearest-rank percentile of an ascending list; None when it is empty."""
    if not ordered:
        return None
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 1)
