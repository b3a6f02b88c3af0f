"""A published clip outside of the app: its pages, and its player in a page of another origin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import Open
from tests.server import Server, wait_for_state, wait_until

PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def published(server: Server) -> dict[str, Any]:
    ana, rita = server.client("ana", "creator"), server.client("rita", "reviewer")
    wish = {"prompt": "a cyan ring growing in a grey room", "seed": 5}
    clip_id = ana.post("/api/v1/clips", json=wish).json()["id"]
    clip = wait_for_state(rita, clip_id, "pending_review")
    decision = {"verdict": "approve", "version": clip["version"]}
    assert rita.post(f"/api/v1/clips/{clip_id}/decision", json=decision).status_code == 200
    return wait_for_state(rita, clip_id, "published")


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [each["id"] for each in found if each["impact"] in ("serious", "critical")]


def test_its_player_plays_in_a_page_of_another_origin(
    server: Server, open_page: Open, published: dict[str, Any], elsewhere: Callable[[str], str]
) -> None:
    asked = {"url": f"{server.url}/clip/{published['id']}"}
    code = server.client().get("/oembed", params=asked).json()["html"]
    page = open_page()
    page.goto(elsewhere(code))
    video = page.frame_locator("iframe").locator("video")
    video.evaluate("video => video.play()")
    # The frame runs no script, so no event of it can be waited for.
    wait_until(lambda: video.evaluate("video => video.currentTime") > 0, "it plays")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/gallery", "/creator/ana", "/clip/{id}", "/embed/{id}"])
def test_axe_finds_nothing_serious_in_its_pages(
    server: Server, open_page: Open, published: dict[str, Any], path: str, scheme: str
) -> None:
    page = open_page(color_scheme=scheme, viewport=PHONE)
    page.goto(server.url + path.format(id=published["id"]))
    assert serious(page) == []


@pytest.mark.parametrize("path", ["/gallery", "/creator/ana", "/clip/{id}", "/embed/{id}"])
def test_no_page_is_wider_than_a_phone(
    server: Server, open_page: Open, published: dict[str, Any], path: str
) -> None:
    page = open_page(viewport=PHONE)
    page.goto(server.url + path.format(id=published["id"]))
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_gallery_is_whole_without_scripts(
    server: Server, open_page: Open, published: dict[str, Any]
) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(f"{server.url}/gallery")
    page.get_by_role("searchbox").fill("cyan ring growing")
    page.get_by_role("searchbox").press("Enter")
    page.get_by_role("link", name=published["prompt"]).first.click()
    assert page.locator("h1").inner_text() == published["prompt"]
