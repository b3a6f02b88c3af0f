"""The computed half of the autoencoder: taken apart by pixels alone, written in few numbers."""

from __future__ import annotations

import pytest
import torch

from pipeline.embedded.latents import CHANNELS, Basis, encode, fit_basis, take_apart
from pipeline.embedded.world import COLOURS, render, sample_scenes


@pytest.fixture(scope="module")
def clips() -> torch.Tensor:
    scenes = sample_scenes(40, torch.Generator().manual_seed(1))
    return render(scenes, 64, torch.Generator().manual_seed(2))


@pytest.fixture(scope="module")
def basis(clips: torch.Tensor) -> Basis:
    return fit_basis(clips)


def test_the_colour_of_a_thing_is_found() -> None:
    scenes = sample_scenes(8, torch.Generator().manual_seed(3))
    scenes[:, 1] = torch.arange(8)
    found = take_apart(render(scenes, 64, torch.Generator().manual_seed(4))).colour
    assert ((found + 1) / 2 - torch.tensor(COLOURS)).abs().max() < 0.07


def test_the_ground_behind_a_thing_holds_none_of_its_colour(clips: torch.Tensor) -> None:
    ground = take_apart(clips).ground
    assert (ground.amax(1) - ground.amin(1)).max() / 2 < 0.42


def test_latents_have_the_shape_that_ltx_packs(clips: torch.Tensor, basis: Basis) -> None:
    assert encode(clips[:3], basis).shape == (3, 80, CHANNELS)


def test_the_colour_of_a_thing_changes_only_the_colour_latents(basis: Basis) -> None:
    scenes = sample_scenes(1, torch.Generator().manual_seed(5)).repeat(2, 1)
    scenes[0, 1], scenes[1, 1] = 0, 5
    scenes[:, 2] = 5
    one, other = (
        encode(render(scene[None], 64, torch.Generator().manual_seed(6)), basis) for scene in scenes
    )
    off = (one - other).abs()[0]
    assert off[:, -3:].mean() > 1
    assert off[:, :48].mean() < 0.05
