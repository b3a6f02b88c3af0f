"""What may be asked of the pipeline: every refusal with its value, rule and step; no correction."""

from __future__ import annotations

import math
from typing import Any

import pytest

from errors import BadInput, EmptyPrompt, TextTooLong, UnknownPreset
from pipeline.request import SEED_LIMIT, ClipRequest, check_inputs
from tests.doubles import FAST


def ask(**values: Any) -> ClipRequest:
    return check_inputs(FAST, **{"prompt": "a red ball", "seed": 1, "prompt_limit": 50, **values})


def refused(**values: Any) -> BadInput:
    with pytest.raises(BadInput) as error:
        ask(**values)
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
            "Use 17.",
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
    error = refused(**{field: "x" * 53})
    assert isinstance(error, TextTooLong)
    assert error.message == f"{field} has 53 characters; the longest allowed is 50."
    assert error.fix == "Shorten it by at least 3 characters."


def test_letters_are_counted_and_not_bytes() -> None:
    assert ask(prompt="é" * 50).prompt == "é" * 50


@pytest.mark.parametrize("field", ["prompt", "negative_prompt"])
@pytest.mark.parametrize("character", ["\0", "\x1b", "\x7f", "\ud800"])
def test_a_text_has_no_control_characters(field: str, character: str) -> None:
    error = refused(**{field: f"a{character}b"})
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
