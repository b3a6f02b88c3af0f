"""A fast engine that obeys the real one's interface, for tests of everything around it.

Knows nothing of models: its frames come from the seed. It never ships; what runs by default is
the real embedded model.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.engine import Cancelled, Frame, Made, Phase, Progress
from pipeline.presets import Preset
from pipeline.request import ClipRequest

FAST = Preset(
    name="fast",
    source="tests",
    fps=8,
    sizes=((64, 64), (64, 96)),
    num_frames=(9, 17),
    qualities={"draft": 2, "final": 4},
    max_steps=8,
    guidance_scale=3.0,
    max_guidance=10.0,
    dtype="float32",
)


class FastEngine:
    """Makes noise that depends on the request. `gate` holds every clip at its first step.

    `made`, `first_frames` and `gone_on_at` tell what it was asked for: each clip's request, its
    first frame, and the step that it went on at because of what lay in `keep`.
    """

    def __init__(self) -> None:
        self.preset = FAST
        self.state: Literal["loading", "ready", "failed"] = "ready"
        self.gate = threading.Event()
        self.gate.set()
        self.started = threading.Event()
        self.fails_with: Exception | None = None
        self.made: list[ClipRequest] = []
        self.first_frames: list[Path | None] = []
        self.gone_on_at: list[int] = []

    def load(self) -> None:
        self.state = "ready"

    def generate(
        self,
        request: ClipRequest,
        *,
        on_progress: Callable[[Progress], None],
        is_cancelled: Callable[[], bool],
        first_frame: Path | None = None,
        keep: Path | None = None,
    ) -> Made:
        steps = request.num_inference_steps
        on_progress(Progress("text", 0, steps))
        self.started.set()
        if self.fails_with is not None:
            raise self.fails_with
        marker = None if keep is None else keep / "step"
        begin = 0
        if marker is not None and marker.is_file():
            begin = int(marker.read_text(encoding="utf-8"))

        def preview() -> Frame:
            return _noise(request.seed, (16, 16, 3))

        for done in range(begin + 1, steps + 1):
            while not self.gate.wait(0.02):
                if is_cancelled():
                    raise Cancelled
            if marker is not None:
                marker.parent.mkdir(parents=True, exist_ok=True)
                marker.write_text(str(done), encoding="utf-8")
            phase: Phase = "denoising" if done < steps else "decoding"
            on_progress(Progress(phase, done, steps, preview))
        self.made.append(request)
        self.first_frames.append(first_frame)
        self.gone_on_at.append(begin)
        shape = (request.num_frames, request.height, request.width, 3)
        seconds = {"text": 0.01, "denoising": 0.1, "decoding": 0.01}
        return Made(_noise(request.seed, shape), self.preset.fps, seconds=seconds)


def _noise(seed: int, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 255, shape).astype(np.uint8)
