"""What somebody sees of a decided clip on which they are asked for a blind opinion: the clip as it
was when it first waited, with times like those of its neighbours in the queue.

Knows nothing of how such a turn comes or ends (opinions.py). Every look at a single clip comes
through `as_seen` (visibility.py), so that what was decided stays hidden from that person whichever
way they ask, and from nobody else.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlmodel import Session, col, select

from accounts.permissions import User
from moderation.models import BlindTurn, Clip, OpinionKind, State
from store import utc_now

JUDGED: Final = frozenset(
    {
        State.APPROVED,
        State.PUBLISHED,
        State.REJECTED,
        State.CHANGES_REQUESTED,
        State.SUPERSEDED,
    }
)
"""Where a clip is after a decision, and nobody else has to decide on it."""

_STAYS: Final = JUDGED | {State.SECOND_REVIEW, State.APPEALED}
"""Where a turn goes on that began before. A clip that was withdrawn or taken down leaves the desk."""


def open_turn(session: Session, user: User) -> BlindTurn | None:
    """The blind turn that this person has now; nobody has two."""
    if not user.may("review"):
        return None
    query = select(BlindTurn).where(
        BlindTurn.person_id == user.id, col(BlindTurn.ended_at).is_(None)
    )
    turn = session.exec(query).first()
    if turn is None or not _runs(turn, utc_now()):
        return None
    clip = session.get_one(Clip, turn.clip_id)
    return turn if clip.deleted_at is None and _may_ask(user, clip, turn) else None


def turn_on(session: Session, user: User, clip_id: str) -> BlindTurn | None:
    """The blind turn that this person has on that clip."""
    turn = open_turn(session, user)
    return turn if turn is not None and turn.clip_id == clip_id else None


def as_seen(session: Session, user: User, clip: Clip) -> Clip:
    """The clip as this person may see it now: itself, or as it looks in their blind turn."""
    if clip.state == State.PENDING_REVIEW or clip.creator_id == user.id:
        return clip  # most of a queue; nobody is asked about these
    turn = turn_on(session, user, clip.id)
    return clip if turn is None else veiled(clip, turn)


def veiled(clip: Clip, turn: BlindTurn) -> Clip:
    """A copy that is in no session and so is never written. Its version is the one that first
    waited; whoever tells its story (statements.py, history.py) tells it up to that version."""
    return Clip(
        **clip.model_dump()
        | {
            "state": State.PENDING_REVIEW.value,
            "version": turn.version,
            "created_at": turn.sent_at,
            "updated_at": turn.waits_since,
            "pending_since": turn.waits_since,
            "due_at": turn.due_at,
            "late_at": turn.late_at,
            "escalated_at": None,
            "claimed_by": (turn.handed_to or turn.person_id) if turn.claimed_until else None,
            "claimed_until": turn.claimed_until,
            "approved_by": None,
            "approved_sha256": None,
            "public_sha256": None,
            "published_at": None,
        }
    )


def hidden_bytes(session: Session, user: User) -> str | None:
    """sha256 of the file whose clips must tell this person nothing of what was decided on them."""
    turn = open_turn(session, user)
    return None if turn is None else session.get_one(Clip, turn.clip_id).sha256


def _runs(turn: BlindTurn, now: datetime) -> bool:
    """Until it would be due, or as long as somebody works on it, whichever is later."""
    if turn.claimed_until is not None and turn.claimed_until > now:
        return True
    return turn.handed_to is None and turn.due_at > now


def _may_ask(user: User, clip: Clip, turn: BlindTurn) -> bool:
    if turn.kind == OpinionKind.SECOND:
        return clip.state in _STAYS
    # Whoever may read the known answers is no judge of them.
    is_there = clip.state in _STAYS or clip.state == State.TAKEN_DOWN
    return is_there and not user.may("keep golden clips")
