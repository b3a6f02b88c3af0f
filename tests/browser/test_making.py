"""Clips while they are made, as their creator watches them beside the Create form.

The server, the model and the cancelling are real. Only what cannot be had on demand (a failure, a
certain forecast) is written into the server's answer on its way to the page.
"""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, Request, Route, expect

from accounts import switches
from tests.browser.conftest import Open
from tests.browser.studio import (
    Json,
    Newcomer,
    Studio,
    choose,
    fill,
    name_of,
    picture_of,
    press_go,
)
from tests.server import wait_for_state, wait_until

pytestmark = pytest.mark.browser

LIST = re.compile(r"/api/v1/clips\?mine=1")
SLOW = {"num_inference_steps": 200, "num_frames": 33}
PATIENCE_MS = 40_000
PAYLOAD = "<img src=x onerror=document.body.setAttribute('pwned',1)> ${alert(1)} {{1}}"


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    opened = Studio(tmp_path_factory.mktemp("making"))
    with opened:
        health = opened.client()
        wait_until(lambda: health.get("/healthz").json()["model_state"] == "ready", "the model")
        yield opened


@pytest.fixture
def ana(studio: Studio, open_page: Open, request: pytest.FixtureRequest) -> Iterator[Newcomer]:
    person = Newcomer(studio, name_of(request.node.name), open_page)
    yield person
    for clip in person.clips():  # nobody after this waits for what is left
        if "cancel" in clip["can"]:
            person.client.post(f"/api/v1/clips/{clip['id']}/cancel")


class Answers:
    """The list of one clip as a test writes it, made from a real one that is over, or is made."""

    def __init__(self, ana: Newcomer, *, is_made: bool = False) -> None:
        self.clip: Json = ana.send("a red ball", num_inference_steps=1 if is_made else 8)
        if is_made:
            self.clip = wait_for_state(ana.client, self.clip["id"], "pending_review")
        else:
            ana.client.post(f"/api/v1/clips/{self.clip['id']}/cancel")
        self.is_held = False
        ana.page.route(LIST, self._answer)
        look = {"body": picture_of(16, 16), "content_type": "image/png"}
        ana.page.route(re.compile(r"\.preview\.jpg"), lambda route: route.fulfill(**look))

    def put(self, **changes: Any) -> None:
        self.clip = {**self.clip, "media": None, **changes}

    def queue(self, position: int, *, eta_s: float | None = None) -> None:
        queue = {"position": position, "eta_s": eta_s, "waits_for": None}
        self.put(state="queued", progress=None, queue=queue, can=["cancel"])

    def step(
        self, step: int, *, eta_s: float | None, phase: str = "denoising", preview: bool = False
    ) -> None:
        progress = {"phase": phase, "step": step, "steps": 8, "fraction": step / 8}
        progress |= {"eta_s": eta_s, "preview": self.preview(step) if preview else None}
        self.put(state="generating", progress=progress, queue=None, can=["cancel"])

    def preview(self, step: int) -> str:
        return f"/media/{self.clip['id']}.preview.jpg?step={step}"

    def _answer(self, route: Route) -> None:
        if not self.is_held:
            route.fulfill(json={"items": [self.clip], "next": None})


def tile(page: Page) -> Any:
    return page.locator("#making .gl-tile").first


# ---- what is said while it runs ----


def test_a_clip_is_watched_from_its_place_in_line_to_its_last_frame(ana: Newcomer) -> None:
    answers = Answers(ana, is_made=True)
    made = answers.clip
    answers.queue(1)
    page = ana.visit()
    look = tile(page).locator(".gl-look")
    expect(tile(page)).to_contain_text("Waiting for its turn")
    answers.step(2, eta_s=None, preview=True)
    expect(tile(page)).to_contain_text("Making the frames")
    expect(tile(page)).to_contain_text("Step 2 of 8")
    expect(look.locator(f'img[src="{answers.preview(2)}"]')).to_be_visible()
    answers.step(5, eta_s=None, preview=True)
    expect(look.locator(f'img[src="{answers.preview(5)}"]')).to_be_visible()
    expect(look.locator("img")).to_have_count(1)  # the older has faded out
    answers.clip = made
    expect(tile(page)).to_contain_text("Waiting for review.")
    expect(look.locator("video")).to_have_class(re.compile("gl-here"))
    expect(look.locator("video")).to_have_attribute("src", f"/media/{made['id']}.mp4")
    expect(look.locator("img")).to_have_count(0)


def changes_along(picture: bytes) -> int:
    """How often the colour changes from one pixel to the next, in the middle of a picture."""
    pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))
    row = pixels[len(pixels) // 2].astype(int)
    return int((np.abs(np.diff(row, axis=0)).sum(axis=1) > 0).sum())


def test_a_clip_of_few_pixels_is_shown_with_sharp_ones(ana: Newcomer) -> None:
    """As it is on the screen, and not only in its style."""
    made = Answers(ana, is_made=True).clip
    look = tile(ana.visit()).locator(".gl-look")
    expect(look.locator("video")).to_have_class(re.compile("gl-here"))
    look.locator("video").evaluate(  # whole, and not half faded in
        "node => Promise.all(node.getAnimations().map(each => each.finished)).then(() => null)"
    )
    picture = look.screenshot()
    assert look.evaluate("node => node.clientWidth") > 3 * made["width"]
    assert changes_along(picture) <= made["width"]


def test_a_preview_of_few_pixels_is_shown_with_sharp_ones(ana: Newcomer) -> None:
    answers = Answers(ana)
    answers.step(2, eta_s=None, preview=True)
    image = tile(ana.visit()).locator(".gl-look img")
    expect(image).to_have_css("image-rendering", "pixelated")


def test_a_clip_that_waits_its_turn_says_its_place_and_when_it_is_made(ana: Newcomer) -> None:
    Answers(ana).queue(3, eta_s=42.0)
    page = ana.visit()
    expect(tile(page)).to_contain_text("Waiting for its turn")
    expect(tile(page)).to_contain_text("Place 3 in the queue · made in about 45 s")


def test_no_time_is_shown_where_the_server_knows_none(ana: Newcomer) -> None:
    Answers(ana).step(3, eta_s=None)
    page = ana.visit()
    expect(tile(page).locator(".gl-detail")).to_have_text("Step 3 of 8")


def test_the_time_runs_down_between_two_answers_but_not_far_ahead_of_the_last(
    ana: Newcomer,
) -> None:
    answers = Answers(ana)
    answers.step(3, eta_s=10.0)
    ana.page.clock.install()
    page = ana.visit()
    detail = tile(page).locator(".gl-detail")
    expect(detail).to_have_text("Step 3 of 8 · about 10 s left")
    answers.is_held = True
    page.clock.run_for(2_000)
    expect(detail).to_have_text(re.compile(r"about [78] s left"))
    page.clock.run_for(60_000)
    expect(detail).to_have_text("Step 3 of 8 · about 7 s left")


def test_what_a_clip_waits_for_is_said(ana: Newcomer) -> None:
    for seed in range(3):
        clip = ana.send("a ball", seed=seed, num_frames=9)
        wait_for_state(ana.client, clip["id"], "pending_review")
    ana.send("the fourth", num_frames=9)
    page = ana.visit()
    expect(tile(page)).to_contain_text("Waiting for its turn")
    expect(tile(page)).to_contain_text("Many of your clips wait for review")


def test_a_pause_of_the_house_is_said(ana: Newcomer, studio: Studio) -> None:
    ana.send("the first", **SLOW)
    ana.send("the second", **SLOW)
    page = ana.visit()
    with studio.beside() as session:
        switches.pause(session, "generation", message=None, paused_by="test")
    try:
        expect(page.locator("#making .gl-notice")).to_contain_text("paused for now")
        waiting = page.locator("#making .gl-group", has_text="the second")
        expect(waiting).to_contain_text("This clip keeps its place")
    finally:
        with studio.beside() as session:
            switches.resume(session, "generation", resumed_by="test")


def test_the_usual_wait_for_a_review_stands_beside_the_making(ana: Newcomer) -> None:
    Answers(ana).step(3, eta_s=10.0)
    ana.page.route("**/api/v1/stats", lambda route: route.fulfill(json={"wait_s": {"p50": 180.0}}))
    page = ana.visit()
    expect(page.locator("#making")).to_contain_text(
        "Then a person reviews it, usually within 3 min."
    )


def test_a_failed_clip_says_why_and_can_be_tried_again(ana: Newcomer) -> None:
    error = {"code": "x", "message": "The machine ran out of memory.", "fix": "Choose less."}
    answers = Answers(ana)
    answers.step(3, eta_s=10.0)
    page = ana.visit()
    expect(tile(page)).to_contain_text("Making the frames")
    answers.put(state="failed", progress=None, error=error, can=["retry"])
    expect(tile(page)).to_contain_text("The machine ran out of memory.")
    expect(tile(page)).to_contain_text("Choose less.")
    expect(tile(page).get_by_role("button", name="Try again")).to_be_visible()


def test_a_screen_reader_hears_phases_and_no_steps(ana: Newcomer) -> None:
    answers = Answers(ana)
    answers.step(1, eta_s=None)
    page = ana.visit()
    aloud = page.locator("#making p[role=status].gl-aloud")
    expect(aloud).to_have_text("Making the frames")
    page.evaluate(
        """() => {
          window.heard = [];
          const aloud = document.querySelector('#making p[role=status].gl-aloud');
          new MutationObserver(() => window.heard.push(aloud.textContent))
            .observe(aloud, { childList: true, characterData: true, subtree: true });
        }"""
    )
    for step in (2, 3, 4):
        answers.step(step, eta_s=None)
        expect(tile(page)).to_contain_text(f"Step {step} of 8")
    answers.step(8, eta_s=None, phase="decoding")
    expect(aloud).to_have_text("Developing the frames")
    assert page.evaluate("window.heard") == ["Developing the frames"]


def test_a_prompt_that_is_code_is_text_here_too(ana: Newcomer) -> None:
    clip = ana.send(PAYLOAD)
    page = ana.visit()
    expect(page.locator("#making")).to_contain_text(PAYLOAD)
    page.evaluate(
        "(id) => window.dispatchEvent(new CustomEvent('gl-reuse', {detail: {id}}))", clip["id"]
    )
    expect(page.locator("#parent")).to_contain_text(PAYLOAD)
    page.locator("#advanced > button").click()
    expect(page.get_by_label("Seed")).to_have_value(str(clip["seed"]))  # all fields are filled
    page.get_by_label("Seed").fill(PAYLOAD)
    press_go(page)
    expect(page.locator("#seed .gl-refusal")).to_contain_text("onerror")
    assert page.evaluate("document.body.hasAttribute('pwned')") is False


# ---- how often it asks ----


def test_it_asks_at_most_twice_a_second_while_something_runs(ana: Newcomer) -> None:
    Answers(ana).step(3, eta_s=10.0)
    page = ana.visit()
    times = page.wait_for_function(
        """() => {
          const all = performance.getEntriesByType('resource');
          const asked = all.filter((each) => each.name.endsWith('clips?mine=1'));
          return asked.length > 4 && asked.map((each) => each.startTime);
        }"""
    ).json_value()
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= 450


def test_it_asks_nothing_while_the_tab_is_hidden(ana: Newcomer) -> None:
    answers = Answers(ana)
    answers.step(3, eta_s=10.0)
    ana.page.clock.install()
    page = ana.visit()
    expect(tile(page)).to_contain_text("Step 3 of 8")
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => true })")
    page.clock.run_for(1_000)  # what was asked before is answered by now
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    page.clock.run_for(20_000)
    assert [each.url for each in asked if "/api/v1/" in each.url or "healthz" in each.url] == []


# ---- cancelling ----


def test_cancel_answers_at_once_and_the_clip_ends(ana: Newcomer) -> None:
    clip = ana.send("a red ball", **SLOW)
    page = ana.visit()
    expect(tile(page)).to_contain_text("Making the frames", timeout=PATIENCE_MS)
    held: list[Route] = []
    page.route("**/cancel", lambda route: held.append(route))
    with page.expect_request("**/cancel"):
        tile(page).get_by_role("button", name="Cancel").click()
    expect(tile(page)).to_contain_text("Cancelling…")
    expect(tile(page).get_by_role("button", name="Cancel")).to_be_hidden()
    held[0].continue_()
    expect(page.locator("#making .gl-tile")).to_have_count(0, timeout=PATIENCE_MS)
    expect(page.locator("#making")).to_contain_text("Your clip will appear here")
    wait_for_state(ana.client, clip["id"], "cancelled")


def test_only_the_clip_that_is_cancelled_ends(ana: Newcomer) -> None:
    ana.send("the first", **SLOW)
    ana.send("the second", **SLOW)
    page = ana.visit()
    second = page.locator("#making .gl-group", has_text="the second")
    second.get_by_role("button", name="Cancel").click()
    expect(second).to_have_count(0)
    expect(page.locator("#making .gl-group", has_text="the first")).to_be_visible()
    assert [clip["state"] for clip in ana.clips()].count("cancelled") == 1


def test_variants_stand_together_and_can_be_cancelled_together(ana: Newcomer) -> None:
    ana.send("a red ball", variants=3, seed=7, **SLOW)
    page = ana.visit()
    group = page.locator("#making .gl-group")
    expect(group).to_have_count(1)
    expect(group.locator(".gl-tile")).to_have_count(3)
    group.get_by_role("button", name="Cancel all").click()
    expect(group).to_have_count(0, timeout=PATIENCE_MS)
    wait_until(
        lambda: {clip["state"] for clip in ana.clips()} == {"cancelled"}, "all are cancelled"
    )


# ---- from a draft to the final ----


def test_a_draft_is_rendered_as_a_final_with_the_same_seed_and_leaves_the_queue(
    ana: Newcomer,
) -> None:
    draft = ana.send("a red ball", num_inference_steps=2, seed=11)
    wait_for_state(ana.client, draft["id"], "pending_review")
    page = ana.visit()
    expect(page.locator("#making")).to_contain_text("The draft then leaves the review queue.")
    button = tile(page).get_by_role("button", name="Render final")
    expect(button).to_have_accessible_description(re.compile("leaves the review queue"))
    button.click()
    expect(page.locator("#making")).to_contain_text("The final is on its way")
    wait_for_state(ana.client, draft["id"], "withdrawn")
    expect(page.locator("#making .gl-tile")).to_have_count(1)
    final = ana.clips()[0]
    assert (final["parent_id"], final["seed"], final["num_inference_steps"]) == (draft["id"], 11, 8)
    expect(tile(page)).to_contain_text("Waiting for review.", timeout=PATIENCE_MS)
    expect(tile(page).get_by_role("button", name="Render final")).to_be_hidden()


# ---- the page around it ----


def test_nothing_jumps_while_a_clip_is_made(ana: Newcomer) -> None:
    answers = Answers(ana, is_made=True)
    made = answers.clip
    answers.queue(2)
    page = ana.visit()
    expect(tile(page)).to_contain_text("Place 2")
    page.evaluate(
        """() => {
          window.shift = 0;
          new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) window.shift += entry.value;
          }).observe({ type: 'layout-shift' });
        }"""
    )
    answers.step(3, eta_s=12.0, preview=True)
    expect(tile(page).locator(".gl-look img")).to_be_visible()
    answers.step(8, eta_s=0.5, phase="decoding", preview=True)
    expect(tile(page)).to_contain_text("almost done")
    answers.clip = made
    expect(tile(page).locator("video")).to_have_class(re.compile("gl-here"))
    expect(tile(page).locator("img")).to_have_count(0)
    assert page.evaluate("window.shift") < 0.005


def test_on_a_phone_the_clip_that_was_sent_comes_into_view(studio: Studio, open_page: Open) -> None:
    ben = Newcomer(studio, "Ben Phone", open_page, viewport={"width": 390, "height": 844})
    page = ben.visit()
    fill(page, "a red ball")
    choose(page, "quality", "Turbo")
    expect(page.locator("#making")).not_to_be_in_viewport(ratio=0.5)
    press_go(page)
    expect(tile(page).locator(".gl-look")).to_be_in_viewport(ratio=0.9)
