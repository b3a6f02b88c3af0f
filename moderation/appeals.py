"""Appeals: a creator's words against a rejection, decided by somebody else, answered with words.

Knows nothing of how they are shown. Free, one per decision; an upheld one approves the clip, and
publishing follows by itself. What an appeal decided is final.
"""

from __future__ import annotations

from typing import Any, Final

from sqlmodel import Session, col, select

from accounts.permissions import User
from audit import words_digest
from errors import AppealEmpty, AppealFinal, Conflict
from moderation.clips import own_clip
from moderation.deadlines import due
from moderation.four_eyes import standing
from moderation.models import Appeal, Clip, Decision, Stage, State
from moderation.rules import Rules
from moderation.transitions import move
from store import as_text, utc_now
from text import check_text, is_visible

TEXT_LIMIT: Final = 4000


def appeal(session: Session, user: User, clip_id: str, text: str, rules: Rules) -> Clip:
    """Ask for another look at one's rejected clip. Raises AppealEmpty, AppealFinal or Conflict."""
    clip = own_clip(session, user, clip_id)
    check_text("text", text, TEXT_LIMIT)
    if not is_visible(text):
        raise AppealEmpty()
    if clip.state != State.REJECTED:
        raise Conflict(state=clip.state, action="appealing")
    rejection = standing(session, [clip_id])[-1]
    if rejection.stage == Stage.APPEAL:
        raise AppealFinal()
    now = utc_now()
    session.add(Appeal(decision_id=rejection.id, clip_id=clip_id, text=text, made_at=now))
    session.flush()
    body = {"appeals": rejection.id, "words": words_digest(text)}
    changes = {"pending_since": now, **due(Stage.APPEAL, now, rules)}
    return move(session, clip_id, "appeal", actor=user.id, body=body, **changes)


def may_appeal(session: Session, clip: Clip) -> bool:
    if clip.state != State.REJECTED:
        return False
    made = standing(session, [clip.id])
    return bool(made) and made[-1].stage != Stage.APPEAL


def answer(session: Session, clip_id: str, decision: Decision) -> None:
    """Write down which decision an open appeal ended with."""
    found = _newest(session, clip_id)
    if found is not None:
        found.answer_id = decision.id
        session.add(found)
        session.flush()


def reopen(session: Session, decision_id: str) -> None:
    """The decision on an appeal was taken back."""
    for found in session.exec(select(Appeal).where(Appeal.answer_id == decision_id)):
        found.answer_id = None
        session.add(found)
    session.flush()


def appeal_json(session: Session, clip: Clip) -> dict[str, Any] | None:
    """The words and the decision that they are about, for whoever decides and for the creator."""
    found = _newest(session, clip.id)
    if found is None:
        return None
    about = session.get_one(Decision, found.decision_id)
    return {
        "text": found.text,
        "made_at": as_text(found.made_at),
        "decision": {
            "verdict": about.verdict,
            "reasons": about.reasons,
            "note": about.note,
            "role": about.reviewer_role,
            "decided_at": as_text(about.decided_at),
        },
    }


def _newest(session: Session, clip_id: str) -> Appeal | None:
    query = select(Appeal).where(Appeal.clip_id == clip_id).order_by(col(Appeal.made_at).desc())
    return session.exec(query).first()
