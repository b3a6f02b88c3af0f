"""When one approval is not enough, and who may not give the second.

Knows nothing of the desk. A share of clips is drawn by a keyed hash of their id: nobody can tell
beforehand which, and asking twice gives the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from sqlmodel import Session, col, func, select

from accounts.permissions import User
from errors import DecidedBefore, OwnClip
from moderation.draw import lot
from moderation.models import Clip, Decision, Opinion, Stage, State, Undoing
from moderation.rules import Rules

Because = Literal["reason", "new_creator", "advice", "share"]

_MOST_VERSIONS: Final = 50
_SEEN: Final = 0.5
"""Screening is at least as sure as not of what counts here."""


def second_look(
    session: Session, clip: Clip, reasons: Sequence[str], rules: Rules
) -> Because | None:
    """Why an approval of this clip needs a second person; None when it does not.

    `reasons`: the codes that the approving reviewer flags. What screening saw counts as well.
    """
    seen = {each.get("reason") for each in clip.screening if (each.get("score") or 0) >= _SEEN}
    seen |= set(reasons)
    if seen & rules.second_reasons:
        return "reason"
    if rules.second_first_clips and _approved(session, clip.creator_id) < rules.second_first_clips:
        return "new_creator"
    if rules.second_advice and clip.advice >= rules.second_advice:
        return "advice"
    return "share" if lot(session, "four eyes", clip.id) < rules.second_share else None


def refuse_barred(session: Session, user: User, clip: Clip) -> None:
    """Raise OwnClip, or DecidedBefore for whoever already had a say in this clip: an approval
    that is looked at again, a rejection that is appealed, a second look at an earlier version."""
    if clip.creator_id == user.id:
        raise OwnClip()
    if user.id in barred(session, clip):
        raise DecidedBefore()


def barred(session: Session, clip: Clip) -> set[str]:
    """People besides the creator who may not decide on the clip. A blind opinion is a say too:
    whoever gave it has judged the clip, and has been told what others did."""
    had_a_say = {made.reviewer_id for made in standing(session, [clip.id])}
    had_a_say |= set(session.exec(select(Opinion.reviewer_id).where(Opinion.clip_id == clip.id)))
    earlier = standing(session, _earlier_versions(session, clip))
    return had_a_say | {made.reviewer_id for made in earlier if made.stage == Stage.SECOND}


def standing(session: Session, clip_ids: Sequence[str]) -> list[Decision]:
    """Decisions on these clips that were not taken back, oldest first."""
    undone = select(Undoing.decision_id)
    query = select(Decision).where(col(Decision.clip_id).in_(clip_ids))
    query = query.where(col(Decision.id).not_in(undone))
    return list(session.exec(query.order_by(col(Decision.decided_at))))


def _earlier_versions(session: Session, clip: Clip) -> list[str]:
    """The clips that this one replaced, back to the first."""
    found: list[str] = []
    parent_id = clip.parent_id
    while parent_id is not None and len(found) < _MOST_VERSIONS:
        parent = session.get(Clip, parent_id)
        if parent is None or parent.state != State.SUPERSEDED or parent.id in found:
            break
        found.append(parent.id)
        parent_id = parent.parent_id
    return found


def _approved(session: Session, creator_id: str) -> int:
    public = [State.APPROVED.value, State.PUBLISHED.value]
    query = select(func.count()).where(Clip.creator_id == creator_id, col(Clip.state).in_(public))
    return session.exec(query).one()
