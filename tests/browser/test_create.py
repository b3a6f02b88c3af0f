"""The Create tab in a browser: choices, helps, refusals beside their fields, the allowance."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from tests.browser.conftest import Open, refusing
from tests.browser.studio import (
    STYLES,
    Newcomer,
    Studio,
    choose,
    fill,
    name_of,
    picture_of,
    press_go,
)
from tests.server import wait_for_state

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    opened = Studio(tmp_path_factory.mktemp("create"))
    with opened:
        yield opened


@pytest.fixture
def ana(studio: Studio, open_page: Open, request: pytest.FixtureRequest) -> Newcomer:
    return Newcomer(studio, name_of(request.node.name), open_page)


@pytest.fixture
def create(ana: Newcomer) -> Page:
    """The Create tab of somebody new."""
    return ana.visit()


CAT = FilePayload(name="cat.png", mimeType="image/png", buffer=picture_of(64, 48))


def advanced(page: Page) -> None:
    page.locator("#advanced > button").click()


# ---- choices ----


def test_what_is_chosen_is_what_is_made(ana: Newcomer) -> None:
    page = ana.visit()
    fill(page, "a red ball")
    choose(page, "shape", "Wide 16:9")
    choose(page, "length", "1.1 s")
    choose(page, "quality", "Turbo")
    choose(page, "variants", "2")
    press_go(page)
    expect(page.locator("#making .gl-tile")).to_have_count(2)
    made = {
        (clip["width"], clip["height"], clip["num_frames"], clip["num_inference_steps"])
        for clip in ana.clips()
    }
    assert made == {(224, 128, 9, 2)}
    assert len({clip["batch_id"] for clip in ana.clips()}) == 1


def test_the_empty_stage_takes_the_shape_and_length_that_are_chosen(create: Page) -> None:
    expect(create.locator("#making")).to_contain_text("128 × 128 · 2.1 s")
    choose(create, "shape", "Wide")
    choose(create, "length", "4.1 s")
    expect(create.locator("#making")).to_contain_text("224 × 128 · 4.1 s")


def test_a_quality_sets_the_steps(create: Page) -> None:
    choose(create, "quality", "Draft")
    advanced(create)
    expect(create.get_by_label("number input for Steps")).to_have_value("4")


def test_other_steps_are_no_quality(create: Page) -> None:
    advanced(create)
    steps = create.get_by_label("number input for Steps")
    steps.fill("5")
    steps.press("Tab")
    expect(create.locator("#quality label.selected")).to_have_count(0)
    steps.fill("4")
    steps.press("Tab")
    expect(create.locator("#quality label.selected")).to_contain_text("Draft")


def test_a_seed_that_nobody_gave_is_left_to_chance_also_where_it_was_looked_at(
    ana: Newcomer,
) -> None:
    page = ana.visit()
    advanced(page)
    expect(page.get_by_label("Seed")).to_have_value("")
    choose(page, "quality", "Turbo")
    fill(page, "a red ball")
    press_go(page)
    expect(page.locator("#making")).to_contain_text("a red ball")
    assert ana.clips()[0]["seed"] != 0


def test_the_form_can_be_sent_by_keyboard(create: Page) -> None:
    choose(create, "quality", "Turbo")
    fill(create, "a red ball")
    create.keyboard.press("Tab")
    create.locator("#prompt textarea").press("Control+Enter")
    expect(create.locator("#making .gl-tile")).to_have_count(1)


# ---- refusals ----


def test_an_empty_prompt_is_refused_beside_the_field(create: Page) -> None:
    press_go(create)
    field = create.locator("#prompt")
    expect(field).to_contain_text("The prompt is empty")
    expect(field).to_contain_text("Describe what should be seen")
    prompt = field.locator("textarea")
    expect(prompt).to_be_focused()
    expect(prompt).to_have_attribute("aria-invalid", "true")
    expect(prompt).to_have_accessible_description(re.compile("^The prompt is empty"))
    prompt.press_sequentially("a")
    expect(field).not_to_contain_text("The prompt is empty")
    expect(prompt).not_to_have_attribute("aria-invalid", "true")


def test_the_same_refusal_twice_is_shown_twice(create: Page) -> None:
    press_go(create)
    expect(create.locator("#prompt")).to_contain_text("The prompt is empty")
    fill(create, " ")
    expect(create.locator("#prompt")).not_to_contain_text("The prompt is empty")
    press_go(create)
    expect(create.locator("#prompt")).to_contain_text("The prompt is empty")


def test_a_seed_that_no_model_takes_is_refused_where_it_stands_though_it_was_folded_away(
    create: Page,
) -> None:
    fill(create, "a red ball")
    advanced(create)
    create.get_by_label("Seed").fill("99999999999")
    advanced(create)
    expect(create.get_by_label("Seed")).to_be_hidden()
    press_go(create)
    expect(create.locator("#seed")).to_contain_text("a seed is 0 to 2147483647")
    expect(create.get_by_label("Seed")).to_be_focused()


def test_the_counter_shows_only_near_the_limit(create: Page) -> None:
    counter = create.locator("#writing .gl-counter")
    fill(create, "x" * 79)
    expect(counter).to_have_text("")
    fill(create, "x" * 90)
    expect(counter).to_have_text("10 characters left")
    fill(create, "x" * 103)
    expect(counter).to_have_text("3 characters too many; the longest is 100")


def test_a_prompt_that_is_too_long_is_kept_whole_and_refused(create: Page) -> None:
    fill(create, "x" * 103)
    press_go(create)
    expect(create.locator("#prompt")).to_contain_text("Shorten it by at least 3 characters")
    expect(create.locator("#prompt textarea")).to_have_value("x" * 103)


# ---- the allowance ----


def test_the_allowance_is_one_line_that_opens_to_its_arithmetic(create: Page) -> None:
    shown = create.locator("#allowance")
    expect(shown.locator("summary")).to_have_text("0 of 3 places in use · 0 of 5 clips this hour")
    expect(shown.get_by_text("places to begin with")).to_be_hidden()
    shown.locator("summary").click()
    expect(shown.locator("section").first.get_by_role("listitem")).to_have_text(
        [
            "3places to begin with",
            "+ 0for clips that were approved (0), one for every 3",
            "\u2212 0for clips that were not approved (0), one for every 2",
            "= 3places, 0 in use",
        ]
    )
    expect(shown).to_contain_text("What was decided in the last 30 days counts.")


def test_more_variants_than_places_are_told_before_anything_is_pressed(create: Page) -> None:
    warning = create.locator("#allowance .gl-allowance-warning")
    expect(warning).to_have_text("")
    choose(create, "variants", "4")
    expect(warning).to_contain_text("4 variants need 4 places; free now: 3")
    choose(create, "variants", "3")
    expect(warning).to_have_text("")


def test_a_refusal_for_want_of_places_stands_at_the_button_in_the_warnings_stead(
    create: Page,
) -> None:
    fill(create, "a red ball")
    choose(create, "variants", "4")
    press_go(create)
    expect(create.locator("#sending")).to_contain_text("you may have 3 at a time")
    expect(create.locator("#allowance .gl-allowance-warning")).to_be_hidden()


def test_an_hour_that_is_used_up_says_when_it_goes_on(ana: Newcomer) -> None:
    for seed in range(5):
        clip = ana.send("a ball", seed=seed, num_frames=9)
        if seed < 3:  # from then on they wait for the reviewers, and are cancelled to make room
            wait_for_state(ana.client, clip["id"], "pending_review")
        else:
            ana.client.post(f"/api/v1/clips/{clip['id']}/cancel").raise_for_status()
    page = ana.visit()
    expect(page.locator("#allowance .gl-allowance-warning")).to_contain_text(
        "You have sent 5 clips within an hour, which is the most. You can send the next one in"
    )


def test_a_backlog_says_before_sending_that_the_next_clip_will_wait(ana: Newcomer) -> None:
    for seed in range(3):
        clip = ana.send("a ball", seed=seed, num_frames=9)
        wait_for_state(ana.client, clip["id"], "pending_review")
    page = ana.visit()
    expect(page.locator("#allowance .gl-allowance-warning")).to_contain_text(
        "You can send this, but it will wait: 3 of your clips are not reviewed yet"
    )


def test_the_allowance_follows_what_happens(create: Page) -> None:
    choose(create, "quality", "Turbo")
    fill(create, "a red ball")
    press_go(create)
    expect(create.locator("#allowance summary")).to_contain_text("1 of 5 clips this hour")


# ---- helps ----


def test_a_style_writes_its_words_where_they_can_be_read(create: Page) -> None:
    prompt = create.locator("#prompt textarea")
    chip = create.get_by_role("button", name="Cinematic")
    fill(create, "a red ball, ")
    chip.click()
    expect(prompt).to_have_value(f"a red ball, {STYLES['cinematic']}")
    expect(chip).to_have_attribute("aria-pressed", "true")
    create.get_by_role("button", name="Stop motion").click()
    chip.click()
    expect(prompt).to_have_value(f"a red ball, {STYLES['stop motion']}")
    expect(chip).to_have_attribute("aria-pressed", "false")


def test_a_style_that_is_sent_is_in_the_prompt_and_nothing_else_is_added(ana: Newcomer) -> None:
    page = ana.visit()
    fill(page, "a ball")
    page.get_by_role("button", name="Cinematic").click()
    choose(page, "quality", "Turbo")
    press_go(page)
    expect(page.locator("#making .gl-tile")).to_have_count(1)
    assert ana.clips()[0]["prompt"] == f"a ball, {STYLES['cinematic']}"


def test_a_surprise_fills_the_prompt_and_ones_own_words_come_back(create: Page) -> None:
    prompt = create.locator("#prompt textarea")
    back = create.get_by_role("button", name="Back to my words")
    surprise = create.get_by_role("button", name="Surprise me")
    surprise.click()
    expect(prompt).not_to_have_value("")
    expect(back).to_be_hidden()
    fill(create, "my own")
    surprise.click()
    expect(prompt).not_to_have_value("my own")
    expect(back).to_be_visible()
    surprise.click()
    back.click()
    expect(prompt).to_have_value("my own")
    expect(back).to_be_hidden()


# ---- a first frame ----


def test_a_picture_is_shown_from_this_device_and_goes_with_the_request(ana: Newcomer) -> None:
    page = ana.visit()
    chooser = page.locator("#first-frame")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    chooser.locator("input").set_input_files(CAT)
    expect(chooser).to_contain_text("cat.png")
    expect(chooser).to_contain_text("64 × 48")
    address = chooser.locator("img").get_attribute("src") or ""
    assert address.startswith(f"blob:{ana.studio.url}/")
    fill(page, "a red ball")
    choose(page, "quality", "Turbo")
    press_go(page)
    expect(page.locator("#making .gl-tile")).to_have_count(1)
    assert ana.clips()[0]["first_frame"] is True
    assert not any("upload" in url for url in asked)


def test_a_picture_that_is_removed_is_not_sent(ana: Newcomer) -> None:
    page = ana.visit()
    chooser = page.locator("#first-frame")
    chooser.locator("input").set_input_files(CAT)
    chooser.get_by_role("button", name="Remove").click()
    expect(chooser.get_by_text("cat.png")).to_be_hidden()
    fill(page, "a red ball")
    choose(page, "quality", "Turbo")
    press_go(page)
    expect(page.locator("#making .gl-tile")).to_have_count(1)
    assert ana.clips()[0]["first_frame"] is False


def test_a_broken_picture_is_refused_with_the_servers_sentence(create: Page) -> None:
    chooser = create.locator("#first-frame")
    broken = FilePayload(name="x.png", mimeType="image/png", buffer=b"\x89PNG\r\n\x1a\nnope")
    with refusing(create):
        chooser.locator("input").set_input_files(broken)
        expect(chooser.get_by_role("alert")).to_contain_text("cannot be read")
    expect(chooser.get_by_text("Start from a picture")).to_be_visible()


def test_a_picture_can_be_dropped(create: Page) -> None:
    data = create.evaluate_handle(
        """(bytes) => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(bytes)], 'dropped.png', { type: 'image/png' }));
          return data;
        }""",
        list(picture_of(32, 32)),
    )
    create.dispatch_event("#first-frame .gl-drop", "drop", {"dataTransfer": data})
    expect(create.locator("#first-frame")).to_contain_text("dropped.png")
    expect(create.locator("#first-frame")).to_contain_text("32 × 32")


def test_a_clip_is_not_sent_without_the_picture_that_is_still_on_its_way(ana: Newcomer) -> None:
    page = ana.visit()
    held: list[Route] = []
    page.route("**/api/v1/frames", lambda route: held.append(route))
    with page.expect_request("**/api/v1/frames"):
        page.locator("#first-frame input").set_input_files(CAT)
    fill(page, "a red ball")
    choose(page, "quality", "Turbo")
    press_go(page)
    expect(page.locator("#first-frame")).to_contain_text("Sending…")
    assert ana.clips() == []
    held[0].continue_()
    expect(page.locator("#making .gl-tile")).to_have_count(1)
    assert ana.clips()[0]["first_frame"] is True


# ---- an earlier clip ----


def reuse(page: Page, clip_id: str) -> None:
    page.evaluate(
        "(id) => window.dispatchEvent(new CustomEvent('gl-reuse', {detail: {id}}))", clip_id
    )


def test_a_remix_starts_from_its_settings_and_remembers_where_it_comes_from(ana: Newcomer) -> None:
    clip = ana.send("a green star", num_inference_steps=2, width=224, height=128, seed=5)
    page = ana.visit()
    reuse(page, clip["id"])
    expect(page.locator("#prompt textarea")).to_have_value("a green star")
    expect(page.locator("#parent")).to_contain_text("Starts from “a green star”")
    expect(page.locator("#quality label.selected")).to_contain_text("Turbo")
    expect(page.locator("#shape label.selected")).to_contain_text("Wide")
    press_go(page)
    expect(page.locator("#making .gl-tile")).to_have_count(2)
    newest = ana.clips()[0]
    assert (newest["parent_id"], newest["seed"]) == (clip["id"], 5)


def test_one_can_start_afresh_and_come_back_to_the_same_clip(ana: Newcomer) -> None:
    clip = ana.send("a green star")
    page = ana.visit()
    line = page.locator("#parent .gl-parent-line")
    reuse(page, clip["id"])
    page.get_by_role("button", name="Start afresh").click()
    expect(line).to_be_hidden()
    assert page.evaluate("window.GL.wish.parent_id") is None
    reuse(page, clip["id"])
    expect(line).to_be_visible()
    assert page.evaluate("window.GL.wish.parent_id") == clip["id"]


# ---- how the model reads ----


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


def test_settings_that_are_used_again_are_read_too(ana: Newcomer) -> None:
    clip = ana.send("a green star")
    page = ana.visit()
    reuse(page, clip["id"])
    expect(page.locator("#prompt textarea")).to_have_value("a green star")
    expect(page.locator("#reading")).to_contain_text("green")
