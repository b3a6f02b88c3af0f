"""Who may see a clip: the one rule that every route asks before it emits a byte or a word of it.

Knows nothing of routes. Missing and forbidden are the same answer, so an address tells nothing.
"""

from __future__ import annotations

from sqlmodel import Session

from accounts.permissions import User
from errors import NotFound
from moderation.blind import as_seen
from moderation.models import Clip, State


def can_see(user: User, clip: Clip) -> bool:
    """Published: anyone. Otherwise: its creator, and roles that may see held clips; deleted: nobody."""
    if clip.deleted_at is not None:
        return False
    if clip.state == State.PUBLISHED:
        return True
    return bool(user.id) and (user.id == clip.creator_id or user.may("see held clips"))


def visible_clip(session: Session, user: User, clip_id: str) -> Clip:
    """The clip, if `user` may see it; as it looks to them, if they are asked for a blind opinion
    on it. Raises NotFound whether it is hidden or not there."""
    clip = session.get(Clip, clip_id)
    if clip is None or not can_see(user, clip):
        raise NotFound()
    return as_seen(session, user, clip)
