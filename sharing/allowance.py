"""How much one person may ask for: open jobs, clips an hour, seconds of the pipeline a day.

Knows nothing of pages. The arithmetic is shown to whom it concerns as it is computed here. Open
jobs grow with clips that were approved and shrink with those that were rejected; what failed on
our side is never counted.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import Session, col, func, select

from accounts.permissions import User
from errors import DayUsedUp, HourUsedUp, SlotsTaken
from moderation.models import Clip, Decision, State, Undoing, Verdict
from sharing import backlog
from store import utc_now

LOOKS_BACK: Final = timedelta(days=30)
"""Approvals and rejections older than this are forgotten, the good with the bad."""

_APPROVALS_PER_SLOT: Final = 3
_REJECTIONS_PER_SLOT: Final = 2
_LEAST: Final = 1
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_OPEN: Final = (State.QUEUED.value, State.GENERATING.value, State.SCREENING.value)


@dataclass(frozen=True)
class Rules:
    """The owner's settings. `day_s` None: no limit on seconds."""

    slots: int
    most_slots: int
    clips_per_hour: int
    day_s: float | None


@dataclass(frozen=True)
class Slots:
    """Open jobs at a time: base + approved // 3 - rejected // 2, at least 1, at most `most`."""

    base: int
    most: int
    approved: int
    rejected: int
    gained: int
    lost: int
    limit: int
    used: int


def slots(session: Session, person_id: str, rules: Rules) -> Slots:
    counts = dict(
        session.exec(
            select(Decision.verdict, func.count())
            .join(Clip, col(Clip.id) == Decision.clip_id)
            .where(Clip.creator_id == person_id, Decision.decided_at > utc_now() - LOOKS_BACK)
            .where(col(Decision.id).not_in(select(Undoing.decision_id)))
            .group_by(Decision.verdict)
        ).all()
    )
    approved = counts.get(Verdict.APPROVE.value, 0)
    rejected = counts.get(Verdict.REJECT.value, 0)
    gained, lost = approved // _APPROVALS_PER_SLOT, rejected // _REJECTIONS_PER_SLOT
    used = session.exec(
        select(func.count()).where(Clip.creator_id == person_id, col(Clip.state).in_(_OPEN))
    ).one()
    return Slots(
        base=rules.slots,
        most=rules.most_slots,
        approved=approved,
        rejected=rejected,
        gained=gained,
        lost=lost,
        limit=max(_LEAST, min(rules.most_slots, rules.slots + gained - lost)),
        used=used,
    )


def check(session: Session, user: User, rules: Rules, *, count: int) -> None:
    """Raise SlotsTaken, HourUsedUp or DayUsedUp when `count` more clips are too many."""
    now = slots(session, user.id, rules)
    if now.used + count > now.limit:
        raise SlotsTaken(used=now.used, limit=now.limit, count=count)
    hour = _hour(session, user.id, rules)
    if hour["used"] + count > rules.clips_per_hour:
        raise HourUsedUp(
            used=hour["used"],
            limit=rules.clips_per_hour,
            count=count,
            retry_after_s=hour["free_in_s"] or 1,
        )
    if rules.day_s is not None:
        used = _used_today(session, user.id)
        if used >= rules.day_s:
            raise DayUsedUp(used_s=round(used), limit_s=round(rules.day_s), retry_after_s=3600)


def as_json(session: Session, user: User, rules: Rules, limits: backlog.Limits) -> dict[str, Any]:
    """The whole sum with its constants, for the person it is about: whoever shows it has to know
    none of them."""
    unreviewed = backlog.unreviewed(session)
    constants = {
        "least": _LEAST,
        "approvals_per_slot": _APPROVALS_PER_SLOT,
        "rejections_per_slot": _REJECTIONS_PER_SLOT,
        "window_s": int(LOOKS_BACK.total_seconds()),
    }
    day = {
        "limit_s": rules.day_s,
        "used_s": round(_used_today(session, user.id), 1),
        "window_s": int(_DAY.total_seconds()),
    }
    return {
        "slots": {**asdict(slots(session, user.id, rules)), **constants},
        "hour": {**_hour(session, user.id, rules), "window_s": int(_HOUR.total_seconds())},
        "gpu_day": day,
        "backlog": {
            "own": unreviewed.by.get(user.id, 0),
            "own_limit": limits.own,
            "all": unreviewed.total,
            "all_limit": limits.all,
        },
        "waits_for": unreviewed.holds(user.id, limits),
    }


def _hour(session: Session, person_id: str, rules: Rules) -> dict[str, Any]:
    """Clips sent in the last hour. `free_in_s`: when the oldest of them leaves it, if all are used."""
    now = utc_now()
    query = _counted(select(Clip.created_at), person_id, now - _HOUR)
    sent = list(session.exec(query.order_by(col(Clip.created_at))))
    free_in_s = None
    if len(sent) >= rules.clips_per_hour:
        leaves = sent[len(sent) - rules.clips_per_hour] + _HOUR
        free_in_s = max(1, math.ceil((leaves - now).total_seconds()))
    return {"limit": rules.clips_per_hour, "used": len(sent), "free_in_s": free_in_s}


def _used_today(session: Session, person_id: str) -> float:
    query = _counted(select(func.sum(Clip.used_s)), person_id, utc_now() - _DAY)
    return session.exec(query).one() or 0.0


def _counted(query: Any, person_id: str, since: datetime) -> Any:
    """Clips that count against their creator: sent since then, not failed on our side, and not
    taken home because no reviewer came in time (`used_s` 0)."""
    query = query.where(Clip.creator_id == person_id, col(Clip.created_at) > since)
    is_free = (col(Clip.state) == State.WITHDRAWN.value) & (col(Clip.used_s) == 0)
    return query.where(Clip.state != State.FAILED.value, ~is_free)
