"""The detector against rendered truth: what is known to be in a clip is what it reads."""

from __future__ import annotations

import pytest
import torch

from pipeline.embedded.detector import detect
from pipeline.embedded.world import VALUES, render, sample_scenes


@pytest.fixture(scope="module")
def truth() -> tuple[torch.Tensor, torch.Tensor]:
    """Scenes that are known, and what the detector reads in their clips."""
    scenes = sample_scenes(60, torch.Generator().manual_seed(4))
    clips = render(scenes, 128, torch.Generator().manual_seed(5))
    return scenes, torch.tensor([detect(clip) for clip in clips])


@pytest.mark.parametrize("attribute", VALUES)
def test_rendered_truth_is_read_as_it_is(
    attribute: str, truth: tuple[torch.Tensor, torch.Tensor]
) -> None:
    scenes, read = truth
    column = list(VALUES).index(attribute)
    assert float((scenes == read)[:, column].float().mean()) >= 0.99


def test_an_empty_clip_shows_nothing_that_moves() -> None:
    assert detect(torch.zeros(3, 17, 64, 64))[3] == VALUES["motion"].index("still")


def test_noise_does_not_stop_it() -> None:
    noise = torch.rand(3, 17, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert len(detect(noise)) == len(VALUES)
