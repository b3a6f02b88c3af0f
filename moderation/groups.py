"""Groups of waiting clips that one decision could fit: the same certain fault, or near-duplicates.

Knows nothing of deciding (bulk.py). Only clips that this person may decide on are in a group, each
in one group at most, and none of which screening saw something else that counts: those are looked
at one by one, and so is every new version, because it answers somebody. Limits: the first
LOOKED_AT clips of the queue, compared with the newest DECIDED decisions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy.orm import aliased
from sqlmodel import Session, and_, col, or_, select
from sqlmodel.sql.expression import Select

from accounts.permissions import User
from audit import AuditRow
from moderation import care, policy
from moderation.claims import in_order
from moderation.models import Clip, Decision, State, Verdict
from moderation.screening.likeness import Hashes, Shelf, packed

Kind = Literal["fault", "like_decided", "like_each_other"]

FAULT: Final = "technical_fault"
FAULTS: Final = ("black", "blank", "still", "frozen")
"""The checks of screening/faults.py, the plainest first: a clip with several is in the first."""
CERTAIN: Final = 0.9
"""A fault counts from here on: the whole clip, or all but a tenth of it."""
ALIKE: Final = 0.85
"""Near-duplicates: 3 of 64 bits apart on average, in both directions. A clip that was encoded again
is 2.4 apart at most, one of another prompt 7.8 at least (docs/screening.md)."""
LOOKED_AT: Final = 500
DECIDED: Final = 1000
MOST_GROUPS: Final = 20
_FEWEST: Final = 2  # a decided clip that others are like counts as one

_REFUSED: Final = (State.REJECTED.value, State.CHANGES_REQUESTED.value)
_APPROVED: Final = (State.APPROVED.value, State.PUBLISHED.value)


@dataclass(frozen=True)
class Member:
    """A clip of a group, with what was seen of it and how sure that is."""

    clip: Clip
    check: str
    says: str
    score: float
    at_s: float | None = None


@dataclass(frozen=True)
class Group:
    """Clips that belong together, in the order of the queue, and how they may be decided on."""

    kind: Kind
    members: tuple[Member, ...]
    verdicts: tuple[Verdict, ...]  # none: somebody has to decide on one of them first
    reasons: tuple[str, ...]
    pattern: Decision | None = None  # the decision on a clip that these are like


def groups(session: Session, user: User, now: datetime) -> list[Group]:
    """Faults first, then those that are like a decided clip, then those like each other."""
    waiting = _waiting(session, user, now)
    offered = {reason.code for reason in policy.current(session).offered}
    like_decided, waiting = _like_decided(session, waiting, offered)
    faults, waiting = _faults(waiting, offered)
    like_each_other = _like_each_other(waiting)
    found = [
        *faults,
        *sorted(like_decided, key=lambda group: -len(group.members)),
        *sorted(like_each_other, key=lambda group: -len(group.members)),
    ]
    return found[:MOST_GROUPS]


def stands(session: Session, pattern_id: str) -> bool:
    """Whether that decision still says what its clip is: not taken back, appealed or answered."""
    pattern = session.get(Decision, pattern_id)
    clip = session.get(Clip, pattern.clip_id) if pattern else None
    if pattern is None or clip is None or clip.deleted_at is not None:
        return False
    newest = _decided().where(Decision.clip_id == clip.id).limit(1)
    found = session.exec(newest).first()
    return found is not None and found[0].id == pattern_id and clip.state in _REFUSED


# ---- what waits, and what was decided -------------------------------------------------------


def _waiting(session: Session, user: User, now: datetime) -> list[Clip]:
    """First looks that nobody else holds, that are not one's own, and answer nobody."""
    parent = aliased(Clip)
    held_by_me = and_(col(Clip.claimed_by) == user.id, col(Clip.claimed_until) > now)
    let_go = and_(col(Clip.claimed_by) != user.id, col(Clip.claimed_until) <= now)
    query = (
        select(Clip)
        .outerjoin(parent, col(Clip.parent_id) == col(parent.id))
        .where(
            col(Clip.state) == State.PENDING_REVIEW.value,
            Clip.creator_id != user.id,
            or_(col(Clip.claimed_by).is_(None), held_by_me, let_go),
            or_(col(Clip.parent_id).is_(None), col(parent.state) != State.SUPERSEDED.value),
        )
    )
    return list(session.exec(query.order_by(*in_order()).limit(LOOKED_AT)))


def _decided() -> Select[Decision, Clip]:
    """Decisions with their clips, newest first. A clip in one of these states is there by its newest
    decision: one that is taken back or appealed leaves them."""
    return (
        select(Decision, Clip)
        .join(Clip, col(Clip.id) == col(Decision.clip_id))
        .where(
            col(Clip.deleted_at).is_(None),
            col(Clip.state).in_((*_REFUSED, *_APPROVED)),
        )
        .order_by(col(Decision.decided_at).desc())
    )


def _made_in_bulk(session: Session, clip_ids: list[str]) -> set[str]:
    """Ids of decisions that followed another. Nothing follows them: likeness would drift, one step
    at a time, to clips that are not like the one which a person judged."""
    told = select(AuditRow.body).where(
        col(AuditRow.subject).in_(clip_ids),
        col(AuditRow.action).in_([Verdict.REJECT.value, Verdict.REQUEST_CHANGES.value]),
    )
    return {body["decision"] for body in session.exec(told) if "bulk" in body}


def _is_more(clip: Clip, reasons: Sequence[str]) -> bool:
    """Whether screening saw something that these reasons do not cover."""
    return care.is_flagged([each for each in clip.screening if each.get("reason") not in reasons])


# ---- near-duplicates of a clip that was decided on ------------------------------------------


def _like_decided(
    session: Session, waiting: list[Clip], offered: set[str]
) -> tuple[list[Group], list[Clip]]:
    """The groups, and the clips that are in none and have no likeness to an approved one."""
    newest: dict[str, tuple[Decision, Hashes]] = {}
    for decision, clip in session.exec(_decided().limit(DECIDED)):
        if len(shape := packed(clip.hashes)):
            newest.setdefault(clip.id, (decision, shape))
    in_bulk = _made_in_bulk(session, list(newest))
    kept = [each for each in newest.values() if each[0].id not in in_bulk]
    patterns, shelf = [each[0] for each in kept], Shelf([each[1] for each in kept], ALIKE)
    found: dict[str, list[Member]] = {}
    rest = []
    for clip in waiting:
        near = shelf.near(packed(clip.hashes))
        if not near:
            rest.append(clip)
            continue
        if any(patterns[place].verdict == Verdict.APPROVE for place, _ in near):
            continue  # people have decided otherwise on the like: this one is looked at
        place, score = near[0]
        pattern = patterns[place]
        if not _reasons_of(pattern, offered) or _is_more(clip, pattern.reasons):
            continue
        says = f"Much like a clip on which somebody decided: {pattern.verdict}."
        found.setdefault(pattern.id, []).append(Member(clip, "like_decided", says, score))
    by_id = {pattern.id: pattern for pattern in patterns}
    together = [
        Group(
            "like_decided",
            tuple(members),
            _no_harsher(by_id[pattern_id]),
            _reasons_of(by_id[pattern_id], offered),
            by_id[pattern_id],
        )
        for pattern_id, members in found.items()
    ]
    return together, rest


def _reasons_of(pattern: Decision, offered: set[str]) -> tuple[str, ...]:
    return tuple(code for code in pattern.reasons if code in offered)


def _no_harsher(pattern: Decision) -> tuple[Verdict, ...]:
    if pattern.verdict == Verdict.REJECT:
        return (Verdict.REQUEST_CHANGES, Verdict.REJECT)
    return (Verdict.REQUEST_CHANGES,)


# ---- faults ---------------------------------------------------------------------------------


def _faults(waiting: list[Clip], offered: set[str]) -> tuple[list[Group], list[Clip]]:
    if FAULT not in offered:
        return [], waiting
    found: dict[str, list[Member]] = {check: [] for check in FAULTS}
    rest = []
    for clip in waiting:
        fault = _fault(clip)
        if fault is None or _is_more(clip, [FAULT]):
            rest.append(clip)
        else:
            found[fault.check].append(fault)
    together = [
        Group("fault", tuple(members), (Verdict.REQUEST_CHANGES, Verdict.REJECT), (FAULT,))
        for members in found.values()
        if len(members) >= _FEWEST
    ]
    return together, rest


def _fault(clip: Clip) -> Member | None:
    """The plainest fault that screening is certain of."""
    certain = {
        each["check"]: each
        for each in clip.screening
        if each.get("reason") == FAULT and float(each.get("score") or 0) >= CERTAIN
    }
    for check in FAULTS:
        if check in certain:
            seen = certain[check]
            return Member(clip, check, seen["says"], float(seen["score"]), seen.get("at_s"))
    return None


# ---- near-duplicates of each other ----------------------------------------------------------


def _like_each_other(waiting: list[Clip]) -> list[Group]:
    """The first in the queue of each kind, with all that are like it. Nothing follows from that
    but to lay them together: nobody has judged one of them yet."""
    left = [(clip, shape) for clip in waiting if len(shape := packed(clip.hashes))]
    found = []
    while left:
        (first, asked), others = left[0], left[1:]
        near = dict(Shelf([shape for _, shape in others], ALIKE).near(asked))
        members = [Member(first, "like_each_other", "The first of them in the queue.", 1.0)]
        members += [
            Member(others[place][0], "like_each_other", "Much like the first of them.", near[place])
            for place in sorted(near)
        ]
        if len(members) >= _FEWEST:
            found.append(Group("like_each_other", tuple(members), (), ()))
        left = [each for place, each in enumerate(others) if place not in near]
    return found
