"""What stays where a public clip was taken down: that it was, since when, and under which reason.

Knows nothing of how it looks, and tells nothing of the clip: no word, picture or name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from moderation import statements
from moderation.models import Clip, State


@dataclass(frozen=True)
class Tombstone:
    """`reasons`: label by language, of reasons that the policy has; words of one's own are for the
    creator alone."""

    since: datetime
    reasons: tuple[dict[str, str], ...]


def tombstone(session: Session, clip_id: str) -> Tombstone | None:
    """None for a clip that never was public, is public now, or ended in any other way."""
    clip = session.get(Clip, clip_id)
    if clip is None or clip.state != State.TAKEN_DOWN or clip.deleted_at is not None:
        return None
    said = statements.statements(session, clip)[-1]
    known = [said.policy.find(code) for code in said.codes]
    labels = tuple({"en": each.en.label, "fr": each.fr.label} for each in known if each)
    return Tombstone(since=said.decided_at, reasons=labels)
