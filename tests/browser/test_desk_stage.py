"""The stage of the desk: exact frames, speed, loop, marks, and what a reviewer is spared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.newsroom import Newsroom
from tests.server import wait_until

pytestmark = pytest.mark.browser

FLAGGED = [
    {
        "check": "nudity",
        "says": "Bare skin.",
        "score": 0.9,
        "version": "1",
        "at_s": 0.5,
        "reason": "sexual_content",
    }
]


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    wishes: list[dict[str, Any]] = [
        {"prompt": "the first clip"},
        {"prompt": "the flagged clip", "screening": FLAGGED, "advice": 0.9},
        {"prompt": "the third clip"},
    ]
    filled = Newsroom(tmp_path_factory.mktemp("stage"), wishes)
    with filled:
        yield filled


@pytest.fixture
def page(newsroom: Newsroom, open_page: Open) -> Page:
    opened = newsroom.visit("aud", open_page)  # claims nothing, so tests do not meet
    expect(opened.locator("#desk .gl-rows li")).to_have_count(3)
    wait_until(lambda: film(opened, "readyState >= 2"), "the film is there")
    return opened


def film(page: Page, what: str) -> Any:
    return page.evaluate(f"document.querySelector('#desk .gl-screen video').{what}")


def open_row(page: Page, words: str) -> None:
    page.locator("#desk .gl-row", has_text=words).click()
    expect(page.locator("#desk .gl-prompt")).to_have_text(words)


# ---- frames and speed ---------------------------------------------------------------------


def test_a_frame_step_is_exactly_one_frame(page: Page) -> None:
    """8 frames a second: each step lands in the middle of a frame."""
    places = []
    for key in (".", ".", ".", ",", "."):
        page.keyboard.press(key)
        places.append(film(page, "currentTime"))
    assert places == pytest.approx([1.5 / 8, 2.5 / 8, 3.5 / 8, 2.5 / 8, 3.5 / 8], abs=1e-3)


def test_steps_stop_at_both_ends(page: Page) -> None:
    for _ in range(12):
        page.keyboard.press(".")
    assert film(page, "currentTime") == pytest.approx(8.5 / 8, abs=1e-3)
    for _ in range(12):
        page.keyboard.press(",")
    assert film(page, "currentTime") == pytest.approx(0.5 / 8, abs=1e-3)


def test_the_clock_names_the_frame(page: Page) -> None:
    page.keyboard.press(".")
    expect(page.locator("#desk .gl-clock")).to_contain_text("frame 2 of 9")


@pytest.mark.parametrize(("key", "most"), [("]", 2), (">", 2), ("[", 0.25), ("<", 0.25)])
def test_speed_goes_from_a_quarter_to_double(page: Page, key: str, most: float) -> None:
    for _ in range(9):
        page.keyboard.press(key)
    assert film(page, "playbackRate") == most


def test_speed_stays_from_clip_to_clip(page: Page) -> None:
    page.keyboard.press("]")
    page.keyboard.press("j")
    expect(page.locator("#desk .gl-prompt")).to_have_text("the flagged clip")
    assert film(page, "playbackRate") == 1.25


def test_the_loop_can_be_left(page: Page) -> None:
    assert film(page, "loop") is True
    page.keyboard.press("l")
    assert film(page, "loop") is False


def test_space_plays_and_stops(page: Page) -> None:
    page.keyboard.press(" ")
    wait_until(lambda: not film(page, "paused"), "it plays")
    page.keyboard.press(" ")
    wait_until(lambda: film(page, "paused"), "it stops")


def test_letters_in_a_field_are_letters(page: Page, newsroom: Newsroom, open_page: Open) -> None:
    desk = newsroom.visit("lea", open_page)
    expect(desk.get_by_role("button", name="Approve")).to_be_enabled()
    desk.locator("#gl-note").focus()
    desk.keyboard.type("vvv j k")
    expect(desk.locator("#gl-note")).to_have_value("vvv j k")
    expect(desk.locator("#desk .gl-stage .gl-veil")).to_be_visible()
    desk.keyboard.press("Escape")
    desk.keyboard.press("v")
    expect(desk.locator("#desk .gl-stage .gl-veil")).to_be_hidden()


# ---- advice -------------------------------------------------------------------------------


def test_a_moment_named_by_advice_is_a_press_away(page: Page) -> None:
    open_row(page, "the flagged clip")
    page.get_by_role("button", name="Go to 0.5 s").click()
    assert film(page, "currentTime") == pytest.approx(4.5 / 8, abs=1e-3)


# ---- care ---------------------------------------------------------------------------------


def test_every_clip_is_blurred_until_it_is_asked_for(page: Page) -> None:
    expect(page.locator("#desk .gl-stage .gl-veil")).to_be_visible()
    page.keyboard.press("v")
    expect(page.locator("#desk .gl-stage .gl-veil")).to_be_hidden()
    page.keyboard.press("j")
    expect(page.locator("#desk .gl-stage .gl-veil")).to_be_visible()


def test_a_flagged_clip_is_grey_and_silent(page: Page) -> None:
    expect(page.locator("#desk .gl-greyed, #desk.gl-greyed")).to_have_count(0)
    open_row(page, "the flagged clip")
    expect(page.locator(".gl-desk.gl-greyed")).to_have_count(1)
    assert film(page, "muted") is True
    page.keyboard.press("g")
    expect(page.locator(".gl-desk.gl-greyed")).to_have_count(0)


def test_a_look_is_counted(newsroom: Newsroom, open_page: Open) -> None:
    page = newsroom.visit("rob", open_page)
    expect(page.locator("#desk .gl-exposure")).to_have_text("Today: 0")
    open_row(page, "the third clip")
    page.keyboard.press("v")
    expect(page.locator("#desk .gl-exposure")).to_have_text("Today: 1")


# ---- marks --------------------------------------------------------------------------------


def test_a_mark_is_written_and_drawn_by_keyboard_alone(newsroom: Newsroom, open_page: Open) -> None:
    page = newsroom.visit("rita", open_page)
    expect(page.get_by_role("button", name="Mark", exact=True)).to_be_enabled()
    open_row(page, "the third clip")
    for _ in range(4):
        page.keyboard.press(".")
    page.keyboard.press("m")
    page.keyboard.type("six fingers")
    page.locator(".gl-pen").focus()
    for key in (" ", "ArrowRight", "ArrowRight", "ArrowDown", " "):
        page.keyboard.press(key)
    page.locator("#gl-mark-text").focus()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#desk .gl-marks li")).to_contain_text("six fingers")
    expect(page.locator("#desk .gl-overlay polyline")).to_have_count(1)
    [mark] = newsroom.api("lea").get(f"/api/v1/clips/{newsroom.clips[2]}/marks").json()["items"]
    assert mark["at_s"] == pytest.approx(4.5 / 8, abs=1e-3)
    assert mark["strokes"] == [[[0.5, 0.5], [0.52, 0.5], [0.54, 0.5], [0.54, 0.52]]]
    assert mark["public"] is False
    # A drawing belongs to its frame, and the list leads back to it.
    page.keyboard.press("Escape")
    page.keyboard.press(".")
    expect(page.locator("#desk .gl-overlay polyline")).to_have_count(0)
    page.locator("#desk .gl-marks .gl-at").click()
    expect(page.locator("#desk .gl-overlay polyline")).to_have_count(1)


def test_a_mark_of_a_colleague_comes_by_itself(newsroom: Newsroom, open_page: Open) -> None:
    page = newsroom.visit("aud", open_page)
    expect(page.locator("#desk .gl-prompt")).to_have_text("the first clip")
    path = f"/api/v1/clips/{newsroom.clips[0]}/marks"
    newsroom.api("lea").post(path, json={"at_s": 0.25, "text": "look at the corner"})
    expect(page.locator("#desk .gl-marks")).to_contain_text("look at the corner", timeout=5000)


# ---- last: it changes what aud is shown ------------------------------------------------------


def test_wishes_hold_from_the_next_visit_on(newsroom: Newsroom, open_page: Open) -> None:
    page = newsroom.visit("aud", open_page)
    expect(page.locator("#desk .gl-rows li")).to_have_count(3)
    page.keyboard.press("w")
    sheet = page.locator(".gl-sheet-care")
    sheet.locator("input[name='gl-care-blur'][value='flagged']").check()
    sheet.get_by_label("Sexual content").check()
    expect(sheet.get_by_label("Sexual content")).to_be_checked()
    page.keyboard.press("Escape")
    again = newsroom.visit("aud", open_page)
    expect(again.locator("#desk .gl-prompt")).to_have_text("the first clip")
    expect(again.locator("#desk .gl-stage .gl-veil")).to_be_hidden()
    expect(again.locator("#desk")).to_contain_text("Set aside for you: Sexual content")
