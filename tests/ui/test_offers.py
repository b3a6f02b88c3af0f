"""What the form says of a preset, in both languages, numbers and all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from language import LANGUAGES
from pipeline.presets import find_preset, preset_names
from tests.doubles import FAST
from ui.offers import length_key, offers, quality_key, size_key


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ((832, 480), "Wide 16:9\n832 × 480"),
        ((480, 832), "Tall 9:16\n480 × 832"),
        ((720, 480), "Wide 3:2\n720 × 480"),
        ((704, 512), "Wide 4:3\n704 × 512"),
        ((512, 512), "Square\n512 × 512"),
        ((3000, 500), "Wide\n3000 × 500"),
    ],
)
def test_a_size_is_called_by_its_shape(size: tuple[int, int], words: str) -> None:
    assert offers(replace(FAST, sizes=(size,)))["en"][size_key(*size)] == words


def test_a_length_is_in_seconds_with_the_frames_that_make_it() -> None:
    preset = replace(FAST, fps=24, num_frames=(121, 241))
    assert offers(preset)["en"][length_key(121)] == "5 s\n121 frames"
    assert offers(preset)["en"][length_key(241)] == "10 s\n241 frames"


def test_a_french_length_has_a_comma() -> None:
    assert offers(replace(FAST, num_frames=(17,)))["fr"][length_key(17)] == "2,1 s\n17 images"


def test_a_quality_says_what_it_means_and_costs() -> None:
    assert offers(FAST)["en"][quality_key("draft")] == "Draft\na first look, 2 steps"


def test_a_quality_that_has_no_words_here_stands_for_itself() -> None:
    preset = replace(FAST, qualities={"ultra": 60})
    assert {offers(preset)[each][quality_key("ultra")] for each in LANGUAGES} == {
        "ultra\n60 steps",
        "ultra\n60 étapes",
    }


@pytest.mark.parametrize("name", ["embedded", *preset_names()])
def test_every_preset_can_be_offered_without_two_choices_that_read_the_same(name: str) -> None:
    for texts in offers(find_preset(name)).values():
        assert len(set(texts.values())) == len(texts)
