"""A page of the gallery and the way to its neighbours."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from errors import BadCursor, BadInput, NotFound
from gallery.browse import PAGE
from gallery.pages import wall_page
from gallery.wall import Wall, wall
from moderation.models import State
from tests.conftest import House
from tests.gallery.test_browse import publish

ADDRESS = "https://clips.example"


def at(house: House, address: str | None = None, **asked: str) -> Wall:
    if address is not None:
        asked |= {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        asked |= {"text": asked.pop("q")} if "q" in asked else {}
    with house.store.read() as session:
        return wall(session, **asked)


def ids(found: Wall) -> list[str]:
    return [clip["id"] for clip in found.clips]


def test_older_leads_through_every_clip_once(house: House) -> None:
    made = publish(house, *["a ball"] * (2 * PAGE + 3))
    page, seen = at(house), []
    while True:
        seen += ids(page)
        if page.older is None:
            break
        page = at(house, page.older)
    assert seen == made[::-1]


@pytest.mark.parametrize("apart_s", [60, 0])
def test_newer_leads_back_to_the_page_one_came_from(house: House, apart_s: int) -> None:
    publish(house, *["a ball"] * (3 * PAGE), apart_s=apart_s)
    first = at(house)
    second = at(house, first.older)
    third = at(house, second.older)
    assert ids(at(house, third.newer)) == ids(second)
    assert ids(at(house, second.newer)) == ids(first)


def test_the_newest_page_has_no_newer_one(house: House) -> None:
    publish(house, *["a ball"] * (PAGE + 1))
    second = at(house, at(house).older)
    assert (at(house).newer, at(house, second.newer).newer) == (None, None)


def test_a_search_goes_on_over_its_pages(house: House) -> None:
    publish(house, *["a red ball", "a blue cube"] * (PAGE + 1))
    second = at(house, at(house, text="red").older)
    assert {clip["prompt"] for clip in second.clips} == {"a red ball"}


def test_a_creator_s_page_holds_their_clips_only(house: House) -> None:
    publish(house, "hers")
    his = publish(house, "his", creator="ben")
    assert ids(at(house, creator="ben")) == his


def test_a_creator_s_pages_stay_theirs(house: House) -> None:
    publish(house, *["a ball"] * (PAGE + 1))
    assert (at(house, creator="ANA").older or "").startswith("/creator/ana?older=")


@pytest.mark.parametrize("name", ["ben", "nobody"])
def test_of_whom_nothing_is_published_there_is_no_page(house: House, name: str) -> None:
    house.clip(State.REJECTED, creator="ben")
    with pytest.raises(NotFound):
        at(house, creator=name)


def test_two_directions_are_refused(house: House) -> None:
    with pytest.raises(BadInput, match="one direction"):
        at(house, older="x", newer="y")


@pytest.mark.parametrize("direction", ["older", "newer"])
def test_a_cursor_of_nobody_is_refused(house: House, direction: str) -> None:
    with pytest.raises(BadCursor):
        at(house, **{direction: "x"})


@pytest.mark.parametrize("text", ["<b>", '"><script>', "{{ 7 }}"])
def test_a_search_is_shown_as_it_was_typed(house: House, text: str) -> None:
    page = wall_page(at(house, text=text), "en", address=ADDRESS, path="/gallery")
    assert "<script" not in page
    assert "<b>" not in page


def test_every_clip_says_that_a_model_made_it(house: House) -> None:
    publish(house, "one", "two")
    page = wall_page(at(house), "en", address=ADDRESS, path="/gallery")
    assert page.count('<abbr title="Made with AI">') == 2
