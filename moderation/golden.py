"""Golden clips: decided ones with an answer that a lead knows to be right, asked of reviewers unseen.

Knows nothing of who is asked when (asking.py). Only those who keep them read the list, and they are
never asked themselves. The answer cannot be changed, because people are told it; a clip whose
answer proved wrong is retired, and its opinions count no more.
"""

from __future__ import annotations

from typing import Any

from sqlmodel import Session, col, func, select, update

import audit
from accounts.models import Person
from accounts.permissions import User
from audit import AuditRow
from errors import AlreadyGolden, Conflict, NotGolden, OwnClip, ReasonMissing
from moderation import asking, policy
from moderation.blind import JUDGED, hidden_bytes
from moderation.four_eyes import standing
from moderation.models import REVIEWED, Clip, Golden, Opinion, OpinionKind, State, Verdict
from moderation.visibility import visible_clip
from store import as_text, utc_now

_MAY_BE = JUDGED | {State.TAKEN_DOWN}


def mark(session: Session, user: User, clip_id: str, verdict: Verdict, codes: list[str]) -> Golden:
    """Make a decided clip golden. Raises OwnClip, Conflict where nothing was decided, AlreadyGolden."""
    user.must("keep golden clips")
    reasons = policy.check_reasons(session, codes)
    if verdict is not Verdict.APPROVE and not reasons:
        raise ReasonMissing(verdict=verdict.value)
    clip = visible_clip(session, user, clip_id)
    if clip.creator_id == user.id:
        raise OwnClip()
    if not may_be(session, clip):
        raise Conflict(state=clip.state, action="making it golden")
    if session.get(Golden, clip_id) is not None:
        raise AlreadyGolden()
    golden = Golden(clip_id=clip_id, verdict=verdict.value, reasons=reasons, made_by=user.id)
    session.add(golden)
    session.flush()
    audit.append(session, actor=user.id, action="golden", subject=clip_id, body=_facts(golden))
    return golden


def retire(session: Session, user: User, clip_id: str) -> Golden:
    """Ask nobody about the clip any more; who is being asked just now has it taken from the desk."""
    user.must("keep golden clips")
    golden = session.get(Golden, clip_id)
    if golden is None or golden.retired_at is not None:
        raise NotGolden()
    now = utc_now()
    session.execute(update(Golden).where(col(Golden.clip_id) == clip_id).values(retired_at=now))
    session.refresh(golden)
    asking.end(session, clip_id=clip_id)
    audit.append(session, actor=user.id, action="retire_golden", subject=clip_id)
    return golden


def may_be(session: Session, clip: Clip) -> bool:
    """Whether the clip, as it is seen, can be golden: decided, and nobody has to decide on it."""
    return State(clip.state) in _MAY_BE and bool(standing(session, [clip.id]))


def acts(session: Session, user: User, clip: Clip) -> list[str]:
    """What this person can do about the clip being golden, as it is seen by them."""
    if clip.creator_id == user.id or clip.state in REVIEWED or not user.may("keep golden clips"):
        return []
    golden = session.get(Golden, clip.id)
    if golden is None:
        return ["golden"] if may_be(session, clip) else []
    return ["retire_golden"] if golden.retired_at is None else []


def listed(session: Session, user: User) -> list[dict[str, Any]]:
    """All golden clips, newest first, but for the one that the asker judges blind just now."""
    user.must("keep golden clips")
    hidden = hidden_bytes(session, user)
    query = select(Golden, Clip, Person).join(Clip, col(Clip.id) == Golden.clip_id)
    query = query.join(Person, col(Person.id) == Golden.made_by)
    found = session.exec(query.order_by(col(Golden.made_at).desc())).all()
    answers = _answers(session)
    return [
        as_json(golden, clip, person.name, answers.get(clip.id, 0))
        for golden, clip, person in found
        if hidden is None or clip.sha256 != hidden
    ]


def one(session: Session, user: User, clip_id: str) -> dict[str, Any]:
    """A golden clip as the list shows it."""
    return next(each for each in listed(session, user) if each["clip_id"] == clip_id)


def as_json(golden: Golden, clip: Clip, made_by: str, answers: int) -> dict[str, Any]:
    return {
        "clip_id": golden.clip_id,
        "prompt": clip.prompt,
        "state": clip.state,
        "deleted": clip.deleted_at is not None,
        "verdict": golden.verdict,
        "reasons": golden.reasons,
        "made_by": made_by,
        "made_at": as_text(golden.made_at),
        "retired_at": as_text(golden.retired_at) if golden.retired_at else None,
        "answers": answers,
    }


def problems(session: Session) -> list[str]:
    """Golden clips that are not what the log says, in sentences; empty when all are."""
    acts = ("golden", "retire_golden")
    rows = select(AuditRow).where(col(AuditRow.action).in_(acts)).order_by(col(AuditRow.seq))
    made: dict[str, AuditRow] = {}
    retired = set()
    for row in session.exec(rows):
        if row.action == "golden":
            made[row.subject] = row
        else:
            retired.add(row.subject)
    found = []
    for golden in session.exec(select(Golden)):
        logged = made.pop(golden.clip_id, None)
        fits = logged is not None and (logged.actor, logged.body) == (
            golden.made_by,
            _facts(golden),
        )
        if not fits or (golden.retired_at is not None) != (golden.clip_id in retired):
            found.append(f"The golden clip {golden.clip_id} is not what the log says.")
    return found + [f"The golden clip {clip_id} is missing." for clip_id in made]


def _answers(session: Session) -> dict[str, int]:
    query = select(Opinion.clip_id, func.count()).where(Opinion.kind == OpinionKind.GOLDEN.value)
    return dict(session.exec(query.group_by(col(Opinion.clip_id))).all())


def _facts(golden: Golden) -> dict[str, Any]:
    return {"verdict": golden.verdict, "reasons": golden.reasons}
