"""My clips in a browser, read as its creator reads it: what happened, why, and what can be done.

The server, the model and the decisions are real. Only what cannot be had on demand (a failure, a
backlog, the middle of a step) is written into the server's answer on its way to the page.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import av
import httpx
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Open, go
from tests.browser.test_screens import overflow, sign_in, visit
from tests.server import Server, wait_for_state

pytestmark = pytest.mark.browser
expect.set_options(timeout=20_000)  # as patient as the pages are

Json = dict[str, Any]
LIST = re.compile(r"/api/v1/clips\?mine=1")
PAYLOAD = "<img src=x onerror=document.body.setAttribute('pwned',1)>"


class Creator:
    """Somebody new, by script and in a browser."""

    def __init__(self, server: Server, name: str, open_page: Open, reviewer: httpx.Client) -> None:
        self.server, self.reviewer = server, reviewer
        self.cookie = sign_in(server.manage("invite", "--role", "creator", "--name", name))
        cookies = {self.cookie["name"]: self.cookie["value"]}
        self.client = httpx.Client(base_url=server.url, cookies=cookies, timeout=30)
        self._open_page = open_page

    def send(self, prompt: str, **wish: Any) -> Json:
        wish = {"prompt": prompt, "num_inference_steps": 1, "seed": 1, **wish}
        answer = self.client.post("/api/v1/clips", json=wish)
        assert answer.status_code == 202, answer.text
        clip: Json = answer.json()
        return clip

    def waiting(self, prompt: str, **wish: Any) -> Json:
        return wait_for_state(self.client, self.send(prompt, **wish)["id"], "pending_review")

    def decided(self, prompt: str, verdict: str, note: str = "", **wish: Any) -> Json:
        clip = self.waiting(prompt, **wish)
        reasons = [] if verdict == "approve" else ["technical_fault"]
        body = {"verdict": verdict, "reasons": reasons, "note": note, "version": clip["version"]}
        answer = self.reviewer.post(f"/api/v1/clips/{clip['id']}/decision", json=body)
        assert answer.status_code == 200, answer.text
        ends = {"approve": "published", "reject": "rejected"}
        return wait_for_state(self.client, clip["id"], ends.get(verdict, "changes_requested"))

    def state(self, clip: Json) -> str:
        state: str = self.client.get(f"/api/v1/clips/{clip['id']}").json()["state"]
        return state

    def page(
        self, tab: str = "mine", prepare: Callable[[Page], None] | None = None, **o: Any
    ) -> Page:
        page = self._open_page(**o)
        page.context.add_cookies([{**self.cookie, "url": self.server.url}])  # type: ignore[typeddict-item]
        if prepare:
            prepare(page)
        page.goto(f"{self.server.url}/?tab={tab}")
        return page


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("mine")) as server:
        yield server


@pytest.fixture(scope="module")
def reviewer(studio: Server) -> httpx.Client:
    return studio.client("Rita", "reviewer")


@pytest.fixture
def ana(
    studio: Server, reviewer: httpx.Client, open_page: Open, request: pytest.FixtureRequest
) -> Iterator[Creator]:
    new = Creator(studio, f"P{abs(hash(request.node.name)) % 10**8}", open_page, reviewer)
    yield new
    new.client.close()


def card(page: Page, prompt: str) -> Locator:
    return page.locator("#my-clips .gl-mine-card").filter(has_text=prompt)


def step(of: Locator, name: str) -> Locator:
    return of.locator(".gl-step").filter(has_text=name)


def told(change: Callable[[Json], Json]) -> Callable[[Page], None]:
    """A page whose list of clips is the server's, with each clip changed on its way."""

    def prepare(page: Page) -> None:
        def answer(route: Route) -> None:
            fetched = route.fetch()
            page_of_clips = fetched.json()
            items = [{**clip, **change(clip)} for clip in page_of_clips["items"]]
            route.fulfill(response=fetched, json={**page_of_clips, "items": items})

        page.route(LIST, answer)

    return prepare


# ---- the line of time, and why ----


def test_a_rejected_clip_says_who_decided_why_and_what_can_be_done_now(ana: Creator) -> None:
    ana.decided("a purple ball moving right", "reject", "It dissolves half way.")
    mine = card(ana.page(), "purple ball")
    expect(step(mine, "Not approved")).to_contain_text("by a reviewer")
    expect(mine).to_contain_text("A person watched this clip and decided not to show it")
    expect(mine).to_contain_text("Technical fault")
    expect(mine.get_by_role("blockquote")).to_have_text("It dissolves half way.")
    expect(mine).to_contain_text("it will be looked at afresh")
    expect(mine.get_by_role("button", name="Change it and send again")).to_be_visible()
    expect(mine).not_to_contain_text("Rita")


def test_the_line_of_time_tells_how_long_each_step_took(ana: Creator) -> None:
    ana.decided("a green star going up", "approve")
    mine = card(ana.page(), "green star")
    measured = re.compile(r"in (\d|an instant)")
    expect(step(mine, "Made")).to_contain_text(measured)
    expect(step(mine, "Screened")).to_contain_text(measured)
    expect(step(mine, "Waited for review")).to_contain_text(re.compile(r"\d|an instant"))
    expect(step(mine, "Approved")).to_contain_text("by a reviewer")
    expect(step(mine, "Published")).to_contain_text(re.compile("ago|just now"))


def test_a_clip_that_waits_says_for_how_long_and_how_long_it_usually_takes(ana: Creator) -> None:
    """The usual wait is public only when it is that of many clips (moderation/statistics.py)."""
    ana.waiting("a blue heart")

    def measured(page: Page) -> None:
        numbers = {"wait_s": {"p50": 180.0}}
        page.route("**/api/v1/stats", lambda route: route.fulfill(json=numbers))

    page = ana.page(prepare=measured)
    waiting = step(card(page, "blue heart"), "Waiting for review")
    expect(waiting).to_have_attribute("aria-current", "step")
    expect(waiting).to_contain_text("so far")
    expect(waiting).to_contain_text("usually 3 min · by ")


def test_a_clip_in_the_making_shows_phase_step_remaining_time_and_a_preview(ana: Creator) -> None:
    clip = ana.waiting("a red star spinning")
    look = f"/media/{clip['id']}.jpg?look="
    answers = count()

    def now(_: Json) -> Json:
        """Step 7 with a look of its own, and from the second answer on step 8 with another."""
        at = min(next(answers), 1)
        forecast = {"phase": "denoising", "steps": 16, "fraction": 0.4, "eta_s": 12.2}
        progress = {**forecast, "step": 7 + at, "preview": f"{look}{at}"}
        timeline = clip["timeline"][:2]
        return {"state": "generating", "timeline": timeline, "media": None, "progress": progress}

    mine = card(ana.page(prepare=told(now)), "red star spinning")
    expect(step(mine, "Being made")).to_contain_text("Step 8 of 16")
    expect(step(mine, "Being made")).to_contain_text("about 13 s left")
    expect(mine).to_contain_text("Making the frames. You can close this page")
    expect(mine.locator(".gl-picture img")).to_have_attribute("src", f"{look}1")
    expect(mine.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "40")


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        ("paused", "Making clips is paused for now"),
        ("own_backlog", "Many of your clips wait for review"),
        ("review_backlog", "This one starts when they have caught up"),
    ],
)
def test_a_clip_that_is_held_back_says_why(ana: Creator, cause: str, words: str) -> None:
    clip = ana.waiting("a red star spinning")
    held = {
        "state": "queued",
        "timeline": clip["timeline"][:1],
        "media": None,
        "queue": {"position": 3, "eta_s": None, "waits_for": cause},
    }
    mine = card(ana.page(prepare=told(lambda _: held)), "red star spinning")
    expect(mine).to_contain_text(words)
    expect(step(mine, "In the queue")).to_contain_text("Place 3 in the queue")


def test_a_failed_clip_says_what_happened_and_offers_another_try(ana: Creator) -> None:
    clip = ana.waiting("a red star spinning")
    failed = {
        "state": "failed",
        "timeline": [clip["timeline"][0], {**clip["timeline"][0], "state": "failed"}],
        "media": None,
        "error": {"code": "x", "message": "The memory did not suffice.", "fix": "Try it smaller."},
        "can": ["retry", "remix", "delete"],
    }
    mine = card(ana.page(prepare=told(lambda _: failed)), "red star spinning")
    expect(mine).to_contain_text("The memory did not suffice. Try it smaller.")
    expect(mine).to_contain_text("Nothing was lost")
    expect(mine.get_by_role("button", name="Try again")).to_be_visible()


# ---- relations, side by side ----


def test_a_final_takes_the_place_of_its_draft_and_both_stand_side_by_side(ana: Creator) -> None:
    draft = ana.waiting("a green star going up at night", num_inference_steps=4)
    page = ana.page()
    mine = card(page, "green star")
    expect(mine).to_contain_text("the draft leaves the review queue")
    mine.get_by_role("button", name="Render final").click()
    expect(mine).to_have_count(2)
    expect(mine.first).to_contain_text("Final of a draft")
    expect(mine.last).to_contain_text("It left the review queue when you rendered its final")
    expect(mine.last.get_by_role("button", name="Render final")).to_have_count(0)
    assert ana.state(draft) == "withdrawn"
    mine.first.get_by_role("button", name="Side by side").click()
    pair = page.get_by_role("dialog", name="Side by side")
    expect(pair.locator(".gl-side-label")).to_have_text(["Draft", "Final"])
    steps = pair.locator(".gl-fact").filter(has_text="Steps").first
    expect(steps.get_by_role("definition")).to_have_text(["4", "8"])


def times(page: Page) -> list[float]:
    found: list[float] = page.evaluate(
        "[...document.querySelectorAll('.gl-compare video')].map((film) => film.currentTime)"
    )
    return found


def test_two_players_have_one_play_button_and_one_scrubber(ana: Creator) -> None:
    first = ana.waiting("a red ball bouncing", seed=3)
    ana.waiting("a red ball bouncing fast", seed=4, parent_id=first["id"])
    page = ana.page(reduced_motion="reduce")  # nothing plays by itself
    card(page, "bouncing fast").get_by_role("button", name="Side by side").click()
    pair = page.get_by_role("dialog")
    page.wait_for_function(
        "[...document.querySelectorAll('.gl-compare video')].every((film) => film.readyState >= 2)"
    )
    pair.get_by_role("slider").fill("1")
    page.wait_for_function(
        "[...document.querySelectorAll('.gl-compare video')].every((film) => !film.seeking)"
    )
    assert times(page) == [1.0, 1.0]
    pair.get_by_role("button", name="Play").click()
    page.wait_for_function("document.querySelector('.gl-compare video').currentTime > 1.3")
    one, other = times(page)
    assert abs(one - other) < 0.125  # a frame
    page.keyboard.press("Space")
    expect(pair.get_by_role("button", name="Play")).to_be_visible()
    paused = "[...document.querySelectorAll('.gl-compare video')].every((film) => film.paused)"
    assert page.evaluate(paused) is True
    one, other = times(page)
    assert one == other


def test_words_that_differ_are_marked_and_never_run(ana: Creator) -> None:
    first = ana.waiting("a blue ring circling fast", seed=3)
    ana.waiting(f"a blue ring circling slowly {PAYLOAD}", seed=3, parent_id=first["id"])
    page = ana.page()
    card(page, "slowly").get_by_role("button", name="Side by side").click()
    pair = page.get_by_role("dialog")
    expect(pair.locator("del")).to_have_text(["fast"])
    expect(pair.locator("ins")).to_have_text([f"slowly {PAYLOAD}"])
    expect(pair).to_contain_text("Seed 3")
    assert page.evaluate("document.body.hasAttribute('pwned')") is False


def test_closing_the_pair_gives_the_focus_back(ana: Creator) -> None:
    first = ana.waiting("a blue ring")
    ana.waiting("a red ring", parent_id=first["id"])
    page = ana.page()
    opener = card(page, "red ring").get_by_role("button", name="Side by side")
    opener.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(opener).to_be_focused()


def test_variants_of_one_prompt_are_one_group_to_choose_from(ana: Creator) -> None:
    sent = ana.send("a yellow triangle at night", seed=100, variants=3)
    for clip_id in sent["variants"]:
        wait_for_state(ana.client, clip_id, "pending_review")
    page = ana.page()
    mine = card(page, "yellow triangle")
    expect(mine).to_have_count(1)
    expect(mine).to_contain_text("Seed 100")
    group = mine.get_by_role("group", name="3 variants of one prompt")
    group.get_by_role("button", name="Variant 3: Waiting for review").press("Enter")
    expect(mine).to_contain_text("Seed 102")
    expect(mine).to_contain_text("Variant 3 of 3")
    mine.get_by_role("button", name="Side by side").click()
    pair = page.get_by_role("dialog")
    pair.get_by_label("Clip on the right").select_option("Variant 2")
    seeds = pair.locator(".gl-fact").filter(has_text="Seed").first
    expect(seeds.get_by_role("definition")).to_have_text(["102", "101"])


# ---- what can be done ----


def test_a_change_that_was_asked_for_is_sent_as_a_new_version(ana: Creator) -> None:
    old = ana.decided("two pink rings", "request_changes", "Please name the place.", seed=7)
    page = ana.page()
    card(page, "two pink rings").get_by_role("button", name="Change it and send again").click()
    prompt = page.locator("#prompt textarea")
    expect(prompt).to_have_value("two pink rings")
    prompt.fill("two pink rings in the snow")
    page.locator("#go").click()
    expect(page.locator("#making")).to_contain_text("two pink rings in the snow")
    assert ana.state(old) == "superseded"
    page.get_by_role("tab", name="My clips", exact=True).click()
    expect(card(page, "in the snow")).to_contain_text("New version of an earlier clip")


def test_deleting_takes_two_presses_and_is_for_good(ana: Creator) -> None:
    ana.waiting("an old clip")
    gone = ana.decided("a purple ball", "reject")
    page = ana.page()
    delete = card(page, "purple ball").get_by_role("button", name="Delete")
    delete.click()
    expect(page.get_by_role("status").filter(has_text="gone for good")).to_be_visible()
    assert ana.state(gone) == "rejected"
    page.get_by_role("button", name="Press again: gone for good").click()
    expect(card(page, "purple ball")).to_have_count(0)
    assert ana.client.get(f"/api/v1/clips/{gone['id']}").status_code == 404
    expect(page.get_by_role("heading", name="an old clip")).to_be_focused()


def test_withdrawing_takes_two_presses(ana: Creator) -> None:
    clip = ana.waiting("a purple ball")
    page = ana.page()
    card(page, "purple ball").get_by_role("button", name="Withdraw").click()
    page.get_by_role("button", name="Press again to withdraw").click()
    expect(card(page, "purple ball")).to_contain_text("You took it back")
    assert ana.state(clip) == "withdrawn"
    expect(page.get_by_role("heading", name="a purple ball")).to_be_focused()


def test_a_clip_in_the_queue_can_be_cancelled(ana: Creator) -> None:
    for seed in range(3):  # so many that the last one surely still waits
        ana.send("a blue ball", num_inference_steps=32, seed=seed)
    clip = ana.send("a purple ball", num_inference_steps=32)
    page = ana.page()
    card(page, "purple ball").get_by_role("button", name="Cancel").click()
    expect(card(page, "purple ball")).to_contain_text("You stopped it, so nothing was made")
    assert ana.state(clip) == "cancelled"


def test_a_download_can_carry_the_settings_inside(ana: Creator) -> None:
    ana.waiting("a purple ball rolling home", seed=4711)
    mine = card(ana.page(), "purple ball")
    with mine.page.expect_download() as plain:
        mine.get_by_role("link", name="Download", exact=True).click()
    with mine.page.expect_download() as labelled:
        mine.get_by_role("link", name="Download with settings").click()
    assert re.fullmatch(r"a-purple-ball-.*\.mp4", plain.value.suggested_filename)
    assert "4711" not in comment_of(plain.value.path())
    assert '"seed": 4711' in comment_of(labelled.value.path())


def comment_of(path: Path) -> str:
    with av.open(io.BytesIO(path.read_bytes())) as film:
        return film.metadata.get("comment", "")


def test_a_published_clip_can_be_opened_and_its_link_copied(ana: Creator) -> None:
    clip = ana.decided("a purple ball", "approve")
    page = ana.page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    mine = card(page, "purple ball")
    link = f"/clip/{clip['id']}"
    expect(mine.get_by_role("link", name="Open its page")).to_have_attribute("href", link)
    mine.get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("Link copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == ana.server.url + link


def test_only_what_the_server_allows_is_offered(ana: Creator) -> None:
    ana.waiting("a purple ball")
    mine = card(ana.page(prepare=told(lambda _: {"can": []})), "purple ball")
    expect(mine.get_by_role("heading")).to_be_visible()
    expect(mine.locator(".gl-acts > *")).to_have_count(0)


# ---- search, filters, keys ----


def test_search_and_filters_are_kept_over_a_reload_and_can_be_left(ana: Creator) -> None:
    ana.decided("a purple ball in the snow", "reject")
    ana.waiting("a purple star in the snow")
    ana.waiting("a green star in the desert")
    page = ana.page()
    cards = page.locator("#my-clips .gl-mine-card")
    expect(cards).to_have_count(3)
    page.get_by_role("radio", name="Waiting").check(force=True)
    expect(cards).to_have_count(2)
    page.get_by_role("searchbox", name="Search your prompts").fill("snow purple")
    expect(cards).to_have_count(1)
    go(page, f"{ana.server.url}/?tab=mine")
    expect(cards).to_have_count(1)
    expect(cards).to_contain_text("a purple star in the snow")
    expect(page.get_by_role("radio", name="Waiting")).to_be_checked()
    page.get_by_role("searchbox", name="Search your prompts").fill("zebra")
    expect(page.locator("#my-clips")).to_contain_text("None of your clips say “zebra”")
    page.get_by_role("button", name="Show all my clips").click()
    expect(cards).to_have_count(3)


@pytest.mark.parametrize(
    ("name", "prompts"),
    [
        ("In the making", []),
        ("Waiting", ["a waiting ball"]),
        ("Published", ["a published ball"]),
        ("Needs you", ["a ball to change"]),
        ("Ended", ["a rejected ball"]),
    ],
)
def test_each_filter_shows_the_clips_it_names(
    every_state: Creator, open_page: Open, name: str, prompts: list[str]
) -> None:
    page = visit(open_page, every_state.server, every_state.cookie)
    page.get_by_role("tab", name="My clips", exact=True).click()
    expect(page.locator("#my-clips h3")).to_have_count(4)
    page.get_by_role("radio", name=name).check(force=True)
    expect(page.locator("#my-clips h3")).to_have_text(prompts)
    if not prompts:
        expect(page.locator("#my-clips")).to_contain_text("Nothing is being made right now")


@pytest.fixture(scope="module")
def every_state(studio: Server, reviewer: httpx.Client) -> Iterator[Creator]:
    """A creator with a clip behind each filter; `page` is not for use here."""
    ana = Creator(studio, "Everything", lambda **_: pytest.fail("no page"), reviewer)
    ana.waiting("a waiting ball")
    ana.decided("a published ball", "approve")
    ana.decided("a ball to change", "request_changes")
    ana.decided("a rejected ball", "reject")
    yield ana
    ana.client.close()


def test_the_list_can_be_walked_by_keyboard(ana: Creator) -> None:
    ana.waiting("a first ball")
    ana.waiting("a second ball")
    page = ana.page()
    expect(page.locator("#my-clips h3")).to_have_text(["a second ball", "a first ball"])
    page.keyboard.press("j")
    expect(page.get_by_role("heading", name="a second ball")).to_be_focused()
    page.keyboard.press("j")
    expect(page.get_by_role("heading", name="a first ball")).to_be_focused()
    page.keyboard.press("k")
    expect(page.get_by_role("heading", name="a second ball")).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search your prompts")).to_be_focused()
    page.keyboard.type("first j")
    expect(page.locator("#my-clips")).to_contain_text("None of your clips say “first j”")
    page.keyboard.press("Escape")
    expect(page.locator("#my-clips h3")).to_have_count(2)


@pytest.fixture
def many(ana: Creator) -> list[str]:
    """Two more clips than a page, oldest first."""
    sent = []
    for number in range(26):
        sent.append(ana.send(f"ball number {number}")["id"])
        ana.client.post(f"/api/v1/clips/{sent[-1]}/cancel")
    return sent


def test_a_link_to_one_clip_finds_it_behind_older_pages_and_filters(
    ana: Creator, many: list[str]
) -> None:
    page = ana.page()
    page.get_by_role("radio", name="Published").check(force=True)
    expect(page.locator("#my-clips")).to_contain_text("None of your clips is in the gallery")
    go(page, f"{ana.server.url}/?tab=mine&clip={many[0]}")
    found = page.get_by_role("heading", name="ball number 0", exact=True)
    expect(found).to_be_focused()
    expect(found).to_be_in_viewport()


def test_older_clips_come_when_asked_for(ana: Creator, many: list[str]) -> None:
    page = ana.page()
    expect(page.locator("#my-clips .gl-mine-card")).to_have_count(24)
    page.get_by_role("button", name="Show more").click()
    expect(page.locator("#my-clips .gl-mine-card")).to_have_count(26)
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()
    expect(page.get_by_role("heading", name="ball number 1", exact=True)).to_be_focused()


# ---- calm ----


def test_polling_moves_nothing_and_keeps_nodes_and_focus(ana: Creator) -> None:
    ana.decided("a purple ball", "reject", "A note.")
    ana.waiting("a green ball")
    page = ana.page()
    focused = card(page, "green ball").get_by_role("button", name="Remix")
    focused.focus()
    page.evaluate(
        """() => {
        window.moved = 0;
        window.made = 0;
        new PerformanceObserver((seen) => { for (const shift of seen.getEntries()) moved += shift.value; })
          .observe({ type: 'layout-shift' });
        new MutationObserver((seen) => { for (const each of seen) made += each.target.closest('time, .gl-step-said') ? 0 : 1; })
          .observe(document.querySelector('#my-clips'), { childList: true, subtree: true });
        }"""
    )
    for _ in range(2):
        with page.expect_response(LIST):
            pass
    assert page.evaluate("[moved, made]") == [0, 0]
    expect(focused).to_be_focused()


def test_nothing_is_asked_while_the_list_is_not_seen(ana: Creator) -> None:
    ana.decided("a purple ball", "reject")
    page = ana.page(prepare=lambda page: page.clock.install())
    expect(card(page, "purple ball")).to_be_visible()
    page.get_by_role("tab", name="Gallery", exact=True).click()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(60_000)
    assert [url for url in asked if LIST.search(url)] == []
    page.get_by_role("tab", name="My clips", exact=True).click()
    with page.expect_request(LIST):
        page.clock.run_for(1_000)


def test_a_list_in_which_nothing_moves_is_asked_for_seldom(ana: Creator) -> None:
    ana.decided("a purple ball", "reject")
    page = ana.page(prepare=lambda page: page.clock.install())
    expect(card(page, "purple ball")).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(15_000)
    assert len([url for url in asked if LIST.search(url)]) <= 1


# ---- remixes from elsewhere ----


@pytest.fixture
def remixer(ana: Creator, open_page: Open) -> Iterator[Creator]:
    new = Creator(ana.server, "Remixer", open_page, ana.reviewer)
    yield new
    new.client.close()


def test_a_remix_link_fills_the_form_of_another_creator(ana: Creator, remixer: Creator) -> None:
    clip = ana.decided("a purple ball to remix", "approve", seed=77)
    page = remixer.page(tab=f"create&remix={clip['id']}")
    expect(page.locator("#prompt textarea")).to_have_value("a purple ball to remix")
    page.locator("#prompt textarea").fill("a purple star made from a ball")
    page.locator("#go").click()
    expect(page.locator("#making")).to_contain_text("a purple star made from a ball")
    page.get_by_role("tab", name="My clips", exact=True).click()
    expect(card(page, "purple star")).to_contain_text("Remix of a published clip")


def test_a_remix_link_asks_a_stranger_to_sign_in(ana: Creator, open_page: Open) -> None:
    clip = ana.decided("a purple ball", "approve")
    stranger = open_page()
    stranger.goto(f"{ana.server.url}/?tab=create&remix={clip['id']}")
    said = stranger.get_by_test_id("toast-body")
    expect(said).to_contain_text("To remix this clip, sign in")
    back = f"%2F%3Ftab%3Dcreate%26remix%3D{clip['id']}"
    way_in = said.get_by_role("link", name="Sign in")
    expect(way_in).to_have_attribute("href", f"/login?next={back}")
    expect(stranger.locator("#published a").first).to_be_visible()


def test_a_remix_link_to_a_clip_of_somebody_else_that_is_held_tells_nothing(ana: Creator) -> None:
    other = ana.server.client("Held", "creator")
    wish = {"prompt": "a secret prompt", "num_inference_steps": 1}
    clip_id = other.post("/api/v1/clips", json=wish).json()["id"]
    page = ana.page(tab=f"create&remix={clip_id}")
    expect(page.get_by_text("There is nothing at this address")).to_be_visible()
    expect(page.locator("#prompt textarea")).to_have_value("")


def test_the_gallery_offers_a_remix_to_creators_alone(ana: Creator, open_page: Open) -> None:
    ana.decided("a purple ball of the gallery", "approve", seed=78)
    name = "Remix: a purple ball of the gallery"
    page = ana.page(tab="gallery")
    page.locator("#published li").filter(has_text="purple ball of the gallery").hover()
    page.get_by_role("button", name=name).click()
    expect(page.locator("#prompt textarea")).to_have_value("a purple ball of the gallery")
    stranger = open_page()
    stranger.goto(ana.server.url)
    stranger.locator("#published li").first.hover()
    expect(stranger.locator("#published .gl-caption").first).to_be_visible()
    expect(stranger.get_by_role("button", name=name)).to_have_count(0)


def test_a_clip_page_leads_everyone_to_a_remix(ana: Creator, open_page: Open) -> None:
    clip = ana.decided("a purple ball", "approve")
    stranger = open_page()
    stranger.goto(f"{ana.server.url}/clip/{clip['id']}")
    link = stranger.get_by_role("link", name="Remix this clip")
    expect(link).to_have_attribute("href", f"/?tab=create&remix={clip['id']}")


# ---- as everyone sees it ----


def test_somebody_new_reads_what_to_do(ana: Creator) -> None:
    page = ana.page()
    expect(page.locator("#my-clips")).to_contain_text("You have not made a clip yet")
    expect(page.get_by_role("searchbox", name="Search your prompts")).to_be_hidden()


def test_a_french_creator_reads_french(ana: Creator) -> None:
    ana.decided("a purple ball", "reject")
    page = ana.page(locale="fr-FR")
    expect(card(page, "purple ball")).to_contain_text("Non retenu")
    expect(page.get_by_role("button", name="Modifier et renvoyer")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_the_list_and_the_pair_fit_the_window(
    ana: Creator, picture: Callable[[Page, str], None], scheme: str, width: int
) -> None:
    first = ana.decided("a purple ball moving right on the grass", "reject", "It dissolves.")
    ana.waiting("a purple star moving left on the grass", parent_id=first["id"])
    page = ana.page(viewport={"width": width, "height": 844}, color_scheme=scheme)
    expect(card(page, "purple ball")).to_contain_text("Technical fault")
    picture(page, f"mine-{scheme}-{width}")
    assert overflow(page) <= 0
    card(page, "purple star").get_by_role("button", name="Side by side").click()
    expect(page.get_by_role("dialog").locator("video").last).to_be_visible()
    picture(page, f"compare-{scheme}-{width}")
    wide = "(box) => box.scrollWidth - box.clientWidth"
    assert page.get_by_role("dialog").evaluate(wide) <= 0
