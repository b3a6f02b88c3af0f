"""Claims: who works on which waiting clip, as leases that end by themselves.

Knows nothing of verdicts. A claim only keeps two people from the same work; what makes a decision
single is the guarded move and the one-decision-per-version rule of the table (desk.py). A clip on
which somebody is asked for a blind opinion is handled for them like any other (opinions.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import Session, col, or_, select, update

import audit
from accounts.models import Person, Role
from accounts.people import find_person
from accounts.permissions import User
from errors import ClaimedByOther, ClaimLapsed, Conflict, NothingToReview, NotTheHolder, OwnClip
from moderation import asking, care, opinions
from moderation.blind import open_turn, turn_on
from moderation.four_eyes import barred, refuse_barred
from moderation.models import REVIEWED, BlindTurn, Clip, Skip
from moderation.visibility import visible_clip
from store import as_text, utc_now

SKIPPED_FOR: Final = timedelta(minutes=30)
"""How long a skipped clip is offered to others first. It stays in the queue for everybody."""

_FREE: Final = {"claimed_by": None, "claimed_until": None}
_OFFERED: Final = 50  # clips looked at in search of the next one; few people are barred from many


def claim(session: Session, user: User, clip_id: str | None, *, lease_s: int) -> Clip:
    """Take one clip, or the next free one, for `lease_s` seconds. Renews a claim of one's own.

    Raises ClaimedByOther, Conflict when the clip does not wait for review, OwnClip, DecidedBefore,
    or NothingToReview when no clip is left that this person may decide on.
    """
    user.must("review")
    now = utc_now()
    if clip_id is None:
        clip_id = _next(session, user, now)
    if turn := turn_on(session, user, clip_id):
        return opinions.claim(session, user, turn, lease_s=lease_s)
    clip = visible_clip(session, user, clip_id)
    _refuse_not_waiting(session, user, clip)
    refuse_claimed(session, user, clip, now)
    fresh = clip.claimed_by != user.id
    _lease(session, clip, user.id, now + timedelta(seconds=lease_s))
    if fresh:
        audit.append(session, actor=user.id, action="claim", subject=clip_id)
    return clip


def renew(session: Session, user: User, clip_id: str, *, lease_s: int) -> Clip:
    """A sign of life of whoever holds the clip. Raises NotTheHolder, also when the lease has ended:
    then somebody else may have begun."""
    user.must("review")
    if turn := turn_on(session, user, clip_id):
        return opinions.renew(session, turn, lease_s=lease_s)
    clip = visible_clip(session, user, clip_id)
    now = utc_now()
    if clip.creator_id == user.id:
        raise OwnClip()
    if holder(clip, now) != user.id or clip.state not in REVIEWED:
        raise NotTheHolder()
    _lease(session, clip, user.id, now + timedelta(seconds=lease_s))
    return clip


def release(session: Session, user: User, clip_id: str) -> Clip:
    """Give a claim back. Releasing what one does not hold changes nothing."""
    user.must("review")
    if turn := turn_on(session, user, clip_id):
        return opinions.release(session, user, turn)
    clip = visible_clip(session, user, clip_id)
    if clip.claimed_by == user.id:
        _lease(session, clip, None, None)
        audit.append(session, actor=user.id, action="release", subject=clip_id)
    return clip


def skip(session: Session, user: User, clip_id: str) -> Clip:
    """Pass a clip over: others are offered it, and this person again when nothing else waits."""
    user.must("review")
    if turn := turn_on(session, user, clip_id):
        return opinions.skip(session, user, turn)
    clip = release(session, user, clip_id)
    _refuse_not_waiting(session, user, clip)
    session.merge(Skip(person_id=user.id, clip_id=clip_id, at=utc_now()))
    audit.append(session, actor=user.id, action="skip", subject=clip_id)
    session.flush()
    return clip


def hand_over(session: Session, user: User, clip_id: str, to: str, *, lease_s: int) -> Clip:
    """Give a clip that one holds, or that nobody holds, to a colleague. Raises what claiming it
    would raise for them, UnknownPerson, or ClaimedByOther."""
    user.must("review")
    if turn := turn_on(session, user, clip_id):
        return opinions.hand_over(session, user, turn, to, lease_s=lease_s)
    clip = visible_clip(session, user, clip_id)
    now = utc_now()
    refuse_claimed(session, user, clip, now)
    person = find_person(session, to)
    role = Role(person.role) if not person.locked_at else None
    colleague = User(person.id, person.name, role)
    colleague.must("review")
    _refuse_not_waiting(session, colleague, clip)
    _lease(session, clip, person.id, now + timedelta(seconds=lease_s))
    audit.append(
        session, actor=user.id, action="hand_over", subject=clip_id, body={"colleague": person.id}
    )
    return clip


def drop(session: Session, person_id: str) -> None:
    """Free whatever somebody held whose access has ended."""
    held = update(Clip).where(col(Clip.claimed_by) == person_id)
    session.execute(held.values(**_FREE))
    asking.end(session, person_id=person_id)


def holder(clip: Clip, now: datetime) -> str | None:
    """The id of the person whose claim on the clip still runs."""
    if clip.claimed_by and clip.claimed_until and clip.claimed_until > now:
        return clip.claimed_by
    return None


def refuse_claimed(session: Session, user: User, clip: Clip, now: datetime) -> None:
    """Raise ClaimedByOther while somebody else's claim runs."""
    held_by = holder(clip, now)
    if held_by is not None and held_by != user.id and clip.claimed_until is not None:
        who = name_of(session, held_by)
        raise ClaimedByOther(who=who, until=as_text(clip.claimed_until), state=clip.state)


def refuse_lapsed(user: User, clip: Clip, now: datetime) -> None:
    """Raise ClaimLapsed for whoever let their claim run out: they may have been away for long."""
    if clip.claimed_by == user.id and holder(clip, now) is None and clip.claimed_until is not None:
        raise ClaimLapsed(until=as_text(clip.claimed_until), state=clip.state)


def name_of(session: Session, person_id: str) -> str:
    person = session.get(Person, person_id)
    return person.name if person else "Somebody"


def _next(session: Session, user: User, now: datetime) -> str:
    """The first in order that nobody holds and this person may decide on. A blind turn has its
    place in that order, after what is overdue."""
    turn = open_turn(session, user)
    if turn is not None and turn.handed_to:
        turn = None
    free = next(_next_free(session, user, now), None)
    if turn is not None and (free is None or _comes_before(session, turn, free, now)):
        return turn.clip_id
    if free is None:
        raise NothingToReview()
    return free.id


def _comes_before(session: Session, turn: BlindTurn, free: Clip, now: datetime) -> bool:
    """Whether a blind turn is next, and not the free clip."""
    if _was_skipped(session, turn.person_id, turn.clip_id, now):
        return False
    is_due_first = free.due_at is not None and turn.due_at <= free.due_at
    return is_due_first or _was_skipped(session, turn.person_id, free.id, now)


def _was_skipped(session: Session, person_id: str, clip_id: str, now: datetime) -> bool:
    found = session.get(Skip, (person_id, clip_id))
    return found is not None and found.at > now - SKIPPED_FOR


def _next_free(session: Session, user: User, now: datetime) -> Iterator[Clip]:
    """Clips that wait, that nobody holds and this person may decide on, in order; then what they
    skipped, the longest ago first; last of all what they asked to be spared (care.py)."""
    free = or_(
        col(Clip.claimed_by).is_(None),
        col(Clip.claimed_until) <= now,
        Clip.claimed_by == user.id,
    )
    waits = col(Clip.state).in_([state.value for state in REVIEWED])
    query = select(Clip).where(waits, free, Clip.creator_id != user.id)
    skipped = select(Skip.clip_id).where(Skip.person_id == user.id, Skip.at > now - SKIPPED_FOR)
    fresh = query.where(col(Clip.id).not_in(skipped)).order_by(*in_order())
    again = query.join(
        Skip, (col(Skip.clip_id) == col(Clip.id)) & (col(Skip.person_id) == user.id)
    ).order_by(col(Skip.at))
    spared = set(care.kindness(session, user).skips)
    last: list[Clip] = []
    for candidates in (fresh, again):
        begin = 0
        while True:
            page = list(session.exec(candidates.offset(begin).limit(_OFFERED)))
            for clip in page:
                if user.id in barred(session, clip):
                    continue
                if spared.isdisjoint(care.touched(session, clip)):
                    yield clip
                else:
                    last.append(clip)
            if len(page) < _OFFERED:
                break
            begin += _OFFERED
    yield from last


def in_order() -> tuple[Any, ...]:
    """Due first, then who waits longest, then what screening noticed most of."""
    return (col(Clip.due_at), col(Clip.pending_since), col(Clip.advice).desc(), col(Clip.id))


def _refuse_not_waiting(session: Session, user: User, clip: Clip) -> None:
    if clip.state not in REVIEWED and clip.creator_id != user.id:
        raise Conflict(state=clip.state, action="reviewing")
    refuse_barred(session, user, clip)


def _lease(session: Session, clip: Clip, person_id: str | None, until: datetime | None) -> None:
    values = {"claimed_by": person_id, "claimed_until": until}
    session.execute(update(Clip).where(col(Clip.id) == clip.id).values(**values))
    session.refresh(clip)
