"""What pipelines return, in all the forms that they return it in."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.engine import DiffusersEngine
from pipeline.harvest import audio_of, frames_of
from tests.pipeline.engines import Checkpoints, make, preset_of

COLOURS = np.random.default_rng(1).integers(0, 255, (5, 4, 6, 3)).astype(np.uint8)


def as_floats() -> Any:
    return COLOURS / 255


def as_half_floats() -> Any:
    return (COLOURS / 255).astype(np.float16)


def as_bytes() -> Any:
    return COLOURS


def as_pictures() -> Any:
    return [Image.fromarray(picture) for picture in COLOURS]


def as_pictures_with_transparency() -> Any:
    return [Image.fromarray(picture).convert("RGBA") for picture in COLOURS]


def as_tensor() -> Any:
    import torch

    return torch.from_numpy(COLOURS / 255).permute(0, 3, 1, 2)


def as_half_tensor() -> Any:
    return as_tensor().bfloat16()


def as_tensor_of_bytes() -> Any:
    import torch

    return torch.from_numpy(COLOURS).permute(0, 3, 1, 2)


def as_tensor_with_colours_last() -> Any:
    return as_tensor().permute(0, 2, 3, 1)


FORMS = [
    as_floats,
    as_half_floats,
    as_bytes,
    as_pictures,
    as_pictures_with_transparency,
    as_tensor,
    as_half_tensor,
    as_tensor_of_bytes,
    as_tensor_with_colours_last,
]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_every_form_gives_the_same_frames(form: Any) -> None:
    frames = frames_of(SimpleNamespace(frames=[form()]))
    assert frames.shape == COLOURS.shape
    assert frames.dtype == np.uint8
    most = 1 if "half" in form.__name__ else 0
    assert np.abs(frames.astype(int) - COLOURS.astype(int)).max() <= most


def test_colours_beyond_the_scale_are_cut() -> None:
    output = SimpleNamespace(frames=[np.array([[[[-1.0, 0.5, 2.0]]]])])
    assert frames_of(output).tolist() == [[[[0, 128, 255]]]]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_no_colours_are_refused(value: float) -> None:
    import torch

    with pytest.raises(FloatingPointError):
        frames_of(SimpleNamespace(frames=[np.full((2, 4, 4, 3), value)]))
    with pytest.raises(FloatingPointError):
        frames_of(SimpleNamespace(frames=[torch.full((2, 3, 4, 4), value)]))


@pytest.mark.parametrize("output_type", ["pil", "np"])
def test_a_real_pipeline_may_return_what_it_likes(
    checkpoints: Checkpoints, output_type: str
) -> None:
    usual = DiffusersEngine(preset_of("WanPipeline", checkpoints("WanPipeline")))
    arguments = {**usual.preset.arguments, "output_type": output_type}
    other = DiffusersEngine(
        preset_of("WanPipeline", checkpoints("WanPipeline"), arguments=arguments)
    )
    assert np.array_equal(make(other).frames, make(usual).frames)


# ---- sound --------------------------------------------------------------------------------


def speaker(rate: int = 24000) -> Any:
    return SimpleNamespace(
        vocoder=SimpleNamespace(config=SimpleNamespace(output_sampling_rate=rate))
    )


def test_sound_comes_with_its_rate() -> None:
    import torch

    output = SimpleNamespace(audio=torch.tensor([[[0.5, -2.0, 0.0], [0.1, 0.2, 0.3]]]).bfloat16())
    audio = audio_of(output, speaker())
    assert audio is not None
    assert audio.rate == 24000
    assert audio.samples.dtype == np.float32
    assert audio.samples[0].tolist() == [0.5, -1.0, 0.0]


def test_one_channel_is_still_a_row() -> None:
    audio = audio_of(SimpleNamespace(audio=np.zeros((1, 7))), speaker())
    assert audio is not None
    assert audio.samples.shape == (1, 7)


def test_without_a_vocoder_the_pipeline_knows_the_rate() -> None:
    output = SimpleNamespace(audio=np.zeros((1, 2, 7)))
    audio = audio_of(output, SimpleNamespace(audio_sampling_rate=16000))
    assert audio is not None
    assert audio.rate == 16000


def test_values_that_are_no_sound_are_refused() -> None:
    with pytest.raises(FloatingPointError):
        audio_of(SimpleNamespace(audio=np.full((1, 2, 7), np.nan)), speaker())


def test_no_sound_is_none() -> None:
    assert audio_of(SimpleNamespace(frames=[]), speaker()) is None
    assert audio_of(SimpleNamespace(audio=None), speaker()) is None
