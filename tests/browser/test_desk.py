"""Two reviewers at one desk, and a creator who reads a rejection, in real browsers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.test_screens import sign_in, visit
from tests.server import Server, wait_for_state

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path) as server:
        yield server


def reviewer(server: Server, name: str, open_page: Open) -> Page:
    return visit(
        open_page, server, sign_in(server.manage("invite", "--role", "reviewer", "--name", name))
    )


def waiting(client: httpx.Client, prompt: str) -> str:
    clip_id: str = client.post("/api/v1/clips", json={"prompt": prompt}).json()["id"]
    wait_for_state(client, clip_id, "pending_review")
    return clip_id


def test_the_second_reviewer_sees_who_is_looking_and_cannot_decide(
    desk: Server, open_page: Open
) -> None:
    waiting(desk.client("ana", "creator"), "a red ball moving left in the night")
    first = reviewer(desk, "Rita", open_page)
    expect(first.get_by_role("button", name="Approve")).to_be_enabled()
    second = reviewer(desk, "Rob", open_page)
    expect(second.locator("#desk")).to_contain_text("Rita is looking")
    expect(second.get_by_role("button", name="Approve")).to_be_disabled()


def test_a_rejection_needs_a_reason_and_its_creator_reads_it(desk: Server, open_page: Open) -> None:
    waiting(desk.client("Rita", "creator"), "a blue square moving up in the sky")
    page = reviewer(desk, "Rob", open_page)
    expect(page.get_by_role("button", name="Reject")).to_be_enabled()
    page.keyboard.press("r")
    expect(page.locator("#desk")).to_contain_text("reason")
    page.keyboard.press("9")
    page.keyboard.press("r")
    expect(page.locator("#desk")).to_contain_text("Nothing waits")
    creator = open_page()
    creator.set_extra_http_headers(dict(desk.client("Rita", "creator").headers))
    creator.goto(f"{desk.url}/?tab=mine")
    expect(creator.locator("#my-clips")).to_contain_text("Technical fault")
    expect(creator.locator("#my-clips")).not_to_contain_text("Rob")


def test_ones_own_clip_cannot_be_decided_at_the_desk(desk: Server, open_page: Open) -> None:
    link = desk.manage("invite", "--role", "reviewer", "--name", "Rita")
    cookie = sign_in(link)
    own = httpx.Client(base_url=desk.url, cookies={cookie["name"]: cookie["value"]})
    with own:
        waiting(own, "a green triangle staying still in the desert")
    page = visit(open_page, desk, cookie)
    expect(page.locator("#desk")).to_contain_text("Someone else reviews your clips")
    expect(page.get_by_role("button", name="Approve")).to_be_disabled()


def test_settings_of_an_old_clip_go_back_into_the_form(desk: Server, open_page: Open) -> None:
    ana, rita = desk.client("Ana", "creator"), desk.client("Rita", "reviewer")
    clip_id = waiting(ana, "a pink star moving right in the night")
    version = ana.get(f"/api/v1/clips/{clip_id}").json()["version"]
    ruling = {"verdict": "reject", "reasons": ["technical_fault"], "version": version}
    rita.post(f"/api/v1/clips/{clip_id}/decision", json=ruling)
    page = open_page()
    page.set_extra_http_headers({"Authorization": ana.headers["Authorization"]})
    page.goto(f"{desk.url}/?tab=mine")
    page.get_by_role("button", name="Change it and send again").click()
    expect(page.locator("#prompt textarea")).to_have_value("a pink star moving right in the night")
