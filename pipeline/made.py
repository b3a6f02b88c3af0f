"""What an engine says while it makes a clip, and what it hands over at the end.

Knows nothing of torch, pipelines, files or people.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Phase: TypeAlias = Literal["loading", "text", "denoising", "decoding", "encoding"]

Frame: TypeAlias = NDArray[np.uint8]
"""(height, width, 3), RGB."""

Frames: TypeAlias = NDArray[np.uint8]
"""(frames, height, width, 3), RGB."""


@dataclass(frozen=True)
class Progress:
    """How far a clip is. `step` counts finished denoising steps, 0 to `steps`.

    `preview` may be called inside of `on_progress` only: it reads what the pipeline has in hand.
    """

    phase: Phase
    step: int
    steps: int
    preview: Callable[[], Frame | None] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Audio:
    """The sound of a clip."""

    samples: NDArray[np.float32]  # (channels, samples), -1 to 1
    rate: int  # samples per second


@dataclass(frozen=True)
class Made:
    """A clip as the model made it, not yet a file."""

    frames: Frames
    fps: float
    audio: Audio | None = None
    seconds: dict[str, float] = field(default_factory=dict)  # phase → how long it took


class Cancelled(Exception):
    """The caller's `is_cancelled` said so; the pipeline is clean for the next request."""
