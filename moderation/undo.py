"""Taking a decision back, within seconds of making it.

Knows nothing of pages. It is a real reversal: the clip goes back to where it waited, the decision
stays in the table with a mark that it was taken back, and nothing was published meanwhile, because
publishing does not begin before that time is over (jobs/queue.py).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import Session

from accounts.permissions import User
from errors import OpinionGiven, UndoNotYours, UndoTooLate
from moderation import appeals, opinions
from moderation.deadlines import due
from moderation.four_eyes import standing
from moderation.models import Appeal, Clip, Decision, Stage, State, Undoing, Verdict
from moderation.rules import Rules
from moderation.transitions import move
from moderation.visibility import visible_clip
from notices.inbox import untell
from store import utc_now

_MOVES: Final = {
    Stage.FIRST.value: "undo",
    Stage.SECOND.value: "undo_second",
    Stage.APPEAL.value: "undo_appeal",
}
NEVER_AFTER: Final = frozenset(State) - {
    State.APPROVED,
    State.SECOND_REVIEW,
    State.REJECTED,
    State.CHANGES_REQUESTED,
}
"""Where a clip is not because of a decision that was made just now."""

_AFTER: Final = {
    Verdict.APPROVE.value: {State.APPROVED, State.SECOND_REVIEW},
    Verdict.REJECT.value: {State.REJECTED},
    Verdict.REQUEST_CHANGES.value: {State.CHANGES_REQUESTED},
}


def undo(session: Session, user: User, clip_id: str, rules: Rules) -> Clip:
    """Take back the last decision on a clip. Raises UndoNotYours, UndoTooLate when the time is over
    or somebody has gone on from it, or OpinionGiven for whoever was told that it was a check."""
    user.must("review")
    clip = visible_clip(session, user, clip_id)
    if opinions.told(session, user, clip_id):
        raise OpinionGiven()
    made = standing(session, [clip_id])
    if not made or made[-1].reviewer_id != user.id:
        raise UndoNotYours()
    last = made[-1]
    now = utc_now()
    until = undo_until(clip, last, rules)
    if until is None or until <= now:
        raise UndoTooLate(seconds=f"{rules.undo_s:g}", state=clip.state)
    session.add(Undoing(decision_id=last.id, at=now))
    appeals.reopen(session, last.id)
    untell(session, person_id=clip.creator_id, clip_id=clip_id, since=last.decided_at)
    changes: dict[str, Any] = {
        "approved_by": None,
        "approved_sha256": None,
        # A job that was to publish belongs to the attempt before.
        "attempt": clip.attempt + 1,
        **due(Stage(last.stage), _waited_since(session, clip, last, made), rules),
    }
    name = _MOVES[last.stage]
    body = {"undoes": last.id}
    return move(session, clip_id, name, actor=user.id, version=clip.version, body=body, **changes)


def undo_until(clip: Clip, last: Decision, rules: Rules) -> datetime | None:
    """Until when that decision, the last that stands, can be taken back by who made it."""
    if clip.state not in _AFTER[last.verdict]:
        return None
    return last.decided_at + timedelta(seconds=rules.undo_s)


def _waited_since(session: Session, clip: Clip, last: Decision, made: list[Decision]) -> datetime:
    """When the step began that is open again: its due time is what it was."""
    if last.stage == Stage.SECOND:
        firsts = [each.decided_at for each in made if each.stage == Stage.FIRST]
        if firsts:
            return firsts[-1]
    if last.stage == Stage.APPEAL:
        rejections = [each for each in made if each.verdict == Verdict.REJECT and each is not last]
        found = session.get(Appeal, rejections[-1].id) if rejections else None
        if found is not None:
            return found.made_at
    return clip.pending_since or last.decided_at
