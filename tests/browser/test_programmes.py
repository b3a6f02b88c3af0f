"""Programmes in a real browser: curated by keyboard, opened, and watched to the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, refusing
from tests.browser.newsroom import Newsroom

PHONE = {"width": 390, "height": 844}
PROMPTS = ("a red ball", "a blue cube", "a green star")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    wishes = [
        {"state": "published", "creator": creator, "prompt": prompt}
        for creator, prompt in zip(("ana", "ben", "ana"), PROMPTS, strict=True)
    ]
    filled = Newsroom(tmp_path_factory.mktemp("programmes"), wishes)
    with filled:
        yield filled


def made(room: Newsroom, title: str, ids: list[str], *, is_open: bool = True) -> str:
    """The address of a programme."""
    lea = room.api("lea")
    clips = [{"id": each, "words": "Look at its shadow."} for each in ids]
    wish = {"title": title, "text": "What moves at night.", "clips": clips}
    slug = lea.post("/api/v1/programmes", json=wish).json()["slug"]
    if is_open:
        answer = lea.post(f"/api/v1/programmes/{slug}/open", json={"version": 1})
        assert answer.status_code == 200, answer.text
    return f"/programme/{slug}"


def curator(room: Newsroom, open_page: Open, **options: Any) -> Page:
    """A lead in the Gallery tab, with the programmes unfolded."""
    page = open_page(**options)
    page.set_extra_http_headers({"Authorization": f"Bearer {room.tokens['lea']}"})
    page.goto(f"{room.url}/?tab=gallery")
    page.locator(".gl-curate-head").wait_for()
    page.locator(".gl-curate-head").focus()
    page.keyboard.press("Enter")
    page.locator(".gl-curate-new").wait_for()
    return page


def names(page: Page) -> list[str]:
    return page.locator(".gl-curate-clips .gl-curate-clip-name").all_inner_texts()


def press(page: Page, name: str) -> None:
    """Press the button of that name by keyboard."""
    page.locator("#curate").get_by_role("button", name=name, exact=True).focus()
    page.keyboard.press("Enter")


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [each["id"] for each in found if each["impact"] in ("serious", "critical")]


def showing(page: Page, what: str, *, patience_ms: int = 20_000) -> None:
    expect(page.locator(".cinema")).to_have_attribute("data-showing", what, timeout=patience_ms)


def test_a_lead_curates_by_keyboard_opens_it_and_a_stranger_watches_it_to_the_end(
    room: Newsroom, open_page: Open
) -> None:
    page = curator(room, open_page)
    press(page, "New programme")
    page.keyboard.type("What moves <b>at night</b>")
    page.locator("[name='text']").focus()
    page.keyboard.type("Three small films.")
    page.locator(".gl-curate-link input").focus()
    page.keyboard.type(f"{room.url}/clip/{room.clips[0]}")
    page.keyboard.press("Enter")
    expect(page.locator(".gl-curate-clip")).to_have_count(1)
    press(page, "Propose clips")
    expect(page.locator(".gl-curate-offer")).to_have_count(2)
    press(page, "Add a blue cube")
    expect(page.locator(".gl-curate-clip")).to_have_count(2)
    page.keyboard.press("Enter")  # the focus is on the next proposal
    expect(page.locator(".gl-curate-clip")).to_have_count(3)
    assert names(page) == ["a red ball", "a blue cube", "a green star"]
    press(page, "Move a blue cube up")
    press(page, "Move a green star up")
    assert names(page) == ["a blue cube", "a green star", "a red ball"]
    page.get_by_label("Your words about a green star").focus()
    page.keyboard.type("It twinkles.")
    press(page, "Open to everybody")
    expect(page.locator(".gl-curate-top .gl-curate-state")).to_have_text("Open")
    address = page.get_by_role("link", name="Its page").get_attribute("href")

    guest = open_page()
    guest.goto(f"{room.url}{address}")
    expect(guest.locator("h1")).to_have_text("What moves <b>at night</b>")
    shown = guest.locator(".films h2").all_inner_texts()
    assert shown == ["a blue cube", "a green star", "a red ball"]
    guest.get_by_role("link", name="Watch the screening").click()
    guest.locator(".cinema .start").first.wait_for()
    guest.keyboard.press("Space")
    for at, prompt in enumerate(shown, 1):
        showing(guest, "title")
        expect(guest.locator(".cinema .title h2")).to_have_text(prompt)
        expect(guest.locator(".cinema .aloud")).to_contain_text(f"Clip {at} of 3")
        showing(guest, "film")
        expect(guest.get_by_text("Made with AI", exact=True).last).to_be_visible()
    showing(guest, "end")
    expect(guest.locator(".cinema .with")).to_have_text("With works by ben and ana")
    guest.keyboard.press("Escape")
    guest.wait_for_url(f"{room.url}{address}")


def test_keys_pause_go_on_and_back(room: Newsroom, open_page: Open) -> None:
    page = open_page(reduced_motion="reduce")
    page.goto(room.url + made(room, "Keys", room.clips) + "/play")
    title = page.locator(".cinema .title h2")
    page.locator(".cinema .start").first.wait_for()
    assert page.locator(".cinema video").count() == 0  # nothing begins by itself
    page.keyboard.press("Space")
    expect(title).to_have_text(PROMPTS[0])
    page.keyboard.press("Space")
    expect(page.locator(".cinema .pause")).to_have_text("Play")
    page.keyboard.press("ArrowRight")
    expect(title).to_have_text(PROMPTS[1])
    page.keyboard.press("ArrowLeft")
    expect(title).to_have_text(PROMPTS[0])
    assert page.locator(".cinema video").evaluate("video => [video.paused, video.muted]") == [
        True,
        True,
    ]
    page.keyboard.press("Space")
    showing(page, "film")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    showing(page, "end")


def test_a_clip_that_is_gone_meanwhile_is_skipped_without_a_word(
    room: Newsroom, open_page: Open
) -> None:
    page = open_page()
    page.goto(room.url + made(room, "Gone", room.clips[:2]) + "/play")
    gone = f"**/media/{room.clips[0]}.mp4"
    page.route(gone, lambda route: route.fulfill(status=404))
    with refusing(page):
        page.keyboard.press("Space")
        expect(page.locator(".cinema .title h2")).to_have_text(PROMPTS[1])
        showing(page, "film")
    assert page.locator(".cinema .with").inner_text() == ""
    showing(page, "end")


def test_a_screening_is_there_without_a_script(room: Newsroom, open_page: Open) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(room.url + made(room, "Plain", room.clips) + "/play")
    expect(page.locator("video[controls]")).to_have_count(3)
    expect(page.locator(".cinema")).to_be_hidden()


def test_a_creator_sees_nothing_of_curating(room: Newsroom, open_page: Open) -> None:
    page = open_page()
    page.set_extra_http_headers({"Authorization": f"Bearer {room.tokens['ana']}"})
    page.goto(f"{room.url}/?tab=gallery")
    page.locator(".gl-gallery.gl-maker .gl-brick").first.wait_for(state="attached")
    expect(page.locator(".gl-curate-panel")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/programmes", "", "/play"])
def test_axe_finds_nothing_serious_and_it_fits_a_phone(
    room: Newsroom, open_page: Open, scheme: str, path: str
) -> None:
    where = made(room, "On a phone", room.clips)
    page = open_page(color_scheme=scheme, viewport=PHONE)
    page.goto(room.url + ("/programmes" if path == "/programmes" else where + path))
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_axe_finds_nothing_serious_in_the_editor(room: Newsroom, open_page: Open) -> None:
    made(room, "To be edited", room.clips, is_open=False)
    page = curator(room, open_page, viewport=PHONE)
    page.locator(".gl-curate-open", has_text="To be edited").click()
    page.locator(".gl-curate-clip").first.wait_for()
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
