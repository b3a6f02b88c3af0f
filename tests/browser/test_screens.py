"""Every screen as each person sees it, on a filled instance: light and dark, desktop and phone.

Each must be whole: nothing wider than the window, no error in the console, the words there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, go
from tests.server import Server, wait_until

pytestmark = pytest.mark.browser

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An instance with the demo's clips: published, rejected, and waiting."""
    server = Server(tmp_path_factory.mktemp("filled"))
    server.manage("demo")
    with server:
        yield server


@pytest.fixture(scope="module")
def cookies(filled: Server) -> dict[str, dict[str, str]]:
    """A signed-in cookie of a creator with a history, a reviewer and an admin."""
    found = {}
    for name, role in (("Noor", "reviewer"), ("Ada", "admin")):
        link = filled.manage("invite", "--role", role, "--name", name)
        found[role] = sign_in(link)
    return found


def sign_in(link: str) -> dict[str, str]:
    with httpx.Client() as client:
        client.post(link, json={}).raise_for_status()
        return {"name": "greenlight", "value": client.cookies["greenlight"]}


def visit(open_page: Open, server: Server, cookie: dict[str, str] | None, **options: Any) -> Page:
    page = open_page(**options)
    if cookie:
        page.context.add_cookies([{**cookie, "url": server.url}])  # type: ignore[typeddict-item]
    page.goto(server.url)
    return page


def overflow(page: Page) -> int:
    """How many pixels the page is wider than its window."""
    width: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return width


def all_posters_shown(page: Page) -> bool:
    shown: bool = page.evaluate(
        "[...document.querySelectorAll('#published a img, #published a video')]"
        ".every(each => each.tagName !== 'IMG' || each.complete)"
    )
    return shown


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
class TestEveryScreen:
    def test_gallery(
        self, scheme: str, size: dict[str, int], filled: Server, open_page: Open, picture: Any
    ) -> None:
        page = visit(open_page, filled, None, viewport=size, color_scheme=scheme)
        expect(page.locator("#published a")).to_have_count(8)
        wait_until(lambda: all_posters_shown(page), "posters")
        picture(page, f"gallery-{scheme}-{size['width']}")
        assert overflow(page) <= 0

    def test_clip_page(
        self, scheme: str, size: dict[str, int], filled: Server, open_page: Open, picture: Any
    ) -> None:
        page = visit(open_page, filled, None, viewport=size, color_scheme=scheme)
        address = page.locator("#published a").first.get_attribute("href")
        go(page, f"{filled.url}{address}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        wait_until(
            lambda: page.evaluate("document.querySelector('video').readyState >= 2"), "video"
        )
        picture(page, f"clip-{scheme}-{size['width']}")
        assert overflow(page) <= 0

    def test_review_desk(
        self,
        scheme: str,
        size: dict[str, int],
        filled: Server,
        open_page: Open,
        picture: Any,
        cookies: dict[str, dict[str, str]],
    ) -> None:
        page = visit(open_page, filled, cookies["reviewer"], viewport=size, color_scheme=scheme)
        expect(page.locator("#desk")).to_contain_text("Mira")
        expect(page.get_by_role("button", name="Approve")).to_be_enabled()
        page.keyboard.press("v")
        picture(page, f"review-{scheme}-{size['width']}")
        assert overflow(page) <= 0

    def test_create_and_admin(
        self,
        scheme: str,
        size: dict[str, int],
        filled: Server,
        open_page: Open,
        picture: Any,
        cookies: dict[str, dict[str, str]],
    ) -> None:
        page = visit(open_page, filled, cookies["admin"], viewport=size, color_scheme=scheme)
        for name, sign in (("create", "#go"), ("admin", "#people table")):
            go(page, f"{filled.url}/?tab={name}")
            expect(page.locator(sign)).to_be_visible()
            picture(page, f"{name}-{scheme}-{size['width']}")
            assert overflow(page) <= 0


def test_a_french_visitor_reads_french(filled: Server, open_page: Callable[..., Page]) -> None:
    page = visit(open_page, filled, None, locale="fr-FR")
    expect(page.get_by_role("tab", name="Galerie", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Se connecter")).to_be_visible()


def test_create_says_that_the_model_is_loading(
    filled: Server, open_page: Open, cookies: dict[str, dict[str, str]]
) -> None:
    page = open_page()
    page.context.add_cookies([{**cookies["admin"], "url": filled.url}])  # type: ignore[typeddict-item]
    health = httpx.get(f"{filled.url}/healthz").json()
    page.route("**/healthz", lambda route: route.fulfill(json={**health, "model_state": "loading"}))
    page.goto(f"{filled.url}/?tab=create")
    expect(page.locator("#making")).to_contain_text("The model is loading")
