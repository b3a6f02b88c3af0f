"""What a person is told in the app: written with the act itself, listed, marked as seen.

Knows nothing of clips beyond their ids: the prompt is read when the list is shown, by whoever may
still read it (web/notices.py).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session, col, delete, func, or_, select, update

from notices import outbox
from notices.models import QUIET, Kind, Notice
from store import utc_now

KEPT: Final = 500
"""Most notices of one person; older ones make room."""

PAGE: Final = 24
IDS_LIMIT: Final = 500


def tell(
    session: Session,
    *,
    person_id: str,
    kind: Kind,
    clip_id: str,
    actor: str,
    settles_s: float = 0.0,
) -> None:
    """Write a notice, and what leaves the house of it, in the transaction of what it tells.

    What people do themselves they need not be told. `settles_s`: seconds in which it may be taken
    back (`untell`), so that nothing leaves the house before.
    """
    if actor == person_id:
        return
    now = utc_now()
    session.add(Notice(person_id=person_id, at=now, kind=kind.value, clip_id=clip_id))
    session.flush()
    _make_room(session, person_id)
    settled = now + timedelta(seconds=settles_s)
    outbox.add_notice(
        session, person_id=person_id, kind=kind, clip_id=clip_id, now=now, not_before=settled
    )


def untell(session: Session, *, person_id: str, clip_id: str, since: datetime) -> None:
    """What was told about a clip since then has been taken back."""
    own = (col(Notice.person_id) == person_id) & (col(Notice.clip_id) == clip_id)
    session.execute(delete(Notice).where(own & (col(Notice.at) >= since)))
    outbox.forget(session, person_id=person_id, clip_id=clip_id, since=since)


def page(
    session: Session, person_id: str, *, before: tuple[datetime, str] | None = None
) -> tuple[list[Notice], bool]:
    """The newest notices of a person, or those before a place, and whether there are more."""
    query = select(Notice).where(Notice.person_id == person_id)
    if before is not None:
        at, notice_id = before
        older = (col(Notice.at) == at) & (col(Notice.id) < notice_id)
        query = query.where(or_(col(Notice.at) < at, older))
    query = query.order_by(col(Notice.at).desc(), col(Notice.id).desc()).limit(PAGE + 1)
    found = list(session.exec(query))
    return found[:PAGE], len(found) > PAGE


def unseen(session: Session, person_id: str) -> int:
    """How many a bell should count: new, and not of a quiet kind."""
    loud = col(Notice.kind).not_in([kind.value for kind in QUIET])
    query = select(func.count()).where(
        Notice.person_id == person_id, col(Notice.seen_at).is_(None), loud
    )
    return session.exec(query).one()


def mark_seen(session: Session, person_id: str, ids: Collection[str] | None) -> None:
    """Mark a person's own notices as seen, all of them without `ids`. Others' ids do nothing."""
    own = (col(Notice.person_id) == person_id) & col(Notice.seen_at).is_(None)
    if ids is not None:
        own &= col(Notice.id).in_(ids)
    session.execute(update(Notice).where(own).values(seen_at=utc_now()))


def _make_room(session: Session, person_id: str) -> None:
    newest_first = (col(Notice.at).desc(), col(Notice.id).desc())
    mine = select(Notice).where(Notice.person_id == person_id).order_by(*newest_first)
    last = session.exec(mine.offset(KEPT).limit(1)).first()
    if last is None:
        return
    older = (col(Notice.at) == last.at) & (col(Notice.id) <= last.id)
    old = (col(Notice.person_id) == person_id) & or_(col(Notice.at) < last.at, older)
    session.execute(delete(Notice).where(old))
