"""Every state of the desk, in both themes and on a phone: what it says, and that everyone can use it.

axe (Deque's rules, WCAG 2.2 A and AA) finds nothing serious in any of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from store import utc_now
from tests.browser.conftest import Open
from tests.browser.newsroom import Newsroom
from tests.browser.test_screens import DESKTOP, PHONE, overflow

pytestmark = pytest.mark.browser

Picture = Callable[[Page, str], None]

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
ADVICE = [
    {
        "check": "nudity",
        "says": "Bare skin on a large part of the picture.",
        "score": 0.82,
        "version": "nudity 1",
        "at_s": 0.75,
        "reason": "sexual_content",
    }
]


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """Twelve clips: one overdue, one late, one flagged, a second look, an appeal, plain ones."""
    now = utc_now()
    later = now + timedelta(hours=5)
    wishes: list[dict[str, Any]] = [
        {
            "prompt": "an overdue clip",
            "due_at": now - timedelta(hours=1),
            "late_at": now + timedelta(hours=9),
        },
        {"prompt": "a clip due soon", "due_at": now + timedelta(minutes=40)},
        {"prompt": "a flagged clip", "screening": ADVICE, "advice": 0.82},
        {"prompt": "a clip to look at twice", "state": "second_review", "due_at": later},
        {"prompt": "an appealed clip", "state": "appealed", "creator": "ben", "due_at": later},
        *({"prompt": f"plain clip number {number}"} for number in range(7)),
    ]
    filled = Newsroom(tmp_path_factory.mktemp("states"), wishes)
    with filled:
        yield filled


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    filled = Newsroom(tmp_path_factory.mktemp("idle"), [])
    with filled:
        yield filled


def ready(page: Page, rows: int) -> None:
    expect(page.locator("#desk .gl-rows li")).to_have_count(rows)


def serious(page: Page, place: str = "#desk") -> list[tuple[str, list[str]]]:
    """What axe finds that keeps people out, as (rule, the first places)."""
    found = Axe().run(page, context=place, options=RULES).response["violations"]
    return [
        (each["id"], [str(node["target"]) + node["failureSummary"] for node in each["nodes"][:3]])
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


def open_row(page: Page, words: str) -> None:
    page.locator("#desk .gl-row", has_text=words).click()
    expect(page.locator("#desk .gl-prompt")).to_have_text(words)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
class TestEveryLook:
    def test_a_full_desk(
        self, scheme: str, size: Any, newsroom: Newsroom, open_page: Open, picture: Picture
    ) -> None:
        page = newsroom.visit("lea", open_page, viewport=size, color_scheme=scheme)
        ready(page, 12)
        expect(page.locator("#desk .gl-health")).to_be_visible()
        assert serious(page) == []
        open_row(page, "a flagged clip")
        page.keyboard.press("v")
        expect(page.get_by_role("button", name="Approve")).to_be_enabled()
        page.keyboard.press("1")
        page.keyboard.press("m")
        assert serious(page) == []
        page.keyboard.press("Escape")
        picture(page, f"desk-{scheme}-{size['width']}")
        assert overflow(page) <= 0

    def test_what_came_before(
        self, scheme: str, size: Any, newsroom: Newsroom, open_page: Open
    ) -> None:
        page = newsroom.visit("rob", open_page, viewport=size, color_scheme=scheme)
        ready(page, 12)
        for words in ("an appealed clip", "a clip to look at twice"):
            open_row(page, words)
            assert serious(page) == []
        assert overflow(page) <= 0

    def test_the_sheets(
        self, scheme: str, size: Any, newsroom: Newsroom, open_page: Open, picture: Picture
    ) -> None:
        page = newsroom.visit("aud", open_page, viewport=size, color_scheme=scheme)
        ready(page, 12)
        for key, name in (("?", "help"), ("w", "care")):
            page.keyboard.press(key)
            expect(page.locator(f".gl-sheet-{name}")).to_be_visible()
            assert serious(page, f".gl-sheet-{name}") == []
            picture(page, f"desk-{name}-{scheme}-{size['width']}")
            page.keyboard.press("Escape")

    def test_an_empty_desk(
        self, scheme: str, size: Any, idle: Newsroom, open_page: Open, picture: Picture
    ) -> None:
        page = idle.visit("rita", open_page, viewport=size, color_scheme=scheme)
        expect(page.locator("#desk")).to_contain_text("Nothing waits. You are done.")
        assert serious(page) == []
        picture(page, f"desk-empty-{scheme}-{size['width']}")
        assert overflow(page) <= 0


def test_rows_say_how_late_it_is(newsroom: Newsroom, open_page: Open) -> None:
    page = newsroom.visit("aud", open_page)
    ready(page, 12)
    rows = page.locator("#desk .gl-rows li")
    expect(rows.filter(has_text="an overdue clip")).to_contain_text("Overdue")
    expect(rows.filter(has_text="a clip due soon")).to_contain_text(
        re.compile(r"due in (40|3\d) min")
    )
    expect(rows.filter(has_text="an appealed clip")).to_contain_text("Appeal")
    expect(rows.filter(has_text="a clip to look at twice")).to_contain_text("Second look")


def test_a_lead_sees_how_the_queue_is_doing(newsroom: Newsroom, open_page: Open) -> None:
    page = newsroom.visit("lea", open_page)
    band = page.locator("#desk .gl-health")
    expect(band).to_contain_text("12 waiting")
    expect(band).to_contain_text("1 overdue")
    band.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(band.locator("tbody")).to_contain_text("rita")


def test_a_reviewer_sees_no_band(newsroom: Newsroom, open_page: Open) -> None:
    page = newsroom.visit("rita", open_page)
    ready(page, 12)
    expect(page.locator("#desk .gl-health")).to_be_hidden()


def test_an_auditor_looks_and_decides_nothing(newsroom: Newsroom, open_page: Open) -> None:
    page = newsroom.visit("aud", open_page)
    ready(page, 12)
    expect(page.locator("#desk")).to_contain_text("Your role can look here, and decides nothing.")
    for name in ("Approve", "Reject", "Request changes"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_disabled()


def test_a_french_reviewer_reads_french(newsroom: Newsroom, open_page: Open) -> None:
    page = newsroom.visit("aud", open_page, locale="fr-FR")
    ready(page, 12)
    desk = page.locator("#desk")
    expect(desk).to_contain_text("En retard")
    expect(desk).to_contain_text("Contenu sexuel")
    expect(desk).to_contain_text("Recours")


def test_on_a_phone_the_decision_stays_at_hand(newsroom: Newsroom, open_page: Open) -> None:
    page = newsroom.visit("aud", open_page, viewport=PHONE)
    ready(page, 12)
    for at in (0, 5000):
        page.evaluate(f"scrollTo(0, {at})")
        box = page.get_by_role("button", name="Approve", exact=True).bounding_box()
        assert box is not None
        assert PHONE["height"] - 160 < box["y"] < PHONE["height"] - 40
