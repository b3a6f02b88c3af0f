"""What happened to a clip, as its creator and reviewers read it: the audit log told in steps.

Knows nothing of pages. People appear by role and pseudonym, never by name: a creator learns in
which role somebody decided, not whom to be angry at.
"""

from __future__ import annotations

from typing import Any

from sqlmodel import Session

from audit import AuditRow
from moderation.models import Clip
from moderation.statements import Statement, by_row, log_rows, reasons_json, role_of
from store import as_text


def timeline(session: Session, clip: Clip, *, own: bool = False) -> list[dict[str, Any]]:
    """One entry per change of state, oldest first, decisions with their reasons and note.

    `own`: for the clip's creator, who was never told of what was taken back within its seconds.
    """
    rows = log_rows(session, clip)
    # Another time than its row has: the clip looks younger to whoever asks (blind.py).
    later = clip.created_at - session.get_one(Clip, clip.id).created_at
    explained = by_row(session, clip, rows)
    entries = []
    for row in rows:
        if "to" not in row.body:
            continue  # a claim or a wish, not a change of state
        statement = explained.get(row.seq)
        was_taken_back = statement is not None and statement.taken_back_at is not None
        if own and (was_taken_back or "undoes" in row.body):
            continue
        told = _explained(statement) if statement else _plain(session, clip, row)
        entries.append({"at": as_text(row.at + later), "state": row.body["to"], **told})
    return entries


def _explained(statement: Statement) -> dict[str, Any]:
    """An entry that has a statement of reasons, with what a creator reads first of it."""
    back = statement.taken_back_at
    return {
        "by": statement.role,
        **reasons_json(statement),
        "note": statement.note,
        "statement": statement.id,
        "pseudonym": statement.pseudonym,
        "policy_version": str(statement.policy.version),
        "stage": statement.stage,
        "advised": statement.is_advised,
        "reported": statement.is_noticed,
        "taken_back_at": as_text(back) if back else None,
        "can": list(statement.can),
    }


def _plain(session: Session, clip: Clip, row: AuditRow) -> dict[str, Any]:
    return {
        "by": role_of(session, clip, row.actor),
        "reasons": [],
        "considered": [],
        "note": row.body.get("note", ""),
        "statement": None,
    }
