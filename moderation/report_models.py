"""The tables of reports by the public. No logic; how they come and go stands in reports.py."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Final

from sqlalchemy import JSON, CheckConstraint, Column, Index, text
from sqlmodel import Field, SQLModel

from accounts.models import new_id
from store import UtcDateTime, utc_now


class Outcome(str, Enum):
    """How a case ended."""

    DISMISSED = "dismissed"  # somebody looked; the clip stays
    TAKEN_DOWN = "taken_down"
    WITHDRAWN = "withdrawn"  # its creator took it out of the gallery meanwhile


_OUTCOMES: Final = ", ".join(f"'{outcome.value}'" for outcome in Outcome)
_OPEN: Final = "closed_at IS NULL"


class ReportCase(SQLModel, table=True):
    """All reports of one clip until somebody has looked: one entry of the report queue."""

    __tablename__ = "report_case"
    __table_args__ = (
        CheckConstraint("count >= 1", name="report_case_counts"),
        CheckConstraint(f"outcome IN ({_OUTCOMES})", name="report_case_outcome"),
        CheckConstraint("(closed_at IS NULL) = (outcome IS NULL)", name="report_case_ended_whole"),
        Index(
            "ix_report_case_open",
            "clip_id",
            unique=True,  # one at a time
            sqlite_where=text(_OPEN),
            postgresql_where=text(_OPEN),
        ),
        Index("ix_report_case_clip", "clip_id"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    clip_id: str = Field(foreign_key="clip.id")
    opened_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
    severity: int  # of its gravest reason: 0 comes first
    count: int = 1  # goes on where no more rows are kept
    counts: dict[str, int] = Field(sa_column=Column(JSON, nullable=False))  # by reason
    # Passed to a lead, with words for them.
    escalated_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    escalated_by: str | None = Field(default=None, foreign_key="person.id")
    escalation_note: str = ""
    closed_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    closed_by: str | None = Field(default=None, foreign_key="person.id")
    outcome: str | None = None
    note: str = ""  # for colleagues, never for the creator or the reporters


class Report(SQLModel, table=True):
    """What one person, or one address on one day, says of one clip for one reason."""

    __tablename__ = "report"
    __table_args__ = (
        CheckConstraint("at_s IS NULL OR at_s >= 0", name="report_within_clip"),
        CheckConstraint(
            "until_s IS NULL OR (at_s IS NOT NULL AND until_s >= at_s)", name="report_range"
        ),
        # Reports whose address was forgotten have no `source`, and are no longer told apart.
        Index("ix_report_once", "clip_id", "reason", "source", unique=True),
        Index("ix_report_case_made", "case_id", "made_at"),
        Index("ix_report_source_day", "source_day"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    case_id: str = Field(foreign_key="report_case.id")
    clip_id: str = Field(foreign_key="clip.id")
    reason: str
    text: str = ""
    at_s: float | None = None
    until_s: float | None = None
    made_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
    person_id: str | None = Field(default=None, foreign_key="person.id")
    source: str | None = None  # keyed hash of the person, or of the address and the day
    source_day: str | None = None  # of an address: the day whose key it was hashed with


class ReportTry(SQLModel, table=True):
    """One try to report, kept for as long as it counts against further ones."""

    __tablename__ = "report_try"
    __table_args__ = (Index("ix_report_try", "source", "at"), Index("ix_report_try_at", "at"))

    id: str = Field(default_factory=new_id, primary_key=True)
    source: str
    at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))


class ReportDay(SQLModel, table=True):
    """The secret of one day, without which no hash of an address leads back. Gone with the day."""

    __tablename__ = "report_day"

    day: str = Field(primary_key=True)
    salt: str
