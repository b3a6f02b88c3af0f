"""The rotation's promise: everybody has a first place in their turn, however many clips others have."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select, update

from finding import Finding
from gallery import rotation
from gallery.models import Exposure, FirstPlace, Turn
from gallery.question import Question
from moderation.models import Clip, State
from moderation.transitions import move
from tests.conftest import House
from tests.gallery.shelves import publish


def draw(house: House, window: int) -> list[str]:
    """The clips in the first places of a window."""
    with house.store.write() as session:
        rotation.begin(session, window)
        query = select(FirstPlace.clip_id).where(FirstPlace.window == window)
        return list(session.exec(query.order_by(col(FirstPlace.place))))


def maker_of(house: House, clip_id: str) -> str:
    return house.get(clip_id).creator_id


def empty(house: House) -> None:
    """An example of a property begins without the clips of the one before."""
    with house.store.write() as session:
        session.execute(update(Clip).values(state=State.WITHDRAWN.value))
        for turn in session.exec(select(Turn)):
            session.delete(turn)
        for place in session.exec(select(FirstPlace)):
            session.delete(place)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    places=st.integers(1, 5),
    clips=st.lists(st.integers(1, 6), min_size=1, max_size=12),
    arrivals=st.lists(st.integers(0, 2), max_size=6),
)
def test_everybody_has_a_first_place_in_their_turn(
    house: House, places: int, clips: list[int], arrivals: list[int]
) -> None:
    """At least every ceil(creators / places) windows, also while others come in; nobody has two
    places in a window, or one more often than whoever waits."""
    empty(house)
    patch = pytest.MonkeyPatch()
    patch.setattr(rotation, "PLACES", places)
    try:
        since: dict[str, int] = {}
        for number, count in enumerate(clips):
            made = publish(house, *["a ball"] * count, creator=f"c{number}")
            since[maker_of(house, made[0])] = 0
        quiet = [0] * (2 * math.ceil(len(clips) / places) + 2)
        for window, coming in enumerate([*arrivals, *quiet], 1):
            for _ in range(coming):
                made = publish(house, "a ball", creator=f"c{len(since)}")
                since[maker_of(house, made[0])] = window - 1
            shown = [maker_of(house, clip_id) for clip_id in draw(house, window)]
            assert len(set(shown)) == len(shown) == min(places, len(since))
            since |= dict.fromkeys(shown, window)
            assert max(window - last for last in since.values()) < math.ceil(len(since) / places)
    finally:
        patch.undo()


def test_within_a_creator_every_clip_has_its_turn(house: House) -> None:
    made = publish(house, "one", "two", "three")
    drawn = [draw(house, window)[0] for window in range(1, 7)]
    assert drawn == made[::-1] * 2


def test_the_clip_that_was_shown_least_comes_first(house: House) -> None:
    made = publish(house, "one", "two")
    with house.store.write() as session:
        session.add(Exposure(clip_id=made[1], shown=3))
        session.add(Exposure(clip_id=made[0], shown=2, windows=9))
    assert draw(house, 1) == [made[0]]


def test_a_window_is_drawn_once(house: House) -> None:
    publish(house, "one", "two")
    first = draw(house, 1)
    publish(house, "three", creator="ben")
    assert draw(house, 1) == first


def test_who_has_nothing_public_takes_no_place_and_comes_back_at_the_end(house: House) -> None:
    first = house.clip(State.PUBLISHED, "ana").id
    second = house.clip(State.PUBLISHED, "ben").id
    with house.store.write() as session:
        move(session, first, "take_down", actor="test")
    assert draw(house, 1) == [second]
    with house.store.write() as session:
        move(session, first, "restore", actor="test")
    assert draw(house, 2) == [second, first]


def test_old_windows_are_forgotten(house: House) -> None:
    publish(house, "one")
    draw(house, 1)
    draw(house, 100)
    with house.store.read() as session:
        assert {each.window for each in session.exec(select(FirstPlace))} == {100}


def test_a_window_lasts_an_hour_and_outlives_a_restart(house: House) -> None:
    publish(house, *["a ball"] * 3)
    publish(house, *["a cube"] * 3, creator="ben")
    now = [datetime(2026, 1, 1, 12, 59, 59, tzinfo=timezone.utc)]

    def order() -> list[str]:
        """As a process says it that has just begun."""
        finding = Finding(house.store, clock=lambda: now[0])
        items = finding.page(Question(order="rotating"), None)["items"]
        return [clip["id"] for clip in items]

    now[0] -= timedelta(minutes=59)
    before = order()
    now[0] += timedelta(minutes=59)
    within = order()
    now[0] += timedelta(seconds=1)
    assert (within == before, order() == before) == (True, False)


def test_more_clips_bring_no_more_places(house: House) -> None:
    for number in range(30):
        publish(house, *["a ball"] * (1 if number else 40), creator=f"c{number:02}")
    held: dict[str, int] = defaultdict(int)
    for window in range(1, 11):
        for clip_id in draw(house, window):
            held[maker_of(house, clip_id)] += 1
    assert set(held.values()) == {8}
