"""Whose turn is next: start-time fair queueing over the clips that wait for the pipeline.

Method: P. Goyal, H. M. Vin, H. Cheng, "Start-time Fair Queueing", SIGCOMM 1996. Every clip gets a
start tag when it is sent, max(clock, the end of its creator's last one); the lowest tag goes next,
and the clock moves to the tag of whatever starts. So two hundred clips of one person lie one after
another on the clock, and the first clip of the next person lies at its present.

Knows nothing of jobs: a tag becomes `clip.priority`, which the queue obeys, lowest first.
"""

from __future__ import annotations

from typing import Final

from sqlmodel import Session, col, func, select, update

import audit
from errors import BadInput
from moderation.models import Clip, State
from sharing.models import FairClock, FairShare

MOST_WEIGHT: Final = 10
_PER_SECOND: Final = 10  # a tag counts tenths of a second
_TIES: Final = 16  # clips that one moment of the clock can tell apart, by order of arrival
LAST_TAG: Final = 2**31 - 1
"""The job engine's priorities end here: 155 days of clips in line. A tag beyond waits with them."""


def join(session: Session, clip: Clip, cost_s: float) -> None:
    """Give a clip its place in line. `cost_s`: seconds of the pipeline that it will take."""
    clock, share = _clock(session), _share(session, clip.creator_id)
    if not _anyone_waits(session, besides=clip):
        _start_over(session, clock)
        session.refresh(share)
    starts = max(clock.now, share.finish)
    share.finish = starts + max(cost_s, 1 / _PER_SECOND) / share.weight
    tie = min(clock.arrivals, _TIES - 1)
    clock.arrivals += 1
    clip.cost_s = cost_s
    clip.priority = min(LAST_TAG, round(starts * _PER_SECOND) * _TIES + tie + 1)
    session.add_all([clock, share, clip])
    session.flush()


def start(session: Session, clip: Clip) -> None:
    """A clip begins: the clock moves to its tag."""
    clock = _clock(session)
    now = (clip.priority - 1) // _TIES / _PER_SECOND
    if now > clock.now:
        clock.now, clock.arrivals = now, 0
        session.add(clock)
        session.flush()


def give_back(session: Session, clip: Clip, seconds: float) -> None:
    """What a clip was expected to take and did not: its creator's next one starts that much earlier."""
    share = _share(session, clip.creator_id)
    share.finish = max(_clock(session).now, share.finish - max(0.0, seconds) / share.weight)
    session.add(share)
    session.flush()


def weights(session: Session) -> dict[str, float]:
    """By person; whoever is not in it has a weight of 1."""
    return {share.person_id: share.weight for share in session.exec(select(FairShare))}


def weigh(session: Session, person_id: str, weight: float, *, weighed_by: str) -> None:
    """Set one person's part of the pipeline, in parts of what others get. From the next clip on."""
    if not 1 / MOST_WEIGHT <= weight <= MOST_WEIGHT:  # also what is no number
        rule = f"a share lies between {1 / MOST_WEIGHT} and {MOST_WEIGHT}"
        raise BadInput(field="weight", value=weight, rule=rule, step="Take 1 for an equal part.")
    share = _share(session, person_id)
    body = {"from": share.weight, "to": weight}
    audit.append(session, actor=weighed_by, action="share", subject=person_id, body=body)
    share.weight = weight
    session.add(share)
    session.flush()


def is_overtaken(session: Session, clip: Clip) -> bool:
    """Whether a clip with an earlier tag waits by now."""
    waits = select(Clip.id).where(Clip.state == State.QUEUED.value)
    return session.exec(waits.where(Clip.priority < clip.priority).limit(1)).first() is not None


def _clock(session: Session) -> FairClock:
    clock = session.get(FairClock, 1)
    if clock is None:
        clock = FairClock()
        session.add(clock)
        session.flush()
    return clock


def _share(session: Session, person_id: str) -> FairShare:
    share = session.get(FairShare, person_id)
    if share is None:
        share = FairShare(person_id=person_id)
        session.add(share)
        session.flush()
    return share


def _anyone_waits(session: Session, *, besides: Clip) -> bool:
    busy = col(Clip.state).in_([State.QUEUED.value, State.GENERATING.value])
    count = select(func.count()).where(busy, col(Clip.id) != besides.id)
    return session.exec(count).one() > 0


def _start_over(session: Session, clock: FairClock) -> None:
    """Nobody waits, so nobody is owed anything, and the tags begin again at the smallest."""
    clock.now, clock.arrivals = 0.0, 0
    session.add(clock)
    session.execute(update(FairShare).values(finish=0.0))
