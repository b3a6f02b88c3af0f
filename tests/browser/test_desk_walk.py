"""Two reviewers, a lead and a creator side by side, by keyboard alone: claim, conflict, changes and a
new version, four eyes, rejection, appeal, overturn, escalation, taking back. Once at desks in the
light and once on phones in the dark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import col, update

from moderation.models import Clip
from settings import read_settings
from store import open_store, utc_now
from tests.browser.conftest import Open
from tests.browser.newsroom import Newsroom
from tests.browser.test_screens import DESKTOP, PHONE
from tests.server import wait_for_state

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    rules = {"GREENLIGHT_SECOND_REASONS": "real_person", "GREENLIGHT_UNDO_S": "8"}
    filled = Newsroom(tmp_path, [{"prompt": "a red ball in the night"}], **rules)
    with filled:
        yield filled


@pytest.fixture(params=[("light", DESKTOP), ("dark", PHONE)], ids=["desk", "phone"])
def visit(
    request: pytest.FixtureRequest, newsroom: Newsroom, open_page: Open
) -> Callable[..., Page]:
    """Somebody's page, in one of the two looks."""
    scheme, size = request.param
    return partial(newsroom.visit, open_page=open_page, color_scheme=scheme, viewport=size)


def on_stage(page: Page, words: str) -> None:
    expect(page.locator("#desk .gl-prompt")).to_have_text(words)


def may_decide(page: Page) -> None:
    approve = page.get_by_role("button", name="Approve", exact=True)
    expect(approve).to_be_enabled(timeout=20_000)


def may_not(page: Page) -> None:
    expect(page.get_by_role("button", name="Approve", exact=True)).to_be_disabled()


def done(page: Page) -> None:
    expect(page.locator("#desk")).to_contain_text("Nothing waits. You are done.")


def test_changes_a_new_version_four_eyes_and_taking_back(
    newsroom: Newsroom, visit: Callable[..., Page]
) -> None:
    first, ana = newsroom.clips[0], newsroom.api("ana")
    # 1. Rita holds the clip; Rob sees who looks, and cannot decide.
    rita = visit("rita")
    may_decide(rita)
    rob = visit("rob")
    expect(rob.locator("#desk .gl-banner")).to_have_text("rita is looking")
    may_not(rob)
    # 2. She asks for changes, with a reason and words; Rob's desk hears of it.
    rita.keyboard.press("9")
    rita.locator("#gl-note").focus()
    rita.keyboard.type("Make the ball blue, please.")
    rita.keyboard.press("Escape")
    rita.keyboard.press("c")
    done(rita)
    expect(rob.locator("#desk .gl-verdicts")).to_contain_text("This clip has left the queue")
    # 3. Ana sends a new version; the desk shows what differs and what was asked.
    wish = {"prompt": "a blue ball in the night", "parent_id": first, "num_inference_steps": 1}
    version = ana.post("/api/v1/clips", json=wish).json()["id"]
    wait_for_state(ana, version, "pending_review")
    on_stage(rita, "a blue ball in the night")
    story = rita.locator("#desk .gl-story-version")
    expect(story).to_contain_text("Make the ball blue, please.")
    expect(story.locator("del.gl-word").first).to_have_text("red")
    expect(story.locator("ins.gl-word").first).to_have_text("blue")
    rita.keyboard.press("d")
    expect(rita.locator("#desk .gl-compare video")).to_have_count(2)
    rita.keyboard.press("Escape")
    # 4. She approves it with a flag that asks for a second person, takes that back, and again.
    may_decide(rita)
    for last in (False, True):
        rita.keyboard.press("5")
        rita.keyboard.press("a")
        expect(rita.locator("#desk .gl-undo-toast")).to_be_visible()
        if not last:
            rita.keyboard.press("u")
            may_decide(rita)
            rita.keyboard.press("5")  # what was chosen before is gone with the decision
            rita.keyboard.press("5")
    # 5. It waits for a second look, which she may not give and Rob may.
    expect(rita.locator("#desk .gl-rows li")).to_contain_text("Second look")
    may_not(rita)
    rob.keyboard.press("j")
    on_stage(rob, "a blue ball in the night")
    may_decide(rob)
    rob.keyboard.press("a")
    wait_for_state(ana, version, "published")


def test_a_rejection_is_appealed_and_overturned(
    newsroom: Newsroom, visit: Callable[..., Page]
) -> None:
    first, ana = newsroom.clips[0], newsroom.api("ana")
    # 1. Rita marks a moment for the creator and rejects the clip.
    rita = visit("rita")
    may_decide(rita)
    rita.keyboard.press("m")
    rita.keyboard.type("a logo, here")
    rita.locator("#gl-mark-public").focus()
    rita.keyboard.press(" ")
    rita.locator("#gl-mark-text").focus()
    rita.keyboard.press("Control+Enter")
    expect(rita.locator("#desk .gl-marks")).to_contain_text("a logo, here")
    rita.keyboard.press("6")
    rita.keyboard.press("r")
    wait_for_state(ana, first, "rejected")
    # 2. Ana reads the mark with the decision, and appeals in words.
    maker = visit("ana", tab="mine")
    expect(maker.locator("#my-clips .gl-remarks")).to_contain_text("a logo, here")
    maker.get_by_role("button", name="Go to 0.1 s").press("Enter")
    expect(maker.locator("#my-clips .gl-picture video")).to_be_visible()
    maker.get_by_role("button", name="Appeal", exact=True).press("Enter")
    maker.keyboard.type("It is a shape of my own.")
    maker.keyboard.press("Tab")
    maker.keyboard.press("Tab")
    maker.keyboard.press("Enter")
    wait_for_state(ana, first, "appealed")
    expect(maker.locator("#my-clips")).to_contain_text("Appealed")
    # 3. Rita may not decide it again; the lead reads both sides, and must answer.
    expect(rita.locator("#desk .gl-rows li")).to_contain_text("Appeal")
    may_not(rita)
    lea = visit("lea")
    may_decide(lea)
    story = lea.locator("#desk .gl-story-appeal")
    expect(story).to_contain_text("It is a shape of my own.")
    expect(story).to_contain_text("Copyright and marks")
    lea.keyboard.press("a")
    expect(lea.locator("#desk .gl-verdicts")).to_contain_text("Answer the appeal in words")
    expect(lea.locator("#gl-note")).to_be_focused()
    lea.keyboard.type("You are right.")
    lea.keyboard.press("Escape")
    lea.keyboard.press("a")
    done(lea)
    # 4. It is published by itself.
    clip: dict[str, Any] = wait_for_state(ana, first, "published")
    assert clip["timeline"][-2]["note"] == "You are right."


def test_an_overdue_clip_comes_to_the_lead(newsroom: Newsroom, visit: Callable[..., Page]) -> None:
    clip, ana = newsroom.clips[0], newsroom.api("ana")
    # 1. Nobody looks at it until its time is over.
    lea = visit("lea")
    may_decide(lea)
    lea.keyboard.press("s")
    store = open_store(read_settings(data=newsroom.folder / "data"))
    with store.write() as session:
        past = utc_now() - timedelta(minutes=1)
        session.execute(update(Clip).where(col(Clip.id) == clip).values(due_at=past))
    store.close()
    # 2. The lead hears of it, and the desk says so.
    lea.wait_for_function(
        "() => fetch('/api/v1/notices').then((r) => r.json())"
        ".then((told) => told.items.some((each) => each.kind === 'overdue'))"
    )
    lea.reload()
    expect(lea.locator("#desk .gl-health")).to_contain_text("1 overdue")
    # 3. She decides on it.
    may_decide(lea)
    lea.keyboard.press("a")
    wait_for_state(ana, clip, "published")
