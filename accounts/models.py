"""The tables about people. No logic; secrets are stored as hashes only."""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import Enum

from sqlalchemy import JSON, CheckConstraint, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from store import UtcDateTime, utc_now


class Role(str, Enum):
    """What a person is here for. The rules of each role stand in permissions.py."""

    CREATOR = "creator"
    REVIEWER = "reviewer"
    LEAD = "lead"
    AUDITOR = "auditor"
    ADMIN = "admin"


_ROLES = ", ".join(f"'{role.value}'" for role in Role)


def new_id() -> str:
    """64 random bits as hex: short enough for a link, far too many to guess or to collide."""
    return secrets.token_hex(8)


class Person(SQLModel, table=True):
    """Somebody with access. `session_version` goes up to sign out every browser at once."""

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint(f"role IN ({_ROLES})", name="person_role"),
        UniqueConstraint("provider", "subject", name="person_identity"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    name: str
    name_key: str = Field(unique=True)  # casefolded: Ana and ana are one name
    role: str
    provider: str = "local"  # or "hf"
    subject: str = Field(default_factory=new_id)  # Hugging Face's `sub`, which outlives a rename
    password_hash: str | None = None
    session_version: int = 1
    created_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
    locked_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    invite_id: str | None = Field(default=None, foreign_key="invite.id")


class Profile(SQLModel, table=True):
    """What a person says of themselves on their public page (profiles.py)."""

    __tablename__ = "profile"

    person_id: str = Field(primary_key=True, foreign_key="person.id")
    credit_name: str | None = None  # None: by the name they sign in with
    credit_key: str | None = Field(default=None, unique=True)  # as Person.name_key
    bio: str = ""
    links: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    updated_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
    # When a lead took lines and links away, and what they told their writer.
    cleared_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    cleared_reason: str = ""


class Invite(SQLModel, table=True):
    """A link that makes one person. The token itself is never stored."""

    __tablename__ = "invite"
    __table_args__ = (CheckConstraint(f"role IN ({_ROLES})", name="invite_role"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    token_hash: str = Field(unique=True)
    role: str
    name: str | None = None  # set: the person gets this name; None: they choose
    created_by: str
    created_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    used_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


class ApiToken(SQLModel, table=True):
    """A bearer token of one person, for scripts."""

    __tablename__ = "api_token"

    id: str = Field(default_factory=new_id, primary_key=True)
    person_id: str = Field(foreign_key="person.id", index=True)
    token_hash: str = Field(unique=True)
    created_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
    revoked_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


class FailedLogin(SQLModel, table=True):
    """One wrong password, kept for as long as it counts against further tries."""

    __tablename__ = "failed_login"
    __table_args__ = (Index("ix_failed_login", "key", "at"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    key: str
    at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))


class Switch(SQLModel, table=True):
    """One thing that is paused, with the words people read."""

    __tablename__ = "switch"

    what: str = Field(primary_key=True)
    message: str
    paused_by: str
    paused_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
