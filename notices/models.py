"""The tables of telling people: notices, where else somebody wants them, what waits to be sent.

No logic. Clips are known by their id only: their table stands on a higher floor.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Final

from sqlalchemy import JSON, CheckConstraint, Column, Index, text
from sqlmodel import Field, SQLModel

from accounts.models import new_id
from store import UtcDateTime, utc_now


class Kind(str, Enum):
    """What a notice says. Which move of a clip brings which stands in moderation/transitions.py."""

    WAITING = "waiting"  # made; waits for review
    SECOND_REVIEW = "second_review"
    CHANGES_REQUESTED = "changes_requested"
    REJECTED = "rejected"
    PUBLISHED = "published"
    TAKEN_DOWN = "taken_down"
    RESTORED = "restored"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    FAILED = "failed"
    LATE = "late"  # nobody decided in time; its creator may take it home
    OVERDUE = "overdue"  # for leads: nobody decided in time
    REPORTED = "reported"  # for leads: somebody reported a clip that nobody had reported yet
    REPORT_DISMISSED = "report_dismissed"  # for who reported it: the clip stays
    REPORT_ENDED = "report_ended"  # likewise: it is no longer public
    PROFILE_CLEARED = "profile_cleared"  # about no clip: a lead took lines off one's page


QUIET: Final = frozenset({Kind.WAITING, Kind.SECOND_REVIEW})
"""Listed, and never counted as new: nothing was decided and nothing has to be done."""


FOR_LEADS: Final = frozenset({Kind.OVERDUE, Kind.REPORTED})
"""About clips of others, and only told to those who can do something about it."""


class Channel(str, Enum):
    """How a message leaves the house."""

    EMAIL = "email"
    WEBHOOK = "webhook"


CODE: Final = "code"
"""The message that proves an e-mail address. No notice: it goes where nothing else may go yet."""

TEST: Final = "test"
"""The message that somebody sends themselves to see whether it arrives."""


def _listed(*values: str) -> str:
    return ", ".join(f"'{value}'" for value in values)


_KINDS: Final = tuple(kind.value for kind in Kind)
_CHANNELS: Final = tuple(channel.value for channel in Channel)
_OPEN: Final = "sent_at IS NULL AND gave_up_at IS NULL"


class Notice(SQLModel, table=True):
    """One thing that happened to a clip and that its creator did not do."""

    __tablename__ = "notice"
    __table_args__ = (
        CheckConstraint(f"kind IN ({_listed(*_KINDS)})", name="notice_kind"),
        Index("ix_notice_person", "person_id", "at", "id"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    person_id: str = Field(foreign_key="person.id")
    at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))
    kind: str
    clip_id: str
    seen_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


class Address(SQLModel, table=True):
    """Where somebody wants to be told besides the app. The code and the webhook's secret are
    derived when they are needed (proofs.py) and stored nowhere."""

    __tablename__ = "notice_address"

    person_id: str = Field(primary_key=True, foreign_key="person.id")
    email: str | None = None
    confirmed_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    code_id: str | None = None  # the outbox row that carries the code which is good now
    code_tries: int = 0  # wrong codes entered against it
    webhook: str | None = None
    webhook_salt: str = ""  # a new one makes a new secret
    kinds: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    language: str = "en"


class Outgoing(SQLModel, table=True):
    """One message to one person by one channel, written together with what it tells."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint(f"channel IN ({_listed(*_CHANNELS)})", name="outbox_channel"),
        CheckConstraint(f"kind IN ({_listed(*_KINDS, CODE, TEST)})", name="outbox_kind"),
        Index(
            "ix_outbox_due",
            "channel",
            "due_at",
            sqlite_where=text(_OPEN),
            postgresql_where=text(_OPEN),
        ),
        Index("ix_outbox_person", "person_id", "channel", "at"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)  # receivers see it: one per message
    person_id: str = Field(foreign_key="person.id")
    channel: str
    kind: str
    clip_id: str | None = None
    target: str = ""  # of a code: sha256 of the address, to count how often it was written to
    at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))
    due_at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))
    tries: int = 0
    sent_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    gave_up_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    error: str = ""  # of the last try: a code of deliver.py, with a detail after a colon
