"""Checks at the desk: a blind turn that looks like any other clip, and the sheet of agreement."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, refusing
from tests.browser.newsroom import Newsroom
from tests.browser.test_desk_states import serious
from tests.browser.test_screens import DESKTOP, PHONE, overflow
from tests.server import wait_for_state

pytestmark = pytest.mark.browser

PROMPTS = ("the checked clip", "the second clip", "the third clip")


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    shares = {"GREENLIGHT_OPINION_SHARE": "1", "GREENLIGHT_GOLDEN_SHARE": "1"}
    wishes = [{"prompt": prompt} for prompt in PROMPTS]
    filled = Newsroom(tmp_path, wishes, GREENLIGHT_UNDO_S="0", **shares)
    with filled:
        yield filled


def decide(newsroom: Newsroom, name: str, clip_id: str, verdict: str, **more: Any) -> None:
    client = newsroom.api(name)
    version = client.get(f"/api/v1/clips/{clip_id}").json()["version"]
    ruling = {"verdict": verdict, "version": version, "reasons": ["violence"], **more}
    assert client.post(f"/api/v1/clips/{clip_id}/decision", json=ruling).status_code == 200


def at_work(newsroom: Newsroom, name: str, open_page: Open, **options: Any) -> Page:
    page = newsroom.visit(name, open_page, **options)
    expect(page.get_by_role("button", name="Approve")).to_be_enabled(timeout=20_000)
    return page


def open_agreement(page: Page) -> Any:
    page.keyboard.press("o")
    sheet = page.get_by_role("dialog", name="Agreement")
    expect(sheet.locator("table")).to_be_visible()
    return sheet


def test_a_check_looks_like_any_clip_and_is_told_once_it_is_answered(
    newsroom: Newsroom, open_page: Open
) -> None:
    checked, second, _ = newsroom.clips
    decide(newsroom, "rita", checked, "reject")
    before = newsroom.api("lea").get(f"/api/v1/clips/{checked}").json()
    page = at_work(newsroom, "rob", open_page)
    expect(page.locator("#desk .gl-prompt")).to_have_text(PROMPTS[1])
    page.keyboard.press("a")
    expect(page.locator("#desk .gl-rows")).to_contain_text(PROMPTS[0])
    wait_for_state(newsroom.api("lea"), second, "published")
    page.locator("#desk .gl-row", has_text=PROMPTS[0]).click()
    expect(page.locator("#desk .gl-prompt")).to_have_text(PROMPTS[0])
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()
    expect(page.locator("#desk .gl-decide")).not_to_contain_text("Rejected")
    page.keyboard.press("a")
    expect(page.locator("#desk .gl-check-toast")).to_contain_text("That was a check")
    expect(page.locator("#desk .gl-rows")).not_to_contain_text(PROMPTS[0])
    assert newsroom.api("lea").get(f"/api/v1/clips/{checked}").json() == before
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#desk .gl-check-toast")).to_have_count(0)


def test_after_a_golden_clip_the_known_answer_is_told(newsroom: Newsroom, open_page: Open) -> None:
    golden = newsroom.clips[0]
    decide(newsroom, "rita", golden, "reject")
    known = {"verdict": "reject", "reasons": ["violence"]}
    newsroom.api("lea").post(f"/api/v1/clips/{golden}/golden", json=known)
    decide(newsroom, "rob", newsroom.clips[1], "reject")
    page = at_work(newsroom, "rob", open_page)
    expect(page.locator("#desk .gl-prompt")).to_have_text(PROMPTS[0])
    page.keyboard.press("a")
    told = page.locator("#desk .gl-check-toast")
    expect(told).to_contain_text("Rejected · Violence")
    expect(told).to_contain_text("You saw it differently")


def test_a_reviewer_reads_their_own_figures(newsroom: Newsroom, open_page: Open) -> None:
    checked = newsroom.clips[0]
    decide(newsroom, "rita", checked, "reject")
    decide(newsroom, "rob", newsroom.clips[1], "reject")
    decide(newsroom, "rob", checked, "approve", reasons=[])
    page = at_work(newsroom, "rob", open_page)
    sheet = open_agreement(page)
    rows = sheet.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("Verdict")
    expect(rows.nth(0)).to_contain_text("too few")
    expect(rows.nth(0)).to_contain_text("0 of 1")
    expect(rows.nth(1)).to_contain_text("Violence")
    expect(sheet.locator(".gl-golden")).to_be_hidden()
    assert serious(page) == []
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()


@pytest.mark.parametrize("options", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_lead_reads_everybody_s_and_keeps_golden_clips(
    newsroom: Newsroom, open_page: Open, options: dict[str, int], scheme: str
) -> None:
    checked, second, _ = newsroom.clips
    decide(newsroom, "rita", checked, "reject")
    decide(newsroom, "rob", second, "reject")
    decide(newsroom, "rob", checked, "approve", reasons=[])
    page = at_work(newsroom, "lea", open_page, viewport=options, color_scheme=scheme)
    sheet = open_agreement(page)
    names = sheet.locator("tbody th")
    expect(names).to_have_text(["Everybody", "ada", "lea", "rita", "rob"])
    expect(sheet.locator("thead")).to_contain_text("Violence")
    sheet.get_by_label("Clip: its id or its address").fill(f"{newsroom.url}/clip/{checked}")
    sheet.get_by_label("The right answer").select_option("reject")
    sheet.get_by_label("Violence").check()
    page.keyboard.press("Tab")
    sheet.get_by_role("button", name="Make golden").press("Enter")
    line = sheet.locator(".gl-golden-list li")
    expect(line).to_contain_text(PROMPTS[0])
    expect(line).to_contain_text("Rejected · Violence")
    assert serious(page) == []
    assert overflow(page) == 0
    sheet.get_by_role("button", name=f"Retire: {PROMPTS[0]}").press("Enter")
    expect(line).to_contain_text("Retired")


def test_a_golden_clip_that_is_refused_says_why(newsroom: Newsroom, open_page: Open) -> None:
    page = at_work(newsroom, "lea", open_page)
    sheet = open_agreement(page)
    with refusing(page):
        sheet.get_by_label("Clip: its id or its address").fill(newsroom.clips[0])
        sheet.get_by_role("button", name="Make golden").click()
        expect(sheet.get_by_role("alert").filter(has_text="pending_review")).to_be_visible()


def test_a_past_decision_is_made_golden_from_beside_a_clip(
    newsroom: Newsroom, open_page: Open
) -> None:
    checked = newsroom.clips[0]
    decide(newsroom, "rita", checked, "reject")
    page = at_work(newsroom, "lea", open_page)
    page.locator("#desk .gl-precedent").get_by_role("button", name="Make golden").first.click()
    sheet = page.get_by_role("dialog", name="Agreement")
    expect(sheet.get_by_label("Clip: its id or its address")).to_have_value(checked)
    expect(sheet.get_by_label("The right answer")).to_have_value("reject")
    expect(sheet.get_by_label("Violence")).to_be_checked()
