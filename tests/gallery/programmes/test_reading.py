"""What is read of programmes: the public's part of an open one, and nothing else to strangers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.permissions import STRANGER
from curating import Curating
from errors import BadCursor, NotFound
from gallery.pages import programme_page, screening_page
from gallery.published import write_cursor
from gallery.question import Question
from moderation.models import State
from moderation.transitions import move
from tests.conftest import PEOPLE, House
from tests.gallery.programmes.bills import draft, opened
from tests.gallery.programmes.plans import plans
from tests.gallery.shelves import publish

FOR_CURATORS = {"version", "entries"}


def test_clips_stand_in_the_curator_s_order_with_their_words(house: House) -> None:
    made = publish(house, "one", "two", "three")
    slug = opened(house, made[2], made[0], made[1], words="Look.")["slug"]
    items = Curating(house.store).public(slug)["items"]
    assert [each["clip"]["id"] for each in items] == [made[2], made[0], made[1]]
    assert {each["words"] for each in items} == {"Look."}


@pytest.mark.parametrize("name", [name for name in PEOPLE if name not in ("lea", "ada")])
def test_a_draft_is_there_for_curators_only(house: House, name: str) -> None:
    slug = draft(house, *publish(house, "a ball"))["slug"]
    acts = Curating(house.store)
    for user in (STRANGER, house.user(name)):
        with pytest.raises(NotFound):
            acts.programme(user, slug)
    with pytest.raises(NotFound):
        acts.public(slug)
    assert acts.programme(house.user("ada"), slug)["state"] == "draft"


def test_a_closed_programme_is_as_one_that_never_was(house: House) -> None:
    slug = opened(house, *publish(house, "a ball"))["slug"]
    acts = Curating(house.store)
    acts.close(house.user("lea"), slug)
    with pytest.raises(NotFound):
        acts.public(slug)
    assert (acts.opened(None)["items"], acts.slugs()) == ([], [])


@pytest.mark.parametrize("name", ["ana", "rita", "aud"])
def test_only_curators_read_its_version_and_what_is_missing(house: House, name: str) -> None:
    slug = opened(house, *publish(house, "a ball"))["slug"]
    acts = Curating(house.store)
    assert not FOR_CURATORS & set(acts.programme(house.user(name), slug))
    assert set(acts.programme(house.user("lea"), slug)) >= FOR_CURATORS


@pytest.mark.parametrize("act", ["take_down", "withdraw"])
def test_a_clip_that_goes_leaves_nothing_behind(house: House, act: str) -> None:
    gone, stays = house.clip(State.PUBLISHED).id, house.clip(State.PUBLISHED, "ben").id
    slug = opened(house, gone, stays, words="Look.")["slug"]
    with house.store.write() as session:
        move(session, gone, act, actor="test")
    acts = Curating(house.store)
    public = acts.public(slug)
    assert gone not in str(public) + str(acts.opened(None))
    assert (public["clips"], public["creators"], len(public["posters"])) == (1, 1, 1)
    entries = acts.programme(house.user("lea"), slug)["entries"]
    assert [each["clip"] is None for each in entries] == [True, False]


def test_it_counts_who_is_shown_for_the_first_time(house: House) -> None:
    ana = publish(house, "one", "two")
    ben = publish(house, "one", "two", creator="ben")
    cy = publish(house, "one", creator="cy")
    first = opened(house, *ana)
    second = opened(house, ana[0], ben[0], cy[0])
    drafted = draft(house, *ben, *cy)
    acts, lea = Curating(house.store), house.user("lea")
    counted = [
        (each["creators"], each["first_time"])
        for each in (acts.programme(lea, made["slug"]) for made in (first, second, drafted))
    ]
    assert counted == [(1, 1), (3, 2), (2, 0)]


def test_a_draft_takes_no_first_time_from_another(house: House) -> None:
    made = publish(house, "one")
    draft(house, *made)
    assert draft(house, *made)["first_time"] == 1
    assert opened(house, *made)["first_time"] == 1


def test_the_list_goes_on_over_its_pages(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gallery.programmes.reading.PAGE", 2)
    made = publish(house, "a ball")
    for number in range(5):
        opened(house, *made, title=f"P{number}")
    draft(house, title="hidden")
    acts, lea = Curating(house.store), house.user("lea")

    def titles(ask: Callable[[str | None], dict[str, Any]]) -> list[str]:
        seen: list[str] = []
        cursor = None
        while True:
            page = ask(cursor)
            seen += [each["title"] for each in page["items"]]
            cursor = page["next"]
            if cursor is None:
                return seen

    newest = ["P4", "P3", "P2", "P1", "P0"]
    assert titles(acts.opened) == newest
    assert titles(lambda cursor: acts.everything(lea, cursor)) == ["hidden", *newest]


@pytest.mark.parametrize("cursor", ["x", "", write_cursor(1, 2)])
def test_a_cursor_of_nobody_is_refused(house: House, cursor: str) -> None:
    with pytest.raises(BadCursor):
        Curating(house.store).opened(cursor)


def test_a_summary_names_the_first_posters_in_order(house: House) -> None:
    made = publish(house, *["a ball"] * 6)
    opened(house, *made[::-1])
    (found,) = Curating(house.store).opened(None)["items"]
    assert found["posters"] == [f"/media/{clip_id}.jpg" for clip_id in made[:1:-1]]
    assert (found["clips"], found["creators"]) == (6, 1)


@pytest.mark.parametrize("what", ["opened", "everything", "programme", "suggestions"])
def test_nothing_is_looked_for_through_all_clips(house: House, what: str) -> None:
    """So that what it costs depends on programmes and creators, however many clips there are."""
    made = opened(house, *publish(house, *["a ball"] * 3))
    acts, lea = Curating(house.store), house.user("lea")
    asks: dict[str, Callable[[], object]] = {
        "opened": lambda: acts.opened(None),
        "everything": lambda: acts.everything(lea, None),
        "programme": lambda: acts.programme(lea, made["slug"]),
        "suggestions": lambda: acts.suggestions(lea, made["slug"], Question(), 4),
    }
    found = plans(house.store, asks[what])
    assert len(found) >= 2
    assert [plan for plan in found if "SCAN clip" in plan] == []


@pytest.mark.parametrize("page", [programme_page, screening_page])
def test_a_prompt_that_is_not_shared_is_nowhere_in_it(
    house: House, page: Callable[..., str]
) -> None:
    made = publish(house, "a secret ball", title="Nightfall", shares_prompt=False)
    made += publish(house, "another secret", shares_prompt=False)
    found = Curating(house.store).public(opened(house, *made)["slug"])
    shown = page(found, "en", address="https://clips.example")
    assert "secret" not in str(found) + shown
    assert ("Nightfall" in shown, "Untitled" in shown) == (True, True)
