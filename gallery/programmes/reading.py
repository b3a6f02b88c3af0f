"""Programmes as they are read: by anybody when they are open, in full by curators.

Knows nothing of how they look. Clips are always the stranger's view of what is published now.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select as select_columns
from sqlmodel import Session, and_, col, func, or_, select

from accounts.permissions import STRANGER, User
from errors import BadCursor, NotFound
from gallery import browse
from gallery.programmes.keeping import places
from gallery.programmes.models import Place, Programme, Status
from gallery.published import read_cursor, write_cursor
from moderation.models import Clip, State
from moderation.views import clips_json
from store import as_text

PAGE: Final = 24
POSTERS: Final = 4

Json = dict[str, Any]


def find(session: Session, user: User, slug: str) -> Programme:
    """Open: anybody's. Otherwise a curator's, and there is none for all others."""
    programme = session.exec(select(Programme).where(Programme.slug == slug)).first()
    if programme is None or not (programme.status == Status.OPEN or user.may("curate")):
        raise NotFound()
    return programme


def opened(session: Session, cursor: str | None) -> tuple[list[Json], str | None]:
    """A page of what is open, the newest first, and the cursor of the next one."""
    number = col(Programme.open_seq)
    query = select(Programme).where(Programme.status == Status.OPEN)
    if cursor is not None:
        seq, more = read_cursor(cursor)
        if more is not None:
            raise BadCursor(value=cursor)
        query = query.where(number < seq)
    found = list(session.exec(query.order_by(number.desc()).limit(PAGE + 1)))
    shown = found[:PAGE]
    following = write_cursor(shown[-1].open_seq or 0) if len(found) > PAGE else None
    return _summaries(session, shown), following


def everything(session: Session, user: User, cursor: str | None) -> tuple[list[Json], str | None]:
    """A page of all programmes for curators, the newest first."""
    user.must("curate")
    moment = col(Programme.made_at)
    query = select(Programme)
    if cursor is not None:
        at, last = browse.read_cursor(cursor)
        query = query.where(or_(moment < at, and_(moment == at, col(Programme.id) < last)))
    found = list(
        session.exec(query.order_by(moment.desc(), col(Programme.id).desc()).limit(PAGE + 1))
    )
    shown = found[:PAGE]
    following = None
    if len(found) > PAGE:
        following = browse.write_cursor(shown[-1].made_at, shown[-1].id)
    items = _summaries(session, shown)
    for item, programme in zip(items, shown, strict=True):
        item |= {"version": programme.version}
    return items, following


def slugs(session: Session, most: int) -> list[str]:
    """The addresses of what is open, the newest first."""
    query = select(Programme.slug).where(Programme.status == Status.OPEN)
    return list(session.exec(query.order_by(col(Programme.open_seq).desc()).limit(most)))


def programme_json(session: Session, user: User, programme: Programme) -> Json:
    """All of one programme. For curators also what the public does not see of it: its version, and
    the places of clips that cannot be shown now."""
    kept = places(session, programme)
    query = select(Clip).where(col(Clip.id).in_([each.clip_id for each in kept]))
    clips = {clip.id: clip for clip in session.exec(query)}
    shown = [each for each in kept if clips[each.clip_id].state == State.PUBLISHED]
    views = clips_json(session, STRANGER, [clips[each.clip_id] for each in shown])
    by_id = {view["id"]: view for view in views}
    creators = {clips[each.clip_id].creator_id for each in shown}
    found = _facts(programme) | {
        "clips": len(shown),
        "creators": len(creators),
        "first_time": len(creators - _shown_before(session, programme)),
        "duration_s": round(sum(view["duration_s"] for view in views), 3),
        "posters": [view["media"]["poster"] for view in views[:POSTERS]],
        "items": [{"clip": by_id[each.clip_id], "words": each.words} for each in shown],
    }
    if user.may("curate"):
        found["version"] = programme.version
        found["entries"] = [
            {
                "id": each.clip_id,
                "words": each.words,
                "state": clips[each.clip_id].state,
                "clip": by_id.get(each.clip_id),
            }
            for each in kept
        ]
    return found


def _shown_before(session: Session, programme: Programme) -> set[str]:
    """Creators who had a place in a programme that was opened before this one."""
    query = (
        select_columns(col(Clip.creator_id))
        .join(Place, col(Place.clip_id) == Clip.id)
        .join(Programme, col(Programme.id) == Place.programme_id)
        .where(col(Programme.open_seq).is_not(None), col(Programme.id) != programme.id)
        .distinct()
    )
    if programme.open_seq is not None:
        query = query.where(col(Programme.open_seq) < programme.open_seq)
    return set(session.execute(query).scalars())


def _facts(programme: Programme) -> Json:
    is_open = programme.status == Status.OPEN
    address = f"/programme/{programme.slug}"
    return {
        "slug": programme.slug,
        "title": programme.title,
        "text": programme.text,
        "curator": programme.curator,
        "state": programme.status,
        "opened_at": as_text(programme.opened_at) if programme.opened_at else None,
        "page": address if is_open else None,
        "play": f"{address}/play" if is_open else None,
    }


def _summaries(session: Session, programmes: Sequence[Programme]) -> list[Json]:
    """Each with its numbers and first posters, in two queries for all of them."""
    shown = (
        select_columns(col(Place.programme_id), col(Place.clip_id), col(Clip.creator_id))
        .add_columns(
            func.row_number()
            .over(partition_by=col(Place.programme_id), order_by=col(Place.place))
            .label("number")
        )
        .join(Clip, col(Clip.id) == Place.clip_id)
        .where(
            col(Place.programme_id).in_([each.id for each in programmes]),
            # A value: the index for the literal would lead through all clips.
            col(Clip.state) == State.PUBLISHED.value,
        )
        .subquery()
    )
    counts: dict[str, tuple[int, int]] = {
        programme_id: (clips, creators)
        for programme_id, clips, creators in session.execute(
            select_columns(
                shown.c.programme_id, func.count(), func.count(shown.c.creator_id.distinct())
            ).group_by(shown.c.programme_id)
        )
    }
    posters: dict[str, list[str]] = {}
    first = select_columns(shown.c.programme_id, shown.c.clip_id)
    first = first.where(shown.c.number <= POSTERS).order_by(shown.c.number)
    for programme_id, clip_id in session.execute(first):
        posters.setdefault(programme_id, []).append(f"/media/{clip_id}.jpg")
    found = []
    for each in programmes:
        clips, creators = counts.get(each.id, (0, 0))
        facts = {"clips": clips, "creators": creators, "posters": posters.get(each.id, [])}
        found.append(_facts(each) | facts)
    return found
