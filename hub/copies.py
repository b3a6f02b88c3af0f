"""What is to be done at the Hub, in which order, and what is known of it afterwards.

Knows nothing of networks (keeper.py). Nothing here is ever given up: what fails is tried again
later, and what should be gone is asked after until it is. A row needs no lease: one thread of one
process works on them (store.only_process).
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, text
from sqlmodel import Session, col, func, or_, select, update

import audit
from accounts import switches
from audit import SYSTEM
from hub.models import HubCopy, HubPlace, Wanted
from moderation.models import Clip, State
from store import UtcDateTime

AT_ONCE: Final = 25
"""Clips in one commit: the Hub counts commits by the hour, and removals should not wait long."""

SAYS_PROMPT: Final = "says_prompt"
"""Of a clip whose file says the prompt, which its creator does not share. Migration 0013 knows it."""

STILL_THERE: Final = "still_there"
"""Of a clip that should be gone, and an address of it answered."""

_PLACE_WAITS_S: Final = (30.0, 3600.0)
_COPY_WAITS_S: Final = (60.0, 6 * 3600.0)
_LONGEST_ASKED: Final = timedelta(days=1)


_FOLLOW: Final = text(
    "INSERT INTO hub_copy (clip_id, repo, wanted, asked_at, due_at)"
    " SELECT clip.id, :repo, 'there', :now, :now FROM clip WHERE clip.state = 'published'"
    " AND clip.id NOT IN (SELECT clip_id FROM hub_copy WHERE repo = :repo)"
).bindparams(bindparam("now", type_=UtcDateTime()))


@dataclass(frozen=True)
class Copy:
    """One clip at one place, as it was when it was taken up."""

    clip_id: str
    asked: int
    is_reworded: bool
    begun: bool
    sha256: str | None
    poster_sha256: str | None
    commits: tuple[str, ...]


@dataclass(frozen=True)
class Batch:
    """What one commit is to do: clips that should be there, or clips that should be gone."""

    repo: str
    wanted: Wanted
    copies: tuple[Copy, ...]


def install(session: Session, repo: str, now: datetime) -> None:
    """From now on clips go to `repo`, and to no other; empty: to none. What is public already
    follows; what lies elsewhere stays there until it is taken down."""
    active = set(session.exec(select(HubPlace.repo).where(col(HubPlace.is_active))))
    if active == ({repo} if repo else set()):
        return
    session.execute(update(HubPlace).values(is_active=False))
    if not repo:
        return
    place = session.get(HubPlace, repo, populate_existing=True) or HubPlace(
        repo=repo, is_active=True
    )
    place.is_active = True
    session.add(place)
    session.flush()
    session.execute(_FOLLOW, {"repo": repo, "now": now})


def next_batch(session: Session, now: datetime) -> Batch | None:
    """What is due, removals before all else. None when there is nothing, or the place must wait."""
    places = select(HubPlace).where(
        or_(col(HubPlace.due_at).is_(None), col(HubPlace.due_at) <= now)
    )
    open_places = list(session.exec(places.order_by(col(HubPlace.repo))))
    for place in open_places:
        if batch := _batch(session, place.repo, Wanted.GONE, now):
            return batch
    if switches.is_paused(session, "publishing"):
        return None
    for place in open_places:
        if place.is_active and (batch := _batch(session, place.repo, Wanted.THERE, now)):
            return batch
    return None


def published(session: Session, copies: Sequence[Copy]) -> dict[str, Clip]:
    """Those clips of a batch that are public at this moment, and still meant as they were."""
    ids = [copy.clip_id for copy in copies]
    query = select(Clip).where(col(Clip.id).in_(ids), Clip.state == State.PUBLISHED.value)
    return {
        clip.id: clip
        for clip in session.exec(query.order_by(col(Clip.publish_seq)))
        if clip.public_sha256 and clip.deleted_at is None
    }


def begin(
    session: Session, batch: Batch, clips: Collection[Clip], posters: dict[str, str], now: datetime
) -> None:
    """Write down that something of these clips may be at the Hub from now on."""
    for clip in clips:
        values = {"begun_at": now, "sha256": clip.public_sha256}
        values |= {"poster_sha256": posters.get(clip.id)}
        session.execute(_row(batch.repo, clip.id).values(**values))


def part_clips(session: Session, repo: str, part: int, joining: Collection[str]) -> list[Clip]:
    """The public clips whose rows a part of the metadata has: those there, and those that join."""
    there = select(HubCopy.clip_id).where(
        HubCopy.repo == repo,
        HubCopy.part == part,
        HubCopy.wanted == Wanted.THERE.value,
        col(HubCopy.put_at).is_not(None),
    )
    ids = {*session.exec(there), *joining}
    query = select(Clip).where(col(Clip.id).in_(ids), Clip.state == State.PUBLISHED.value)
    return list(session.exec(query.order_by(col(Clip.publish_seq), col(Clip.id))))


def put(
    session: Session, batch: Batch, clip: Clip, *, part: int, commit: str, now: datetime
) -> bool:
    """A commit holds the clip. False when it is not wanted there any more: then its removal,
    which knows of the commit now, is what is due."""
    copy = _copy_of(batch, clip.id)
    row = session.get_one(HubCopy, (clip.id, batch.repo), populate_existing=True)
    row.commits = [*row.commits, commit] if commit not in row.commits else row.commits
    row.part = part
    session.add(row)
    body = {"repo": batch.repo, "commit": commit, "sha256": clip.public_sha256}
    audit.append(session, actor=SYSTEM, action="hub_put", subject=clip.id, body=body)
    if row.asked != copy.asked or row.wanted != Wanted.THERE.value:
        return False
    row.put_at, row.is_done, row.tries, row.error = now, not row.is_reworded, 0, ""
    return True


def reworded(session: Session, batch: Batch) -> None:
    """The history that had the old words was asked to go."""
    for copy in batch.copies:
        if copy.is_reworded:
            same = _row(batch.repo, copy.clip_id).where(col(HubCopy.asked) == copy.asked)
            session.execute(same.values(is_reworded=False, is_done=True))


def never_sent(session: Session, batch: Batch) -> None:
    """Nothing of these clips ever left: nothing is to be done."""
    for copy in batch.copies:
        if not copy.begun:
            _mark(session, batch, copy, is_done=True, error="")


def showed(session: Session, batch: Batch, head: str) -> None:
    """The newest revision has these clips, and will be asked for when they should be gone."""
    for copy in batch.copies:
        row = session.get_one(HubCopy, (copy.clip_id, batch.repo), populate_existing=True)
        if head and head not in row.commits:
            row.commits = [*row.commits, head]
            session.add(row)


def removed(session: Session, batch: Batch, now: datetime) -> None:
    """The files are out of the newest revision."""
    for copy in batch.copies:
        row = session.get_one(HubCopy, (copy.clip_id, batch.repo), populate_existing=True)
        if row.asked == copy.asked and row.removed_at is None:
            row.removed_at = now
            session.add(row)
            body = {"repo": batch.repo}
            audit.append(session, actor=SYSTEM, action="hub_remove", subject=row.clip_id, body=body)


def purged(session: Session, batch: Batch, now: datetime) -> None:
    for copy in batch.copies:
        _mark(session, batch, copy, purged_at=now)


def checked(
    session: Session,
    batch: Batch,
    copy: Copy,
    *,
    is_gone: bool,
    now: datetime,
    chance: random.Random,
) -> None:
    """Every address of the clip was asked for. Until none answers, it is asked for again."""
    row = session.get_one(HubCopy, (copy.clip_id, batch.repo), populate_existing=True)
    if row.asked != copy.asked:
        return
    row.checked_at = now
    if is_gone:
        row.is_done, row.put_at, row.begun_at, row.commits = True, None, None, []
        row.is_reworded = False
        row.error = row.error if row.error == SAYS_PROMPT else ""
        body = {"repo": batch.repo}
        audit.append(session, actor=SYSTEM, action="hub_gone", subject=row.clip_id, body=body)
    else:
        _later(row, STILL_THERE, now, chance)
    session.add(row)


def commits_of(session: Session, repo: str, clip_id: str) -> list[str]:
    return session.get_one(HubCopy, (clip_id, repo)).commits


def shared_posters(session: Session, batch: Batch) -> set[str]:
    """Pictures that a clip which stays shows as well: the same frames make the same bytes."""
    leaving = [copy.clip_id for copy in batch.copies]
    posters = [copy.poster_sha256 for copy in batch.copies if copy.poster_sha256]
    query = select(HubCopy.poster_sha256).where(
        HubCopy.repo == batch.repo,
        HubCopy.wanted == Wanted.THERE.value,
        col(HubCopy.poster_sha256).in_(posters),
        col(HubCopy.clip_id).not_in(leaving),
    )
    return {poster for poster in session.exec(query) if poster}


def failed(
    session: Session,
    batch: Batch,
    clip_ids: Iterable[str],
    *,
    error: str,
    now: datetime,
    chance: random.Random,
) -> None:
    """Something about these clips: they are tried again later, one by one."""
    for clip_id in clip_ids:
        row = session.get_one(HubCopy, (clip_id, batch.repo), populate_existing=True)
        if row.asked == _copy_of(batch, clip_id).asked:
            _later(row, error, now, chance)
            session.add(row)


def withhold(session: Session, batch: Batch, clip_id: str, *, error: str, now: datetime) -> None:
    """A clip that lies there and must not as it is: it is taken away like one that was taken down.
    When its words change again, the trigger asks for it again."""
    row = session.get_one(HubCopy, (clip_id, batch.repo), populate_existing=True)
    if row.asked == _copy_of(batch, clip_id).asked:
        row.wanted, row.asked, row.error = Wanted.GONE.value, row.asked + 1, error
        row.tries, row.due_at = 0, now
        session.add(row)


def stopped(
    session: Session,
    repo: str,
    *,
    trouble: str,
    asked_wait_s: float,
    now: datetime,
    chance: random.Random,
) -> bool:
    """Something about the whole place: it waits. Returns whether that is news."""
    place = session.get_one(HubPlace, repo, populate_existing=True)
    is_news = place.trouble != trouble
    place.tries += 1
    wait = timedelta(seconds=_wait_s(place.tries, _PLACE_WAITS_S, chance))
    asked = min(timedelta(seconds=asked_wait_s), _LONGEST_ASKED)
    place.due_at = now + max(wait, asked)
    place.trouble_since = now if is_news else place.trouble_since
    place.trouble = trouble
    session.add(place)
    return is_news


def goes_well(session: Session, repo: str, **values: Any) -> None:
    clear = {"trouble": "", "trouble_since": None, "tries": 0, "due_at": None}
    session.execute(update(HubPlace).where(col(HubPlace.repo) == repo).values(**clear, **values))


def open_elsewhere(session: Session) -> list[tuple[str, int]]:
    """Places that clips do not go to any more, with how many lie there."""
    query = (
        select(HubCopy.repo, func.count())
        .join(HubPlace, col(HubPlace.repo) == col(HubCopy.repo))
        .where(col(HubPlace.is_active).is_(False), col(HubCopy.begun_at).is_not(None))
        .group_by(col(HubCopy.repo))
    )
    return [(repo, count) for repo, count in session.exec(query)]


def _batch(session: Session, repo: str, wanted: Wanted, now: datetime) -> Batch | None:
    query = (
        select(HubCopy)
        .where(~col(HubCopy.is_done), HubCopy.repo == repo)
        .where(HubCopy.wanted == wanted.value, col(HubCopy.due_at) <= now)
        .order_by(col(HubCopy.due_at), col(HubCopy.clip_id))
        .limit(AT_ONCE)
    )
    rows = list(session.exec(query))
    if rows and rows[0].tries:
        rows = rows[:1]  # it failed before: alone it spoils nothing for the others
    rows = [row for row in rows if row.tries == rows[0].tries]
    return Batch(repo, wanted, tuple(map(_copy, rows))) if rows else None


def _copy(row: HubCopy) -> Copy:
    return Copy(
        clip_id=row.clip_id,
        asked=row.asked,
        is_reworded=row.is_reworded,
        begun=row.begun_at is not None,
        sha256=row.sha256,
        poster_sha256=row.poster_sha256,
        commits=tuple(row.commits),
    )


def _copy_of(batch: Batch, clip_id: str) -> Copy:
    return next(copy for copy in batch.copies if copy.clip_id == clip_id)


def _row(repo: str, clip_id: str) -> Any:
    same: ColumnElement[bool] = (col(HubCopy.clip_id) == clip_id) & (col(HubCopy.repo) == repo)
    return update(HubCopy).where(same)


def _mark(session: Session, batch: Batch, copy: Copy, **values: Any) -> None:
    """Only if nothing else is wanted of the copy by now."""
    same = _row(batch.repo, copy.clip_id).where(col(HubCopy.asked) == copy.asked)
    session.execute(same.values(**values))


def _later(row: HubCopy, error: str, now: datetime, chance: random.Random) -> None:
    row.tries += 1
    row.error = row.error if row.error == SAYS_PROMPT else error
    row.due_at = now + timedelta(seconds=_wait_s(row.tries, _COPY_WAITS_S, chance))


def _wait_s(tries: int, waits_s: tuple[float, float], chance: random.Random) -> float:
    first, longest = waits_s
    return min(first * 2.0 ** min(tries - 1, 20), longest) * chance.uniform(0.8, 1.2)
