"""The tables of programmes and of the places in them. No logic."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from sqlalchemy import CheckConstraint, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from accounts.models import new_id
from store import UtcDateTime, utc_now


class Status(str, Enum):
    """Whether the public sees a programme."""

    DRAFT = "draft"  # never was public; can be deleted
    OPEN = "open"  # the only one in which strangers see anything
    CLOSED = "closed"  # was public; can be opened again


_STATUSES = ", ".join(f"'{member.value}'" for member in Status)


class Programme(SQLModel, table=True):
    """A selection of clips in an order. `version` goes up with every change of it."""

    __tablename__ = "programme"
    __table_args__ = (
        CheckConstraint(f"status IN ({_STATUSES})", name="programme_status"),
        CheckConstraint(
            "status = 'draft' OR (open_seq IS NOT NULL AND opened_at IS NOT NULL)",
            name="programme_was_opened",
        ),
        Index("ix_programme_open", "open_seq", unique=True),
        Index("ix_programme_made", "made_at", "id"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    slug: str = Field(unique=True)  # its address, which stays
    title: str
    text: str
    curator: str  # as the curator wants to be called there
    status: str = Status.DRAFT.value
    version: int = 1
    made_by: str = Field(foreign_key="person.id")
    made_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
    # Given when it is first opened, and kept: the order of programmes, and when that was.
    open_seq: int | None = None
    opened_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


class Place(SQLModel, table=True):
    """Which clip stands where in a programme, and what its curator says of it."""

    __tablename__ = "programme_place"
    __table_args__ = (
        UniqueConstraint("programme_id", "clip_id", name="programme_place_once"),
        Index("ix_programme_place_clip", "clip_id"),
    )

    programme_id: str = Field(primary_key=True, foreign_key="programme.id")
    place: int = Field(primary_key=True)
    clip_id: str = Field(foreign_key="clip.id")
    words: str = ""
