"""Whether a file is one that was published here: its bytes and its proof against our log.

Knows nothing of uploads and links. What is not public now is told as a stranger may know it: a held
clip's file answers as one that was never here, and of one that was taken down there is what its
tombstone says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from sqlmodel import Session, col, select

from accounts.permissions import STRANGER
from audit import AuditRow
from gallery.reading import Said
from gallery.tombstone import tombstone
from media import MediaStore
from moderation.models import Clip, Decision, PublicFile, State, Verdict
from moderation.visibility import can_see
from store import as_text

Code = Literal[
    "published",  # these very bytes are published here
    "reviewed",  # the unsigned bytes that were looked at before a clip was published
    "taken_down",  # these bytes were published here, and are not any more
    "signed_here",  # signed with our certificate; not published here now
    "changed",  # changed since it was signed, or a copy of a published one with other bytes
    "damaged",  # there is a proof in it that cannot be read
    "signed_elsewhere",  # whole, and signed by somebody else
    "unsigned",
]


@dataclass(frozen=True)
class InLog:
    """Which of the things that the file names are really there."""

    decision: bool
    reviewed: bool  # the decision was about exactly the bytes that the file names
    audit_head: bool

    @property
    def whole(self) -> bool:
        return self.decision and self.reviewed and self.audit_head


@dataclass(frozen=True)
class Finding:
    """`clip_id`: the clip that it belongs to, where that is published."""

    code: Code
    sha256: str = ""
    said: Said | None = None
    clip_id: str = ""
    in_log: InLog | None = None
    since: datetime | None = None
    reasons: tuple[dict[str, str], ...] = ()

    def as_json(self, address: str) -> dict[str, Any]:
        """For programs. What the file says is repeated where it is known to hold."""
        said = self.said if self.code in ("published", "signed_here", "signed_elsewhere") else None
        clip = f"{address}/clip/{self.clip_id}" if self.clip_id else None
        return {
            "verdict": self.code,
            "sha256": self.sha256 or None,
            "clip": clip,
            "signed_by": said and {"name": said.signer, "issuer": said.issuer},
            "is_ours": bool(self.said and self.said.is_ours),
            "is_self_signed": bool(self.said and self.said.is_self_signed),
            "model": (said and said.model) or None,
            "policy_version": (said and said.policy_version) or None,
            "decision_id": (said and said.decision_id) or None,
            "reviewed_sha256": (said and said.reviewed_sha256) or None,
            "audit_head": (said and said.audit_head) or None,
            "in_log": self.in_log
            and {
                "decision": self.in_log.decision,
                "reviewed_sha256": self.in_log.reviewed,
                "audit_head": self.in_log.audit_head,
            },
            "taken_down_since": as_text(self.since) if self.since else None,
            "reasons": [each["en"] for each in self.reasons],
        }


def judge(session: Session, sha256: str, said: Said) -> Finding:
    """What these bytes are to us."""
    for clip in _clips_with(session, sha256):
        if can_see(STRANGER, clip):
            return Finding("published", sha256, said, clip.id, _in_log(session, clip, said))
        if (stone := _stone(session, clip)) is not None:
            return stone
    reviewed = select(Clip).where(Clip.sha256 == sha256, Clip.state == State.PUBLISHED.value)
    source = session.exec(reviewed.limit(1)).first()
    if source is not None and can_see(STRANGER, source):
        return Finding("reviewed", sha256, said, source.id)
    if said.state in ("damaged", "none"):
        return Finding("damaged" if said.state == "damaged" else "unsigned", sha256, said)
    named = _named(session, said) if said.is_ours else None
    # A signature leaves out some bytes, such as the brands at the very beginning (docs/gallery.md);
    # but what was published has one sha256, and this is another.
    if said.state == "changed" or named is not None:
        return Finding("changed", sha256, said, named.id if named else "")
    return Finding("signed_here" if said.is_ours else "signed_elsewhere", sha256, said)


def published_file(session: Session, media: MediaStore, clip_id: str) -> Finding | Path | None:
    """The signed file of a clip that is published; what its tombstone says; None for all else."""
    clip = session.get(Clip, clip_id)
    if clip is None:
        return None
    if can_see(STRANGER, clip):
        return media.path("public", clip.public_sha256 or "", ".mp4")
    return _stone(session, clip)


def clip_of_file(session: Session, sha256: str) -> str:
    """The id of a clip that has this public file, one that is published first; empty for none."""
    found = _clips_with(session, sha256)
    return found[0].id if found else ""


def _clips_with(session: Session, sha256: str) -> list[Clip]:
    """Clips with this public file, those that are published first."""
    query = select(Clip).join(PublicFile, col(PublicFile.clip_id) == Clip.id)
    query = query.where(PublicFile.sha256 == sha256)
    query = query.order_by(col(Clip.state) != State.PUBLISHED.value, col(Clip.id)).limit(20)
    return list(session.exec(query))


def _stone(session: Session, clip: Clip) -> Finding | None:
    stone = tombstone(session, clip.id)
    if stone is None:
        return None
    return Finding("taken_down", since=stone.since, reasons=stone.reasons)


def _named(session: Session, said: Said) -> Clip | None:
    """The clip whose approval the file names, if it is public."""
    decision = session.get(Decision, said.decision_id)
    clip = session.get(Clip, decision.clip_id) if decision else None
    return clip if clip is not None and can_see(STRANGER, clip) else None


def _in_log(session: Session, clip: Clip, said: Said) -> InLog:
    decision = session.get(Decision, said.decision_id)
    is_its = (
        decision is not None
        and decision.clip_id == clip.id
        and decision.verdict == Verdict.APPROVE.value
    )
    head = session.exec(select(AuditRow.seq).where(AuditRow.hash == said.audit_head)).first()
    return InLog(
        decision=is_its,
        reviewed=is_its and decision is not None and decision.sha256 == said.reviewed_sha256,
        audit_head=head is not None,
    )
