"""The tables of sharing one pipeline. No logic."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Column
from sqlmodel import Field, SQLModel

from accounts.models import new_id
from store import UtcDateTime, utc_now


class FairClock(SQLModel, table=True):
    """The virtual time of fair queueing, in seconds of the pipeline: one row. See turns.py."""

    __tablename__ = "fair_clock"

    id: int = Field(default=1, primary_key=True)
    now: float = 0.0
    arrivals: int = 0  # clips sent since `now` last moved, which breaks their ties


class FairShare(SQLModel, table=True):
    """Where one person's share of the pipeline has got to, on the clock of FairClock."""

    __tablename__ = "fair_share"
    __table_args__ = (CheckConstraint("weight > 0", name="fair_share_weight"),)

    person_id: str = Field(primary_key=True, foreign_key="person.id")
    finish: float = 0.0
    weight: float = 1.0


class Timing(SQLModel, table=True):
    """Seconds that one phase of the making takes; for `denoising`, one step of it."""

    __tablename__ = "timing"

    model: str = Field(primary_key=True)
    width: int = Field(primary_key=True)
    height: int = Field(primary_key=True)
    num_frames: int = Field(primary_key=True)
    phase: str = Field(primary_key=True)
    seconds: float
    runs: int = 1


class FirstFrame(SQLModel, table=True):
    """A picture that somebody sent as the first frame of a clip. Only its sender may use it."""

    __tablename__ = "first_frame"

    id: str = Field(default_factory=new_id, primary_key=True)
    person_id: str = Field(foreign_key="person.id", index=True)
    sha256: str
    width: int
    height: int
    created_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
