"""The ticket of a preview: what was shown, to whom and when, signed with a key of this instance.

Knows nothing of what is decided with it. A preview is not kept anywhere: whoever decides on what it
showed hands the ticket back, so nothing can be slipped into the list meanwhile.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final

from sqlmodel import Session

from accounts.permissions import User
from errors import PreviewOver
from store import utc_now

SHOWN_FOR: Final = timedelta(minutes=10)
"""A preview older than this is not what somebody has just looked at."""
_FOR: Final = b"greenlight/bulk/1"
_SEAL: Final = 32


@dataclass(frozen=True)
class Ticket:
    """One group as it was shown. `clips`: ids with the versions that were seen."""

    kind: str
    pattern: str | None  # the decision that would be followed
    verdicts: list[str]
    reasons: list[str]
    clips: list[tuple[str, int]]


def issue(session: Session, user: User, ticket: Ticket) -> str:
    """The ticket as text, good for this person and SHOWN_FOR."""
    facts = {"person": user.id, "at": utc_now().timestamp(), **asdict(ticket)}
    text = json.dumps(facts, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_seal(session, text) + text).decode()


def read(session: Session, user: User, text: str) -> Ticket:
    """What was shown. Raises PreviewOver for one that is forged, somebody else's, or too old."""
    try:
        data = base64.urlsafe_b64decode(text.encode("ascii"))
    except (UnicodeEncodeError, binascii.Error) as error:
        raise _over() from error
    seal, signed = data[:_SEAL], data[_SEAL:]
    if not hmac.compare_digest(seal, _seal(session, signed)):
        raise _over()
    facts: dict[str, Any] = json.loads(signed)
    person, at = facts.pop("person"), facts.pop("at")
    if person != user.id or utc_now().timestamp() - at > SHOWN_FOR.total_seconds():
        raise _over()
    clips = [(clip_id, version) for clip_id, version in facts.pop("clips")]
    return Ticket(**facts, clips=clips)


def _seal(session: Session, text: bytes) -> bytes:
    """The key is derived from the log's: one secret less."""
    key = hmac.digest(session.info["audit_key"], _FOR, hashlib.sha256)
    return hmac.digest(key, text, hashlib.sha256)


def _over() -> PreviewOver:
    return PreviewOver(minutes=round(SHOWN_FOR.total_seconds() / 60))
