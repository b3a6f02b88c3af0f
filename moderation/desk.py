"""The review desk: the queue in order, and the decision.

Knows nothing of how the desk looks, nor of claims beyond asking whether somebody else holds the
clip (claims.py), nor of blind opinions beyond handing on what was said (opinions.py). What makes a
decision single is the guarded move and the one-decision-per-version rule of the table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from sqlmodel import Session, col, select

import audit
from accounts.permissions import User
from audit import words_digest
from errors import (
    AlreadyDecided,
    AnswerMissing,
    Conflict,
    NotFound,
    ReasonMissing,
    StaleVersion,
)
from moderation import appeals, asking, opinions, policy
from moderation.blind import open_turn, turn_on, veiled
from moderation.claims import in_order, name_of, refuse_claimed, refuse_lapsed
from moderation.clips import NOTE_LIMIT
from moderation.deadlines import OVER, STAGE_OF, due
from moderation.four_eyes import refuse_barred, second_look
from moderation.models import REVIEWED, BlindTurn, Clip, Decision, Stage, State, Verdict
from moderation.rules import Rules
from moderation.screening.signals import NOT_SCREENED
from moderation.transitions import MOVES, allowed, move
from store import utc_now
from text import check_text, is_visible

QUEUE_LIMIT: Final = 200
"""Most clips that one look at the queue lists; the next ones come up as these are decided."""


@dataclass(frozen=True)
class Ruling:
    """What a reviewer sends. `version` is the version of the clip they saw."""

    verdict: Verdict
    version: int
    reasons: list[str] = field(default_factory=list)
    note: str = ""  # the creator reads this
    internal_note: str = ""  # reviewers only
    policy_version: str | None = None  # the one that the reasons were chosen from, where known


def queue(session: Session, user: User) -> list[Clip]:
    """What waits for a person, in the order in which it is due."""
    user.must("see held clips")
    waits = col(Clip.state).in_([state.value for state in REVIEWED])
    query = select(Clip).where(waits).order_by(*in_order()).limit(QUEUE_LIMIT)
    listed = list(session.exec(query))
    turn = open_turn(session, user)
    return listed if turn is None else _with_turn(session, listed, turn)


def decide(
    session: Session,
    user: User,
    clip_id: str,
    ruling: Ruling,
    *,
    rules: Rules,
    enqueue_publish: Callable[[Session, Clip], None],
    bulk_id: str | None = None,
) -> Clip:
    """Decide on the version that was seen: decision row, audit row, state and publish job in one.
    In a blind turn what is sent is an opinion, and nothing of the clip changes.

    `bulk_id`: the same for clips that are decided together, which machines had found (bulk.py).

    Raises OwnClip for the clip's creator, DecidedBefore for whoever had a say in it already,
    ClaimedByOther while somebody else holds it, ClaimLapsed when one's own claim ran out,
    AlreadyDecided or StaleVersion when the clip has moved on, ReasonsChanged when the words of a
    chosen reason have. Nothing is written then.
    """
    user.must("review")
    # 1. Check the words before the clip, so a bad request is refused whatever the state.
    if ruling.policy_version is not None:
        policy.refuse_changed(session, ruling.policy_version, ruling.reasons)
    reasons = policy.check_reasons(session, ruling.reasons)
    check_text("note", ruling.note, NOTE_LIMIT)
    check_text("internal_note", ruling.internal_note, NOTE_LIMIT)
    if ruling.verdict is not Verdict.APPROVE and not reasons:
        raise ReasonMissing(verdict=ruling.verdict.value)
    if turn := turn_on(session, user, clip_id):
        return opinions.give(
            session,
            user,
            turn,
            verdict=ruling.verdict,
            reasons=reasons,
            version=ruling.version,
            rules=rules,
        )
    # 2. Check the moment, then the person: what has moved on says so to everybody.
    clip = session.get(Clip, clip_id, populate_existing=True)
    if clip is None:
        raise NotFound()
    if clip.creator_id != user.id:
        _refuse_moved_on(session, clip, ruling)
    refuse_barred(session, user, clip)
    now = utc_now()
    refuse_claimed(session, user, clip, now)
    refuse_lapsed(user, clip, now)
    stage = STAGE_OF.get(State(clip.state), Stage.FIRST)
    if stage is Stage.APPEAL and not is_visible(ruling.note):
        raise AnswerMissing()
    # 3. Decide.
    decision = Decision(
        clip_id=clip_id,
        clip_version=ruling.version,
        verdict=ruling.verdict.value,
        reasons=reasons,
        note=ruling.note,
        internal_note=ruling.internal_note,
        policy_version=str(policy.current(session).version),
        sha256=clip.sha256 or "",
        reviewer_id=user.id,
        reviewer_role=user.role.value if user.role else "",
        waited_s=(now - (clip.pending_since or now)).total_seconds(),
        stage=stage.value,
        advised=bulk_id is not None
        or any(each.get("check") != NOT_SCREENED for each in clip.screening),
        decided_at=now,
    )
    session.add(decision)
    session.flush()
    if stage is Stage.APPEAL:
        appeals.answer(session, clip_id, decision)
    name, changes = ruling.verdict.value, {**OVER, "claimed_by": None, "claimed_until": None}
    body: dict[str, Any] = {
        "decision": decision.id,
        "sha256": clip.sha256,
        "reasons": reasons,
        "words": words_digest(ruling.note, ruling.internal_note),
    }
    if bulk_id is not None:
        body["bulk"] = bulk_id
    if ruling.verdict is Verdict.APPROVE:
        because = second_look(session, clip, reasons, rules) if stage is Stage.FIRST else None
        if because:
            name, body["because"] = "hold", because
            changes |= due(Stage.SECOND, now, rules)
        else:
            changes |= {"approved_by": user.id, "approved_sha256": clip.sha256}
    clip = move(
        session,
        clip_id,
        name,
        actor=user.id,
        version=ruling.version,
        body=body,
        settles_s=rules.undo_s,
        **changes,
    )
    if clip.state == State.APPROVED:
        enqueue_publish(session, clip)
    # 4. Ask others about it, and this person about others.
    asking.want(session, decision, rules)
    asking.offer(session, user, rules, after=clip_id)
    return clip


def note_refusal(session: Session, user: User, clip_id: str, ruling: Ruling, refusal: str) -> None:
    """Log that somebody tried to decide and could not; the decision itself was rolled back."""
    body = {"verdict": ruling.verdict.value, "version": ruling.version, "because": refusal}
    audit.append(session, actor=user.id, action="refused_decision", subject=clip_id, body=body)


def decisions(session: Session, clip_id: str) -> list[Decision]:
    """All that was ever decided on a clip, also what was taken back, oldest first."""
    query = select(Decision).where(Decision.clip_id == clip_id)
    return list(session.exec(query.order_by(col(Decision.decided_at))))


def _with_turn(session: Session, listed: list[Clip], turn: BlindTurn) -> list[Clip]:
    """The queue with a blind turn in its place, which looks like all the others."""
    others = [clip for clip in listed if clip.id != turn.clip_id]
    later = (at for at, clip in enumerate(others) if clip.due_at and clip.due_at >= turn.due_at)
    place = next(later, len(others))
    asked = veiled(session.get_one(Clip, turn.clip_id), turn)
    return [*others[:place], asked, *others[place:]][:QUEUE_LIMIT]


def _refuse_moved_on(session: Session, clip: Clip, ruling: Ruling) -> None:
    if clip.version != ruling.version or not allowed(ruling.verdict.value, clip.state):
        made = decisions(session, clip.id)
        if made and clip.state not in REVIEWED:
            raise AlreadyDecided(who=name_of(session, made[-1].reviewer_id), state=clip.state)
        if not allowed(ruling.verdict.value, clip.state):
            raise Conflict(state=clip.state, action=MOVES[ruling.verdict.value].words)
        raise StaleVersion(seen=ruling.version, version=clip.version, state=clip.state)
