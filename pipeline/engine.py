"""The engine: one loaded diffusers pipeline that turns a checked request into frames.

Knows nothing of clips, queues, files or people. Limits: one request at a time, because a pipeline
object keeps the state of its run (two threads on one scheduler break both); a second caller waits.
"""

from __future__ import annotations

import inspect
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from errors import MakingFailed, ModelNotLoaded, OutOfMemory
from pipeline.presets import Preset
from pipeline.request import ClipRequest

log = logging.getLogger("greenlight.engine")

Pipeline: TypeAlias = Any
"""A diffusers pipeline of whatever class; their common base declares neither call nor hooks."""

Phase = Literal["loading", "text", "denoising", "decoding", "encoding"]
Frames = NDArray[np.uint8]
"""(frames, height, width, 3), RGB."""


@dataclass(frozen=True)
class Progress:
    """How far a clip is. `step` counts finished denoising steps, 0 to `steps`."""

    phase: Phase
    step: int
    steps: int


class Cancelled(Exception):
    """The caller's `is_cancelled` said so; the pipeline is clean for the next request."""


class Engine(Protocol):
    """Anything that makes clips. `state` is for people who wait."""

    preset: Preset

    @property
    def state(self) -> Literal["loading", "ready", "failed"]: ...

    def load(self) -> None: ...

    def generate(
        self,
        request: ClipRequest,
        *,
        on_progress: Callable[[Progress], None],
        is_cancelled: Callable[[], bool],
    ) -> Frames: ...


class DiffusersEngine:
    """Loads `preset.source` with `DiffusionPipeline.from_pretrained`, on a GPU where there is one."""

    def __init__(self, preset: Preset) -> None:
        self.preset = preset
        self._pipe: Pipeline | None = None
        self._load_failed = False
        self._one_at_a_time = threading.Lock()

    @property
    def state(self) -> Literal["loading", "ready", "failed"]:
        if self._pipe is not None:
            return "ready"
        return "failed" if self._load_failed else "loading"

    def load(self) -> None:
        """Load the pipeline, once. Raises ModelNotLoaded; a later call tries again."""
        with self._one_at_a_time:
            self._loaded()

    def generate(
        self,
        request: ClipRequest,
        *,
        on_progress: Callable[[Progress], None],
        is_cancelled: Callable[[], bool],
    ) -> Frames:
        """Make the frames of one clip. The same request gives the same frames on one machine.

        Raises Cancelled within one denoising step of `is_cancelled()`, ModelNotLoaded,
        OutOfMemory, or MakingFailed with the kind of any other error of the pipeline.
        """
        steps = request.num_inference_steps
        with self._one_at_a_time:
            if is_cancelled():
                raise Cancelled
            if self._pipe is None:
                on_progress(Progress("loading", 0, steps))
            pipe = self._loaded()
            on_progress(Progress("text", 0, steps))

            def on_step_end(
                _pipe: Any, index: int, _timestep: Any, _tensors: dict[str, Any]
            ) -> dict[str, Any]:
                if is_cancelled():
                    raise Cancelled
                done = index + 1
                on_progress(Progress("denoising" if done < steps else "decoding", done, steps))
                return {}

            try:
                return _as_frames(pipe(**self._arguments(pipe, request, on_step_end)).frames[0])
            except Cancelled:
                raise
            except Exception as error:
                raise _explain(error, request) from error
            finally:
                # Also after Cancelled: hooks keep the stopped run's tensors, and with a cache
                # switched on they would leak into the next person's clip.
                pipe.maybe_free_model_hooks()

    def _loaded(self) -> Pipeline:
        if self._pipe is None:
            try:
                self._pipe = _load(self.preset)
                self._load_failed = False
            except Exception as error:
                self._load_failed = True
                log.exception("The model %s could not be loaded", self.preset.source)
                raise ModelNotLoaded() from error
        return self._pipe

    def _arguments(
        self, pipe: Pipeline, request: ClipRequest, on_step_end: Callable[..., Any]
    ) -> dict[str, Any]:
        """The call's arguments: the request, cut to what this pipeline's signature takes."""
        import torch

        wanted: dict[str, Any] = {
            "prompt": request.prompt,
            "negative_prompt": request.negative_prompt or None,
            "num_frames": request.num_frames,
            "width": request.width,
            "height": request.height,
            "num_inference_steps": request.num_inference_steps,
            "guidance_scale": request.guidance_scale,
            "frame_rate": self.preset.fps,
            "generator": torch.Generator("cpu").manual_seed(request.seed),
            "output_type": "np",
            "callback_on_step_end": on_step_end,
            **self.preset.arguments,
        }
        taken = inspect.signature(pipe.__call__).parameters
        return {name: value for name, value in wanted.items() if name in taken}


def _load(preset: Preset) -> Pipeline:
    import diffusers
    import torch
    import transformers

    # Their bars are for a person at a terminal; ours is on the page.
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()
    # dtype must be passed: left out, the parts come in the types they were saved in and clash.
    pipe = diffusers.DiffusionPipeline.from_pretrained(
        preset.source, dtype=getattr(torch, preset.dtype)
    )
    pipe.set_progress_bar_config(disable=True)
    if torch.cuda.is_available():
        pipe.to("cuda")
    return pipe


def _as_frames(frames: Any) -> Frames:
    values = np.asarray(frames)
    if not np.isfinite(values).all():
        raise FloatingPointError("the model made values that are no colours")
    return (values.clip(0, 1) * 255).round().astype(np.uint8)


def _explain(error: Exception, request: ClipRequest) -> MakingFailed:
    log.error("The pipeline stopped", exc_info=error)
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return OutOfMemory(
            width=request.width, height=request.height, num_frames=request.num_frames
        )
    return MakingFailed(kind=type(error).__name__)
