"""The bell: what is new is counted, listed and announced; and the form for where else to be told."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.test_screens import PHONE, overflow, visit
from tests.notices.receivers import MailReceiver, WebReceiver
from tests.server import Server, wait_for_state, wait_until

pytestmark = pytest.mark.browser

PAYLOAD = "<img src=x onerror=document.body.setAttribute('pwned',1)> {{1}} ${1}"
PATIENCE_MS = 45_000  # the bell looks every 20 s


@pytest.fixture(scope="module")
def rita(telling: Server) -> httpx.Client:
    return telling.client("rita", "reviewer")


def creator(telling: Server, name: str) -> tuple[httpx.Client, dict[str, str]]:
    """A new creator: a script's client, and the cookie of their browser."""
    link = telling.manage("invite", "--role", "creator", "--name", name)
    with httpx.Client() as browser:
        browser.post(link, json={}).raise_for_status()
        cookie = {"name": "greenlight", "value": browser.cookies["greenlight"]}
    return telling.client(name, "creator"), cookie


def rejected(client: httpx.Client, rita: httpx.Client, prompt: str = "a red ball") -> str:
    wish = {"prompt": prompt, "num_inference_steps": 1}
    clip = client.post("/api/v1/clips", json=wish).json()
    clip = wait_for_state(client, clip["id"], "pending_review")
    body = {"verdict": "reject", "reasons": ["technical_fault"], "version": clip["version"]}
    rita.post(f"/api/v1/clips/{clip['id']}/decision", json=body).raise_for_status()
    return str(clip["id"])


def bell(page: Page) -> Any:
    return page.get_by_role("button", name=re.compile("^Notices"))


def test_a_stranger_has_no_bell(telling: Server, open_page: Open) -> None:
    page = visit(open_page, telling, None)
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    expect(bell(page)).to_have_count(0)


def test_before_anything_happened_the_panel_says_what_it_is_for(
    telling: Server, open_page: Open
) -> None:
    _, cookie = creator(telling, "Nova")
    page = visit(open_page, telling, cookie)
    bell(page).click()
    expect(page.get_by_role("region", name="Notices")).to_contain_text("Nothing yet")


def test_what_is_new_is_counted_listed_and_then_seen(
    telling: Server, open_page: Open, rita: httpx.Client
) -> None:
    client, cookie = creator(telling, "Lena")
    rejected(client, rita, PAYLOAD)
    page = visit(open_page, telling, cookie)
    expect(page.get_by_role("button", name="Notices, 1 new")).to_be_visible()
    bell(page).click()
    panel = page.get_by_role("region", name="Notices")
    expect(panel.get_by_role("listitem")).to_have_count(2)
    first = panel.get_by_role("listitem").first
    expect(first).to_contain_text("Your clip was not approved")
    expect(first).to_contain_text(PAYLOAD)
    expect(first.get_by_text("new", exact=True)).to_be_visible()
    assert page.evaluate("document.body.hasAttribute('pwned')") is False
    expect(page.get_by_role("button", name="Notices", exact=True)).to_be_visible()
    assert client.get("/api/v1/notices").json()["unseen"] == 0


def test_the_keyboard_opens_reads_and_closes_it(
    telling: Server, open_page: Open, rita: httpx.Client
) -> None:
    client, cookie = creator(telling, "Kay")
    rejected(client, rita)
    page = visit(open_page, telling, cookie)
    expect(page.get_by_role("button", name="Notices, 1 new")).to_be_visible()
    bell(page).focus()
    expect(bell(page)).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Enter")
    expect(bell(page)).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name=re.compile("not approved"))).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("region", name="Notices")).to_be_hidden()
    expect(bell(page)).to_be_focused()


def test_a_press_beside_it_closes_it(telling: Server, open_page: Open) -> None:
    _, cookie = creator(telling, "Bea")
    page = visit(open_page, telling, cookie)
    bell(page).click()
    expect(page.get_by_role("region", name="Notices")).to_be_visible()
    page.mouse.click(200, 700)
    expect(page.get_by_role("region", name="Notices")).to_be_hidden()


@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, PHONE], ids=["desktop", "phone"])
def test_a_notice_leads_to_my_clips_without_loading_the_page_again(
    telling: Server, open_page: Open, rita: httpx.Client, size: dict[str, int]
) -> None:
    client, cookie = creator(telling, f"Ida {size['width']}")
    rejected(client, rita)
    page = visit(open_page, telling, cookie, viewport=size)
    expect(page.locator("#go")).to_be_visible()
    page.evaluate("window.isTheSame = true")
    bell(page).click()
    expect(page.get_by_role("region", name="Notices")).to_be_in_viewport()
    assert overflow(page) <= 0
    page.get_by_role("link", name=re.compile("not approved")).click()
    expect(page.locator("#my-clips")).to_contain_text("a red ball")
    assert page.evaluate("window.isTheSame") is True


def test_what_comes_while_one_looks_is_announced_and_moves_nothing(
    telling: Server, open_page: Open, rita: httpx.Client
) -> None:
    client, cookie = creator(telling, "Mia")
    rejected(client, rita)
    page = visit(open_page, telling, cookie)
    bell(page).click()
    old = page.get_by_role("link", name=re.compile("not approved"))
    old.focus()
    page.evaluate("document.activeElement.dataset.kept = 'yes'")
    rejected(client, rita, "a blue ring")
    items = page.get_by_role("region", name="Notices").get_by_role("listitem")
    expect(items).to_have_count(4, timeout=PATIENCE_MS)
    expect(page.locator(".gl-heard")).to_have_text("New notice: Your clip was not approved")
    assert page.evaluate("document.activeElement.dataset.kept") == "yes"


def test_an_address_is_given_proved_and_used(
    telling: Server,
    open_page: Open,
    rita: httpx.Client,
    post_office: MailReceiver,
    web: WebReceiver,
) -> None:
    client, cookie = creator(telling, "Zoe")
    page = visit(open_page, telling, cookie)
    bell(page).click()
    page.get_by_role("button", name="By e-mail or webhook").click()
    # 1. Both at once: the code is asked for, the secret is shown.
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.get_by_label("E-mail address").fill("zoe@z.example")
    page.get_by_label("Webhook", exact=True).fill(web.url)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Code from the e-mail")).to_be_focused()
    secret = page.get_by_label("Secret of the webhook")
    expect(secret).to_have_value(re.compile("^glw_[0-9a-f]{64}$"))
    # 2. The code confirms the address, and the secret is still there.
    wait_until(lambda: post_office.mails, "the code arrives")
    found = re.search(r"^\s+(\d{6})\s*$", post_office.mails[-1].get_content(), re.MULTILINE)
    assert found is not None
    page.get_by_label("Code from the e-mail").fill(found.group(1))
    page.keyboard.press("Enter")
    expect(page.get_by_label("Code from the e-mail")).to_be_hidden()
    expect(page.get_by_text("This address is confirmed.").first).to_be_visible()
    expect(secret).to_be_visible()
    # 3. Fewer kinds, and a test.
    page.get_by_role("checkbox", name="Your clip is published").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert "published" not in client.get("/api/v1/notices/address").json()["kinds"]
    page.get_by_role("button", name="Send a test").click()
    wait_until(lambda: web.posts and len(post_office.mails) > 1, "the tests arrive")
    # 4. Once left, the secret is gone for good.
    page.get_by_role("button", name="Back to the notices").click()
    page.get_by_role("button", name="By e-mail or webhook").click()
    expect(page.get_by_label("E-mail address")).to_have_value("zoe@z.example")
    expect(secret).to_be_hidden()


def test_what_could_not_be_delivered_is_shown(
    telling: Server, open_page: Open, post_office: MailReceiver
) -> None:
    client, cookie = creator(telling, "Gil")
    body: dict[str, Any] = {"email": "gil@g.example", "webhook": None, "kinds": []}
    post_office.refusals["RCPT"] = "550 no such mailbox"
    try:
        client.put("/api/v1/notices/address", json=body).raise_for_status()
        wait_until(
            lambda: client.get("/api/v1/notices/address").json()["trouble"], "it was given up"
        )
    finally:
        post_office.refusals.clear()
    page = visit(open_page, telling, cookie, viewport=PHONE)
    bell(page).click()
    page.get_by_role("button", name="By e-mail or webhook").click()
    expect(page.get_by_text("It was refused (550).")).to_be_visible()
    assert overflow(page) <= 0
