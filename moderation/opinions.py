"""Blind turns and the opinions given in them: the claim, the skip, the hand-over and the answer, as
they are for clips that wait. What is said changes nothing of the clip.

Knows nothing of who is asked about what (asking.py), nor of numbers (agreement.py). Whoever acts on
a clip comes here from claims.py and desk.py when it is their blind turn.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, delete, select

import audit
from accounts.models import Person, Role
from accounts.people import find_person
from accounts.permissions import User
from audit import AuditRow
from errors import ClaimedByOther, ClaimLapsed, NotTheHolder, OwnClip, StaleVersion
from moderation import asking, policy
from moderation.blind import veiled
from moderation.models import (
    BlindTurn,
    Clip,
    Golden,
    Opinion,
    OpinionKind,
    OpinionWanted,
    Skip,
    State,
    Verdict,
)
from moderation.rules import Rules
from store import as_text, utc_now


def claim(session: Session, user: User, turn: BlindTurn, *, lease_s: int) -> Clip:
    now = utc_now()
    _refuse_handed_over(session, turn, now)
    is_fresh = turn.claimed_until is None or turn.claimed_until <= now
    turn.claimed_until = now + timedelta(seconds=lease_s)
    if is_fresh:
        _log(session, user.id, "blind_claim", turn)
    return _seen(session, turn)


def renew(session: Session, turn: BlindTurn, *, lease_s: int) -> Clip:
    now = utc_now()
    if turn.handed_to or turn.claimed_until is None or turn.claimed_until <= now:
        raise NotTheHolder()
    turn.claimed_until = now + timedelta(seconds=lease_s)
    return _seen(session, turn)


def release(session: Session, user: User, turn: BlindTurn) -> Clip:
    if turn.claimed_until is not None and not turn.handed_to:
        turn.claimed_until = None
        _log(session, user.id, "blind_release", turn)
    return _seen(session, turn)


def skip(session: Session, user: User, turn: BlindTurn) -> Clip:
    """Passed over like any other: it stays in the queue, and comes back last."""
    clip = release(session, user, turn)
    session.merge(Skip(person_id=user.id, clip_id=turn.clip_id, at=utc_now()))
    _log(session, user.id, "blind_skip", turn)
    return clip


def hand_over(session: Session, user: User, turn: BlindTurn, to: str, *, lease_s: int) -> Clip:
    """Hand the turn to a colleague. Where they cannot be asked it only seems to be theirs, until
    their claim would end: a refusal would tell that they had decided on it before."""
    now = utc_now()
    _refuse_handed_over(session, turn, now)
    person = find_person(session, to)
    colleague = User(person.id, person.name, Role(person.role) if not person.locked_at else None)
    colleague.must("review")
    if session.get_one(Clip, turn.clip_id).creator_id == colleague.id:
        raise OwnClip()
    turn.claimed_until = now + timedelta(seconds=lease_s)
    if colleague.id != user.id:
        turn.handed_to = colleague.id
        _log(session, user.id, "blind_hand_over", turn, colleague=colleague.id)
        asking.pass_on(session, colleague, turn, turn.claimed_until)
    return _seen(session, turn)


# ---- answering -----------------------------------------------------------------------------


def give(
    session: Session,
    user: User,
    turn: BlindTurn,
    *,
    verdict: Verdict,
    reasons: list[str],
    version: int,
    rules: Rules,
) -> Clip:
    """Write the opinion down and end the turn. Answers with the clip as it is. Refuses what
    deciding on a clip that waits would refuse."""
    now = utc_now()
    state = State.PENDING_REVIEW.value
    if version != turn.version:
        raise StaleVersion(seen=version, version=turn.version, state=state)
    _refuse_handed_over(session, turn, now)
    if turn.claimed_until is not None and turn.claimed_until <= now:
        raise ClaimLapsed(until=as_text(turn.claimed_until), state=state)
    clip = session.get_one(Clip, turn.clip_id)
    is_second = turn.kind == OpinionKind.SECOND
    opinion = Opinion(
        clip_id=clip.id,
        reviewer_id=user.id,
        kind=turn.kind,
        verdict=verdict.value,
        reasons=reasons,
        sha256=clip.sha256 or "",
        policy_version=str(policy.current(session).version),
        decision_id=asking.first_decision(session, clip.id).id if is_second else None,
        given_at=now,
    )
    session.add(opinion)
    turn.ended_at = now
    session.flush()
    if is_second:
        session.execute(delete(OpinionWanted).where(col(OpinionWanted.clip_id) == clip.id))
    audit.append(session, actor=user.id, action="opinion", subject=clip.id, body=_facts(opinion))
    asking.offer(session, user, rules, after=clip.id)
    return clip


def told(session: Session, user: User, clip_id: str) -> dict[str, Any]:
    """What somebody learns who has just answered: that it was a check, and what is known to be
    right of a golden clip. Empty when it was no check."""
    query = select(Opinion).where(Opinion.clip_id == clip_id, Opinion.reviewer_id == user.id)
    opinion = session.exec(query).first()
    if opinion is None:
        return {}
    known = session.get(Golden, clip_id) if opinion.kind == OpinionKind.GOLDEN else None
    answer = {"verdict": known.verdict, "reasons": known.reasons} if known else None
    same = None
    if known is not None:
        same = known.verdict == opinion.verdict and set(known.reasons) == set(opinion.reasons)
    return {"check": {"kind": opinion.kind, "known": answer, "same": same}}


def problems(session: Session) -> list[str]:
    """Opinions that are not what the log says, in sentences; empty when all are."""
    rows = select(AuditRow).where(AuditRow.action == "opinion").order_by(col(AuditRow.seq))
    logged = {row.body["opinion"]: row for row in session.exec(rows)}
    found = []
    for opinion in session.exec(select(Opinion)):
        row = logged.pop(opinion.id, None)
        if row is None:
            found.append(f"Opinion {opinion.id} has no row in the log.")
        elif (row.actor, row.subject, row.body) != (
            opinion.reviewer_id,
            opinion.clip_id,
            _facts(opinion),
        ):
            found.append(f"Opinion {opinion.id} is not what row {row.seq} says.")
    missing = [f"Opinion {each} of row {row.seq} is missing." for each, row in logged.items()]
    return found + missing


def _seen(session: Session, turn: BlindTurn) -> Clip:
    session.add(turn)
    session.flush()
    return veiled(session.get_one(Clip, turn.clip_id), turn)


def _refuse_handed_over(session: Session, turn: BlindTurn, now: datetime) -> None:
    if turn.handed_to and turn.claimed_until is not None and turn.claimed_until > now:
        colleague = session.get(Person, turn.handed_to)
        raise ClaimedByOther(
            who=colleague.name if colleague else "Somebody",
            until=as_text(turn.claimed_until),
            state=State.PENDING_REVIEW.value,
        )


def _facts(opinion: Opinion) -> dict[str, Any]:
    return {
        "opinion": opinion.id,
        "kind": opinion.kind,
        "verdict": opinion.verdict,
        "reasons": opinion.reasons,
        "sha256": opinion.sha256,
        "compared": opinion.decision_id,
    }


def _log(session: Session, actor: str, action: str, turn: BlindTurn, **more: str) -> None:
    body = {"kind": turn.kind, **more}
    audit.append(session, actor=actor, action=action, subject=turn.clip_id, body=body)
