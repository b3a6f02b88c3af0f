"""Reporting from a clip's page, and the report queue at the desk, by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from moderation.models import State
from tests.browser.conftest import Open, refusing
from tests.browser.newsroom import Newsroom
from tests.browser.test_desk_states import serious
from tests.browser.test_screens import PHONE, overflow
from tests.browser.test_share import serious as serious_in_page
from tests.server import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

XSS = "<img src=x onerror=document.body.setAttribute('x',1)> ${document.body.setAttribute('x',1)}"


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """Three published clips of ana, approved by rita: two are reported, and one waits."""
    wishes: list[dict[str, Any]] = [
        {"prompt": "a painted sword", "state": "published"},
        {"prompt": "two children in a park", "state": "published"},
        {"prompt": "nobody minds this one", "state": "published"},
        {"prompt": "a clip that waits"},
    ]
    filled = Newsroom(tmp_path_factory.mktemp("reports"), wishes)
    with filled:
        stranger, ben = filled.client(), filled.api("ben")
        for client, place, said in (
            (stranger, 0, {"reason": "violence", "text": XSS, "at_s": 0.25}),
            (ben, 0, {"reason": "copyright", "text": "From my film.", "at_s": 0.5, "until_s": 1}),
            (stranger, 1, {"reason": "minors", "text": "Do they agree?"}),
        ):
            path = f"/api/v1/clips/{filled.clips[place]}/report"
            assert client.post(path, json=said).status_code == 202
        yield filled


def open_sheet(page: Page, cases: int = 2) -> Any:
    expect(page.get_by_role("button", name=f"Reports ({cases})")).to_be_visible()
    page.keyboard.press("f")
    sheet = page.locator(".gl-sheet-reports")
    expect(sheet.locator(".gl-case-row[aria-current]")).to_be_focused()
    return sheet


def state_of(newsroom: Newsroom, place: int) -> str:
    path = f"/api/v1/clips/{newsroom.clips[place]}"
    state: str = newsroom.api("lea").get(path).json()["state"]
    return state


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_queue_is_read_by_keyboard(newsroom: Newsroom, open_page: Open, scheme: str) -> None:
    page = newsroom.visit("rob", open_page, color_scheme=scheme)
    sheet = open_sheet(page)
    rows = sheet.locator(".gl-case-row-prompt")
    expect(rows).to_have_text(["two children in a park", "a painted sword"])
    page.keyboard.press("j")
    expect(sheet.locator(".gl-case-prompt")).to_have_text("a painted sword")
    expect(sheet.locator(".gl-case-words").first).to_have_text("From my film.")
    expect(sheet.locator(".gl-case-words").nth(1)).to_have_text(XSS)  # text, and nothing else
    assert page.evaluate("document.body.getAttribute('x')") is None
    expect(sheet.locator(".gl-veil")).to_be_visible()
    page.keyboard.press("v")
    expect(sheet.locator(".gl-veil")).to_be_hidden()
    sheet.get_by_role("button", name="Go to 0.5 s").click()
    wait_until(
        lambda: sheet.locator("video").evaluate("video => video.currentTime") == 0.5,
        "the film is at the moment",
    )
    assert serious(page) == []
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()


@pytest.mark.parametrize("viewport", [PHONE, {"width": 1440, "height": 900}], ids=str)
def test_the_queue_fits(newsroom: Newsroom, open_page: Open, viewport: dict[str, int]) -> None:
    page = newsroom.visit("lea", open_page, viewport=viewport)
    page.get_by_role("button", name="Reports (2)").click()
    expect(page.locator(".gl-case-prompt")).to_be_visible()
    assert overflow(page) <= 0


def test_whoever_approved_a_clip_passes_it_on(newsroom: Newsroom, open_page: Open) -> None:
    sheet = open_sheet(newsroom.visit("rita", open_page))
    expect(sheet.get_by_role("button", name="Dismiss")).to_be_disabled()
    expect(sheet.get_by_role("alert")).to_contain_text("You have had your say in this clip")
    expect(sheet.get_by_role("button", name="Pass to a lead")).to_be_enabled()


def test_a_new_report_comes_to_an_open_desk(newsroom: Newsroom, open_page: Open) -> None:
    page = newsroom.visit("rob", open_page)
    expect(page.get_by_role("button", name="Reports (2)")).to_be_visible()
    said = {"reason": "deception"}
    newsroom.api("ben").post(f"/api/v1/clips/{newsroom.clips[2]}/report", json=said)
    expect(page.get_by_role("button", name="Reports (3)")).to_be_visible()
    body = {"note": "It is plainly a drawing."}
    newsroom.api("lea").post(f"/api/v1/reports/{newsroom.clips[2]}/dismiss", json=body)
    expect(page.get_by_role("button", name="Reports (2)")).to_be_visible()


def test_a_case_is_dismissed_with_a_note_and_another_taken_down(
    newsroom: Newsroom, open_page: Open
) -> None:
    page = newsroom.visit("rob", open_page)
    sheet = open_sheet(page)
    page.keyboard.press("j")
    page.keyboard.press("d")
    expect(sheet.locator("#gl-case-note")).to_be_focused()
    page.keyboard.type("It is paint, and it is hers.")
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    expect(sheet.locator(".gl-case-row")).to_have_count(1)
    assert state_of(newsroom, 0) == State.PUBLISHED

    lead = newsroom.visit("lea", open_page)
    sheet = open_sheet(lead, 1)
    expect(sheet.locator("#gl-case-reason")).to_have_value("minors")
    lead.keyboard.press("t")
    expect(sheet.get_by_text("No clip is reported.")).to_be_visible()
    assert state_of(newsroom, 1) == State.TAKEN_DOWN

    sheet.get_by_text("Take down or bring back").click()
    sheet.locator("#gl-unreported-id").fill(f"{newsroom.url}/clip/{newsroom.clips[1]}")
    sheet.get_by_role("button", name="Bring back").click()
    expect(sheet.get_by_role("status").filter(has_text="back in the gallery")).to_be_visible()
    assert state_of(newsroom, 1) == State.PUBLISHED


def test_a_stranger_without_scripts_reports(newsroom: Newsroom, open_page: Open) -> None:
    page = open_page(java_script_enabled=False, viewport=PHONE)
    page.goto(f"{newsroom.url}/clip/{newsroom.clips[2]}")
    page.get_by_text("Report this clip").click()
    page.get_by_label("Hate").check()
    page.get_by_label("In your words").fill("It mocks my neighbours.")
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_role("heading")).to_have_text("Thank you, your report has arrived")


def test_the_form_takes_the_moment_of_the_player(newsroom: Newsroom, open_page: Open) -> None:
    page = open_page()
    page.goto(f"{newsroom.url}/clip/{newsroom.clips[2]}")
    page.get_by_text("Report this clip").click()
    page.locator("video").evaluate(
        "film => new Promise((done) => { film.onseeked = done; film.currentTime = 0.5; })"
    )
    page.get_by_role("button", name="This moment").click()
    expect(page.get_by_label("From second")).to_have_value("0.5")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_form_is_for_everybody(newsroom: Newsroom, open_page: Open, scheme: str) -> None:
    page = open_page(color_scheme=scheme, viewport=PHONE)
    page.goto(f"{newsroom.url}/clip/{newsroom.clips[2]}/report")
    with refusing(page):  # a reason was left out, past the browser's own check
        page.locator("form").evaluate("form => { form.noValidate = true; form.submit(); }")
        expect(page.get_by_role("alert")).to_be_visible()
        page.wait_for_load_state()
    assert serious_in_page(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
