"""From clip to clip at the desk: what is ready, what is taken back, what others see meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, refusing
from tests.browser.newsroom import Newsroom
from tests.browser.test_screens import sign_in, visit
from tests.server import wait_until

pytestmark = pytest.mark.browser

PROMPTS = ("the first clip", "the second clip", "the third clip")

WATCH = """() => {
  const seen = window.seen = {};
  document.addEventListener('keydown', () => { seen.pressed = performance.now(); }, true);
  const ask = window.fetch;
  window.fetch = async (path, ...rest) => {
    const answer = await ask(path, ...rest);
    if (String(path).endsWith('/decision')) seen.answered = performance.now();
    return answer;
  };
  new MutationObserver(() => {
    const film = document.querySelector('#desk .gl-screen video');
    requestAnimationFrame(() => { seen.shown = performance.now(); });
    seen.readyState = film.readyState;
  }).observe(document.querySelector('#desk .gl-screen'), { childList: true });
}"""


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    filled = Newsroom(tmp_path, [{"prompt": prompt} for prompt in PROMPTS])
    with filled:
        yield filled


def at_work(newsroom: Newsroom, name: str, open_page: Open) -> Page:
    page = newsroom.visit(name, open_page)
    expect(page.get_by_role("button", name="Approve")).to_be_enabled(timeout=20_000)
    return page


def on_stage(page: Page, words: str) -> None:
    expect(page.locator("#desk .gl-prompt")).to_have_text(words)


def shown_rows(page: Page, count: int) -> None:
    expect(page.locator("#desk .gl-rows li")).to_have_count(count)


def state_of(newsroom: Newsroom, place: int) -> str:
    clip: dict[str, Any] = newsroom.api("lea").get(f"/api/v1/clips/{newsroom.clips[place]}").json()
    return str(clip["state"])


def holder_of(newsroom: Newsroom, place: int) -> str | None:
    clip = newsroom.api("aud").get(f"/api/v1/clips/{newsroom.clips[place]}").json()
    return clip["claim"]["holder"] if clip["claim"] else None


def test_the_next_clip_is_whole_before_the_decision_and_shown_within_a_tenth_of_a_second(
    newsroom: Newsroom, open_page: Open
) -> None:
    page = at_work(newsroom, "rita", open_page)
    upcoming = f"/media/{newsroom.clips[1]}"
    wait_until(
        lambda: page.evaluate(
            "path => performance.getEntriesByType('resource')"
            ".filter(each => each.name.includes(path) && each.responseEnd > 0).length >= 3",
            upcoming,
        ),
        "the next film, poster and strip are fetched",
    )
    page.evaluate(WATCH)
    page.keyboard.press("a")
    on_stage(page, PROMPTS[1])
    seen = wait_until(lambda: page.evaluate("window.seen.shown && window.seen"), "a film is shown")
    assert seen["readyState"] >= 2
    assert seen["shown"] - seen["answered"] < 100


def test_a_decision_is_taken_back_by_one_key(newsroom: Newsroom, open_page: Open) -> None:
    page = at_work(newsroom, "rita", open_page)
    page.keyboard.press("9")
    page.keyboard.press("r")
    on_stage(page, PROMPTS[1])
    expect(page.locator("#desk .gl-undo-toast")).to_contain_text("Rejected.")
    assert state_of(newsroom, 0) == "rejected"
    page.keyboard.press("u")
    on_stage(page, PROMPTS[0])
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()
    expect(page.locator("#desk .gl-undo-toast")).to_have_count(0)
    expect(page.locator("#desk .gl-story")).to_contain_text("Taken back within its seconds")
    assert state_of(newsroom, 0) == "pending_review"


def test_reasons_that_were_reworded_meanwhile_are_shown_again_before_a_decision(
    newsroom: Newsroom, open_page: Open
) -> None:
    page = at_work(newsroom, "rita", open_page)
    reword(newsroom, "technical_fault", "The clip stutters.")
    page.keyboard.press("9")
    with refusing(page):
        page.keyboard.press("r")
        expect(page.locator("#desk .gl-verdicts .gl-trouble")).to_contain_text(
            "Look at the reasons again"
        )
    expect(page.locator("#desk .gl-chosen")).to_have_text("The clip stutters.")
    assert state_of(newsroom, 0) == "pending_review"
    page.keyboard.press("r")
    on_stage(page, PROMPTS[1])
    assert state_of(newsroom, 0) == "rejected"


def reword(newsroom: Newsroom, code: str, words: str) -> None:
    admin = newsroom.api("ada")
    policy = admin.get("/api/v1/policy").json()
    reasons = [{name: each[name] for name in ("code", "en", "fr")} for each in policy["reasons"]]
    for reason in reasons:
        if reason["code"] == code:
            reason["en"]["text"] = words
    sent = {"version": policy["version"], "reasons": reasons}
    admin.put("/api/v1/policy", json=sent).raise_for_status()


def test_the_time_to_take_back_runs_out_on_the_screen(tmp_path: Path, open_page: Open) -> None:
    wishes = [{"prompt": prompt} for prompt in PROMPTS]
    newsroom = Newsroom(tmp_path, wishes, GREENLIGHT_UNDO_S="2")
    with newsroom:
        page = at_work(newsroom, "rita", open_page)
        page.keyboard.press("a")
        expect(page.locator("#desk .gl-undo-toast")).to_be_visible()
        expect(page.locator("#desk .gl-undo-toast")).to_have_count(0)
        page.keyboard.press("u")
        on_stage(page, PROMPTS[1])


def test_a_skipped_clip_stays_and_does_not_come_straight_back(
    newsroom: Newsroom, open_page: Open
) -> None:
    page = at_work(newsroom, "rita", open_page)
    page.keyboard.press("s")
    on_stage(page, PROMPTS[1])
    shown_rows(page, 3)
    page.keyboard.press("j")
    on_stage(page, PROMPTS[2])
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()
    page.keyboard.press("a")
    on_stage(page, PROMPTS[1])  # and not the one that was skipped, which comes first in the queue
    offered = newsroom.api("rita").post("/api/v1/review/claim").json()
    assert offered["id"] == newsroom.clips[1]


def test_a_clip_is_handed_over_by_keyboard(newsroom: Newsroom, open_page: Open) -> None:
    page = at_work(newsroom, "rita", open_page)
    page.keyboard.press("h")
    chooser = page.locator("#gl-colleague")
    expect(chooser).to_be_focused()
    chooser.select_option("lea")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    on_stage(page, PROMPTS[1])
    expect(page.locator("#desk .gl-rows li").first).to_contain_text("lea is looking")
    assert holder_of(newsroom, 0) == "lea"


def test_news_arrive_by_themselves_and_move_nothing(newsroom: Newsroom, open_page: Open) -> None:
    """Long before the twenty seconds between two looks of its own."""
    page = at_work(newsroom, "rita", open_page)
    page.locator("#gl-note").fill("half a sent")
    page.locator("#desk .gl-rows li").nth(2).evaluate("node => { window.row = node; }")
    page.locator("#desk .gl-screen video").evaluate("node => { window.film = node; }")
    newsroom.api("rob").post("/api/v1/review/claim", json={"clip_id": newsroom.clips[2]})
    expect(page.locator("#desk .gl-rows li").nth(2)).to_contain_text("rob is looking", timeout=5000)
    version = newsroom.api("rob").get(f"/api/v1/clips/{newsroom.clips[2]}").json()["version"]
    ruling = {"verdict": "approve", "version": version}
    newsroom.api("rob").post(f"/api/v1/clips/{newsroom.clips[2]}/decision", json=ruling)
    expect(page.locator("#desk .gl-rows li")).to_have_count(2, timeout=5000)
    expect(page.locator("#gl-note")).to_be_focused()
    expect(page.locator("#gl-note")).to_have_value("half a sent")
    assert page.evaluate("window.film === document.querySelector('#desk .gl-screen video')")


def test_whoever_comes_too_late_is_told_what_happened(newsroom: Newsroom, open_page: Open) -> None:
    page = at_work(newsroom, "rita", open_page)
    with refusing(page):
        page.route("**/api/v1/review", lambda route: route.abort())  # as on a slow line
        page.route("**/api/v1/review/events", lambda route: route.abort())
        newsroom.api("rita").post(f"/api/v1/clips/{newsroom.clips[0]}/release")
        version = newsroom.api("rob").get(f"/api/v1/clips/{newsroom.clips[0]}").json()["version"]
        ruling = {"verdict": "approve", "version": version}
        newsroom.api("rob").post(f"/api/v1/clips/{newsroom.clips[0]}/decision", json=ruling)
        page.keyboard.press("a")
        said = page.locator("#desk .gl-verdicts .gl-trouble")
        expect(said).to_contain_text("rob decided already")
        expect(page.get_by_role("button", name="Approve")).to_be_disabled()
        page.close()


def test_a_page_that_is_left_lets_its_clip_go(newsroom: Newsroom, open_page: Open) -> None:
    # By a cookie: what a leaving page still sends carries no other header.
    invitation = newsroom.manage("invite", "--role", "reviewer", "--name", "Tess")
    page = visit(open_page, newsroom, sign_in(invitation))
    wait_until(lambda: holder_of(newsroom, 0) == "Tess", "the clip is held")
    page.goto("about:blank")
    wait_until(lambda: holder_of(newsroom, 0) is None, "the clip is free")
