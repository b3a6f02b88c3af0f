"""The curated order: the clips of the open programmes, the newest programme first, each in its own
order, and a clip only where it comes first.

Knows nothing of pages. A place is found by two numbers that stay, that of the programme and its own
within it, so what it costs depends on programmes alone, however many clips there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from gallery.programmes.models import Place, Programme, Status
from moderation.models import Clip, State


@dataclass(frozen=True)
class Standing:
    """A clip's number (clip.publish_seq) and its place: the programme's number and the one in it."""

    open_seq: int
    place: int
    publish_seq: int


def standings(
    session: Session,
    is_answer: Callable[[ColumnElement[int]], ColumnElement[bool]],
    at: tuple[int, int] | None,
    *,
    is_back: bool,
    most: int,
) -> list[Standing]:
    """Up to `most` places after `at` (a programme's number, a place), or before it and backwards.

    `is_answer`: what else has to be true of a clip's number.
    """
    programme, place = col(Programme.open_seq), col(Place.place)
    # Asked for place by place: in a join the database would begin with all published clips.
    found = select_columns(col(Clip.publish_seq)).where(
        col(Clip.id) == Place.clip_id, col(Clip.state) == State.PUBLISHED.value
    )
    number_of_clip = found.correlate(Place).scalar_subquery()
    query = (
        select_columns(programme, place, number_of_clip)
        .select_from(Programme)
        .join(Place, col(Place.programme_id) == Programme.id)
        .where(
            col(Programme.status) == Status.OPEN.value,
            number_of_clip.is_not(None),
            ~_stands_in_a_newer_one(),
            is_answer(number_of_clip),
        )
    )
    if at is not None:
        number, within = at
        beyond = (programme >= number) if is_back else (programme <= number)
        further = (place < within) if is_back else (place > within)
        # The first bound is for the index; the second says which of that programme are left.
        query = query.where(beyond, or_(programme != number, further))
    order = (programme, place.desc()) if is_back else (programme.desc(), place)
    return [Standing(*row) for row in session.execute(query.order_by(*order).limit(most))]


def _stands_in_a_newer_one() -> ColumnElement[bool]:
    other, newer = aliased(Place), aliased(Programme)
    return exists().where(
        and_(
            col(other.clip_id) == Place.clip_id,
            col(newer.id) == other.programme_id,
            col(newer.status) == Status.OPEN.value,
            col(newer.open_seq) > col(Programme.open_seq),
        )
    )
