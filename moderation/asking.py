"""Who is asked for a blind opinion, about which decided clip, and when.

Knows nothing of how the turn goes on (opinions.py), nor of how the clip looks in it (blind.py).
Which clips want a second opinion, and after which decision a golden one comes, is drawn by keyed
hashes: nobody can tell beforehand, and asking twice gives the same answer. A turn is offered after
a decision, so to people at work, and one at a time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement
from sqlmodel import Session, and_, col, exists, func, not_, or_, select, update

import audit
from accounts.models import Person
from accounts.permissions import MAY, User
from audit import AuditRow
from moderation import care
from moderation.blind import JUDGED, open_turn
from moderation.draw import lot
from moderation.four_eyes import barred, standing
from moderation.models import (
    REVIEWED,
    BlindTurn,
    Clip,
    Decision,
    Golden,
    Look,
    OpinionKind,
    OpinionWanted,
    Stage,
    State,
)
from moderation.rules import Rules
from store import utc_now

WANTED_FOR: Final = timedelta(days=14)
"""How long a clip that was drawn is offered; an opinion on older work tells little of today's."""

_SOON: Final = timedelta(hours=1)
"""A turn never comes before a clip that is due so soon."""
_OFFERED: Final = 20  # clips looked at in search of one


def want(session: Session, decision: Decision, rules: Rules) -> None:
    """Draw whether somebody else is to be asked about the clip that was just decided on."""
    if (
        decision.stage != Stage.FIRST
        or lot(session, "opinion", decision.clip_id) >= rules.opinion_share
    ):
        return
    session.merge(
        OpinionWanted(
            clip_id=decision.clip_id,
            decided_by=decision.reviewer_id,
            since=decision.decided_at,
        )
    )


def offer(session: Session, user: User, rules: Rules, *, after: str) -> BlindTurn | None:
    """Maybe put a blind turn among the next clips of this person, who has just judged `after`."""
    if open_turn(session, user) is not None:
        return None
    end(session, person_id=user.id)  # what ran out without an answer
    now = utc_now()
    if lot(session, "golden", user.id, after) < rules.golden_share:
        golden = _golden_for(session, user, rules, now)
        if golden is not None:
            return _ask(session, user, golden, OpinionKind.GOLDEN, rules, now)
    wanted = _wanted_for(session, user, rules, now)
    if wanted is None:
        return None
    return _ask(session, user, wanted, OpinionKind.SECOND, rules, now)


def pass_on(session: Session, colleague: User, turn: BlindTurn, until: datetime) -> None:
    """Give the turn to a colleague to whom it was handed, if they can be asked as well."""
    clip = session.get_one(Clip, turn.clip_id)
    is_busy = open_turn(session, colleague) is not None
    if is_busy or not _can_ask(session, colleague, clip, OpinionKind(turn.kind)):
        return
    end(session, person_id=colleague.id)
    shown = ("kind", "version", "sent_at", "waits_since", "due_at", "late_at")
    as_shown = {name: getattr(turn, name) for name in shown}
    asked = BlindTurn(person_id=colleague.id, clip_id=clip.id, drawn_at=utc_now(), **as_shown)
    asked.claimed_until = until
    session.add(asked)
    session.flush()


def end(session: Session, *, clip_id: str | None = None, person_id: str | None = None) -> None:
    """End the open turn of a person, or those on a clip: it leaves the desk as if it were decided."""
    still = update(BlindTurn).where(col(BlindTurn.ended_at).is_(None))
    if clip_id is not None:
        still = still.where(col(BlindTurn.clip_id) == clip_id)
    if person_id is not None:
        still = still.where(col(BlindTurn.person_id) == person_id)
    session.execute(still.values(ended_at=utc_now()))


def first_decision(session: Session, clip_id: str) -> Decision:
    """The first that stands: what a second opinion is compared with."""
    return next(each for each in standing(session, [clip_id]) if each.stage == Stage.FIRST)


# ---- who can be asked about what -----------------------------------------------------------


def _golden_for(session: Session, user: User, rules: Rules, now: datetime) -> Clip | None:
    """A golden clip that this person has had nothing to do with, drawn for them."""
    if user.may("keep golden clips"):
        return None
    query = (
        select(Clip)
        .join(Golden, col(Golden.clip_id) == Clip.id)
        .where(col(Golden.retired_at).is_(None), Golden.made_by != user.id)
        .where(_is_new_to(user), _is_in(JUDGED | {State.TAKEN_DOWN}))
    )
    found = sorted(
        session.exec(query), key=lambda clip: lot(session, "golden pick", user.id, clip.id)
    )
    for clip in found:
        is_free = _leaves_somebody(session, user, clip) and not _is_spared(session, user, clip)
        if is_free and _is_settled(session, clip, rules, now):
            return clip
    return None


def _wanted_for(session: Session, user: User, rules: Rules, now: datetime) -> Clip | None:
    """The clip that has wanted a second opinion for longest, those before the public's eyes last."""
    wants = (
        OpinionWanted.decided_by != user.id,
        OpinionWanted.since > now - WANTED_FOR,
        # What can still be taken back is left out at once: on a busy desk that is most of it.
        col(OpinionWanted.since) <= now - timedelta(seconds=rules.undo_s),
    )
    if session.exec(select(OpinionWanted.clip_id).where(*wants).limit(1)).first() is None:
        return None  # the usual answer, and the question below takes milliseconds to put
    asked = and_(
        BlindTurn.clip_id == Clip.id,
        col(BlindTurn.ended_at).is_(None),
        or_(
            col(BlindTurn.claimed_until) > now,
            and_(BlindTurn.due_at > now, col(BlindTurn.handed_to).is_(None)),
        ),
    )
    query = (
        select(Clip)
        .join(OpinionWanted, col(OpinionWanted.clip_id) == Clip.id)
        .where(*wants)
        .where(not_(exists().where(asked)), _is_new_to(user), _is_in(JUDGED))
        .order_by(col(Clip.state) == State.PUBLISHED.value, col(OpinionWanted.since))
        .limit(_OFFERED)
    )
    for clip in session.exec(query):
        is_settled = _is_settled(session, clip, rules, now)
        if is_settled and _can_ask(session, user, clip, OpinionKind.SECOND):
            return clip
    return None


def _is_settled(session: Session, clip: Clip, rules: Rules, now: datetime) -> bool:
    """Whether nobody can take back any more what was decided."""
    made = standing(session, [clip.id])
    return bool(made) and made[-1].decided_at <= now - timedelta(seconds=rules.undo_s)


def _can_ask(session: Session, user: User, clip: Clip, kind: OpinionKind) -> bool:
    """The rules for one person and one clip, also where the query above has not looked."""
    is_new = session.exec(select(Clip.id).where(Clip.id == clip.id, _is_new_to(user))).first()
    if is_new is None or clip.state in REVIEWED or user.id in barred(session, clip):
        return False
    golden = session.get(Golden, clip.id)
    if golden is not None and (user.may("keep golden clips") or golden.made_by == user.id):
        return False  # they know the answer, or can read it
    if kind == OpinionKind.SECOND and first_decision(session, clip.id).reviewer_id == user.id:
        return False
    return _leaves_somebody(session, user, clip) and not _is_spared(session, user, clip)


def _is_spared(session: Session, user: User, clip: Clip) -> bool:
    """Whether the clip is of a kind that this person asked to be spared (care.py)."""
    golden = session.get(Golden, clip.id)
    known = golden.reasons if golden is not None else []
    spared = set(care.kindness(session, user).skips)
    return not spared.isdisjoint([*care.touched(session, clip), *known])


def _is_new_to(user: User) -> ColumnElement[bool]:
    """Not theirs, not deleted, and they never acted on it, looked at it or were asked about it."""
    acted = and_(AuditRow.subject == Clip.id, AuditRow.actor == user.id)
    looked = and_(Look.clip_id == Clip.id, Look.person_id == user.id)
    asked = and_(BlindTurn.clip_id == Clip.id, BlindTurn.person_id == user.id)
    return and_(
        Clip.creator_id != user.id,
        col(Clip.deleted_at).is_(None),
        *(not_(exists().where(each)) for each in (acted, looked, asked)),
    )


def _is_in(states: frozenset[State]) -> ColumnElement[bool]:
    return col(Clip.state).in_([state.value for state in states])


def _leaves_somebody(session: Session, user: User, clip: Clip) -> bool:
    """Whether an appeal would still find a judge. Whoever gives an opinion cannot be that, so in a
    small house a rejected clip is better left alone."""
    if clip.state != State.REJECTED:
        return True
    roles = [role.value for role in MAY["review"]]
    asked = select(BlindTurn.person_id).where(
        BlindTurn.clip_id == clip.id, col(BlindTurn.ended_at).is_(None)
    )
    taken = {user.id, clip.creator_id, *barred(session, clip), *session.exec(asked)}
    query = select(func.count()).select_from(Person)
    query = query.where(col(Person.role).in_(roles), col(Person.locked_at).is_(None))
    return session.exec(query.where(col(Person.id).not_in(taken))).one() > 0


def _ask(
    session: Session, user: User, clip: Clip, kind: OpinionKind, rules: Rules, now: datetime
) -> BlindTurn | None:
    """Open a turn that looks like the clips around it: next among those that are not due soon."""
    query = select(AuditRow).where(AuditRow.subject == clip.id, AuditRow.action == "screened")
    first = session.exec(query.order_by(col(AuditRow.seq))).first()
    if first is None:
        return None
    waits = col(Clip.state).in_([state.value for state in REVIEWED])
    step = timedelta(hours=rules.first_h)
    after = now + min(_SOON, step / 2)
    ahead = session.exec(select(func.min(Clip.due_at)).where(waits, col(Clip.due_at) > after)).one()
    # A little earlier, because no two clips are due at the same microsecond.
    due_at = min(ahead or now + step, now + step)
    due_at -= min(timedelta(seconds=60), step / 4) * lot(session, "due", user.id, clip.id)
    waits_since = due_at - step
    turn = BlindTurn(
        person_id=user.id,
        clip_id=clip.id,
        kind=kind.value,
        drawn_at=now,
        version=first.body["version"],
        sent_at=waits_since - (first.at - clip.created_at),
        waits_since=waits_since,
        due_at=due_at,
        late_at=due_at + timedelta(hours=rules.late_h),
    )
    session.add(turn)
    session.flush()
    body = {"kind": kind.value, "person": user.id}
    audit.append(session, actor=audit.SYSTEM, action="ask_opinion", subject=clip.id, body=body)
    return turn
