"""What may be asked of the pipeline: every refusal with its value, rule and step; no correction."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from errors import BadInput, EmptyPrompt, NoFirstFrame, TextTooLong, UnknownPreset
from pipeline.presets import Preset
from pipeline.request import SEED_LIMIT, ClipRequest, check_inputs, check_variants
from tests.doubles import FAST

RULED = replace(FAST, num_frames=(73, 41), frames_step=8, most_frames=257)
"""Takes every count of a rule, not only those it offers."""

DISTILLED = replace(
    FAST,
    guidance_scale=1.0,
    max_guidance=1.0,
    takes=FAST.takes - {"guidance_scale", "negative_prompt", "num_inference_steps", "num_frames"},
    frames_step=8,
    most_frames=257,
)
"""Takes little: guidance, steps and length are its own."""


def ask(preset: Preset = FAST, **values: Any) -> ClipRequest:
    return check_inputs(preset, **{"prompt": "a red ball", "seed": 1, "prompt_limit": 50, **values})


def refused(preset: Preset = FAST, **values: Any) -> BadInput:
    with pytest.raises(BadInput) as error:
        ask(preset, **values)
    return error.value


def test_what_is_left_out_takes_the_presets_default() -> None:
    assert ask() == ClipRequest(
        prompt="a red ball",
        negative_prompt="",
        preset="fast",
        seed=1,
        num_frames=9,
        width=64,
        height=64,
        num_inference_steps=4,
        guidance_scale=3.0,
    )


def test_what_is_legal_is_taken_as_it_is() -> None:
    wanted = {
        "prompt": "ünïcödé\nin two lines",
        "negative_prompt": "noise",
        "seed": 7,
        "num_frames": 17,
        "width": 64,
        "height": 96,
        "num_inference_steps": 3,
        "guidance_scale": 4.5,
    }
    assert ask(**wanted, preset_name="fast") == ClipRequest(preset="fast", **wanted)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "values",
    [
        {"seed": 0},
        {"seed": SEED_LIMIT},
        {"num_inference_steps": 1},
        {"num_inference_steps": 8},
        {"guidance_scale": 1},
        {"guidance_scale": 10.0},
        {"prompt": "x" * 50},
        {"negative_prompt": "x" * 50},
    ],
)
def test_a_value_at_its_limit_is_legal(values: dict[str, Any]) -> None:
    asked = ask(**values)
    assert {name: getattr(asked, name) for name in values} == values


@pytest.mark.parametrize(
    ("values", "message", "fix"),
    [
        ({"seed": -1}, "seed is -1: a seed is 0 to 2147483647.", "Choose one of these."),
        (
            {"seed": SEED_LIMIT + 1},
            "seed is 2147483648: a seed is 0 to 2147483647.",
            "Choose one of these.",
        ),
        (
            {"num_frames": 16},
            "num_frames is 16: the model fast makes clips of 9, 17 frames.",
            "Use 9 or 17.",
        ),
        (
            {"num_frames": 0},
            "num_frames is 0: the model fast makes clips of 9, 17 frames.",
            "Use 9.",
        ),
        (
            {"num_inference_steps": 0},
            "num_inference_steps is 0: the model fast takes 1 to 8 steps.",
            "Use 1.",
        ),
        (
            {"num_inference_steps": 9},
            "num_inference_steps is 9: the model fast takes 1 to 8 steps.",
            "Use 8.",
        ),
        (
            {"guidance_scale": 0.9},
            "guidance_scale is 0.9: the model fast takes 1 to 10.",
            "Use 3, the usual value.",
        ),
        (
            {"guidance_scale": 10.1},
            "guidance_scale is 10.1: the model fast takes 1 to 10.",
            "Use 3, the usual value.",
        ),
        (
            {"width": 64, "height": 80},
            "size is '64 × 80': the model fast makes 64 × 64, 64 × 96.",
            "Use width 64 and height 64.",
        ),
        (
            {"height": 90},
            "size is '64 × 90': the model fast makes 64 × 64, 64 × 96.",
            "Use width 64 and height 96.",
        ),
        (
            {"width": 0},
            "size is '0 × 64': the model fast makes 64 × 64, 64 × 96.",
            "Use width 64 and height 64.",
        ),
    ],
)
def test_a_refusal_gives_the_value_the_rule_and_the_next_step(
    values: dict[str, Any], message: str, fix: str
) -> None:
    error = refused(**values)
    assert (error.message, error.fix) == (message, fix)


@pytest.mark.parametrize("scale", [math.nan, math.inf, -math.inf])
def test_guidance_is_a_number(scale: float) -> None:
    assert refused(guidance_scale=scale).facts["field"] == "guidance_scale"


@pytest.mark.parametrize("prompt", ["", " ", "\n\t "])
def test_a_prompt_has_words(prompt: str) -> None:
    assert isinstance(refused(prompt=prompt), EmptyPrompt)


@pytest.mark.parametrize("field", ["prompt", "negative_prompt"])
def test_a_text_has_a_longest_length(field: str) -> None:
    values: dict[str, Any] = {field: "x" * 53}
    error = refused(**values)
    assert isinstance(error, TextTooLong)
    assert error.message == f"{field} has 53 characters; the longest allowed is 50."
    assert error.fix == "Shorten it by at least 3 characters."


def test_letters_are_counted_and_not_bytes() -> None:
    assert ask(prompt="é" * 50).prompt == "é" * 50


@pytest.mark.parametrize("field", ["prompt", "negative_prompt"])
@pytest.mark.parametrize("character", ["\0", "\x1b", "\x7f", "\ud800"])
def test_a_text_has_no_control_characters(field: str, character: str) -> None:
    values: dict[str, Any] = {field: f"a{character}b"}
    error = refused(**values)
    assert error.facts["field"] == field
    assert character not in error.message


def test_another_preset_is_refused_with_the_one_that_is_here() -> None:
    error = refused(preset_name="slow")
    assert isinstance(error, UnknownPreset)
    assert error.message == "The preset 'slow' does not exist here; this Greenlight has fast."


def test_nothing_is_corrected_silently() -> None:
    assert ask(prompt="  spaces stay  ").prompt == "  spaces stay  "


def test_a_request_names_its_columns() -> None:
    assert ask().as_columns()["num_inference_steps"] == 4


# ---- frame counts by rule -----------------------------------------------------------------


@pytest.mark.parametrize("count", [9, 41, 73, 81, 249, 257])
def test_a_count_of_the_rule_is_legal(count: int) -> None:
    assert ask(RULED, num_frames=count).num_frames == count


@pytest.mark.parametrize(
    ("count", "step"),
    [
        (80, "Use 73 or 81."),
        (74, "Use 73 or 81."),
        (1, "Use 9."),
        (-8, "Use 9."),
        (258, "Use 257."),
        (265, "Use 257."),
        (10**40, "Use 257."),
    ],
)
def test_another_count_is_refused_with_its_legal_neighbours(count: int, step: str) -> None:
    error = refused(RULED, num_frames=count)
    assert error.fix == step
    assert "the model fast makes clips of 8k+1 frames, 9 to 257." in error.message


def test_the_value_that_was_refused_is_said() -> None:
    assert refused(RULED, num_frames=80).message.startswith("num_frames is 80: ")


def test_a_count_that_is_offered_is_legal_beside_the_rule() -> None:
    assert ask(replace(RULED, num_frames=(73, 50)), num_frames=50).num_frames == 50


def test_without_most_frames_the_longest_offered_is_the_longest() -> None:
    assert refused(replace(RULED, most_frames=None), num_frames=81).fix == "Use 73."


def test_a_model_has_a_fewest_number_of_steps() -> None:
    error = refused(replace(FAST, min_steps=2), num_inference_steps=1)
    assert (error.message, error.fix) == (
        "num_inference_steps is 1: the model fast takes 2 to 8 steps.",
        "Use 2.",
    )


# ---- what a model does not take -----------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "message", "fix"),
    [
        (
            {"negative_prompt": "blurry"},
            "negative_prompt is 'blurry': the model fast reads none.",
            "Leave negative_prompt out, and say in the prompt what you want to see.",
        ),
        (
            {"guidance_scale": 3.0},
            "guidance_scale is 3.0: the model fast has a guidance of its own, 1.",
            "Leave guidance_scale out.",
        ),
        (
            {"num_inference_steps": 2},
            "num_inference_steps is 2: the model fast chooses the number of steps itself.",
            "Leave num_inference_steps out.",
        ),
        (
            {"num_frames": 33},
            "num_frames is 33: the model fast makes clips of 9, 17 frames.",
            "Use 17.",
        ),
    ],
)
def test_what_a_model_does_not_take_is_refused_and_not_dropped(
    values: dict[str, Any], message: str, fix: str
) -> None:
    error = refused(DISTILLED, **values)
    assert (error.message, error.fix) == (message, fix)


def test_a_models_own_values_are_legal_where_others_are_not() -> None:
    """A remix sends all that the first clip was made with."""
    own = {"guidance_scale": 1.0, "num_inference_steps": 4, "num_frames": 9, "negative_prompt": ""}
    assert ask(DISTILLED, **own) == ask(DISTILLED)


def test_a_negative_prompt_without_guidance_is_refused() -> None:
    error = refused(negative_prompt="blurry", guidance_scale=1)
    assert error.message == (
        "negative_prompt is 'blurry': a model reads it only with a guidance_scale above 1."
    )
    assert error.fix == "Raise guidance_scale, or leave negative_prompt out."


def test_a_negative_prompt_is_taken_where_the_model_keeps_its_guidance() -> None:
    """As HunyuanVideo 1.5: it is guided, but not by the call."""
    preset = replace(FAST, takes=FAST.takes - {"guidance_scale"})
    assert ask(preset, negative_prompt="blurry").negative_prompt == "blurry"


def test_a_first_frame_is_refused_where_the_model_takes_none() -> None:
    error = refused(first_frame="abc")
    assert isinstance(error, NoFirstFrame)
    assert error.message == "The model fast makes clips from words alone and takes no first frame."


def test_a_first_frame_is_taken_where_the_model_can_begin_from_one() -> None:
    preset = replace(FAST, first_frame="LTXImageToVideoPipeline")
    assert ask(preset, first_frame="abc") == ask()


# ---- variants -----------------------------------------------------------------------------


@pytest.mark.parametrize(("asked", "count"), [(None, 1), (1, 1), (4, 4)])
def test_variants_up_to_the_presets_limit_are_legal(asked: int | None, count: int) -> None:
    assert check_variants(FAST, asked) == count


@pytest.mark.parametrize(("asked", "step"), [(0, "Use 1."), (-1, "Use 1."), (5, "Use 4.")])
def test_other_numbers_of_variants_are_refused(asked: int, step: str) -> None:
    with pytest.raises(BadInput) as error:
        check_variants(FAST, asked)
    assert error.value.message == f"variants is {asked}: the model fast makes 1 to 4 at once."
    assert error.value.fix == step


def test_a_heavy_model_makes_fewer_variants() -> None:
    with pytest.raises(BadInput, match="makes 1 to 2 at once"):
        check_variants(replace(FAST, most_variants=2), 3)
