"""The engine: one loaded diffusers pipeline that turns a checked request into a clip.

Knows nothing of clips' states, queues or people. Limits: one request at a time, because a pipeline
object keeps the state of its run (two threads on one scheduler break both); a second caller waits.
All work is done by one thread of its own: OpenMP gives each thread that computes helpers of its
own, and once there are more of them than cores they sleep between two operations instead of
waiting awake; a clip took half as long again (bench/RESULTS.md).
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from errors import MakingFailed, ModelNotLoaded, OutOfMemory
from pipeline.decoding import forget, free_memory, is_out_of_memory
from pipeline.harvest import audio_of, frames_of
from pipeline.loading import Loaded, Pipeline, load, sharing
from pipeline.made import Audio, Cancelled, Frame, Frames, Made, Phase, Progress
from pipeline.presets import Preset
from pipeline.preview import Palette
from pipeline.request import ClipRequest
from pipeline.resume import Keeper, digest
from pipeline.run import Run
from pipeline.schedule import can_begin_later

__all__ = [
    "Audio",
    "Cancelled",
    "DiffusersEngine",
    "Engine",
    "Frame",
    "Frames",
    "Made",
    "Phase",
    "Progress",
]

log = logging.getLogger("greenlight.engine")

_NICE: Final = 10


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
        first_frame: Path | None = None,
        keep: Path | None = None,
    ) -> Made: ...


class DiffusersEngine:
    """Loads `preset.source` with `DiffusionPipeline.from_pretrained`, on a GPU where there is one.

    In the folder `learned` it keeps what previews learn from finished clips. With `keep`, latents
    are saved every `keep_every_s` seconds at most.
    """

    def __init__(
        self, preset: Preset, learned: Path | None = None, *, keep_every_s: float = 2.0
    ) -> None:
        self.preset = preset
        self.load_error: ModelNotLoaded | None = None
        self._keep_every_s = keep_every_s
        self._loaded: Loaded | None = None
        self._from_picture: Pipeline | None = None
        self._running: Pipeline | None = None
        self._thread = ThreadPoolExecutor(
            1, thread_name_prefix="pipeline", initializer=_let_people_first
        )
        name = re.sub(r"[^\w.-]+", "--", preset.name)
        self._palette = Palette(learned / f"{name}.npz" if learned is not None else None)

    @property
    def state(self) -> Literal["loading", "ready", "failed"]:
        if self._loaded is not None:
            return "ready"
        return "failed" if self.load_error is not None else "loading"

    def load(self) -> None:
        """Load the pipeline, once. Raises ModelNotLoaded; a later call tries again."""
        self._thread.submit(self._load).result()

    def generate(
        self,
        request: ClipRequest,
        *,
        on_progress: Callable[[Progress], None],
        is_cancelled: Callable[[], bool],
        first_frame: Path | None = None,
        keep: Path | None = None,
    ) -> Made:
        """Make one clip. The same request gives the same frames on one machine, whatever was
        made before, and also when it goes on from what `keep` holds.

        Raises Cancelled within one denoising step of `is_cancelled()`, ModelNotLoaded,
        OutOfMemory, or MakingFailed with the kind of any other error of the pipeline.
        """
        return self._thread.submit(
            self._generate, request, on_progress, is_cancelled, first_frame, keep
        ).result()

    def _generate(
        self,
        request: ClipRequest,
        on_progress: Callable[[Progress], None],
        is_cancelled: Callable[[], bool],
        first_frame: Path | None,
        keep: Path | None,
    ) -> Made:
        if is_cancelled():
            raise Cancelled
        # 1. Have a pipeline
        seconds: dict[str, float] = {}
        if self._loaded is None:
            on_progress(Progress("loading", 0, request.num_inference_steps))
            began = time.monotonic()
            self._load()
            seconds["loading"] = time.monotonic() - began
        loaded = self._load()
        pipe = loaded.pipe if first_frame is None else self._for_picture(loaded.pipe)
        # 2. Run it
        try:
            self._running = pipe
            run = Run(
                pipe,
                self.preset,
                request,
                on_progress=on_progress,
                is_cancelled=is_cancelled,
                speedups=loaded.speedups,
                palette=self._palette,
                keeper=self._keeper(loaded, request, first_frame, keep),
            )
            output = run(first_frame)
            # 3. Hand over what came out
            frames, audio = frames_of(output), audio_of(output, pipe)
            _learn(run, frames)
            run.close()
            return Made(frames, self.preset.fps, audio, {**seconds, **run.seconds})
        except Cancelled:
            raise
        except Exception as error:
            raise _explain(error, request) from error
        finally:
            self._running = None
            _clean(pipe, loaded.pipe)

    def _load(self) -> Loaded:
        if self._loaded is None:
            try:
                self._loaded = load(self.preset, self._timestep)
                self.load_error = None
            except ModelNotLoaded as error:
                self.load_error = error
                log.exception("The model %s could not be loaded", self.preset.source)
                raise
        return self._loaded

    def _timestep(self) -> Any:
        return None if self._running is None else self._running.current_timestep

    def _for_picture(self, pipe: Pipeline) -> Pipeline:
        if self.preset.first_frame is None:
            raise MakingFailed(kind="this model takes no first frame")
        if self._from_picture is None:
            self._from_picture = sharing(pipe, self.preset.first_frame)
        return self._from_picture

    def _keeper(
        self, loaded: Loaded, request: ClipRequest, first_frame: Path | None, keep: Path | None
    ) -> Keeper | None:
        # What a cache remembers of the steps before is not saved, so the frames would be others.
        if keep is None or loaded.speedups.cache or not can_begin_later(loaded.pipe):
            return None
        return Keeper(
            keep,
            request=digest(request, self.preset, first_frame),
            model=loaded.identity,
            every_s=self._keep_every_s,
        )


def _let_people_first() -> None:
    """On a machine that makes clips with its processor, pages are answered before the next step.
    Linux gives each thread a priority of its own, and its helpers inherit it."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


def _learn(run: Run, frames: Frames) -> None:
    try:
        run.learn(frames)
    except Exception:
        # The clip is made; that later previews are worse for it is no reason to lose it.
        log.exception("Previews learned nothing from a clip")


def _clean(*pipes: Any) -> None:
    """Also after Cancelled: hooks keep the stopped run's tensors, and with a cache switched on
    they would leak into the next person's clip."""
    for pipe in pipes:
        pipe.maybe_free_model_hooks()
        forget(pipe.vae)


def _explain(error: Exception, request: ClipRequest) -> MakingFailed:
    log.error("The pipeline stopped", exc_info=error)
    if is_out_of_memory(error):
        # Its traceback holds the tensors that there was no room for.
        traceback.clear_frames(error.__traceback__)
        free_memory()
        return OutOfMemory(
            width=request.width, height=request.height, num_frames=request.num_frames
        )
    return MakingFailed(kind=type(error).__name__)
