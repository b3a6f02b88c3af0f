"""What happened to a clip, as its creator and reviewers read it: the audit log told in steps.

Knows nothing of pages. People appear by role, never by name: a creator learns in which role
somebody decided, not whom to be angry at.
"""

from __future__ import annotations

from typing import Any

from sqlmodel import Session, col, select

from accounts.models import Person
from audit import SYSTEM, AuditRow
from moderation import policy
from moderation.desk import decisions
from moderation.models import Clip
from store import as_text


def timeline(session: Session, clip: Clip) -> list[dict[str, Any]]:
    """One entry per change of state, oldest first, decisions with their reasons and note."""
    made = {decision.id: decision for decision in decisions(session, clip.id)}
    rows = session.exec(
        select(AuditRow).where(AuditRow.subject == clip.id).order_by(col(AuditRow.seq))
    )
    entries = []
    for row in rows:
        if "to" not in row.body:
            continue  # a claim or a wish, not a change of state
        decision = made.get(row.body.get("decision", ""))
        codes = (
            decision.reasons if decision else [row.body["reason"]] if "reason" in row.body else []
        )
        entries.append(
            {
                "at": as_text(row.at),
                "state": row.body["to"],
                "by": decision.reviewer_role if decision else _role(session, clip, row.actor),
                "reasons": [policy.explain(code) for code in codes],
                "note": decision.note if decision else row.body.get("note", ""),
            }
        )
    return entries


def _role(session: Session, clip: Clip, actor: str) -> str:
    if actor == SYSTEM:
        return SYSTEM
    if actor == clip.creator_id:
        return "creator"
    person = session.get(Person, actor)
    return person.role if person else SYSTEM
