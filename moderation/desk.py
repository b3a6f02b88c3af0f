"""The review desk: the queue, claims as leases, and the decision.

Knows nothing of how the desk looks. A claim only keeps two people from the same work; what makes
a decision single is the guarded move and the one-decision-per-version rule of the table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import Session, col, or_, select, update

import audit
from accounts.models import Person
from accounts.permissions import User
from errors import (
    AlreadyDecided,
    ClaimedByOther,
    Conflict,
    NotFound,
    NothingToReview,
    OwnClip,
    ReasonMissing,
    StaleVersion,
)
from moderation import policy
from moderation.clips import NOTE_LIMIT
from moderation.models import Clip, Decision, State, Verdict
from moderation.transitions import MOVES, allowed, move
from moderation.visibility import visible_clip
from store import as_text, utc_now
from text import check_text

QUEUE_LIMIT = 200
"""Most clips that one look at the queue lists; the next ones come up as these are decided."""


@dataclass(frozen=True)
class Ruling:
    """What a reviewer sends. `version` is the version of the clip they saw."""

    verdict: Verdict
    version: int
    reasons: list[str] = field(default_factory=list)
    note: str = ""  # the creator reads this
    internal_note: str = ""  # reviewers only


def queue(session: Session, user: User) -> list[Clip]:
    """What waits, longest wait first."""
    user.must("see held clips")
    query = select(Clip).where(Clip.state == State.PENDING_REVIEW.value)
    query = query.order_by(col(Clip.pending_since), col(Clip.id)).limit(QUEUE_LIMIT)
    return list(session.exec(query))


def claim(session: Session, user: User, clip_id: str | None, *, lease_s: int) -> Clip:
    """Take one clip, or the next free one, for `lease_s` seconds. Renews a claim of one's own.

    Raises ClaimedByOther, Conflict when the clip does not wait for review, OwnClip, or
    NothingToReview when no clip is left that this person may decide on.
    """
    user.must("review")
    now = utc_now()
    if clip_id is None:
        clip_id = _next_free(session, user, now)
    clip = visible_clip(session, user, clip_id)
    if clip.creator_id == user.id:
        raise OwnClip()
    _refuse_claimed(session, user, clip, now)
    if clip.state != State.PENDING_REVIEW:
        raise Conflict(state=clip.state, action="reviewing")
    fresh = clip.claimed_by != user.id
    until = now + timedelta(seconds=lease_s)
    session.execute(
        update(Clip).where(col(Clip.id) == clip_id).values(claimed_by=user.id, claimed_until=until)
    )
    if fresh:
        audit.append(session, actor=user.id, action="claim", subject=clip_id)
    session.refresh(clip)
    return clip


def release(session: Session, user: User, clip_id: str) -> Clip:
    """Give a claim back. Releasing what one does not hold changes nothing."""
    user.must("review")
    clip = visible_clip(session, user, clip_id)
    if clip.claimed_by == user.id:
        values = {"claimed_by": None, "claimed_until": None}
        session.execute(update(Clip).where(col(Clip.id) == clip_id).values(**values))
        audit.append(session, actor=user.id, action="release", subject=clip_id)
        session.refresh(clip)
    return clip


def decide(
    session: Session,
    user: User,
    clip_id: str,
    ruling: Ruling,
    *,
    enqueue_publish: Callable[[Session, Clip], None],
) -> Clip:
    """Decide on the version that was seen: decision row, audit row, state and publish job in one.

    Raises OwnClip for the clip's creator, ClaimedByOther while somebody else holds it,
    AlreadyDecided or StaleVersion when the clip has moved on. Nothing is written then.
    """
    user.must("review")
    # 1. Check the words before the clip, so a bad request is refused whatever the state.
    reasons = policy.check_reasons(ruling.reasons)
    check_text("note", ruling.note, NOTE_LIMIT)
    check_text("internal_note", ruling.internal_note, NOTE_LIMIT)
    if ruling.verdict is not Verdict.APPROVE and not reasons:
        raise ReasonMissing(verdict=ruling.verdict.value)
    # 2. Check the person.
    clip = session.get(Clip, clip_id)
    if clip is None:
        raise NotFound()
    if clip.creator_id == user.id:
        raise OwnClip()
    # 3. Check the moment.
    _refuse_moved_on(session, clip, ruling)
    now = utc_now()
    _refuse_claimed(session, user, clip, now)
    # 4. Decide.
    decision = Decision(
        clip_id=clip_id,
        clip_version=ruling.version,
        verdict=ruling.verdict.value,
        reasons=reasons,
        note=ruling.note,
        internal_note=ruling.internal_note,
        policy_version=policy.VERSION,
        sha256=clip.sha256 or "",
        reviewer_id=user.id,
        reviewer_role=user.role.value if user.role else "",
        waited_s=(now - (clip.pending_since or now)).total_seconds(),
        decided_at=now,
    )
    session.add(decision)
    session.flush()
    changes: dict[str, object] = {"claimed_by": None, "claimed_until": None}
    if ruling.verdict is Verdict.APPROVE:
        changes |= {"approved_by": user.id, "approved_sha256": clip.sha256}
    body = {
        "decision": decision.id,
        "sha256": clip.sha256,
        "reasons": reasons,
        "words": words_digest(ruling.note, ruling.internal_note),
    }
    clip = move(
        session,
        clip_id,
        ruling.verdict.value,
        actor=user.id,
        version=ruling.version,
        body=body,
        **changes,
    )
    if ruling.verdict is Verdict.APPROVE:
        enqueue_publish(session, clip)
    return clip


def drop_claims(session: Session, person_id: str) -> None:
    """Free whatever somebody held whose access has ended."""
    held = update(Clip).where(col(Clip.claimed_by) == person_id)
    session.execute(held.values(claimed_by=None, claimed_until=None))


def words_digest(note: str, internal_note: str) -> str:
    """sha256 of a decision's words, for the log, which carries nobody's words itself."""
    return hashlib.sha256(f"{note}\0{internal_note}".encode()).hexdigest()


def decisions(session: Session, clip_id: str) -> list[Decision]:
    query = select(Decision).where(Decision.clip_id == clip_id)
    return list(session.exec(query.order_by(col(Decision.decided_at))))


def holder(clip: Clip, now: datetime) -> str | None:
    """The id of the person whose claim on the clip still runs."""
    if clip.claimed_by and clip.claimed_until and clip.claimed_until > now:
        return clip.claimed_by
    return None


def _next_free(session: Session, user: User, now: datetime) -> str:
    free = or_(
        col(Clip.claimed_by).is_(None),
        col(Clip.claimed_until) <= now,
        Clip.claimed_by == user.id,
    )
    query = select(Clip.id).where(Clip.state == State.PENDING_REVIEW.value, free)
    query = query.where(Clip.creator_id != user.id)
    found = session.exec(query.order_by(col(Clip.pending_since), col(Clip.id)).limit(1)).first()
    if found is None:
        raise NothingToReview()
    return found


def _refuse_claimed(session: Session, user: User, clip: Clip, now: datetime) -> None:
    held_by = holder(clip, now)
    if held_by is not None and held_by != user.id and clip.claimed_until is not None:
        who = _name(session, held_by)
        raise ClaimedByOther(who=who, until=as_text(clip.claimed_until), state=clip.state)


def _refuse_moved_on(session: Session, clip: Clip, ruling: Ruling) -> None:
    made = decisions(session, clip.id)
    if not allowed(ruling.verdict.value, clip.state):
        if made:
            raise AlreadyDecided(who=_name(session, made[-1].reviewer_id), state=clip.state)
        raise Conflict(state=clip.state, action=MOVES[ruling.verdict.value].words)
    if clip.version != ruling.version:
        raise StaleVersion(seen=ruling.version, version=clip.version, state=clip.state)


def _name(session: Session, person_id: str) -> str:
    person = session.get(Person, person_id)
    return person.name if person else "Somebody"
