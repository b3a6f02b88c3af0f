"""The tables of the gallery: the queue for its first places, who has them, what was shown, and a
number that moves with every change. No logic. The words of the search lie in a virtual table that
triggers keep (migrations/versions/0009_finding.py).
"""

from __future__ import annotations

from sqlmodel import Field, SQLModel


class Turn(SQLModel, table=True):
    """A creator in the queue for the first places; the lowest ticket is next. Joined by trigger."""

    __tablename__ = "rotation_turn"

    creator_id: str = Field(primary_key=True, foreign_key="person.id")
    ticket: int = Field(index=True)


class FirstPlace(SQLModel, table=True):
    """Which clip stands where in one window of the rotation."""

    __tablename__ = "first_place"

    window: int = Field(primary_key=True)
    place: int = Field(primary_key=True)
    clip_id: str = Field(foreign_key="clip.id")


class Exposure(SQLModel, table=True):
    """How much of the public's eye a clip had. Sums only: nothing of who looked, or when."""

    __tablename__ = "exposure"

    clip_id: str = Field(primary_key=True, foreign_key="clip.id")
    windows: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # with a first place
    shown: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # served in one
    opened: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # its page was


class Edition(SQLModel, table=True):
    """One row, whose number goes up by trigger with each change of what the gallery shows."""

    __tablename__ = "gallery_edition"

    id: int = Field(primary_key=True)
    number: int
