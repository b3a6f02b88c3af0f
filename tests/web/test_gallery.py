"""Looking for clips over real HTTP: what is found, what is refused, and what is gone at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.browser.newsroom import Newsroom
from tests.server import wait_until

WISHES: list[dict[str, Any]] = [
    {"state": "published", "prompt": "a red ball at dawn"},
    {"state": "published", "prompt": "a blue cube", "creator": "ben", "width": 96, "model": "wan"},
    {"state": "pending_review", "prompt": "a held ball", "model": "secret"},
    {"state": "published", "prompt": "a ball to take down"},
]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    filled = Newsroom(tmp_path_factory.mktemp("gallery"), WISHES)
    with filled:
        yield filled


@pytest.fixture(scope="module")
def stranger(room: Newsroom) -> httpx.Client:
    return room.client()


def ids(client: httpx.Client, **asked: str) -> list[str]:
    answer = client.get("/api/v1/gallery", params=asked)
    assert answer.status_code == 200, answer.text
    return [clip["id"] for clip in answer.json()["items"]]


def test_take_down_holds_in_every_list_at_once(room: Newsroom, stranger: httpx.Client) -> None:
    """Also in pages that were made, and kept, a moment before."""
    down = room.clips[3]
    pages = ["/gallery", "/gallery?order=rotating", "/gallery?q=ball", "/creator/ana"]
    lists = [*pages, *(page.replace("/gallery", "/api/v1/gallery") for page in pages[:3])]
    assert [down in stranger.get(page).text for page in lists] == [True] * 7
    body = {"reason": "copyright"}
    answer = room.api("lea").post(f"/api/v1/clips/{down}/takedown", json=body)
    assert answer.status_code == 200, answer.text
    assert [down in stranger.get(page).text for page in lists] == [False] * 7


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, {1, 0}),
        ({"q": "ball"}, {0}),
        ({"creator": "Ben"}, {1}),
        ({"shape": "landscape", "q": "cube"}, {1}),
        ({"model": "secret"}, set()),
        ({"order": "rotating", "length": "short"}, {0, 1}),
    ],
)
def test_scripts_and_pages_find_the_same(
    room: Newsroom, stranger: httpx.Client, asked: dict[str, str], expected: set[int]
) -> None:
    wanted = {room.clips[place] for place in expected}
    page = stranger.get("/gallery", params=asked).text
    gone = set(room.clips[3:])
    assert set(ids(stranger, **asked)) - gone == wanted
    assert {clip for clip in room.clips if f"/clip/{clip}" in page} - gone == wanted


@pytest.mark.parametrize("path", ["/gallery", "/api/v1/gallery"])
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("shape=round", 422),
        ("length=9", 422),
        ("order=best", 422),
        ("order=rotating&older=x&cursor=x", 400),
        ("q=" + "a" * 10_240, 422),
        ("q=%00", 422),
        ("q=%ED%A0%80", 200),
        ("creator=" + "a" * 10_240, 422),
        ('q="', 200),
        ("q=%22+OR+%2A", 200),
        ("q=NEAR(", 200),
        ("q=facets:shapesquare", 200),
        ("q=🎈", 200),
        ("q=%F0%9F%8E%88 ball", 200),
        ("shape=&length=&model=&q=", 200),
    ],
)
def test_any_question_is_answered_or_refused(
    stranger: httpx.Client, path: str, query: str, status: int
) -> None:
    assert stranger.get(f"{path}?{query}").status_code == status


def test_what_can_be_chosen_names_nothing_that_is_held(stranger: httpx.Client) -> None:
    assert stranger.get("/api/v1/gallery/choices").json()["model"] == ["fast", "wan"]


def test_opened_pages_are_counted_for_everybody_to_read(
    room: Newsroom, stranger: httpx.Client
) -> None:
    for _ in range(3):
        assert stranger.get(f"/clip/{room.clips[1]}").status_code == 200
    wait_until(lambda: "opened 3 ×" in stranger.get("/creator/ben").text, "it is counted")


def test_the_script_comes_from_here_and_no_page_names_another_host(
    room: Newsroom, stranger: httpx.Client
) -> None:
    assert stranger.get("/gallery.js").headers["content-type"].startswith("text/javascript")
    page = stranger.get("/gallery").text.replace(room.url, "")
    assert "http://" not in page
    assert "https://" not in page
