"""The tables of what is, or should be, on the Hub. No logic.

`wanted` is written by triggers on the table of clips (migration 0013), in the transaction that
changes a clip: no act, old or new, can forget it.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from sqlalchemy import JSON, CheckConstraint, Column, Index, text
from sqlmodel import Field, SQLModel

from store import UtcDateTime


class Wanted(str, Enum):
    """Where a clip's copy should be."""

    THERE = "there"
    GONE = "gone"


class HubPlace(SQLModel, table=True):
    """One repo that clips go to, or went to before the setting changed."""

    __tablename__ = "hub_place"

    repo: str = Field(primary_key=True)
    is_active: bool  # new clips go there
    is_ours: bool = Field(default=False, sa_column_kwargs={"server_default": "0"})  # was checked
    card_sha256: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    # What stands in the way of the whole place, since when it has, and when it is tried again.
    trouble: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    trouble_since: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    tries: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    due_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


class HubCopy(SQLModel, table=True):
    """One clip at one place. `asked` goes up with every change of what is wanted, so that work
    that was under way meanwhile is not mistaken for what is wanted now."""

    __tablename__ = "hub_copy"
    __table_args__ = (
        CheckConstraint("wanted IN ('there', 'gone')", name="hub_copy_wanted"),
        Index(
            "ix_hub_copy_due",
            "repo",
            "wanted",
            "due_at",
            sqlite_where=text("is_done = 0"),
            postgresql_where=text("NOT is_done"),
        ),
        Index("ix_hub_copy_part", "repo", "part"),
        Index("ix_hub_copy_poster", "poster_sha256"),
    )

    clip_id: str = Field(primary_key=True, foreign_key="clip.id")
    repo: str = Field(primary_key=True, foreign_key="hub_place.repo")
    wanted: str
    asked: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    asked_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    is_done: bool = Field(default=False, sa_column_kwargs={"server_default": "0"})
    # Words changed that were put there: what the history keeps of the old ones must go.
    is_reworded: bool = Field(default=False, sa_column_kwargs={"server_default": "0"})

    # What may be there: set before the first byte leaves, kept when it is gone.
    begun_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    put_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    part: int | None = None
    sha256: str | None = None
    poster_sha256: str | None = None
    commits: list[str] = Field(  # that have shown it
        default_factory=list, sa_column=Column(JSON, nullable=False, server_default="[]")
    )

    # How far its removal is.
    removed_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))  # at the head
    purged_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))  # blob, history
    checked_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))

    tries: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    due_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    error: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
