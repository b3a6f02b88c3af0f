"""What a creator says of a clip, in a browser: sent with it, changed while it waits, read by the
reviewer and on its page; and all that is theirs at once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.newsroom import Newsroom
from tests.browser.test_screens import sign_in
from tests.browser.test_share import PHONE, serious

pytestmark = pytest.mark.browser

CREDITS = [{"name": "Bea", "role": "music", "link": "https://bea.example/music"}]
PAYLOAD = "<img src=x onerror=document.body.setAttribute('pwned',1)>"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    shown: dict[str, Any] = {"state": "published", "title": "Dusk", "licence": "cc-by"}
    wishes = [{"prompt": "a waiting clip"}, {**shown, "credits": CREDITS}]
    wishes += [{"state": "published", "prompt": "a shared prompt"}]
    wishes += [{"prompt": "for the desk", "title": PAYLOAD, "credits": CREDITS, "licence": "cc0"}]
    wishes += [{"creator": "ben", "state": "published"}, {"creator": "ben"}]
    filled = Newsroom(tmp_path_factory.mktemp("words"), wishes)
    with filled:
        yield filled


def clip(room: Newsroom, number: int) -> dict[str, Any]:
    found: dict[str, Any] = room.api("rita").get(f"/api/v1/clips/{room.clips[number]}").json()
    return found


def card(page: Page, words: str) -> Any:
    return page.locator(".gl-mine-card", has_text=words)


def test_words_are_changed_while_the_clip_waits(room: Newsroom, open_page: Open) -> None:
    page = room.visit("ana", open_page, tab="mine")
    card(page, "a waiting clip").get_by_role("button", name="Edit words").click()
    box = page.get_by_role("dialog", name="Words of this clip")
    box.get_by_label("Title").fill("Dawn")
    box.get_by_label("Licence").select_option("cc-by-sa")
    box.get_by_label("Show the prompt to everyone").uncheck()
    box.get_by_role("button", name="Add somebody").click()
    box.get_by_label("Name").fill("Bea")
    assert serious(page) == []
    look(page, "reword")
    box.get_by_role("button", name="Save").click()
    expect(card(page, "Dawn").locator("h3")).to_have_text("Dawn")
    after = clip(room, 0)
    assert (after["title"], after["licence"]["code"], after["shares_prompt"]) == (
        "Dawn",
        "cc-by-sa",
        False,
    )
    assert after["credits"] == [{"name": "Bea", "role": "", "link": ""}]


def test_sharing_of_a_published_prompt_is_ended_with_two_presses(
    room: Newsroom, open_page: Open
) -> None:
    page = room.visit("ana", open_page, tab="mine")
    shared = card(page, "a shared prompt")
    shared.get_by_role("button", name="Stop sharing the prompt").click()
    shared.get_by_role("button", name="Press again to stop sharing").click()
    expect(shared.get_by_role("button", name="Stop sharing the prompt")).to_have_count(0)
    assert clip(room, 2)["shares_prompt"] is False
    assert "a shared prompt" not in room.client().get(f"/clip/{room.clips[2]}").text


def test_a_reviewer_reads_the_words_and_they_are_text(room: Newsroom, open_page: Open) -> None:
    page = room.visit("rita", open_page)
    page.locator(".gl-row", has_text="for the desk").click()
    facts = page.locator(".gl-desk .gl-facts")
    for words in (PAYLOAD, "Bea, music, https://bea.example/music", "CC0 1.0"):
        expect(facts).to_contain_text(words)
    assert page.locator("body[pwned]").count() == 0
    look(page, "desk")


def test_a_clip_is_sent_with_what_is_said_of_it(room: Newsroom, open_page: Open) -> None:
    page = open_page()
    page.set_extra_http_headers({"Authorization": f"Bearer {room.tokens['rob']}"})
    page.goto(f"{room.url}/?tab=create")
    page.locator("#credit summary").click()
    page.locator("#credit").get_by_label("Title").fill("Noon")
    page.locator("#credit").get_by_label("Licence").select_option("cc-by")
    look(page, "create")
    page.locator("#prompt textarea").fill("a red ball moving left in the night")
    page.locator("#go").click()
    expect(page.locator("#credit").get_by_label("Title")).to_have_value("")  # sent
    [sent] = room.api("rob").get("/api/v1/clips").json()["items"]
    assert (sent["title"], sent["licence"]["code"], sent["shares_prompt"]) == (
        "Noon",
        "cc-by",
        True,
    )
    # The licence stays for the next one.
    expect(page.locator("#credit").get_by_label("Licence")).to_have_value("cc-by")


@pytest.mark.parametrize("options", [{"locale": "fr-FR"}, {"viewport": PHONE}], ids=["fr", "phone"])
def test_the_form_reads_well(room: Newsroom, open_page: Open, options: dict[str, Any]) -> None:
    page = room.visit("rob", open_page, tab="mine", color_scheme="dark", **options)
    page.goto(f"{room.url}/?tab=create")
    page.locator("#credit summary").click()
    page.locator("#credit .gl-others .gl-button").click()
    box = page.locator("#credit [type=checkbox]")
    expect(box).to_be_checked()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert [found for found in serious(page) if found == "label"] == []
    look(page, f"form-{next(iter(options))}")


def test_a_refused_credit_is_spoken_of_beside_its_fields(room: Newsroom, open_page: Open) -> None:
    page = open_page()
    page.set_extra_http_headers({"Authorization": f"Bearer {room.tokens['lea']}"})
    page.goto(f"{room.url}/?tab=create")
    page.locator("#credit summary").click()
    page.get_by_role("button", name="Add somebody").click()
    page.locator("#credit").get_by_label("Link").fill("https://bea.example")
    page.locator("#prompt textarea").fill("a red ball")
    page.locator("#go").click()
    expect(page.locator("#credit .gl-refusal")).to_contain_text("names somebody")


def test_one_s_page_is_written_and_shown(room: Newsroom, open_page: Open) -> None:
    page = room.visit("ana", open_page, tab="mine")
    page.get_by_role("button", name="Your page").click()
    box = page.get_by_role("dialog", name="Your page")
    box.get_by_label("Credit name").fill("Ana María")
    box.get_by_label("About you").fill("I film dusk.")
    box.get_by_label("Links").fill("https://ana.example/films")
    assert serious(page) == []
    look(page, "profile")
    box.get_by_role("button", name="Save").click()
    expect(box).to_be_hidden()
    shown = open_page(**_dark)
    shown.goto(f"{room.url}/creator/ana")
    expect(shown.locator("h1")).to_contain_text("Ana María")
    expect(shown.locator(".profile")).to_contain_text("I film dusk.")
    assert serious(shown) == []
    look(shown, "creator")


def test_everything_is_downloaded_in_one_press(room: Newsroom, open_page: Open) -> None:
    cookie = sign_in(room.manage("invite", "--role", "creator", "--name", "cleo"))
    page = open_page()
    page.context.add_cookies([{**cookie, "url": room.url}])  # type: ignore[typeddict-item]
    page.goto(f"{room.url}/?tab=mine")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download everything").click()
    assert waiting.value.suggested_filename.endswith(".zip")


def test_withdrawing_everything_asks_for_the_number(room: Newsroom, open_page: Open) -> None:
    page = room.visit("ben", open_page, tab="mine")
    page.get_by_role("button", name="Withdraw everything").click()
    box = page.get_by_role("dialog", name="Withdraw everything?")
    go = box.get_by_role("button", name="Withdraw them all")
    expect(go).to_be_disabled()
    box.get_by_label("Type the number to confirm").fill("2")
    look(page, "withdraw")
    go.click()
    expect(page.locator(".gl-toast")).to_contain_text("Withdrawn: 2.")
    assert room.client().get(f"/clip/{room.clips[4]}").status_code == 404


_dark: dict[str, Any] = {"color_scheme": "dark"}


@pytest.mark.parametrize(
    "options", [{}, _dark, {"viewport": PHONE}], ids=["desktop", "dark", "phone"]
)
def test_the_clip_s_page_reads_well_and_copies(
    room: Newsroom, open_page: Open, options: dict[str, Any]
) -> None:
    page = open_page(**options, permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"{room.url}/clip/{room.clips[1]}")
    expect(page.locator("h1")).to_have_text("Dusk")
    page.get_by_text("Share it").click()
    page.get_by_role("button", name="Copy").first.click()
    expect(page.get_by_role("status")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{room.url}/clip/{room.clips[1]}"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert serious(page) == []
    look(page, f"clip-{'-'.join(map(str, options)) or 'desktop'}")


def look(page: Page, name: str) -> None:
    """A picture for whoever wants to look; nothing otherwise."""
    folder = os.environ.get("GREENLIGHT_LOOKS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
