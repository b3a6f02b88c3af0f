"""The fair picker: proposes clips for a programme, so that every creator gets a share of its places.

Knows nothing of who is asking. A round gives one clip to each creator who has one left. Within a
round come first those with the fewest places in programmes so far (drafts and closed ones too),
then those with the fewest first places in the rotation's last windows, then who has waited longest
for one. Of one creator comes the clip with the fewest places in programmes, of those the least
shown, of those the newest.

So, while programmes are filled by it alone and everybody has clips left, no creator has more than
one place more than another, in all programmes together, however many clips somebody has. What a
curator chooses besides counts as well, and is evened out by what is proposed next.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import ColumnElement, column, literal_column, table
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, func, select

from gallery.models import Exposure, FirstPlace, Turn
from gallery.programmes.models import Place, Programme
from gallery.question import Question, expression
from moderation.models import Clip

MOST: Final = 50
_FEW: Final = 2000
"""Answers to a filter whose creators are all looked up before the first turn."""
_PUBLISHED: Final[ColumnElement[bool]] = literal_column("clip.state = 'published'")
_WORDS: Final = table("clip_words", column("rowid"))


def suggestions(session: Session, programme: Programme, wanted: Question, n: int) -> list[Clip]:
    """Up to `n` published clips that are not in the programme, in the order proposed.

    `wanted`: only its filters count.
    """
    total = _counted(session, _creators_of(col(Place.clip_id), Place))
    here = _creators_of(col(Place.clip_id), Place).where(Place.programme_id == programme.id)
    rounds = _counted(session, here)
    first = _counted(session, _creators_of(col(FirstPlace.clip_id), FirstPlace))
    line = [
        (rounds[creator_id], total[creator_id], first[creator_id], ticket, creator_id)
        for creator_id, ticket in _creators(session, wanted)
    ]
    heapq.heapify(line)
    clips: dict[str, Iterator[Clip]] = {}
    found: list[Clip] = []
    while line and len(found) < n:
        turn, places, firsts, ticket, creator_id = line[0]
        if creator_id not in clips:
            clips[creator_id] = iter(_of_creator(session, programme, creator_id, wanted, n))
        clip = next(clips[creator_id], None)
        if clip is None:
            heapq.heappop(line)
            continue
        found.append(clip)
        heapq.heapreplace(line, (turn + 1, places + 1, firsts, ticket, creator_id))
    return found


def _creators(session: Session, wanted: Question) -> Iterable[Any]:
    """Everybody of whom something may be public and match, with their ticket in the rotation."""
    query = select_columns(col(Turn.creator_id), col(Turn.ticket))
    matching = expression(replace(wanted, creator="", text=""), (), is_whole=True)
    # Where many match, whoever has nothing of the kind is passed over when their turn comes.
    if matching is not None and not _are_many(session, matching):
        makers = (
            select_columns(col(Clip.creator_id))
            .join(_WORDS, _WORDS.c.rowid == col(Clip.publish_seq))
            .where(_matches(matching))
        )
        query = query.where(col(Turn.creator_id).in_(makers))
    return session.execute(query).all()


def _of_creator(
    session: Session, programme: Programme, creator_id: str, wanted: Question, n: int
) -> Iterable[Clip]:
    inside = select_columns(col(Place.clip_id)).where(col(Place.programme_id) == programme.id)
    used = (
        select_columns(func.count())
        .where(col(Place.clip_id) == Clip.id)
        .correlate(Clip)
        .scalar_subquery()
    )
    query = (
        select(Clip)
        .outerjoin(Exposure, col(Exposure.clip_id) == Clip.id)
        .where(Clip.creator_id == creator_id, _PUBLISHED, col(Clip.id).not_in(inside))
        .order_by(
            used,
            func.coalesce(Exposure.shown, 0),
            func.coalesce(Exposure.windows, 0),
            col(Clip.publish_seq).desc(),
        )
        .limit(n)
    )
    if wanted.filters:
        asked = replace(wanted, creator=creator_id, text="")
        matching = expression(asked, (creator_id,), is_whole=True) or ""
        rows = select_columns(_WORDS.c.rowid).where(_matches(matching))
        query = query.where(col(Clip.publish_seq).in_(rows))
    return session.exec(query).all()


def _creators_of(clip_id: Any, rows: Any) -> Any:
    """Creator and number of rows that name a clip of theirs."""
    return (
        select_columns(col(Clip.creator_id), func.count())
        .select_from(rows)
        .join(Clip, col(Clip.id) == clip_id, isouter=True)  # from the rows to the clips, never back
        .group_by(col(Clip.creator_id))
    )


def _are_many(session: Session, matching: str) -> bool:
    beyond = select_columns(_WORDS.c.rowid).where(_matches(matching)).limit(1).offset(_FEW)
    return session.execute(beyond).first() is not None


def _counted(session: Session, query: Any) -> Counter[str]:
    return Counter(dict(session.execute(query).all()))


def _matches(asked: str) -> ColumnElement[bool]:
    return literal_column("clip_words").op("MATCH")(asked)
