"""A case of the report queue as JSON, for those who may look at it.

Knows nothing of who that is (cases.py). It names no reporter: whether one was signed in is all.
"""

from __future__ import annotations

from typing import Any

from sqlmodel import Session, col, select

from accounts.permissions import User
from moderation import policy
from moderation.cases import objection
from moderation.four_eyes import standing
from moderation.models import Clip
from moderation.report_models import Report, ReportCase
from moderation.reports import DETAILS_KEPT, severity_of
from moderation.statements import pseudonym
from store import as_text


def case_json(session: Session, user: User, case: ReportCase, clip: Clip) -> dict[str, Any]:
    """All but the clip itself."""
    why = objection(session, user, case, clip)
    is_lead = user.may("take down")
    can = ["dismiss"] if why is None else []
    passes_on = user.may("review") and not is_lead
    can += ["escalate"] if passes_on and case.escalated_at is None else []
    return {
        "id": case.id,
        "clip_id": case.clip_id,
        "opened_at": as_text(case.opened_at),
        "severity": case.severity,
        "count": case.count,
        "reasons": _reasons(session, case),
        "reports": _reports(session, case),
        "escalated_at": as_text(case.escalated_at) if case.escalated_at else None,
        "escalation_note": case.escalation_note,
        "decisions": _decisions(session, clip),
        "earlier": _earlier(session, case),
        "can": can + (["takedown"] if is_lead else []),
        "why_not": None if why is None else why.as_json(),
    }


def _reasons(session: Session, case: ReportCase) -> list[dict[str, Any]]:
    """What was named, the gravest first. What is no code of the policy stands for itself."""
    now, first = policy.current(session), policy.shipped()
    named = []
    counted = case.counts.items()
    for code, count in sorted(counted, key=lambda each: (severity_of(each[0]), -each[1], each[0])):
        version = now if now.find(code) else first
        named.append({**policy.explain(version, code), "count": count})
    return named


def _reports(session: Session, case: ReportCase) -> list[dict[str, Any]]:
    """Those that say more than a reason, members' first, then in the order in which they came."""
    says = (col(Report.text) != "") | col(Report.at_s).is_not(None)
    query = select(Report).where(Report.case_id == case.id, says)
    order = (col(Report.person_id).is_(None), col(Report.made_at), col(Report.id))
    return [
        {
            "reason": each.reason,
            "text": each.text,
            "at_s": each.at_s,
            "until_s": each.until_s,
            "made_at": as_text(each.made_at),
            "signed_in": each.person_id is not None,
        }
        for each in session.exec(query.order_by(*order).limit(2 * DETAILS_KEPT))
    ]


def _decisions(session: Session, clip: Clip) -> list[dict[str, Any]]:
    """What was decided before, by whom under their pseudonym."""
    return [
        {
            "verdict": each.verdict,
            "stage": each.stage,
            "reasons": each.reasons,
            "note": each.note,
            "internal_note": each.internal_note,
            "role": each.reviewer_role,
            "pseudonym": pseudonym(session, each.reviewer_id),
            "decided_at": as_text(each.decided_at),
        }
        for each in standing(session, [clip.id])
    ]


def _earlier(session: Session, case: ReportCase) -> list[dict[str, Any]]:
    """Cases of the same clip that have ended, the newest first."""
    query = select(ReportCase).where(ReportCase.clip_id == case.clip_id)
    query = query.where(col(ReportCase.closed_at).is_not(None))
    return [
        {
            "outcome": each.outcome,
            "count": each.count,
            "note": each.note,
            "closed_at": as_text(each.closed_at) if each.closed_at else None,
        }
        for each in session.exec(query.order_by(col(ReportCase.closed_at).desc()).limit(5))
    ]
