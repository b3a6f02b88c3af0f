"""The curated order: what curators chose, in their order, and nothing of it that is not public."""

from __future__ import annotations

from typing import Any

import pytest

from curating import Curating
from errors import BadCursor
from finding import Finding
from gallery.pages import wall_page
from gallery.published import PAGE, Page, page, write_cursor
from gallery.question import Question
from gallery.wall import wall
from moderation.models import State
from moderation.transitions import move
from tests.conftest import House
from tests.gallery.programmes.bills import content, draft, opened
from tests.gallery.programmes.plans import plans
from tests.gallery.shelves import publish


def look(house: House, *, older: str | None = None, newer: str | None = None, **asked: str) -> Page:
    with house.store.read() as session:
        return page(session, Question(order="curated", **asked), older=older, newer=newer)


def found(house: House, **asked: Any) -> list[str]:
    return [clip.id for clip in look(house, **asked).clips]


def close(house: House, slug: str) -> None:
    Curating(house.store).close(house.user("lea"), slug)


def test_the_newest_programme_comes_first_each_in_its_own_order(house: House) -> None:
    made = publish(house, "one", "two", "three", "four")
    opened(house, made[1], made[0])
    opened(house, made[2], made[3])
    assert found(house) == [made[2], made[3], made[1], made[0]]


def test_a_clip_comes_where_it_comes_first(house: House) -> None:
    one, two, three = publish(house, "one", "two", "three")
    opened(house, one, two)
    newer = opened(house, three, one)
    assert found(house) == [three, one, two]
    close(house, newer["slug"])
    assert found(house) == [one, two]


def test_what_is_in_no_open_programme_is_not_in_it(house: House) -> None:
    one, two, _ = publish(house, "one", "two", "three")
    draft(house, one)
    close(house, opened(house, two)["slug"])
    assert found(house) == []


@pytest.mark.parametrize("act", ["take_down", "withdraw"])
def test_a_clip_that_goes_is_gone_and_comes_back_to_its_place(house: House, act: str) -> None:
    ids = [house.clip(State.PUBLISHED).id for _ in range(3)]
    opened(house, *ids)
    with house.store.write() as session:
        move(session, ids[1], act, actor="test")
    assert found(house) == [ids[0], ids[2]]
    if act == "take_down":
        with house.store.write() as session:
            move(session, ids[1], "restore", actor="test")
        assert found(house) == ids


def test_what_is_gone_leaves_no_hole_in_a_page(house: House) -> None:
    gone = house.clip(State.PUBLISHED).id
    made = publish(house, *["a ball"] * PAGE)
    opened(house, gone, *made)
    with house.store.write() as session:
        move(session, gone, "take_down", actor="test")
    shown = look(house)
    assert ([clip.id for clip in shown.clips], shown.older) == (made, None)


def test_pages_lead_through_every_clip_once_and_back(house: House) -> None:
    made = publish(house, *["a ball"] * (2 * PAGE + 5))
    opened(house, *made[: PAGE + 2])
    opened(house, *made[PAGE + 2 :], made[0])
    expected = [*made[PAGE + 2 :], made[0], *made[1 : PAGE + 2]]
    pages = [look(house)]
    while pages[-1].older:
        pages.append(look(house, older=pages[-1].older))
    assert [clip.id for each in pages for clip in each.clips] == expected
    assert pages[0].newer is None
    for at in (2, 1):
        back = look(house, newer=pages[at].newer)
        assert [clip.id for clip in back.clips] == [clip.id for clip in pages[at - 1].clips]
    assert back.newer is None


def test_a_filter_and_words_hold_in_it(house: House) -> None:
    made = publish(house, "a red ball", "a blue ball", "a red cube")
    publish(house, "a red star")
    opened(house, *made)
    assert found(house, text="red") == [made[0], made[2]]
    assert found(house, creator="ben") == []


def test_a_cursor_of_another_order_is_refused(house: House) -> None:
    with pytest.raises(BadCursor):
        found(house, older=write_cursor(1))


def test_an_empty_order_says_what_it_is(house: House) -> None:
    publish(house, "a ball")
    with house.store.read() as session:
        shown = wall(session, Question(order="curated"))
    words = wall_page(shown, "en", address="https://clips.example", path="/gallery")
    assert "No programme is open." in words


@pytest.mark.parametrize("act", ["open", "close", "change"])
def test_what_changes_an_open_programme_is_another_edition(house: House, act: str) -> None:
    finding, acts, lea = Finding(house.store), Curating(house.store), house.user("lea")
    made = publish(house, "one", "two")
    programme = draft(house, *made) if act == "open" else opened(house, *made)
    before = finding.edition()
    if act == "open":
        acts.open_up(lea, programme["slug"], version=1)
    elif act == "close":
        acts.close(lea, programme["slug"])
    else:
        acts.change(lea, programme["slug"], content(made[1]), version=programme["version"])
    assert finding.edition() != before


def test_a_draft_is_no_other_edition(house: House) -> None:
    finding = Finding(house.store)
    made = publish(house, "one")
    before = finding.edition()
    draft(house, *made)
    assert finding.edition() == before


@pytest.mark.parametrize("direction", [None, "older", "newer"])
def test_it_looks_at_places_and_never_through_all_clips(
    house: House, direction: str | None
) -> None:
    """So that what it costs depends on programmes alone, however many clips there are."""
    publish(house, *["a ball"] * 10)
    where = {direction: write_cursor(3, 1)} if direction else {}
    (plan,) = plans(house.store, lambda: look(house, **where))
    assert "SCAN clip" not in plan
    assert "ix_clip_gallery" not in plan
    assert "TEMP B-TREE FOR ORDER BY" not in plan  # places of one programme at a time are sorted
