"""Reading lists of clips, the public gallery and one's own: newest first, by pages that a keyset
cursor joins.

Knows nothing of how clips are shown.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Final

from sqlmodel import Session, case, col, func, or_, select

from accounts.models import Person
from accounts.people import is_called
from errors import BadCursor, TextTooLong
from moderation.models import Clip, State

PAGE: Final = 24
QUERY_LIMIT: Final = 200


def published(
    session: Session, *, text: str = "", creator: str = "", cursor: str | None = None
) -> tuple[list[Clip], str | None]:
    """One page of published clips and the cursor of the next, None at the end."""
    return page(session, _published(text, creator), col(Clip.published_at), cursor)


def newer(
    session: Session, *, text: str = "", creator: str = "", cursor: str
) -> tuple[list[Clip], str | None]:
    """The page of published clips just before the one that `cursor` led to, newest first, and the
    cursor of the page before that, None at the newest."""
    at, clip_id = read_cursor(cursor)
    moment = col(Clip.published_at)
    later = or_(moment > at, (moment == at) & (col(Clip.id) > clip_id))
    query = _published(text, creator).where(later).order_by(moment, col(Clip.id))
    clips = list(session.exec(query.limit(PAGE + 1)))
    is_end = len(clips) <= PAGE
    clips = clips[:PAGE][::-1]
    return clips, None if is_end else cursor_of(clips[0])


def cursor_of(clip: Clip) -> str:
    """Where a page of published clips goes on after this one, or before it."""
    if clip.published_at is None:
        raise ValueError(clip.id)
    return write_cursor(clip.published_at, clip.id)


def _published(text: str, creator: str):  # type: ignore[no-untyped-def]
    query = select(Clip).where(Clip.state == State.PUBLISHED.value)
    query = _saying(query, text, case((col(Clip.shares_prompt), col(Clip.prompt)), else_=""))
    if creator:
        query = query.join(Person, col(Person.id) == Clip.creator_id)
        query = query.where(is_called(creator))
    return query


def part(session: Session, cursor: str | None, length: int) -> list[Clip]:
    """Published clips from `cursor` on, the oldest first, so that a part that was read stays."""
    query = select(Clip).where(Clip.state == State.PUBLISHED.value)
    moment, clip_id = col(Clip.published_at), col(Clip.id)
    if cursor is not None:
        at, begin = read_cursor(cursor)
        query = query.where(or_(moment > at, (moment == at) & (clip_id >= begin)))
    return list(session.exec(query.order_by(moment, clip_id).limit(length)))


def parts(session: Session, length: int) -> list[str]:
    """The cursors at which parts of `length` published clips begin, the oldest first."""
    order = (col(Clip.published_at), col(Clip.id))
    place = func.row_number().over(order_by=order).label("place")
    every = select(*order, place).where(Clip.state == State.PUBLISHED.value).subquery()
    begins = select(every.c.published_at, every.c.id).where(every.c.place % length == 1)
    rows = session.execute(begins.order_by(every.c.place))
    return [write_cursor(at, clip_id) for at, clip_id in rows]


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
    return page(session, _saying(query, text, col(Clip.prompt)), col(Clip.created_at), cursor)


def _saying(query, text: str, prompt):  # type: ignore[no-untyped-def]
    """The query, cut to clips whose title or prompt, as it may be read, has every word of `text`."""
    if len(text) > QUERY_LIMIT:
        raise TextTooLong(
            field="q", length=len(text), limit=QUERY_LIMIT, over=len(text) - QUERY_LIMIT
        )
    for word in text.split():
        said = [each.icontains(word, autoescape=True) for each in (col(Clip.title), prompt)]
        query = query.where(or_(*said))
    return query


def page(session: Session, query, moment, cursor: str | None) -> tuple[list[Clip], str | None]:  # type: ignore[no-untyped-def]
    """The next PAGE rows of a query, newest `moment` first, ties by id."""
    if cursor is not None:
        at, clip_id = read_cursor(cursor)
        query = query.where(or_(moment < at, (moment == at) & (Clip.id < clip_id)))
    clips = list(session.exec(query.order_by(moment.desc(), col(Clip.id).desc()).limit(PAGE + 1)))
    if len(clips) <= PAGE:
        return clips, None
    last = clips[PAGE - 1]
    return clips[:PAGE], write_cursor(getattr(last, moment.key), last.id)


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
