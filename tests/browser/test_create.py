"""The Create tab in a browser: choices, refusals, cancelling."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Open
from tests.browser.test_screens import sign_in, visit
from tests.server import Server

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("studio")
    with Server(folder) as server:
        yield server


@pytest.fixture
def create(studio: Server, open_page: Open, request: pytest.FixtureRequest) -> Page:
    """The Create tab of somebody new."""
    name = f"P{abs(hash(request.node.name)) % 10**8}"
    return visit(
        open_page, studio, sign_in(studio.manage("invite", "--role", "creator", "--name", name))
    )


def test_an_empty_prompt_is_refused_with_what_to_do(create: Page) -> None:
    create.locator("#go").click()
    expect(create.get_by_text("The prompt is empty")).to_be_visible()
    expect(create.get_by_text("Describe what should be seen")).to_be_visible()


def test_draft_takes_fewer_steps(create: Page) -> None:
    create.get_by_label("Draft").click()
    create.locator("#advanced button").first.click()
    expect(create.get_by_label("number input for Steps")).to_have_value("4")


def test_a_seed_that_no_model_takes_is_refused_with_the_rule(create: Page) -> None:
    create.locator("#prompt textarea").fill("a red ball")
    create.locator("#advanced button").first.click()
    create.get_by_label("Seed").fill("99999999999")
    create.locator("#go").click()
    expect(create.get_by_text("a seed is 0 to 2147483647")).to_be_visible()


def test_what_the_model_understands_and_assumes_is_shown_while_one_writes(create: Page) -> None:
    create.locator("#prompt textarea").press_sequentially("a crimson ball moving left at night")
    shown = create.locator("#reading")
    expect(shown.get_by_label("understood").get_by_role("listitem")).to_have_text(
        ["red", "ball", "moving left", "at night"]
    )
    expect(shown.get_by_label("assumed")).to_contain_text("medium")


def test_an_unknown_word_is_named_and_mended_before_anything_is_pressed(create: Page) -> None:
    prompt, shown = create.locator("#prompt textarea"), create.locator("#reading")
    prompt.fill("a purpel dog")
    expect(shown).to_contain_text("This model has not learned “purpel” or “dog”")
    shown.get_by_role("button", name="Did you mean purple?").click()
    expect(prompt).to_have_value("a purple dog")
    expect(prompt).to_be_focused()
    expect(shown).to_contain_text("This model has not learned “dog”")


def test_words_that_contradict_each_other_are_named(create: Page) -> None:
    create.locator("#prompt textarea").fill("a red and blue ball")
    expect(create.locator("#reading")).to_contain_text("one colour at a time: it may choose red or")


def test_nothing_is_read_in_an_empty_prompt(create: Page) -> None:
    prompt, shown = create.locator("#prompt textarea"), create.locator("#reading")
    prompt.fill("a dog")
    expect(shown).to_contain_text("“dog”")
    prompt.fill("")
    expect(shown).to_have_text("")
    expect(create.locator("#hint")).to_be_visible()


def test_a_late_answer_to_an_older_prompt_is_not_shown(create: Page) -> None:
    held: list[Route] = []

    def hold_first(route: Route) -> None:
        if held:
            route.continue_()
        held.append(route)

    create.route("**/api/v1/reading", hold_first)
    prompt, shown = create.locator("#prompt textarea"), create.locator("#reading")
    with create.expect_request("**/api/v1/reading"):
        prompt.fill("a red ball")
    prompt.fill("a blue star")
    understood = shown.get_by_label("understood").get_by_role("listitem")
    expect(understood).to_have_text(["blue", "star"])
    with create.expect_response("**/api/v1/reading"):
        held[0].continue_()
    create.evaluate("() => fetch('/healthz').then((answer) => answer.text())")  # it is heard by now
    expect(understood).to_have_text(["blue", "star"])


def test_settings_that_are_used_again_are_read_too(create: Page, studio: Server) -> None:
    wish = {"prompt": "a green star", "num_inference_steps": 2}
    clip = create.request.post(f"{studio.url}/api/v1/clips", data=wish).json()
    expect(create.locator("#making")).to_contain_text("a green star")
    create.evaluate(
        "(id) => window.dispatchEvent(new CustomEvent('gl-reuse', {detail: {id}}))", clip["id"]
    )
    expect(create.locator("#prompt textarea")).to_have_value("a green star")
    expect(create.locator("#reading")).to_contain_text("green")


def test_a_clip_that_waits_its_turn_can_be_cancelled(create: Page, studio: Server) -> None:
    others = studio.client("Busy", "creator")
    for seed in range(12):  # so many that the last one surely still waits
        wish = {"prompt": "a blue ball", "num_inference_steps": 32, "seed": seed}
        assert others.post("/api/v1/clips", json=wish).status_code == 202
    create.locator("#prompt textarea").fill("a red ball moving left in the night")
    create.locator("#go").click()
    create.locator("#making").get_by_role("button", name="Cancel").click()
    expect(create.locator("#making")).to_contain_text("Cancelled")
