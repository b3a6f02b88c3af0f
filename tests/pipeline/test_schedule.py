"""The scheduler of one run: a copy that tells of its steps, and what it makes of them."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from pipeline.schedule import Schedule

STEPS = 5


def euler() -> Any:
    from diffusers import FlowMatchEulerDiscreteScheduler

    return FlowMatchEulerDiscreteScheduler(shift=3.0)


def euler_upwards() -> Any:
    """As Mochi's: it counts from noise up to the picture."""
    from diffusers import FlowMatchEulerDiscreteScheduler

    return FlowMatchEulerDiscreteScheduler(invert_sigmas=True)


def unipc() -> Any:
    from diffusers import UniPCMultistepScheduler

    return UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True)


FLOWS = [euler, euler_upwards, unipc]


def watched(scheduler: Any, on_step: Callable[[Any], Any] = lambda _latents: None) -> Schedule:
    import torch

    generator = torch.Generator().manual_seed(1)
    return Schedule(scheduler, generator=generator, on_ready=lambda: None, on_step=on_step)


def straight(schedule: Schedule) -> list[Any]:
    """Run the way from noise to a picture in a straight line; what was foreseen at each step."""
    import torch

    own = schedule.copy
    own.set_timesteps(STEPS)
    picture, noise = torch.full((1, 4), 2.0), torch.randn(1, 4)
    upwards = own.sigmas[-1] == 1
    velocity = picture - noise if upwards else noise - picture
    first = float(own.sigmas[0])
    sample = noise + first * velocity if upwards else picture + first * velocity
    seen = []
    for timestep in own.timesteps:
        sample = own.step(velocity, timestep, sample, return_dict=False)[0]
        seen.append(schedule.denoised())
    return seen


@pytest.mark.parametrize("scheduler", FLOWS, ids=lambda make: make.__name__)
def test_the_picture_is_foreseen_at_every_step(scheduler: Callable[[], Any]) -> None:
    import torch

    for seen in straight(watched(scheduler())):
        assert seen is not None
        torch.testing.assert_close(seen, torch.full((1, 4), 2.0), atol=1e-4, rtol=0)


def test_a_scheduler_that_steps_each_token_by_itself_is_understood() -> None:
    import torch

    schedule = watched(euler())
    own = schedule.copy
    own.set_timesteps(STEPS)
    picture, noise = torch.full((1, 3, 4), 2.0), torch.randn(1, 3, 4)
    sample = picture + own.sigmas[0] * (noise - picture)
    for timestep in own.timesteps:
        tokens = timestep.expand(1, 3)
        against = picture - noise
        sample = own.step(against, timestep, sample, per_token_timesteps=tokens, return_dict=False)[
            0
        ]
        seen = schedule.denoised()
        assert seen is not None
        torch.testing.assert_close(seen, picture, atol=1e-4, rtol=0)


def test_a_scheduler_that_says_it_itself_is_believed() -> None:
    import torch
    from diffusers import CogVideoXDDIMScheduler

    schedule = watched(CogVideoXDDIMScheduler(prediction_type="sample"))
    own = schedule.copy
    own.set_timesteps(STEPS)
    own.step(torch.ones(1, 4), own.timesteps[0], torch.zeros(1, 4), return_dict=False)
    seen = schedule.denoised()
    assert seen is not None
    assert torch.equal(seen, torch.ones(1, 4))


@pytest.mark.parametrize("scheduler", FLOWS, ids=lambda make: make.__name__)
def test_the_pipeline_s_own_scheduler_is_left_alone(scheduler: Callable[[], Any]) -> None:
    original = scheduler()
    kind, before = type(original), copy.deepcopy(vars(original))
    straight(watched(original))
    assert type(original) is kind
    assert vars(original).keys() == before.keys()
    assert original.step_index is None


def test_steps_are_counted() -> None:
    schedule = watched(euler())
    straight(schedule)
    assert (schedule.first, schedule.done, schedule.total) == (0, STEPS, STEPS)


def test_a_copy_that_the_pipeline_makes_is_not_counted() -> None:
    """LTX-2 steps one for the sound."""
    import torch

    steps: list[Any] = []
    schedule = watched(euler(), steps.append)
    schedule.copy.set_timesteps(STEPS)
    sound = copy.deepcopy(schedule.copy)
    sound.set_timesteps(STEPS)
    result = sound.step(torch.ones(1, 2), sound.timesteps[0], torch.ones(1, 2), return_dict=False)
    assert schedule.done == 0
    assert steps == []
    assert torch.equal(schedule.beside[0], result[0])


def test_latents_given_back_take_the_place_of_the_step_s() -> None:
    import torch

    schedule = watched(euler(), lambda _latents: torch.full((1, 2), 7.0))
    own = schedule.copy
    own.set_timesteps(STEPS)
    result = own.step(torch.ones(1, 2), own.timesteps[0], torch.ones(1, 2), return_dict=False)
    assert result[0].tolist() == [[7.0, 7.0]]


@pytest.mark.parametrize("name", ["step", "set_timesteps"])
def test_pipelines_see_the_signatures_that_they_look_for(name: str) -> None:
    original = euler()
    wrapped = getattr(watched(original).copy, name)
    assert inspect.signature(wrapped) == inspect.signature(getattr(original, name))
    assert type(watched(original).copy).__name__ == "FlowMatchEulerDiscreteScheduler"
