"""A page of the gallery and the way to its neighbours."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from errors import BadCursor, BadInput, NotFound
from gallery.pages import wall_page
from gallery.published import PAGE
from gallery.question import Question
from gallery.wall import Wall, creator_wall, wall
from moderation.models import State
from tests.conftest import House
from tests.gallery.shelves import publish

ADDRESS = "https://clips.example"


def at(house: House, address: str | None = None, **asked: str) -> Wall:
    if address is not None:
        asked |= {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    turn: dict[str, Any] = {name: asked.pop(name) for name in ("older", "newer") if name in asked}
    asked |= {"text": asked.pop("q")} if "q" in asked else {}
    with house.store.read() as session:
        return wall(session, Question(**asked), **turn)


def works(house: House, name: str) -> Wall:
    with house.store.read() as session:
        return creator_wall(session, name)


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


def test_newer_leads_back_to_the_page_one_came_from(house: House) -> None:
    publish(house, *["a ball"] * (3 * PAGE))
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
    assert ids(works(house, "ben")) == his


def test_a_creator_s_pages_stay_theirs(house: House) -> None:
    publish(house, *["a ball"] * (PAGE + 1))
    assert (works(house, "ANA").older or "").startswith("/creator/ana?older=")


@pytest.mark.parametrize("name", ["ben", "nobody", "", "\0", "x" * 10_000, "\ud800"])
def test_of_whom_nothing_is_published_there_is_no_page(house: House, name: str) -> None:
    house.clip(State.REJECTED, creator="ben")
    with pytest.raises(NotFound):
        works(house, name)


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
    assert page.count("<script") == 1  # our own
    assert "<b>" not in page


def test_every_clip_says_that_a_model_made_it(house: House) -> None:
    publish(house, "one", "two")
    page = wall_page(at(house), "en", address=ADDRESS, path="/gallery")
    assert page.count('<abbr title="Made with AI">') == 2


def test_a_page_keeps_its_filters_and_its_order(house: House) -> None:
    publish(house, *["a ball"] * (PAGE + 1))
    asked = {"q": "ball", "shape": "square", "creator": "ana"}
    older = at(house, **asked).older or ""
    found = {name: values[0] for name, values in parse_qs(urlsplit(older).query).items()}
    assert {name: found[name] for name in asked} == asked


def test_a_filter_is_offered_where_there_is_a_choice(house: House) -> None:
    publish(house, "one", model="a")
    publish(house, "two", model="b")
    assert at(house).choices == {"model": ["a", "b"]}


def test_a_filter_that_is_set_can_be_taken_out(house: House) -> None:
    publish(house, "one")
    assert at(house, shape="portrait").choices == {"shape": ["square", "portrait"]}


def test_an_empty_gallery_says_what_to_do(house: House) -> None:
    page = wall_page(at(house), "en", address=ADDRESS, path="/gallery")
    assert "once a person has approved it" in page


def test_a_search_that_finds_nothing_leads_back_to_everything(house: House) -> None:
    page = wall_page(at(house, text="zebra"), "en", address=ADDRESS, path="/gallery")
    assert '<a href="/gallery">Show everything</a>' in page


def test_the_first_posters_are_not_lazy(house: House) -> None:
    publish(house, *["a ball"] * 10)
    page = wall_page(at(house), "en", address=ADDRESS, path="/gallery")
    assert (page.count('loading="lazy"'), page.count('fetchpriority="high"')) == (2, 1)


def test_a_clip_without_a_light_preview_plays_its_file(house: House) -> None:
    (made,) = publish(house, "a ball")
    page = wall_page(at(house), "en", address=ADDRESS, path="/gallery")
    assert f'data-play="/media/{made}.mp4"' in page
