"""Engines over tiny checkpoints, and the few words in which tests ask them for clips.

Knows nothing of jobs. Each kind of checkpoint is built once in a test session, see conftest.py.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from pipeline.engine import DiffusersEngine
from pipeline.made import Frames, Made, Progress
from pipeline.presets import Preset
from pipeline.request import ClipRequest
from tests.pipeline.tiny import BUILDERS, WITH_FIRST_FRAME

Checkpoints = Callable[[str], Path]
Engines = Callable[[str], DiffusersEngine]

STEPS: Final = 4
_NOISY: Final = {
    "MochiPipeline": "ignore:In CPU autocast:UserWarning",
    "LTXConditionPipeline": "ignore:__array__ implementation:DeprecationWarning",
}
"""Warnings of classes of diffusers' that cannot be told to say nothing."""

KINDS: Final = [
    pytest.param(kind, marks=[pytest.mark.filterwarnings(_NOISY[kind])] if kind in _NOISY else [])
    for kind in BUILDERS
]
"""Every kind of tiny checkpoint, for `parametrize`."""

_SIZES: Final = {WITH_FIRST_FRAME: (32, 32), "LTX2Pipeline": (64, 64)}
_SMALL: Final = {"LTXPipeline": (32, 32), "LTXConditionPipeline": (32, 32)}
FIRST_FRAMES: Final = {
    WITH_FIRST_FRAME: "WanImageToVideoPipeline",
    "LTXPipeline": "LTXImageToVideoPipeline",
    "LTXConditionPipeline": "LTXConditionPipeline",
    "LTX2Pipeline": "LTX2ImageToVideoPipeline",
}


def preset_of(kind: str, folder: Path, **changes: Any) -> Preset:
    """What a tiny checkpoint takes."""
    facts: dict[str, Any] = {
        "name": "tiny",
        "source": str(folder),
        "fps": 8.0,
        "sizes": (_SIZES.get(kind) or _SMALL.get(kind, (16, 16)),),
        "num_frames": (7 if kind == "MochiPipeline" else 9,),
        "qualities": {"final": STEPS},
        "max_steps": 20,
        "guidance_scale": 4.0,
        "max_guidance": 10.0,
        "dtype": "float32",
        "arguments": {"max_sequence_length": 64 if kind == "LTX2Pipeline" else 16},
        "first_frame": FIRST_FRAMES.get(kind),
    }
    return Preset(**{**facts, **changes})


def ask(engine: DiffusersEngine, prompt: str = "a red ball", **changes: Any) -> ClipRequest:
    """A request as check_inputs would make it; tests may ask for what it would refuse."""
    preset = engine.preset
    facts: dict[str, Any] = {
        "prompt": prompt,
        "negative_prompt": "",
        "preset": preset.name,
        "seed": 1,
        "num_frames": preset.num_frames[0],
        "width": preset.sizes[0][0],
        "height": preset.sizes[0][1],
        "num_inference_steps": preset.final_steps,
        "guidance_scale": preset.guidance_scale,
    }
    return ClipRequest(**{**facts, **changes})


def make(
    engine: DiffusersEngine,
    request: ClipRequest | None = None,
    *,
    on_progress: Callable[[Progress], None] = lambda _progress: None,
    is_cancelled: Callable[[], bool] = lambda: False,
    first_frame: Path | None = None,
    keep: Path | None = None,
) -> Made:
    return engine.generate(
        request or ask(engine),
        on_progress=on_progress,
        is_cancelled=is_cancelled,
        first_frame=first_frame,
        keep=keep,
    )


def pipe_of(engine: DiffusersEngine) -> Any:
    """The pipeline inside: tests break parts of it and look at others."""
    engine.load()
    assert engine._loaded is not None
    return engine._loaded.pipe


def same(one: Made, other: Made) -> bool:
    """Bit for bit, the sound too."""
    if (one.audio is None) != (other.audio is None):
        return False
    if one.audio is not None and other.audio is not None:
        return bool(np.array_equal(one.audio.samples, other.audio.samples)) and _same_frames(
            one.frames, other.frames
        )
    return _same_frames(one.frames, other.frames)


def _same_frames(one: Frames, other: Frames) -> bool:
    return bool(np.array_equal(one, other))


class Stop(Exception):
    """What tests raise in the middle of a clip."""


def stop_at(step: int) -> Callable[[Progress], None]:
    """An `on_progress` that breaks off after a step, as a crash would."""

    def on_progress(progress: Progress) -> None:
        if progress.phase in ("denoising", "decoding") and progress.step >= step:
            raise Stop

    return on_progress
