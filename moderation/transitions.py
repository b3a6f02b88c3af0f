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
from moderation.models import Clip, State
from store import utc_now


@dataclass(frozen=True)
class Move:
    """From any of these states to that one, in words for people."""

    source: frozenset[State]
    target: State
    words: str


def _move(*source: State, to: State, words: str) -> Move:
    return Move(frozenset(source), to, words)


MOVES: Final[dict[str, Move]] = {
    # the making
    "start": _move(State.QUEUED, to=State.GENERATING, words="starting"),
    "made": _move(State.GENERATING, to=State.SCREENING, words="screening"),
    "screened": _move(State.SCREENING, to=State.PENDING_REVIEW, words="sending to review"),
    "fail": _move(State.QUEUED, State.GENERATING, to=State.FAILED, words="failing"),
    "retry": _move(State.FAILED, to=State.QUEUED, words="trying again"),
    "cancel": _move(State.QUEUED, State.GENERATING, to=State.CANCELLED, words="cancelling"),
    # the review
    "hold": _move(State.PENDING_REVIEW, to=State.SECOND_REVIEW, words="a second review"),
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
    ),
    "request_changes": _move(
        State.PENDING_REVIEW,
        State.SECOND_REVIEW,
        to=State.CHANGES_REQUESTED,
        words="asking for changes",
    ),
    "appeal": _move(State.REJECTED, to=State.APPEALED, words="appealing"),
    "supersede": _move(State.CHANGES_REQUESTED, to=State.SUPERSEDED, words="sending a new version"),
    # the public side
    "publish": _move(State.APPROVED, to=State.PUBLISHED, words="publishing"),
    "take_down": _move(State.PUBLISHED, to=State.TAKEN_DOWN, words="taking down"),
    "restore": _move(State.TAKEN_DOWN, to=State.PUBLISHED, words="restoring"),
    "withdraw": _move(
        State.PENDING_REVIEW,
        State.CHANGES_REQUESTED,
        State.PUBLISHED,
        to=State.WITHDRAWN,
        words="withdrawing",
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
    **changes: Any,
) -> Clip:
    """Make one move: a guarded UPDATE and its audit row, in the caller's transaction.

    `version`: the version the actor saw; None when the state alone decides. `changes`: columns
    set together with the state. Raises NotFound, StaleVersion, or Conflict when the clip is in a
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
    facts = {"from": source, "to": step.target.value, "version": seen + 1, **(body or {})}
    audit.append(session, actor=actor, action=name, subject=clip_id, body=facts)
    session.refresh(before)
    return before
