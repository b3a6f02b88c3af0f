"""The fair picker's promise: everybody's share of places, however many clips somebody has."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select, update

from curating import Curating
from gallery.models import Exposure, FirstPlace, Turn
from gallery.programmes import picker
from gallery.programmes.models import Place, Programme
from gallery.question import Question
from moderation.models import Clip, State
from moderation.transitions import move
from tests.conftest import House
from tests.gallery.programmes.bills import content, draft
from tests.gallery.shelves import publish


def propose(house: House, slug: str, n: int, **filters: str) -> list[str]:
    acts = Curating(house.store)
    found = acts.suggestions(house.user("lea"), slug, Question(**filters), n)
    return [clip["id"] for clip in found["items"]]


def fill(house: House, places: int, *, at_once: int | None = None) -> str:
    """A programme filled by the picker alone, asked for so many at a time."""
    slug = draft(house)["slug"]
    acts, lea, held, version = Curating(house.store), house.user("lea"), list[str](), 1
    while len(held) < places:
        more = propose(house, slug, min(at_once or places, places - len(held)))
        held += more
        version = acts.change(lea, slug, content(*held), version=version)["version"]
        if not more:
            break
    return str(slug)


def places_by_creator(house: House) -> Counter[str]:
    with house.store.read() as session:
        query = select(Clip.creator_id).join(Place, Place.clip_id == Clip.id)  # type: ignore[arg-type]
        return Counter(session.exec(query))


def empty(house: House) -> None:
    """An example of a property begins without the clips and programmes of the one before."""
    with house.store.write() as session:
        session.execute(update(Clip).values(state=State.WITHDRAWN.value))
        for kind in (Turn, FirstPlace, Place, Programme):
            for row in session.exec(select(kind)):
                session.delete(row)
            session.flush()


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    extra=st.lists(st.integers(0, 6), min_size=1, max_size=7),
    programmes=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    at_once=st.one_of(st.none(), st.integers(1, 4)),
)
def test_places_differ_by_one_at_most_while_everybody_has_clips_left(
    house: House, extra: list[int], programmes: list[int], at_once: int | None
) -> None:
    empty(house)
    rounds = -(-max(programmes) // len(extra))  # as many as a programme can need of one creator
    makers = [
        house.get(publish(house, *["a ball"] * (rounds + more), creator=f"c{at}")[0]).creator_id
        for at, more in enumerate(extra)
    ]
    for places in programmes:
        fill(house, places, at_once=at_once)
        held = places_by_creator(house)
        counts = [held[maker] for maker in makers]
        assert max(counts) - min(counts) <= 1
    assert sum(counts) == sum(programmes)


def test_a_newcomer_comes_first_and_once_in_a_round(house: House) -> None:
    publish(house, *["a ball"] * 4)
    publish(house, *["a ball"] * 4, creator="ben")
    fill(house, 4)
    new = publish(house, "one", "two", "three", creator="new")
    slug = draft(house)["slug"]
    first, *others = propose(house, slug, 3)
    assert first in new
    assert not set(others) & set(new)


def test_a_round_goes_on_from_one_asking_to_the_next(house: House) -> None:
    publish(house, *["a ball"] * 4)
    publish(house, *["a ball"] * 4, creator="ben")
    fill(house, 4)
    new = publish(house, "one", "two", creator="new")
    slug = draft(house, new[0])["slug"]
    assert new[1] not in propose(house, slug, 2)


def test_what_a_curator_chose_besides_is_evened_out(house: House) -> None:
    ana = publish(house, "one", "two", "three", "four")
    ben = publish(house, "one", "two", "three", "four", creator="ben")
    draft(house, ana[0], ana[1])
    slug = draft(house)["slug"]
    assert propose(house, slug, 1)[0] in ben


def test_rounds_go_on_from_what_the_programme_holds(house: House) -> None:
    ana = publish(house, "one", "two")
    ben = publish(house, "one", "two", creator="ben")
    slug = draft(house, ben[0])["slug"]
    first, *others = propose(house, slug, 3)
    assert [first in ana, *sorted(each in ana for each in others)] == [True, False, True]


def test_a_clip_of_the_programme_is_not_proposed(house: House) -> None:
    made = publish(house, "one", "two", "three")
    slug = draft(house, made[0], made[2])["slug"]
    assert propose(house, slug, 50) == [made[1]]


def test_of_one_creator_the_clip_without_a_place_and_shown_least_comes(house: House) -> None:
    made = publish(house, "one", "two", "three", "four")
    draft(house, made[3])
    with house.store.write() as session:
        session.add_all([Exposure(clip_id=made[2], shown=3), Exposure(clip_id=made[1], shown=1)])
    slug = draft(house)["slug"]
    assert propose(house, slug, 4) == [made[0], made[1], made[2], made[3]]


def test_fewer_first_places_of_the_rotation_come_before_more(house: House) -> None:
    ana = publish(house, "one")
    ben = publish(house, "one", creator="ben")
    with house.store.write() as session:
        session.add(FirstPlace(window=1, place=1, clip_id=ana[0]))
    slug = draft(house)["slug"]
    assert propose(house, slug, 2) == [*ben, *ana]


def test_who_waits_longest_for_a_first_place_comes_first_of_equals(house: House) -> None:
    ana = publish(house, "one")
    ben = publish(house, "one", creator="ben")
    slug = draft(house)["slug"]
    before = propose(house, slug, 1)
    with house.store.write() as session:
        for turn in session.exec(select(Turn)):
            turn.ticket = -turn.ticket
            session.add(turn)
    assert [before, propose(house, slug, 1)] == [ana, ben]


@pytest.mark.parametrize("act", ["take_down", "withdraw"])
def test_only_what_is_published_now_is_proposed(house: House, act: str) -> None:
    clips = {state: house.clip(state).id for state in State}
    slug = draft(house)["slug"]
    assert propose(house, slug, 50) == [clips[State.PUBLISHED]]
    with house.store.write() as session:
        move(session, clips[State.PUBLISHED], act, actor="test")
    assert propose(house, slug, 50) == []


@pytest.mark.parametrize("few", [0, 2000])
def test_filters_hold_for_creators_and_their_clips(
    house: House, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(picker, "_FEW", few)
    publish(house, "square", width=64, height=64)
    wide = publish(house, "wide", "square", creator="ben", width=96, height=64)
    publish(house, "square", creator="ben")
    other = publish(house, "wide", creator="cy", width=96, height=64, model="other")
    slug = draft(house)["slug"]
    assert set(propose(house, slug, 50, shape="landscape")) == {*wide, *other}
    assert propose(house, slug, 50, shape="landscape", model="other") == other
    assert propose(house, slug, 50, style="noir") == []
