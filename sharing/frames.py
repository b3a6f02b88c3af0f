"""Pictures that creators send as the first frame of a clip: whose they are, and for how long.

Knows nothing of pixels: a picture was checked and stored before it comes here.
"""

from __future__ import annotations

from typing import Final

from sqlmodel import Session, col, select

from accounts.permissions import User
from errors import UnknownFrame
from moderation.models import Clip
from sharing.models import FirstFrame

_KEPT: Final = 20
"""Pictures of one person that can still be used; older ones are forgotten."""


def keep(
    session: Session, user: User, *, sha256: str, width: int, height: int
) -> tuple[FirstFrame, list[str]]:
    """Note whose picture it is: its sender, and nobody else, may use the id. Also answers the
    sha256 of pictures that nothing needs any more; their files are the caller's to delete."""
    frame = FirstFrame(person_id=user.id, sha256=sha256, width=width, height=height)
    session.add(frame)
    session.flush()
    own = select(FirstFrame).where(FirstFrame.person_id == user.id)
    old = list(session.exec(own.order_by(col(FirstFrame.created_at).desc()).offset(_KEPT)))
    for each in old:
        session.delete(each)
    session.flush()
    return frame, sorted({each.sha256 for each in old if not _is_needed(session, each.sha256)})


def own_frame(session: Session, user: User, frame_id: str) -> FirstFrame:
    """Raises UnknownFrame, also for somebody else's."""
    frame = session.get(FirstFrame, frame_id)
    if frame is None or not user.id or frame.person_id != user.id:
        raise UnknownFrame(value=frame_id)
    return frame


def forget(session: Session, clip: Clip) -> list[str]:
    """A clip is deleted: its picture can begin no other of the same person. Answers the sha256 of
    the file to delete, if nobody else needs it."""
    sha256 = clip.first_frame
    if sha256 is None:
        return []
    own = select(FirstFrame).where(FirstFrame.person_id == clip.creator_id)
    for each in session.exec(own.where(FirstFrame.sha256 == sha256)):
        session.delete(each)
    session.flush()
    return [] if _is_needed(session, sha256, besides=clip.id) else [sha256]


def _is_needed(session: Session, sha256: str, *, besides: str = "") -> bool:
    by_clip = select(Clip.id).where(Clip.first_frame == sha256, col(Clip.deleted_at).is_(None))
    by_clip = by_clip.where(Clip.id != besides)
    by_sender = select(FirstFrame.id).where(FirstFrame.sha256 == sha256)
    return any(session.exec(query.limit(1)).first() for query in (by_clip, by_sender))
