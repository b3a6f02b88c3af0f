"""The whole line as people walk it, in a real browser, with the embedded model.

The admin follows the first link and invites a creator and a reviewer; the creator types a prompt
and watches; the reviewer approves by keyboard; a stranger opens the shared link.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.server import Server, wait_until

pytestmark = pytest.mark.browser

PROMPT = "a red ball moving left in the night"


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path) as server:
        yield server


def accept(page: Page, link: str, name: str) -> None:
    page.goto(link)
    page.get_by_label("Your name here").fill(name)
    page.get_by_role("button", name="Accept").click()
    expect(page.locator("#topbar .gl-name")).to_have_text(name)


def open_tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def invite(admin: Page, role: str) -> str:
    """A link made in the Admin tab, as the field shows it."""
    before = admin.locator("#invite-link textarea, #invite-link input").input_value()
    admin.locator("#invite-role input").click()
    admin.get_by_role("option", name=role, exact=True).click()
    admin.locator("#invite-go").click()
    field = admin.locator("#invite-link textarea, #invite-link input")
    wait_until(lambda: field.input_value() not in ("", before), "a new link is shown")
    return field.input_value()


def test_a_prompt_becomes_a_reviewed_published_shareable_clip(
    fresh: Server, open_page: Open, picture: Callable[[Page, str], None]
) -> None:
    # 1. The admin follows the link that the first run printed.
    admin = open_page()
    accept(admin, fresh.admin_link(), "Ada")
    open_tab(admin, "Admin")
    creator_link, reviewer_link = invite(admin, "creator"), invite(admin, "reviewer")

    # 2. The creator comes in, types a prompt and watches it being made.
    creator = open_page()
    accept(creator, creator_link, "Ana")
    creator.locator("#prompt textarea").fill(PROMPT)
    creator.locator("#go").click()
    expect(creator.locator("#making")).to_contain_text(PROMPT)
    expect(creator.locator("#making")).to_contain_text("Waiting for review")
    expect(creator.locator("#making video")).to_be_visible()
    picture(creator, "create")

    # 3. The reviewer sees it blurred, reveals it, and approves it by keyboard.
    reviewer = open_page()
    accept(reviewer, reviewer_link, "Rita")
    expect(reviewer.locator("#desk")).to_contain_text(PROMPT)
    expect(reviewer.locator("#desk")).to_contain_text("Ana")
    reviewer.keyboard.press("v")
    picture(reviewer, "review")
    reviewer.keyboard.press("a")
    expect(reviewer.locator("#desk")).to_contain_text("Nothing waits")

    # 4. The creator reads what happened.
    open_tab(creator, "My clips")
    expect(creator.locator("#my-clips")).to_contain_text("Published")
    picture(creator, "mine")

    # 5. It is in the gallery of a stranger, and its link opens in a private window.
    stranger = open_page()
    stranger.goto(fresh.url)
    card = stranger.locator("#published a").first
    expect(card).to_be_visible()
    picture(stranger, "gallery")
    address = card.get_attribute("href")
    private = open_page()
    private.goto(f"{fresh.url}{address}")
    expect(private.get_by_role("heading", name=PROMPT)).to_be_visible()
    expect(private.get_by_text("by Ana")).to_be_visible()
    wait_until(
        lambda: private.evaluate("document.querySelector('video').readyState >= 2"), "it plays"
    )
    picture(private, "clip")


def test_nobody_is_signed_in_by_opening_an_invitation(fresh: Server, open_page: Open) -> None:
    scanner = open_page()
    scanner.goto(fresh.admin_link())
    scanner.goto(fresh.url)
    expect(scanner.get_by_role("link", name="Sign in")).to_be_visible()
    accept(open_page(), fresh.admin_link(), "Ada")
