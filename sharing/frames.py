"""Pictures that creators send as the first frame of a clip: whose they are, and for how long.

Knows nothing of pixels: a picture was checked and stored before it comes here.
"""

from __future__ import annotations

from typing import Final

from sqlmodel import Session, col, select

from accounts.permissions import User
from errors import UnknownFrame
from sharing.models import FirstFrame

_KEPT: Final = 50
"""Pictures of one person that can still be used; older ones are forgotten."""


def keep(session: Session, user: User, *, sha256: str, width: int, height: int) -> FirstFrame:
    """Note whose picture it is. Answers the id that its sender, and nobody else, may use."""
    frame = FirstFrame(person_id=user.id, sha256=sha256, width=width, height=height)
    session.add(frame)
    session.flush()
    own = select(FirstFrame).where(FirstFrame.person_id == user.id)
    for old in session.exec(own.order_by(col(FirstFrame.created_at).desc()).offset(_KEPT)):
        session.delete(old)
    return frame


def own_frame(session: Session, user: User, frame_id: str) -> FirstFrame:
    """Raises UnknownFrame, also for somebody else's."""
    frame = session.get(FirstFrame, frame_id)
    if frame is None or not user.id or frame.person_id != user.id:
        raise UnknownFrame(value=frame_id)
    return frame
