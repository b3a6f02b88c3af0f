"""One run of a pipeline: progress by phase, cancelling, previews, and going on where one stopped.

Knows nothing of loading or of who asks. All that a run changes on the pipeline is put back at its
end, however it ends. Steps are counted on the scheduler, which every class has; the latents come
from the pipeline's own callback where the class has one, because what it denoises is not always
what its scheduler sees.
"""

from __future__ import annotations

import copy
import inspect
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from PIL import Image, ImageOps

from pipeline.decoding import second_chance
from pipeline.made import Cancelled, Frame, Frames, Phase, Progress
from pipeline.presets import Preset
from pipeline.preview import Palette, as_volume
from pipeline.request import ClipRequest
from pipeline.resume import Keeper, Kept
from pipeline.schedule import Schedule
from pipeline.speedups import Speedups

log = logging.getLogger("greenlight.engine")

Pipeline: TypeAlias = Any
Tensor: TypeAlias = Any


class Run:
    """A call of `pipe` for one request. `seconds` says afterwards how long each phase took."""

    def __init__(
        self,
        pipe: Pipeline,
        preset: Preset,
        request: ClipRequest,
        *,
        on_progress: Callable[[Progress], None],
        is_cancelled: Callable[[], bool],
        speedups: Speedups,
        palette: Palette,
        keeper: Keeper | None = None,
    ) -> None:
        import torch

        self.seconds: dict[str, float] = {}
        self._pipe = pipe
        self._preset = preset
        self._request = request
        self._on_progress = on_progress
        self._is_cancelled = is_cancelled
        self._cutoff = speedups.guidance_cutoff
        self._palette = palette
        self._keeper = keeper
        self._kept = keeper.load() if keeper is not None else None
        self._generator = torch.Generator("cpu").manual_seed(request.seed)
        self._takes = inspect.signature(pipe.__call__).parameters
        self._latents: Tensor | None = None
        self._phase: Phase | None = None
        self._since = 0.0
        self._schedule = Schedule(
            pipe.scheduler,
            generator=self._generator,
            on_ready=self._text_done,
            on_step=(lambda _latents: None) if self._has_callback else self._step_done,
            begin_at=self._kept.step if self._kept else 0,
        )
        if self._kept is not None:
            self._schedule.put_beside = self._kept.beside

    def __call__(self, first_frame: Path | None = None) -> Any:
        """The pipeline's output. Raises Cancelled, or whatever the pipeline raises."""
        _seed(self._request.seed)
        self._enter("text")
        self._say(0)
        with ExitStack() as undo:
            undo.enter_context(_swapped(self._pipe, "scheduler", self._schedule.copy))
            if getattr(self._pipe, "guider", None) is not None:
                # A copy, like the scheduler: some classes guide through such an object, and
                # what it counted in one clip decides how the next one begins.
                guider = copy.deepcopy(self._pipe.guider)
                undo.enter_context(_swapped(self._pipe, "guider", guider))
            undo.enter_context(second_chance(self._pipe.vae, before=self._before_decoding))
            return self._pipe(**self._arguments(first_frame))

    def learn(self, frames: Frames) -> None:
        """Let the previews of later clips learn from this one, which is finished."""
        if self._latents is not None:
            volume = as_volume(self._pipe, self._latents, self._request)
            if volume is not None:
                self._palette.learn(volume, frames)

    def close(self) -> None:
        """The clock stops."""
        self._enter(None)

    # ---- what the pipeline is given -------------------------------------------------------

    @property
    def _has_callback(self) -> bool:
        return "callback_on_step_end" in self._takes

    def _arguments(self, first_frame: Path | None) -> dict[str, Any]:
        """The call's arguments: the request, cut to what this pipeline's signature takes."""
        request = self._request

        def on_step_end(
            _pipe: Any, _index: int, _timestep: Any, tensors: dict[str, Any]
        ) -> dict[str, Any]:
            instead = self._step_done(tensors["latents"])
            return {} if instead is None else {"latents": instead}

        wanted: dict[str, Any] = {
            "prompt": request.prompt,
            "negative_prompt": request.negative_prompt or None,
            "num_frames": request.num_frames,
            "width": request.width,
            "height": request.height,
            "num_inference_steps": request.num_inference_steps,
            "guidance_scale": request.guidance_scale,
            "frame_rate": self._preset.fps,
            "generator": self._generator,
            "output_type": "pt",  # as arrays, a long clip would be there twice
            "callback_on_step_end": on_step_end,
            **self._preset.arguments,
        }
        if first_frame is not None:
            wanted["image"] = self._picture(first_frame)
        return {name: value for name, value in wanted.items() if name in self._takes}

    def _picture(self, path: Path) -> Image.Image:
        """Cut to the shape of the clip: the pipelines would squeeze it instead."""
        size = (self._request.width, self._request.height)
        with Image.open(path) as picture:
            return ImageOps.fit(picture.convert("RGB"), size, Image.Resampling.LANCZOS)

    # ---- what happens on the way ----------------------------------------------------------

    def _text_done(self) -> None:
        self._check_cancelled()
        if self._phase == "text":
            self._enter("denoising")
            self._say(self._shown(self._kept.step if self._kept else 0))

    def _step_done(self, latents: Tensor) -> Tensor | None:
        """After each step. Gives the latents to go on with when they are others than these."""
        self._check_cancelled()
        done = self._schedule.done
        instead = None
        if self._kept is not None and done <= self._kept.step:
            if done < self._kept.step:
                return None  # a step that is done for nothing, on the way to where it goes on
            latents = instead = self._go_on(self._kept, latents)
        elif self._keeper is not None:
            self._keeper.save(lambda: self._state(latents))
        self._latents = latents
        if self._cutoff is not None and done >= self._cutoff * self._schedule.total:
            self._end_guidance()
        if done >= self._schedule.total:
            self._enter("decoding")
        self._say(self._shown(done))
        return instead

    def _shown(self, done: int) -> int:
        """Steps as people asked for them; some schedulers take more or fewer."""
        return done * self._request.num_inference_steps // self._schedule.total

    def _end_guidance(self) -> None:
        if getattr(self._pipe, "guider", None) is not None:
            self._pipe.guider.disable()
        else:
            self._pipe._guidance_scale = 1.0

    def _before_decoding(self) -> None:
        self._check_cancelled()
        if self._phase != "decoding":
            self._enter("decoding")
            self._say(self._request.num_inference_steps)
        # Some decoders add noise from torch's own generator; how often that was used until
        # here depends on where the clip went on.
        _seed(self._request.seed)

    def _state(self, latents: Tensor) -> Kept:
        return Kept(
            step=self._schedule.done,
            latents=latents,
            generator=self._generator.get_state(),
            beside=dict(enumerate(self._schedule.beside)),
            history=self._schedule.history(),
        )

    def _go_on(self, kept: Kept, latents: Tensor) -> Tensor:
        self._schedule.restore(kept.history, latents.device)
        self._generator.set_state(kept.generator)
        return kept.latents.to(latents.device)

    def _check_cancelled(self) -> None:
        _wait_for_device()
        if self._is_cancelled():
            raise Cancelled

    def _enter(self, phase: Phase | None) -> None:
        now = time.monotonic()
        if self._phase is not None:
            self.seconds[self._phase] = self.seconds.get(self._phase, 0.0) + now - self._since
        self._phase, self._since = phase, now

    def _say(self, step: int) -> None:
        if self._phase is not None:
            steps = self._request.num_inference_steps
            self._on_progress(Progress(self._phase, step, steps, self._preview))

    def _preview(self) -> Frame | None:
        try:
            return self._picture_now()
        except Exception:
            log.exception("A preview could not be painted")
            return None

    def _picture_now(self) -> Frame | None:
        latents = self._latents
        if latents is None:
            return None
        clear = self._schedule.denoised()
        if clear is not None and clear.shape == latents.shape:
            latents = clear
        volume = as_volume(self._pipe, latents, self._request)
        return None if volume is None else self._palette.paint(volume)


def _wait_for_device() -> None:
    """A GPU works through what it was given long after the call returns: without this, steps
    would be reported before they are done, and cancelling would come late."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.current_stream().synchronize()


def _seed(seed: int) -> None:
    """For what takes no generator."""
    import torch

    torch.manual_seed(seed)


@contextmanager
def _swapped(pipe: Pipeline, name: str, value: Any) -> Iterator[None]:
    """Past the pipeline's own setter, which would write the change into its configuration."""
    parts: dict[str, Any] = pipe.__dict__
    before = parts[name]
    parts[name] = value
    try:
        yield
    finally:
        parts[name] = before
