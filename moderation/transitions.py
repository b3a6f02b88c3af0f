"""The table of allowed moves between states, and the one function that makes a move.

Knows nothing of why a move is made or who may make it: those rules stand with the act (desk.py,
clips.py) or the job (jobs/). No other code writes `clip.state`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlmodel import Session, col, update

import audit
from errors import Conflict, NotFound, StaleVersion
from moderation.models import Clip, Reshelving, State
from notices.inbox import tell
from notices.models import Kind
from store import utc_now


@dataclass(frozen=True)
class Move:
    """From any of these states to that one, in words for people."""

    source: frozenset[State]
    target: State
    words: str
    tells: Kind | None = None  # the notice that the clip's creator gets, unless it was their move


def _move(*source: State, to: State, words: str, tells: Kind | None = None) -> Move:
    return Move(frozenset(source), to, words, tells)


MOVES: Final[dict[str, Move]] = {
    # the making
    "start": _move(State.QUEUED, to=State.GENERATING, words="starting"),
    "made": _move(State.GENERATING, to=State.SCREENING, words="screening"),
    "screened": _move(
        State.SCREENING,
        to=State.PENDING_REVIEW,
        words="sending to review",
        tells=Kind.WAITING,
    ),
    "fail": _move(
        State.QUEUED, State.GENERATING, to=State.FAILED, words="failing", tells=Kind.FAILED
    ),
    "retry": _move(State.FAILED, to=State.QUEUED, words="trying again"),
    "cancel": _move(
        State.QUEUED,
        State.GENERATING,
        to=State.CANCELLED,
        words="cancelling",
        tells=Kind.CANCELLED,
    ),
    # the review
    "hold": _move(
        State.PENDING_REVIEW,
        to=State.SECOND_REVIEW,
        words="a second review",
        tells=Kind.SECOND_REVIEW,
    ),
    # Approving tells nothing yet: publishing does, when everyone can really see the clip.
    "approve": _move(
        State.PENDING_REVIEW,
        State.SECOND_REVIEW,
        State.APPEALED,
        to=State.APPROVED,
        words="approving",
    ),
    "reject": _move(
        State.PENDING_REVIEW,
        State.SECOND_REVIEW,
        State.APPEALED,
        to=State.REJECTED,
        words="rejecting",
        tells=Kind.REJECTED,
    ),
    "request_changes": _move(
        State.PENDING_REVIEW,
        State.SECOND_REVIEW,
        to=State.CHANGES_REQUESTED,
        words="asking for changes",
        tells=Kind.CHANGES_REQUESTED,
    ),
    # Taking a decision back, within seconds (undo.py): to where the clip waited.
    "undo": _move(
        State.APPROVED,
        State.SECOND_REVIEW,
        State.REJECTED,
        State.CHANGES_REQUESTED,
        to=State.PENDING_REVIEW,
        words="taking the decision back",
    ),
    "undo_second": _move(
        State.APPROVED,
        State.REJECTED,
        State.CHANGES_REQUESTED,
        to=State.SECOND_REVIEW,
        words="taking the decision back",
    ),
    "undo_appeal": _move(
        State.APPROVED,
        State.REJECTED,
        to=State.APPEALED,
        words="taking the decision back",
    ),
    "appeal": _move(State.REJECTED, to=State.APPEALED, words="appealing"),
    "supersede": _move(State.CHANGES_REQUESTED, to=State.SUPERSEDED, words="sending a new version"),
    # the public side
    "publish": _move(State.APPROVED, to=State.PUBLISHED, words="publishing", tells=Kind.PUBLISHED),
    "take_down": _move(
        State.PUBLISHED, to=State.TAKEN_DOWN, words="taking down", tells=Kind.TAKEN_DOWN
    ),
    "restore": _move(State.TAKEN_DOWN, to=State.PUBLISHED, words="restoring", tells=Kind.RESTORED),
    "withdraw": _move(
        State.PENDING_REVIEW,
        State.SECOND_REVIEW,
        State.CHANGES_REQUESTED,
        State.APPEALED,
        State.APPROVED,
        State.PUBLISHED,
        to=State.WITHDRAWN,
        words="withdrawing",
        tells=Kind.WITHDRAWN,
    ),
}


def allowed(name: str, state: str) -> bool:
    return state in MOVES[name].source


def move(
    session: Session,
    clip_id: str,
    name: str,
    *,
    actor: str,
    version: int | None = None,
    body: dict[str, Any] | None = None,
    settles_s: float = 0.0,
    **changes: Any,
) -> Clip:
    """Make one move: a guarded UPDATE, its audit row and the creator's notice, in the caller's
    transaction.

    `version`: the version the actor saw; None when the state alone decides. `settles_s`: seconds in
    which the move may be taken back, and no mail leaves. `changes`: columns set with the state. Raises NotFound, StaleVersion, or Conflict when the clip is in a
    state the move does not start from; nothing is written then.
    """
    step = MOVES[name]
    guard = (col(Clip.id) == clip_id) & col(Clip.state).in_([state.value for state in step.source])
    if version is not None:
        guard &= col(Clip.version) == version
    before = session.get(Clip, clip_id, populate_existing=True)
    if before is None:
        raise NotFound()
    source, seen = before.state, before.version
    values = {"state": step.target.value, "version": Clip.version + 1, "updated_at": utc_now()}
    result = session.execute(update(Clip).where(guard).values(**values, **changes))
    if result.rowcount != 1:  # type: ignore[attr-defined]
        if version is not None and version != seen and source in step.source:
            raise StaleVersion(seen=version, version=seen, state=source, action=step.words)
        raise Conflict(state=source, action=step.words)
    if State.PUBLISHED in (source, step.target) and name != "publish":
        session.merge(Reshelving(clip_id=clip_id))  # its public files have to change their shelf
    facts = {"from": source, "to": step.target.value, "version": seen + 1, **(body or {})}
    audit.append(session, actor=actor, action=name, subject=clip_id, body=facts)
    session.refresh(before)
    if step.tells is not None:
        tell(
            session,
            person_id=before.creator_id,
            kind=step.tells,
            clip_id=clip_id,
            actor=actor,
            settles_s=settles_s,
        )
    return before
