"""Prompts and notes that are code wherever somebody forgets: they are shown, and never run.

The payloads are those that ran in Gradio's own templates: a JavaScript template literal, an
escaped tag that the template's compiler turns back into one, and plain markup.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, go
from tests.browser.test_screens import sign_in, visit
from tests.server import Server, wait_for_state

pytestmark = pytest.mark.browser

PAYLOADS = (
    "${document.body.setAttribute(/pwned/.source,1)}",
    r"\x3cimg src\x3dx onerror\x3ddocument.body.setAttribute('pwned',1)\x3e",
    "<img src=x onerror=document.body.setAttribute('pwned',1)>",
    "</script><script>document.body.setAttribute('pwned',1)</script>",
    "{{#if 1}}{{this.constructor.constructor('document.body.setAttribute(`pwned`,1)')()}}{{/if}}",
)


@pytest.fixture(scope="module")
def people(server: Server) -> dict[str, httpx.Client]:
    return {
        "creator": server.client("Payla", "creator"),
        "reviewer": server.client("Rita", "reviewer"),
    }


@pytest.fixture(scope="module")
def clips(server: Server, people: dict[str, httpx.Client]) -> list[dict[str, Any]]:
    """For each payload a clip that waits, with the payload as every text its creator can write."""
    made = []
    for payload in PAYLOADS:
        wish = {
            "prompt": payload,
            "negative_prompt": payload,
            "note": payload,
            "num_inference_steps": 1,
        }
        clip_id = people["creator"].post("/api/v1/clips", json=wish).json()["id"]
        made.append(wait_for_state(people["creator"], clip_id, "pending_review"))
    return made


def cookie_of(server: Server, role: str, name: str) -> dict[str, str]:
    return sign_in(server.manage("invite", "--role", role, "--name", name))


def opened_by(person: httpx.Client, open_page: Open, address: str) -> Page:
    """A page of theirs: a script's token signs a browser in as well, where it sends the header."""
    page = open_page()
    page.set_extra_http_headers({"Authorization": person.headers["Authorization"]})
    page.goto(address)
    return page


def shown_and_not_run(page: Page, place: str, payload: str) -> None:
    expect(page.locator(place)).to_contain_text(payload)
    assert page.evaluate("document.body.hasAttribute('pwned')") is False


def test_payloads_are_text_on_the_review_desk(
    server: Server,
    clips: list[dict[str, Any]],
    people: dict[str, httpx.Client],
    open_page: Open,
) -> None:
    # The reviewer who decides below: a desk claims what it opens, and another's claim would refuse.
    page = opened_by(people["reviewer"], open_page, f"{server.url}/?tab=review")
    for clip in clips:
        shown_and_not_run(page, "#desk", clip["prompt"])


def test_payloads_are_text_for_their_creator_in_the_gallery_and_on_the_share_page(
    server: Server,
    clips: list[dict[str, Any]],
    people: dict[str, httpx.Client],
    open_page: Open,
) -> None:
    # 1. Their own creator, with a payload as the reviewer's note too.
    rejected = clips[0]
    body = {"verdict": "reject", "reasons": ["technical_fault"], "version": rejected["version"]}
    ruling = {**body, "note": PAYLOADS[0] + PAYLOADS[2]}
    decided = people["reviewer"].post(f"/api/v1/clips/{rejected['id']}/decision", json=ruling)
    assert decided.status_code == 200, decided.text
    page = opened_by(people["creator"], open_page, f"{server.url}/?tab=mine")
    for clip in clips:
        shown_and_not_run(page, "#my-clips", clip["prompt"])
    shown_and_not_run(page, "#my-clips", PAYLOADS[0] + PAYLOADS[2])
    # 2. The public, once it is published.
    for clip in clips[1:]:
        path = f"/api/v1/clips/{clip['id']}/decision"
        approve = {"verdict": "approve", "version": clip["version"]}
        assert people["reviewer"].post(path, json=approve).status_code == 200
        wait_for_state(people["reviewer"], clip["id"], "published")
    stranger = open_page()
    stranger.goto(server.url)
    for clip in clips[1:]:
        shown_and_not_run(stranger, "#published", clip["prompt"])
    for clip in clips[1:]:
        go(stranger, f"{server.url}/clip/{clip['id']}")
        expect(stranger.get_by_role("heading", level=1)).to_have_text(clip["prompt"])
        assert stranger.evaluate("document.body.hasAttribute('pwned')") is False


def test_a_refusal_that_repeats_a_payload_is_text_too(server: Server, open_page: Open) -> None:
    page = visit(open_page, server, cookie_of(server, "admin", "Payload Admin"))
    go(page, f"{server.url}/?tab=admin")
    page.locator("#revoke-name textarea, #revoke-name input").fill(PAYLOADS[2])
    page.locator("#revoke-go").click()
    expect(page.get_by_text("Nobody here is called")).to_be_visible()
    assert page.evaluate("document.body.hasAttribute('pwned')") is False
