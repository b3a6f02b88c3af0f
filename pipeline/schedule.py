"""A scheduler for one run: it tells of every step, and can begin in the middle.

Knows nothing of clips or files. Each run steps a copy, so nothing of a run stays in the scheduler
of the pipeline, however the run ended.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final, TypeAlias

Tensor: TypeAlias = Any

_HISTORY: Final = (
    "model_outputs",
    "timestep_list",
    "last_sample",
    "lower_order_nums",
    "this_order",
)
"""What schedulers of several steps remember of the steps before."""

_CAN_BEGIN_LATER: Final = frozenset(
    {"FlowMatchEulerDiscreteScheduler", "CogVideoXDDIMScheduler", "UniPCMultistepScheduler"}
)
"""Their next step depends on nothing but the latents, the schedule and that history."""


def can_begin_later(pipe: Any) -> bool:
    """Whether a clip of this pipeline, begun in the middle, comes out as if it never had stopped."""
    guider = getattr(pipe, "guider", None)
    # Other guiders remember steps or count them.
    if guider is not None and (
        type(guider).__name__ != "ClassifierFreeGuidance"
        or (guider.config.start, guider.config.stop) != (0.0, 1.0)
    ):
        return False
    return type(pipe.scheduler).__name__ in _CAN_BEGIN_LATER


class Schedule:
    """Wraps `scheduler` for one run; `copy` is what the pipeline gets in its place.

    `begin_at` is the step whose result the caller puts in; the run does that step for nothing,
    and as many before it as the scheduler looks back.
    """

    def __init__(
        self,
        scheduler: Any,
        *,
        generator: Any,
        on_ready: Callable[[], None],
        on_step: Callable[[Tensor], Tensor | None],
        begin_at: int = 0,
    ) -> None:
        self.total = 0  # steps of the whole schedule
        self.first = 0  # the first of them that this run does
        self.done = 0  # of the whole schedule
        self.beside: list[Tensor] = []  # newest result of each copy that the pipeline made of ours
        self.put_beside: Mapping[int, Tensor] = {}  # their results at `begin_at`
        self._generator = generator
        self._on_ready = on_ready
        self._on_step = on_step
        self._begin_at = begin_at
        self._copies: list[Any] = []
        self._copies_done: list[int] = []
        self._denoised: Callable[[], Tensor] | None = None
        self.copy = self._watched(scheduler)

    def denoised(self) -> Tensor | None:
        """What the last step would have come to without noise, if the scheduler lets one know."""
        return self._denoised() if self._denoised is not None else None

    def history(self) -> dict[str, Any]:
        return {name: getattr(self.copy, name) for name in _HISTORY if hasattr(self.copy, name)}

    def restore(self, history: Mapping[str, Any], device: Any) -> None:
        for name, value in history.items():
            setattr(self.copy, name, _on(device, value))
        self._denoised = None

    def _watched(self, scheduler: Any) -> Any:
        own = copy.deepcopy(scheduler)
        kind = type(own)
        watch = self

        # A subclass, not functions on the object: LTX-2 steps a copy of its scheduler for the
        # sound, and functions copied along would go on stepping the first one.
        class Watched(kind):  # type: ignore[misc, valid-type]
            @wraps(kind.set_timesteps)
            def set_timesteps(self, *args: Any, **kwargs: Any) -> None:
                kind.set_timesteps(self, *args, **kwargs)
                watch._cut(self)
                if self is own:
                    watch._on_ready()

            @wraps(kind.step)
            def step(self, *args: Any, **kwargs: Any) -> Any:
                # Samplers that add noise would take it from torch's own generator, which knows
                # nothing of the seed of this clip.
                if "generator" in inspect.signature(kind.step).parameters:
                    kwargs.setdefault("generator", watch._generator)
                result = kind.step(self, *args, **kwargs)
                if self is own:
                    return watch._after_own(args, kwargs, result)
                return watch._after_copy(self, result)

        Watched.__name__ = kind.__name__
        Watched.__qualname__ = kind.__qualname__
        Watched.__module__ = kind.__module__
        own.__class__ = Watched
        return own

    def _cut(self, scheduler: Any) -> None:
        self.total = len(scheduler.timesteps)
        if self._begin_at:
            looks_back = len(getattr(scheduler, "model_outputs", ()))
            self.first = max(0, self._begin_at - 1 - looks_back)
            scheduler.timesteps = scheduler.timesteps[self.first :]
            if len(getattr(scheduler, "sigmas", ())) == self.total + 1:
                scheduler.sigmas = scheduler.sigmas[self.first :]
        if scheduler is self.copy:
            self.done = self.first

    def _after_own(self, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> Any:
        self.done += 1
        self._denoised = self._estimate(args, kwargs, result)
        instead = self._on_step(result[0])
        return result if instead is None else (instead, *result[1:])

    def _after_copy(self, scheduler: Any, result: Any) -> Any:
        if not any(scheduler is known for known in self._copies):
            self._copies.append(scheduler)
            self._copies_done.append(self.first)
            self.beside.append(None)
        place = next(i for i, known in enumerate(self._copies) if known is scheduler)
        self._copies_done[place] += 1
        if self._copies_done[place] == self._begin_at and place in self.put_beside:
            result = (self.put_beside[place].to(result[0].device), *result[1:])
        self.beside[place] = result[0]
        return result

    def _estimate(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
    ) -> Callable[[], Tensor] | None:
        own = self.copy
        if len(result) > 1:  # DDIM and its like say it themselves
            return lambda: result[1]
        if getattr(own, "model_outputs", None):  # already turned into what it predicts
            newest = own.model_outputs[-1]
            return lambda: newest
        if type(own).__name__ == "FlowMatchEulerDiscreteScheduler" and len(args) > 2:
            velocity, _timestep, sample = args[:3]
            left = own.sigmas[-1] - own.sigmas[own.step_index - 1]
            if kwargs.get("per_token_timesteps") is not None:
                left = -left  # this way the scheduler takes the velocity the other way round
            return lambda: sample.float() + left.to(sample.device) * velocity.float()
        return None


def _on(device: Any, value: Any) -> Any:
    if isinstance(value, list):
        return [_on(device, item) for item in value]
    return value.to(device) if hasattr(value, "to") else value
