"""Changing what a creator says of a clip: until it is decided on, and never behind a reviewer's back.

Knows nothing of what may be said (presentation.py). A change raises the clip's version, so a
decision on the older words is refused as stale; from the first approval on the words are what was
reviewed. Sharing of the prompt alone can be ended at any time: it only takes away.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sqlmodel import Session, col, update

import audit
from accounts.permissions import User
from errors import Conflict, GreenlightError
from moderation import presentation
from moderation.clips import own_clip
from moderation.models import Clip, State
from moderation.presentation import Said
from store import utc_now

ACTION: Final = "reword"
OPEN: Final = frozenset(
    {State.QUEUED, State.GENERATING, State.SCREENING, State.PENDING_REVIEW, State.FAILED}
)
"""Where nobody has decided on the words yet. At a second review or an appeal somebody has."""

_SHOWN: Final = frozenset(
    {
        State.SECOND_REVIEW,
        State.APPEALED,
        State.APPROVED,
        State.PUBLISHED,
        State.TAKEN_DOWN,
    }
)
"""Where a prompt that is shared is public, or may be before its creator looks again."""


class WordsFixed(GreenlightError):
    """Words that were decided on are not changed any more."""

    status = 409
    code = "words_fixed"
    says = "The clip is {state}; its title, licence and credits are what was reviewed."
    fix_says = "Send a new version with other words. Sharing of the prompt can be ended here."


def reword(session: Session, user: User, clip_id: str, said: Said) -> Clip:
    """Change the words of one's own clip. Raises WordsFixed, or Conflict when it moved meanwhile."""
    clip = own_clip(session, user, clip_id)
    before = presentation.of(clip)
    after = presentation.told(said, before)
    if after == before:
        return clip
    only_unshares = after == replace(before, shares_prompt=False)
    if clip.state not in OPEN and not only_unshares:
        raise WordsFixed(state=clip.state)
    state, version = clip.state, clip.version + 1  # the UPDATE changes them in the object too
    seen = (col(Clip.id) == clip_id) & (col(Clip.state) == state)
    seen &= col(Clip.version) == clip.version
    columns = after.as_columns()
    values = {**columns, "version": version, "updated_at": utc_now()}
    result = session.execute(update(Clip).where(seen).values(**values))
    if result.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict(state=state, action="changing its words")
    body = {"version": version, "words": presentation.digest(columns)}
    audit.append(session, actor=user.id, action=ACTION, subject=clip_id, body=body)
    session.refresh(clip)
    return clip


def acts(clip: Clip) -> list[str]:
    """What its creator is offered to do about its words now."""
    if clip.state in OPEN:
        return ["reword"]
    return ["unshare"] if clip.shares_prompt and clip.state in _SHOWN else []
