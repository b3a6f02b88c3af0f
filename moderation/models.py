"""The tables of clips and decisions. No logic; the schema itself refuses what must never be."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any, Final

from sqlalchemy import JSON, CheckConstraint, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from accounts.models import new_id
from store import UtcDateTime, utc_now


class State(str, Enum):
    """Where a clip is. Which moves exist stands in transitions.py alone."""

    QUEUED = "queued"  # accepted, waits for the pipeline
    GENERATING = "generating"  # the pipeline makes it
    SCREENING = "screening"  # made; machines look at it and advise
    PENDING_REVIEW = "pending_review"  # waits for a person
    SECOND_REVIEW = "second_review"  # waits for a second person
    CHANGES_REQUESTED = "changes_requested"  # its creator may send a new version
    REJECTED = "rejected"
    APPEALED = "appealed"  # a rejection that somebody else looks at again
    APPROVED = "approved"  # waits for the publish job
    PUBLISHED = "published"  # the only state in which strangers see anything
    TAKEN_DOWN = "taken_down"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Verdict(str, Enum):
    """What a reviewer can say of a clip."""

    APPROVE = "approve"
    REJECT = "reject"
    REQUEST_CHANGES = "request_changes"


def _listed(values: type[Enum]) -> str:
    return ", ".join(f"'{member.value}'" for member in values)


REVIEWED: Final = (State.PENDING_REVIEW, State.SECOND_REVIEW, State.APPEALED)
"""Where a clip waits for a person."""

_WAITS: Final = f"state IN ({', '.join(repr(state.value) for state in REVIEWED)})"


class Stage(str, Enum):
    """Which look at a clip a decision was."""

    FIRST = "first"
    SECOND = "second"
    APPEAL = "appeal"


class Clip(SQLModel, table=True):
    """One prompt and what became of it. `version` goes up with every change of state."""

    __tablename__ = "clip"
    __table_args__ = (
        CheckConstraint(f"state IN ({_listed(State)})", name="clip_state"),
        # Promise 2 of the contract, held by the database as well as by the code: approved means
        # by a person, not by the maker, of exactly the bytes that were reviewed.
        CheckConstraint(
            "state NOT IN ('approved', 'published', 'taken_down') OR (approved_by IS NOT NULL"
            " AND approved_by <> creator_id AND sha256 IS NOT NULL AND approved_sha256 IS NOT NULL"
            " AND approved_sha256 = sha256)",
            name="clip_approved_by_another",
        ),
        CheckConstraint(
            "state <> 'published' OR (public_sha256 IS NOT NULL AND published_at IS NOT NULL)",
            name="clip_published_whole",
        ),
        *(
            Index(
                f"ix_clip_gallery{ending}",
                *columns,
                "publish_seq",
                sqlite_where=text("state = 'published'"),
                postgresql_where=text("state = 'published'"),
            )
            for ending, columns in (
                ("", ()),
                ("_creator", ("creator_id",)),
                ("_model", ("model",)),
                ("_style", ("style",)),
            )
        ),
        Index(
            "ix_clip_review",
            "due_at",
            "pending_since",
            "advice",
            "id",
            sqlite_where=text(_WAITS),
            postgresql_where=text(_WAITS),
        ),
        Index("ix_clip_creator", "creator_id", "created_at", "id"),
        Index("ix_clip_parent", "parent_id"),
        Index("ix_clip_publish_seq", "publish_seq", unique=True),
        Index(
            "ix_clip_reviewed",
            "sha256",
            sqlite_where=text("state = 'published'"),
            postgresql_where=text("state = 'published'"),
        ),
        Index(
            "ix_clip_active",
            "state",
            "priority",
            sqlite_where=text("state IN ('queued', 'generating', 'screening', 'approved')"),
            postgresql_where=text("state IN ('queued', 'generating', 'screening', 'approved')"),
        ),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    state: str = State.QUEUED.value
    version: int = 1
    creator_id: str = Field(foreign_key="person.id")
    created_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
    updated_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )

    # What was asked for: the pipeline's words (pipeline/request.py).
    prompt: str
    negative_prompt: str = ""
    preset: str
    model: str
    # As it was when the clip was sent; empty where it was not written down yet.
    model_licence: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    seed: int
    num_frames: int
    width: int
    height: int
    fps: float
    num_inference_steps: int
    guidance_scale: float
    first_frame: str | None = None  # sha256 of the picture that the clip begins with
    parent_id: str | None = Field(default=None, foreign_key="clip.id")
    batch_id: str | None = None  # the same for variants that were sent together
    note: str = ""

    # The making: which try, its place in line, how far it is.
    attempt: int = 1
    priority: int = 0  # see sharing/turns.py
    # Seconds of the pipeline it was expected to take when it was sent.
    cost_s: float = Field(default=0.0, sa_column_kwargs={"server_default": "0"})
    phase: str = ""
    step: int = 0
    progress_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    made_s: float | None = None  # seconds from the first step to the last file
    used_s: float | None = None  # seconds the pipeline was busy with it, also without success
    cancel_requested: bool = False
    error: dict[str, str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))

    # What was made. The bytes reviewers see, fixed once the clip is screened.
    sha256: str | None = None
    size_bytes: int | None = None
    made_as: dict[str, Any] | None = Field(  # where the maker, a remote one, chose other numbers
        default=None, sa_column=Column(JSON(none_as_null=True))
    )
    pictures: dict[str, str] = Field(  # ending → sha256 of poster (.jpg) and strip (.webp)
        default_factory=dict, sa_column=Column(JSON, nullable=False)
    )
    screening: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False)
    )
    # The strongest score of the screening, 0 to 1: among clips that are due together, first.
    advice: float = Field(default=0.0, sa_column_kwargs={"server_default": "0"})
    # Perceptual hashes of frames in order, 16 hexadecimal digits each (screening/likeness.py).
    hashes: list[str] = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False, server_default="[]")
    )

    # The review. A claim is a lease, not a state.
    pending_since: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    # When this step should be over; when its creator may take the clip home; when leads were told.
    due_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    late_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    escalated_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    claimed_by: str | None = Field(default=None, foreign_key="person.id")
    claimed_until: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    approved_by: str | None = Field(default=None, foreign_key="person.id")
    approved_sha256: str | None = None

    # The published file: the reviewed one with its provenance signed in.
    public_sha256: str | None = None
    published_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    # The how manieth clip to be published here: the order of the gallery, given once and kept.
    publish_seq: int | None = None

    # What its creator says of it to the public.
    title: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    shares_prompt: bool = Field(default=True, sa_column_kwargs={"server_default": "1"})
    licence: str = Field(
        default="all-rights-reserved",
        sa_column_kwargs={"server_default": "all-rights-reserved"},
    )
    credits: list[dict[str, str]] = Field(  # who else made it: {name, role, link}
        default_factory=list, sa_column=Column(JSON, nullable=False, server_default="[]")
    )
    style: str = Field(default="", sa_column_kwargs={"server_default": text("''")})  # of the preset

    # Deleted by its creator: words and files are gone, the row stays for the log.
    deleted_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


class FileKind(str, Enum):
    """What the public gets of a clip."""

    VIDEO = "video"  # the signed mp4
    LIGHT = "light"  # a small mp4 without sound, to look at while hovering
    POSTER = "poster"  # JPEG
    POSTER_WEBP = "poster_webp"
    STRIP = "strip"


class PublicFile(SQLModel, table=True):
    """One public file of a clip that was published, under the sha256 of its own bytes. Whether it
    is shown now is the clip's state alone."""

    __tablename__ = "public_file"
    __table_args__ = (
        CheckConstraint(f"kind IN ({_listed(FileKind)})", name="public_file_kind"),
        Index("ix_public_file_sha256", "sha256"),
    )

    clip_id: str = Field(primary_key=True, foreign_key="clip.id")
    kind: str = Field(primary_key=True)
    sha256: str
    ending: str
    size_bytes: int | None = None  # not known of those published before files had rows


class Decision(SQLModel, table=True):
    """What one person decided on one version of a clip. Written once, never changed."""

    __tablename__ = "decision"
    __table_args__ = (
        UniqueConstraint("clip_id", "clip_version", name="one_decision_per_version"),
        CheckConstraint(f"verdict IN ({_listed(Verdict)})", name="decision_verdict"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    clip_id: str = Field(foreign_key="clip.id", index=True)
    clip_version: int  # the version that was looked at
    verdict: str
    reasons: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    note: str = ""  # the creator reads this
    internal_note: str = ""  # reviewers only
    policy_version: str
    sha256: str  # of the bytes that were looked at
    reviewer_id: str = Field(foreign_key="person.id")
    reviewer_role: str
    waited_s: float
    stage: str = Field(default=Stage.FIRST.value, sa_column_kwargs={"server_default": "first"})
    # Whether screening had said anything that the reviewer saw.
    advised: bool = Field(default=False, sa_column_kwargs={"server_default": "0"})
    decided_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )


class Undoing(SQLModel, table=True):
    """A decision that its reviewer took back in time. The decision itself is never changed."""

    __tablename__ = "undoing"

    decision_id: str = Field(primary_key=True, foreign_key="decision.id")
    at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))


class OpinionKind(str, Enum):
    """What a blind opinion is compared with."""

    SECOND = "second"  # a colleague's decision
    GOLDEN = "golden"  # the answer that a lead has written down


class Opinion(SQLModel, table=True):
    """What somebody said of a decided clip as if it still waited. It changes nothing of the clip.
    Written once, never changed."""

    __tablename__ = "opinion"
    __table_args__ = (
        UniqueConstraint("clip_id", "reviewer_id", name="one_opinion_per_person"),
        CheckConstraint(f"kind IN ({_listed(OpinionKind)})", name="opinion_kind"),
        CheckConstraint(f"verdict IN ({_listed(Verdict)})", name="opinion_verdict"),
        CheckConstraint(
            "(kind = 'second') = (decision_id IS NOT NULL)", name="opinion_second_to_a_decision"
        ),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    clip_id: str = Field(foreign_key="clip.id")
    reviewer_id: str = Field(foreign_key="person.id")
    kind: str
    verdict: str
    reasons: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    sha256: str  # of the bytes that were looked at
    policy_version: str
    decision_id: str | None = Field(default=None, foreign_key="decision.id")
    given_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )


class Golden(SQLModel, table=True):
    """A decided clip with the answer that a lead knows to be right. The answer is never changed;
    whoever was asked has been told it. Retired, it is asked of nobody any more."""

    __tablename__ = "golden"
    __table_args__ = (CheckConstraint(f"verdict IN ({_listed(Verdict)})", name="golden_verdict"),)

    clip_id: str = Field(primary_key=True, foreign_key="clip.id")
    verdict: str
    reasons: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    made_by: str = Field(foreign_key="person.id")
    made_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
    retired_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


class OpinionWanted(SQLModel, table=True):
    """A clip that was drawn for a second opinion when it was first decided, until it has one."""

    __tablename__ = "opinion_wanted"

    clip_id: str = Field(primary_key=True, foreign_key="clip.id")
    decided_by: str = Field(foreign_key="person.id")
    since: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class BlindTurn(SQLModel, table=True):
    """Somebody's turn to judge a decided clip that looks to them as if it waited (blind.py).

    A lease of its own: others see the clip as it is, and a published one cannot be claimed.
    """

    __tablename__ = "blind_turn"
    __table_args__ = (
        CheckConstraint(f"kind IN ({_listed(OpinionKind)})", name="blind_turn_kind"),
        Index(
            "ix_blind_turn_open",
            "person_id",
            unique=True,  # one at a time
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_blind_turn_clip", "clip_id"),
    )

    person_id: str = Field(primary_key=True, foreign_key="person.id")
    clip_id: str = Field(primary_key=True, foreign_key="clip.id")
    kind: str
    drawn_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    # How the clip looks to them: the version that first waited, and times like its neighbours'.
    version: int
    sent_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    waits_since: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    due_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))  # then it is over
    late_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    # Their claim, or, once they have handed it over, seemingly a colleague's.
    claimed_until: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    handed_to: str | None = Field(default=None, foreign_key="person.id")
    ended_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


class Appeal(SQLModel, table=True):
    """A creator's words against a rejection, and the answer of somebody else. One per decision."""

    __tablename__ = "appeal"

    decision_id: str = Field(primary_key=True, foreign_key="decision.id")
    clip_id: str = Field(foreign_key="clip.id", index=True)
    text: str
    made_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
    answer_id: str | None = Field(default=None, foreign_key="decision.id")  # how it was decided


class Skip(SQLModel, table=True):
    """A clip that a reviewer passed over, for the time being."""

    __tablename__ = "skip"

    person_id: str = Field(primary_key=True, foreign_key="person.id")
    clip_id: str = Field(primary_key=True, foreign_key="clip.id")
    at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))


class PolicyVersion(SQLModel, table=True):
    """One version of the review policy, as it was when decisions named it. Never changed."""

    __tablename__ = "policy_version"

    version: int = Field(primary_key=True)
    reasons: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    made_by: str  # person.id, or "system" for the one that ships
    made_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )


class Mark(SQLModel, table=True):
    """A reviewer's words on one moment of a clip, and what they drew on its frame."""

    __tablename__ = "mark"
    __table_args__ = (CheckConstraint("at_s >= 0", name="mark_within_clip"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    clip_id: str = Field(foreign_key="clip.id", index=True)
    author_id: str = Field(foreign_key="person.id")
    author_role: str  # as it was then
    at_s: float
    text: str
    # Lines of points; a point is [x, y], each from 0 to 1 of the picture.
    strokes: list[list[list[float]]] = Field(sa_column=Column(JSON, nullable=False))
    is_public: bool  # its creator reads it, once the clip is decided
    # Made in a blind turn (opinions.py): for its author alone.
    is_blind: bool = Field(default=False, sa_column_kwargs={"server_default": "0"})
    made_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )


class Care(SQLModel, table=True):
    """How one reviewer wants to be shown clips, and what not (moderation/care.py)."""

    __tablename__ = "care"

    person_id: str = Field(primary_key=True, foreign_key="person.id")
    blur: str
    grey: str
    mute: str
    skips: list[str] = Field(sa_column=Column(JSON, nullable=False))  # codes of the policy


class Look(SQLModel, table=True):
    """That somebody had a clip shown to them, the last time they did."""

    __tablename__ = "look"
    __table_args__ = (Index("ix_look_person", "person_id", "at"),)

    person_id: str = Field(primary_key=True, foreign_key="person.id")
    clip_id: str = Field(primary_key=True, foreign_key="clip.id")
    at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))
    flagged: bool


class Reshelving(SQLModel, table=True):
    """A clip that has just become public again, or ceased to be: its public files are on the wrong
    shelf until they are moved (gallery/reshelving.py)."""

    __tablename__ = "reshelving"

    clip_id: str = Field(primary_key=True, foreign_key="clip.id")
