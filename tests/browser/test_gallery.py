"""The gallery in a real browser: found by words and filters, played by a mouse or by keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.newsroom import Newsroom

SIZES = [{"width": 1440, "height": 900}, {"width": 390, "height": 844}]
WISHES: list[dict[str, Any]] = [
    {
        "state": "published",
        "prompt": f"a {colour} ball that rolls through the rain, number {number}",
        "creator": f"Maker {number % 5}",
        "model": ("fast", "wan2.1-1.3b")[number % 2],
        "style": ("quiet", "cinematic")[number % 2],
        "width": (64, 96, 64)[number % 3],
        "height": (64, 64, 112)[number % 3],
    }
    for number, colour in enumerate(["red", "green", "blue", "grey"] * 7)
]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    filled = Newsroom(tmp_path_factory.mktemp("walls"), [dict(wish) for wish in WISHES])
    with filled:
        yield filled


def look(room: Newsroom, open_page: Open, path: str, **options: Any) -> Page:
    page = open_page(**options)
    page.goto(room.url + path)
    page.locator(".wall li, .gl-brick").first.wait_for()
    return page


def shift(page: Page) -> float:
    """How far things moved by themselves, as browsers score it."""
    found: float = page.evaluate(
        "new Promise((done) => { let sum = 0;"
        " new PerformanceObserver((list) => { for (const each of list.getEntries()) sum += each.value; })"
        ".observe({ type: 'layout-shift', buffered: true }); setTimeout(() => done(sum), 500); })"
    )
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size["width"]))
@pytest.mark.parametrize("path", ["/gallery?order=rotating", "/creator/Maker%201"])
def test_the_wall_stands_still_and_keeps_nobody_out(
    room: Newsroom,
    open_page: Open,
    picture: Callable[[Page, str], None],
    path: str,
    size: dict[str, int],
    scheme: str,
) -> None:
    page = look(room, open_page, path, viewport=size, color_scheme=scheme)
    picture(page, f"wall-{path[1:4]}-{scheme}-{size['width']}")
    assert shift(page) < 0.01
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    found = Axe().run(page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []


def test_pictures_keep_their_shape(room: Newsroom, open_page: Open) -> None:
    page = look(room, open_page, "/gallery")
    off = page.eval_on_selector_all(
        ".card img",
        "(all) => all.map((img) => (img.clientWidth / img.clientHeight) / (img.width ? img.getAttribute('width')"
        " / img.getAttribute('height') : 1))",
    )
    assert max(abs(each - 1) for each in off) < 0.05


def test_it_plays_under_the_mouse_and_with_the_focus(room: Newsroom, open_page: Open) -> None:
    page = look(room, open_page, "/gallery")
    page.locator(".wall li").first.hover()
    expect(page.locator(".card video.on")).to_have_count(1)
    page.mouse.move(1, 1)
    expect(page.locator(".card video")).to_have_count(0)
    page.locator(".card").nth(1).focus()
    expect(page.locator(".wall li").nth(1).locator("video.on")).to_have_count(1)


def test_nothing_moves_for_those_who_asked_for_calm(room: Newsroom, open_page: Open) -> None:
    page = look(room, open_page, "/gallery", reduced_motion="reduce")
    page.locator(".card").first.focus()
    expect(page.locator(".what").first).to_have_css("opacity", "1")
    expect(page.locator(".card video")).to_have_count(0)


def test_a_filter_is_set_and_taken_out_by_keys_without_scripts(
    room: Newsroom, open_page: Open
) -> None:
    page = look(room, open_page, "/gallery", java_script_enabled=False)
    page.locator("summary").press("Enter")
    page.get_by_label("Shape").select_option("Portrait")
    page.get_by_role("button", name="Show").press("Enter")
    expect(page).to_have_url(re.compile("shape=portrait"))
    expect(page.locator(".wall li")).to_have_count(9)
    page.get_by_role("link", name="Show everything").press("Enter")
    expect(page.locator(".wall li")).to_have_count(24)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size["width"]))
def test_the_tab_offers_the_same_filters(
    room: Newsroom, open_page: Open, picture: Callable[[Page, str], None], size: dict[str, int]
) -> None:
    page = look(room, open_page, "/?tab=gallery", viewport=size)
    page.locator("#published summary").click()
    picture(page, f"tab-{size['width']}")
    page.get_by_label("Shape").select_option("Portrait")
    expect(page.locator("#published .gl-brick")).to_have_count(9)
    page.get_by_label("Order").select_option("Everybody in turn")
    page.get_by_label("Creator").fill("Maker 2")
    expect(page.locator("#published .gl-brick")).to_have_count(2)
    page.get_by_role("searchbox").fill("zebra")
    expect(page.locator("#published")).to_contain_text("No clip is like that.")
    page.get_by_role("button", name="Show everything").click()
    expect(page.locator("#published .gl-brick").nth(23)).to_be_attached()
