"""The audit log: one row per act, chained by HMAC, appended in the transaction of the act itself.

Knows nothing of clips or people beyond their ids. The chain shows any row edited, reordered or
taken out of the middle; whoever holds the database *and* the key could still rewrite it, and a
cut tail shows only against what the rows describe, and against the heads that are written down
elsewhere (checkpoints.py); `manage.py verify-log` compares with both.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, Session, SQLModel, col, func, select

from store import UtcDateTime, utc_now

SYSTEM = "system"
"""The actor of everything that no person did."""

_FIRST = "0" * 64


class AuditRow(SQLModel, table=True):
    """One act. `subject` is what it was done to: a clip's id, a person's name, a switch."""

    __tablename__ = "audit"

    seq: int = Field(primary_key=True)
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    actor: str
    action: str
    subject: str = Field(index=True)
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    prev: str
    hash: str = Field(unique=True)


def append(
    session: Session,
    *,
    actor: str,
    action: str,
    subject: str,
    body: Mapping[str, Any] | None = None,
) -> AuditRow:
    """Add one row at the head of the chain. The caller's transaction must hold the write lock."""
    head = session.exec(select(AuditRow).order_by(col(AuditRow.seq).desc()).limit(1)).first()
    row = AuditRow(
        seq=head.seq + 1 if head else 1,
        at=utc_now(),
        actor=actor,
        action=action,
        subject=subject,
        body=dict(body or {}),
        prev=head.hash if head else _FIRST,
        hash="",
    )
    row.hash = _digest(session.info["audit_key"], row)
    session.add(row)
    session.flush()
    return row


def words_digest(*words: str) -> str:
    """sha256 of somebody's words, for the log, which carries nobody's words itself."""
    return hashlib.sha256("\0".join(words).encode()).hexdigest()


def length(session: Session) -> int:
    return session.exec(select(func.count()).select_from(AuditRow)).one()


def first_broken(session: Session, key: bytes) -> int | None:
    """The `seq` of the first row that does not fit the chain, or None when it is whole."""
    prev, expected = _FIRST, 1
    for row in session.exec(select(AuditRow).order_by(col(AuditRow.seq))).yield_per(1000):
        if row.seq != expected or row.prev != prev or row.hash != _digest(key, row):
            return min(row.seq, expected)
        prev, expected = row.hash, expected + 1
    return None


def _digest(key: bytes, row: AuditRow) -> str:
    fields = [row.seq, row.at.isoformat(), row.actor, row.action, row.subject, row.body, row.prev]
    text = json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
