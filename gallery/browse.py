"""Reading one's own clips, whatever their state: newest first, by pages that a keyset cursor joins.

Knows nothing of how clips are shown, or of the public's lists (published.py).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Final

from sqlmodel import Session, col, or_, select

from errors import BadCursor
from gallery.question import QUERY_LIMIT
from moderation.models import Clip
from text import check_text

PAGE: Final = 24


def own(
    session: Session,
    person_id: str,
    *,
    text: str = "",
    states: Sequence[str] = (),
    cursor: str | None = None,
) -> tuple[list[Clip], str | None]:
    """One page of one person's own clips, whatever their state, without those they deleted."""
    query = select(Clip).where(Clip.creator_id == person_id, col(Clip.deleted_at).is_(None))
    if states:
        query = query.where(col(Clip.state).in_(states))
    return _page(session, _saying(query, text), cursor)


def _saying(query, text: str):  # type: ignore[no-untyped-def]
    """The query, cut to clips whose title or prompt has every word of `text`."""
    check_text("q", text, QUERY_LIMIT)
    for word in text.split():
        said = [
            each.icontains(word, autoescape=True) for each in (col(Clip.title), col(Clip.prompt))
        ]
        query = query.where(or_(*said))
    return query


def _page(session: Session, query, cursor: str | None) -> tuple[list[Clip], str | None]:  # type: ignore[no-untyped-def]
    """The next PAGE rows of a query, newest first, ties by id."""
    moment = col(Clip.created_at)
    if cursor is not None:
        at, clip_id = read_cursor(cursor)
        query = query.where(or_(moment < at, (moment == at) & (Clip.id < clip_id)))
    clips = list(session.exec(query.order_by(moment.desc(), col(Clip.id).desc()).limit(PAGE + 1)))
    if len(clips) <= PAGE:
        return clips, None
    last = clips[PAGE - 1]
    return clips[:PAGE], write_cursor(last.created_at, last.id)


def write_cursor(moment: datetime, clip_id: str) -> str:
    return base64.urlsafe_b64encode(f"{moment.isoformat()} {clip_id}".encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[datetime, str]:
    """Raises BadCursor for anything that write_cursor did not make."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        moment, _, clip_id = text.partition(" ")
        at = datetime.fromisoformat(moment)
        if at.tzinfo is None or not clip_id:
            raise ValueError(cursor)
        at = at.astimezone(timezone.utc)
    except (ValueError, OverflowError, binascii.Error) as error:
        raise BadCursor(value=cursor[:100]) from error
    return at, clip_id
