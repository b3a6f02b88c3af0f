"""A clip's public life in one go, as people live it: published at the desk, found, played, shared,
shown on another site, verified, reported, taken down and brought back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, refusing
from tests.browser.newsroom import Newsroom
from tests.server import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

PROMPT = "a lighthouse in the last light"


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    wishes = [{"prompt": "a quiet harbour", "state": "published"}, {"prompt": PROMPT}]
    filled = Newsroom(tmp_path, wishes, GREENLIGHT_UNDO_S="0")
    with filled:
        yield filled


def plays(page: Page, film: str) -> None:
    video = page.locator(film)
    wait_until(lambda: video.evaluate("video => video.currentTime") > 0, f"{film} plays")


def test_the_public_life_of_a_clip(
    newsroom: Newsroom, open_page: Open, elsewhere: Callable[[str], str], tmp_path: Path
) -> None:
    clip_id = newsroom.clips[1]

    # A reviewer publishes it.
    rita = newsroom.visit("rita", open_page)
    rita.keyboard.press("v")
    expect(rita.get_by_role("button", name="Approve", exact=True)).to_be_enabled()
    rita.keyboard.press("a")
    stranger = newsroom.client()
    path = f"/clip/{clip_id}"
    wait_until(lambda: stranger.get(path).status_code == 200, "it is published")

    # Somebody searches, and it plays under their hand.
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=newsroom.url)
    page.goto(f"{newsroom.url}/gallery")
    page.get_by_role("searchbox").fill("lighthouse")
    page.get_by_role("searchbox").press("Enter")
    expect(page.locator(".wall li")).to_have_count(1)
    page.get_by_role("link", name=PROMPT).hover()
    plays(page, ".wall video")

    # They open its page, play it, and copy what others need.
    page.get_by_role("link", name=PROMPT).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(PROMPT)
    page.locator(".stage video").evaluate("video => video.play()")
    plays(page, ".stage video")
    page.get_by_text("Share it").click()
    page.get_by_role("button", name="Copy").first.click()
    assert page.evaluate("navigator.clipboard.readText()") == f"{newsroom.url}{path}"
    page.get_by_text("Show it on another site").click()
    page.get_by_role("button", name="Copy").last.click()
    code = page.evaluate("navigator.clipboard.readText()")

    # It plays in a page of another origin.
    blog = open_page()
    address = elsewhere(code)
    blog.goto(address)
    frame = blog.frame_locator("iframe").locator("video")
    frame.evaluate("video => video.play()")
    wait_until(lambda: frame.evaluate("video => video.currentTime") > 0, "the frame plays")

    # Its file, kept on a disk, is known again.
    kept = tmp_path / "kept.mp4"
    kept.write_bytes(stranger.get(f"/media/{clip_id}.mp4").content)
    page.goto(f"{newsroom.url}/verify")
    page.locator("input[type=file]").set_input_files(kept)
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_role("status")).to_contain_text("published here")

    # Somebody reports it, and a lead takes it down.
    page.goto(newsroom.url + path)
    page.get_by_text("Report this clip").click()
    page.get_by_label("Copyright").check()
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_role("heading")).to_have_text("Thank you, your report has arrived")
    lead = newsroom.visit("lea", open_page)
    expect(lead.get_by_role("button", name="Reports (1)")).to_be_visible()
    lead.keyboard.press("f")
    sheet = lead.locator(".gl-sheet-reports")
    expect(sheet.locator("#gl-case-reason")).to_have_value("copyright")
    lead.keyboard.press("t")
    expect(sheet.get_by_text("No clip is reported.")).to_be_visible()

    # It is gone everywhere, and its pages say so.
    with refusing(page):
        page.goto(newsroom.url + path)
    expect(page.get_by_role("heading", level=1)).to_have_text("This clip was taken down")
    expect(page.get_by_role("main")).not_to_contain_text("lighthouse")
    page.goto(f"{newsroom.url}/gallery?q=lighthouse")
    expect(page.locator(".wall li")).to_have_count(0)
    with refusing(blog):
        blog.goto(address)
        expect(blog.frame_locator("iframe").get_by_role("heading")).to_contain_text("taken down")

    # And it is brought back, as it was.
    sheet.get_by_text("Take down or bring back").click()
    sheet.locator("#gl-unreported-id").fill(f"{newsroom.url}{path}")
    sheet.get_by_role("button", name="Bring back").click()
    expect(sheet.get_by_role("status").filter(has_text="back in the gallery")).to_be_visible()
    page.goto(f"{newsroom.url}/gallery?q=lighthouse")
    expect(page.get_by_role("link", name=PROMPT)).to_be_visible()
    assert stranger.get(f"/media/{clip_id}.mp4").content == kept.read_bytes()
