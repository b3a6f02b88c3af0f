"""Proof that the log and the clips tell the same story: what `manage.py verify-log` runs.

Knows nothing of commands. The chain alone shows edits in its middle; comparing it with the clips
also shows a cut tail, a state written past the table of moves, and a decision without its row.
"""

from __future__ import annotations

from sqlmodel import Session, col, select

import audit
from audit import AuditRow
from moderation.models import Clip, Decision, State
from moderation.transitions import MOVES


def problems(session: Session, key: bytes) -> list[str]:
    """What does not fit, in sentences; empty when everything does."""
    found = []
    broken = audit.first_broken(session, key)
    if broken is not None:
        found.append(f"The chain is broken at row {broken}: a row was changed, added or removed.")
    told: dict[str, tuple[str, int]] = {}
    decided: set[str] = set()
    for row in session.exec(select(AuditRow).order_by(col(AuditRow.seq))).yield_per(1000):
        if "to" in row.body:
            if not _fits(told.get(row.subject), row):
                found.append(f"Row {row.seq} moves clip {row.subject} against the table of moves.")
            told[row.subject] = (row.body["to"], row.body["version"])
            decided.add(row.body.get("decision", ""))
    for clip in session.exec(select(Clip)).yield_per(1000):
        if told.get(clip.id) != (clip.state, clip.version):
            found.append(
                f"Clip {clip.id} is {clip.state} at version {clip.version}; "
                f"the log says {told.get(clip.id)}."
            )
    for decision_id in session.exec(select(Decision.id)):
        if decision_id not in decided:
            found.append(f"Decision {decision_id} has no row in the log.")
    return found


def _fits(before: tuple[str, int] | None, row: AuditRow) -> bool:
    """Whether a logged move starts where the last one ended and is in the table."""
    if before is None:
        return row.action == "submit" and row.body["to"] == State.QUEUED
    state, version = before
    step = MOVES.get(row.action)
    return (
        step is not None
        and row.body["from"] == state
        and state in step.source
        and row.body["to"] == step.target
        and row.body["version"] == version + 1
    )
