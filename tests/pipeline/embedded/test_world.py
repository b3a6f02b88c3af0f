"""The little world: its colours, its ways, what is kept from training."""

from __future__ import annotations

import pytest
import torch

from pipeline.embedded.world import (
    COLOURS,
    TRAVEL,
    VALUES,
    held_out,
    paths,
    render,
    sample_scenes,
)


def scene(**values: str) -> torch.Tensor:
    """One scene (1, 7): the given values, else the first of each attribute."""
    return torch.tensor(
        [[known.index(values.get(name, known[0])) for name, known in VALUES.items()]]
    )


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("index", range(len(COLOURS)), ids=VALUES["colour"])
def test_a_thing_has_its_colour(index: int) -> None:
    clip = render(
        scene(colour=VALUES["colour"][index], motion="still", size="big"), 64, generator()
    )
    middle = (clip[0, :, 8, 32, 32] + 1) / 2
    assert (middle - torch.tensor(COLOURS[index])).abs().max() < 0.06


@pytest.mark.parametrize("place", VALUES["place"])
def test_places_are_muted(place: str) -> None:
    # A small thing in the middle; at the side there is only ground.
    clip = render(scene(place=place, motion="still", size="small"), 64, generator())
    ground = (clip[0, :, 0, :, :16] + 1) / 2
    assert (ground.amax(0) - ground.amin(0)).max() < 0.28


@pytest.mark.parametrize(
    ("speed", "travel"), list(zip(VALUES["speed"], TRAVEL, strict=True)), ids=VALUES["speed"]
)
def test_a_path_is_as_long_as_its_speed_says(speed: str, travel: float) -> None:
    way, _ = paths(scene(motion="right", speed=speed))
    assert float(way[0, -1, 0] - way[0, 0, 0]) == pytest.approx(travel)


def test_one_combination_in_eight_is_held_out() -> None:
    scenes = sample_scenes(20_000, generator())
    assert float(held_out(scenes).float().mean()) == pytest.approx(1 / 8, abs=0.01)


def test_every_value_of_every_attribute_is_also_trained() -> None:
    scenes = sample_scenes(20_000, generator())
    trained = scenes[~held_out(scenes)]
    seen = [set(column.tolist()) for column in trained.unbind(1)]
    assert seen == [set(range(len(values))) for values in VALUES.values()]


def test_what_stands_still_has_no_speed() -> None:
    scenes = sample_scenes(2_000, generator())
    still = scenes[scenes[:, 3] == VALUES["motion"].index("still")]
    assert set(still[:, 4].tolist()) == {VALUES["speed"].index("normal")}


def test_the_same_jitter_draws_the_same_clip() -> None:
    scenes = sample_scenes(6, generator())
    assert torch.equal(render(scenes, 32, generator(3)), render(scenes, 32, generator(3)))


def test_another_jitter_draws_another_clip() -> None:
    scenes = sample_scenes(6, generator())
    assert not torch.equal(render(scenes, 32, generator(3)), render(scenes, 32, generator(4)))
