"""Deciding in bulk at the desk, by keyboard alone: groups, choosing, the number, taking it back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, refusing
from tests.browser.newsroom import Newsroom
from tests.browser.test_desk_states import ready, serious
from tests.browser.test_screens import DESKTOP, PHONE, overflow
from tests.moderation.lots import HASHES, NEAR, signal

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

Picture = Callable[[Page, str], None]

BLACK = [signal("black", 1.0)]
ROWS = 7


@pytest.fixture
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """Three black clips, two like a rejected one, two like each other."""
    others = ["f0f0f0f00f0f0f0f"]
    wishes: list[dict[str, Any]] = [
        {"prompt": "a first black clip", "screening": BLACK},
        {"prompt": "a second black clip", "screening": BLACK, "creator": "ben"},
        {"prompt": "a third black clip", "screening": BLACK},
        {"prompt": "what was rejected", "state": "rejected", "hashes": HASHES},
        {"prompt": "nearly that", "hashes": NEAR},
        {"prompt": "nearly that too", "hashes": NEAR, "creator": "ben"},
        {"prompt": "one of a kind", "hashes": others},
        {"prompt": "two of a kind", "hashes": others, "creator": "ben"},
    ]
    filled = Newsroom(tmp_path_factory.mktemp("bulk"), wishes)
    with filled:
        yield filled


def open_sheet(page: Page) -> Any:
    ready(page, ROWS)
    expect(page.get_by_role("button", name="Approve", exact=True)).to_be_enabled()
    page.keyboard.press("b")
    sheet = page.locator(".gl-sheet-bulk")
    expect(sheet.locator(".gl-bulk-group input:checked")).to_be_focused()
    return sheet


def states(newsroom: Newsroom) -> list[str]:
    lea = newsroom.api("lea")
    return [lea.get(f"/api/v1/clips/{clip_id}").json()["state"] for clip_id in newsroom.clips]


def test_black_clips_are_rejected_together_and_taken_back_by_keyboard(
    newsroom: Newsroom, open_page: Open
) -> None:
    page = newsroom.visit("lea", open_page)
    before = states(newsroom)
    sheet = open_sheet(page)
    # 1. All but one are chosen; nothing is before.
    expect(sheet.locator(".gl-bulk-chosen")).to_have_text("Chosen: 0 of 3")
    page.keyboard.press("a")
    expect(sheet.locator(".gl-bulk-chosen")).to_have_text("Chosen: 3 of 3")
    for _ in range(3):  # past the two buttons, onto the first clip
        page.keyboard.press("Tab")
    page.keyboard.press(" ")
    expect(sheet.locator(".gl-bulk-chosen")).to_have_text("Chosen: 2 of 3")
    # 2. Rejecting asks for the number, and takes the right one only.
    page.keyboard.press("r")
    expect(sheet.locator("#gl-bulk-count")).to_be_focused()
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    expect(sheet.locator(".gl-trouble")).to_contain_text("You chose 2.")
    assert states(newsroom) == before
    page.keyboard.press("Backspace")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    expect(sheet).to_be_hidden()
    ready(page, ROWS - 2)
    expect(page.locator(".gl-undo-toast")).to_contain_text("Rejected together: 2.")
    assert states(newsroom)[:3] == ["pending_review", "rejected", "rejected"]
    # 3. U takes all of it back.
    page.keyboard.press("u")
    ready(page, ROWS)
    assert states(newsroom) == before


def test_near_duplicates_follow_a_decision_and_others_are_opened(
    newsroom: Newsroom, open_page: Open
) -> None:
    page = newsroom.visit("lea", open_page)
    sheet = open_sheet(page)
    page.keyboard.press("j")
    expect(sheet.locator(".gl-bulk-pattern")).to_contain_text("Technical fault")
    expect(sheet.locator(".gl-bulk-card")).to_have_count(2)
    page.keyboard.press("a")
    page.keyboard.press("c")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    expect(page.locator(".gl-undo-toast")).to_contain_text("Changes requested together: 2.")
    assert states(newsroom)[4:6] == ["changes_requested"] * 2
    ready(page, ROWS - 2)
    page.keyboard.press("b")
    expect(sheet.locator(".gl-bulk-group input:checked")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(sheet.get_by_role("button", name="Reject")).to_be_hidden()
    page.keyboard.press("o")
    expect(sheet).to_be_hidden()
    expect(page.locator("#desk .gl-prompt")).to_have_text("one of a kind")


def test_what_moved_on_is_said_and_shown_anew(newsroom: Newsroom, open_page: Open) -> None:
    page = newsroom.visit("lea", open_page)
    sheet = open_sheet(page)
    page.keyboard.press("a")
    newsroom.api("rob").post("/api/v1/review/claim", json={"clip_id": newsroom.clips[2]})
    with refusing(page):
        page.keyboard.press("r")
        page.keyboard.type("3")
        page.keyboard.press("Enter")
        expect(sheet.locator(".gl-trouble")).to_contain_text("1 of the 3 clips")
    expect(sheet.locator(".gl-bulk-chosen")).to_have_text("Chosen: 2 of 2")
    expect(sheet.locator(".gl-bulk-group input:checked")).to_be_focused()
    assert states(newsroom)[:3] == ["pending_review"] * 3


def test_posters_are_veiled_as_each_reviewer_wishes(newsroom: Newsroom, open_page: Open) -> None:
    wish = {"blur": "all", "grey": "flagged", "mute": "flagged", "skips": ["technical_fault"]}
    newsroom.api("lea").put("/api/v1/care", json=wish)
    page = newsroom.visit("lea", open_page)
    sheet = open_sheet(page)
    card = sheet.locator(".gl-bulk-card").first
    # 1. Of a kind to be spared: no picture, no words, and not to be chosen unseen.
    expect(card).to_contain_text("Set aside for you: Technical fault")
    expect(card.locator("img")).to_be_hidden()
    page.keyboard.press("a")
    expect(sheet.locator(".gl-bulk-chosen")).to_have_text("Chosen: 0 of 3")
    # 2. Asked for, it is shown.
    page.keyboard.press("v")
    expect(card).to_contain_text("a first black clip")
    expect(card.locator("img")).to_be_visible()
    # 3. Another group is only blurred.
    page.keyboard.press("j")
    blurred = sheet.locator(".gl-bulk-grid .gl-bulk-poster.gl-blurred")
    expect(blurred).to_have_count(2)
    page.keyboard.press("v")
    expect(blurred).to_have_count(0)


def test_whoever_decides_nothing_has_no_bulk(newsroom: Newsroom, open_page: Open) -> None:
    page = newsroom.visit("aud", open_page)
    ready(page, ROWS)
    expect(page.get_by_role("button", name="Bulk")).to_be_hidden()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.keyboard.press("b")
    page.keyboard.press("w")
    expect(page.locator(".gl-sheet-care")).to_be_visible()
    assert [url for url in asked if "/bulk" in url] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_everyone_can_use_the_sheet(
    scheme: str, size: Any, newsroom: Newsroom, open_page: Open, picture: Picture
) -> None:
    page = newsroom.visit("lea", open_page, viewport=size, color_scheme=scheme)
    sheet = open_sheet(page)
    for name in ("fault", "like", "each-other"):
        assert serious(page, ".gl-sheet-bulk") == []
        page.keyboard.press("a")
        page.keyboard.press("v")
        assert serious(page, ".gl-sheet-bulk") == []
        picture(page, f"bulk-{name}-{scheme}-{size['width']}")
        page.keyboard.press("j")
    assert overflow(page) <= 0
    assert sheet.evaluate("box => box.scrollWidth - box.clientWidth") <= 0
    page.keyboard.press("Escape")
    assert serious(page) == []
