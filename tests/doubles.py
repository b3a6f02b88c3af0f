"""A fast engine that obeys the real one's interface, for tests of everything around it.

Knows nothing of models: its frames come from the seed. It never ships; what runs by default is
the real embedded model.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal

import numpy as np

from pipeline.engine import Cancelled, Frames, Progress
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
    """Makes noise that depends on the request. `gate` holds every clip at its first step."""

    def __init__(self) -> None:
        self.preset = FAST
        self.state: Literal["loading", "ready", "failed"] = "ready"
        self.gate = threading.Event()
        self.gate.set()
        self.started = threading.Event()
        self.fails_with: Exception | None = None
        self.made: list[ClipRequest] = []

    def load(self) -> None:
        self.state = "ready"

    def generate(
        self,
        request: ClipRequest,
        *,
        on_progress: Callable[[Progress], None],
        is_cancelled: Callable[[], bool],
    ) -> Frames:
        steps = request.num_inference_steps
        on_progress(Progress("text", 0, steps))
        self.started.set()
        if self.fails_with is not None:
            raise self.fails_with
        for done in range(1, steps + 1):
            while not self.gate.wait(0.02):
                if is_cancelled():
                    raise Cancelled
            on_progress(Progress("denoising" if done < steps else "decoding", done, steps))
        self.made.append(request)
        noise = np.random.default_rng(request.seed)
        shape = (request.num_frames, request.height, request.width, 3)
        return noise.integers(0, 255, shape).astype(np.uint8)
