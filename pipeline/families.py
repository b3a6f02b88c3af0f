"""What each pipeline class of diffusers 0.42 takes, and what it does well by default.

One row for each class, so that a preset repeats nothing that follows from its class. Knows nothing
of presets or torch; a test compares every row with the real class.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

PASSABLE: Final = frozenset(
    {
        "negative_prompt",
        "num_frames",
        "width",
        "height",
        "num_inference_steps",
        "guidance_scale",
        "frame_rate",
        "generator",
        "latents",
        "audio_latents",
        "max_sequence_length",
        "callback_on_step_end",
    }
)
"""The arguments of a call that Greenlight has a value for, beside the prompt."""

USUAL: Final = PASSABLE - {"frame_rate", "audio_latents"}
"""What most classes take of them."""


@dataclass(frozen=True)
class Family:
    """One pipeline class. Sizes are (width, height) in pixels; the rest are its own defaults."""

    size: tuple[int, int]
    multiple: int  # of both sides; the class refuses others or rounds them silently
    frames_step: int  # legal frame counts are frames_step·k + 1; the class rounds others silently
    num_frames: int
    most_frames: int  # the most that a published checkpoint of the class is known to hold together
    fps: float
    steps: int
    guidance_scale: float
    min_steps: int = 1
    takes: frozenset[str] = USUAL
    unheard: frozenset[str] = frozenset()  # in the signature, without effect as Greenlight calls it
    first_frame: str | None = None  # class that begins from a picture, with the same parts
    sound: bool = False

    def first_frame_with(self, index: Mapping[str, Any]) -> str | None:
        """The image-to-video class for a checkpoint with this model_index.json."""
        if self.first_frame == "WanImageToVideoPipeline" and not index.get("expand_timesteps"):
            return None  # only Wan 2.2 5B has learned both; the others come as two checkpoints
        return self.first_frame


_LTX: Final = Family(
    size=(704, 512),
    multiple=32,
    frames_step=8,
    num_frames=161,
    most_frames=257,
    fps=25,
    steps=50,
    guidance_scale=3.0,
    takes=USUAL | {"frame_rate"},
    first_frame="LTXImageToVideoPipeline",
)

FAMILIES: Final = {
    "LTXPipeline": _LTX,
    "LTXConditionPipeline": replace(_LTX, first_frame="LTXConditionPipeline"),
    "LTX2Pipeline": Family(
        size=(768, 512),
        multiple=32,
        frames_step=8,
        num_frames=121,
        most_frames=481,
        fps=24,
        steps=30,
        guidance_scale=3.0,
        takes=USUAL | {"frame_rate", "audio_latents"},
        first_frame="LTX2ImageToVideoPipeline",
        sound=True,
    ),
    "WanPipeline": Family(
        size=(832, 480),
        multiple=16,
        frames_step=4,
        num_frames=81,
        most_frames=121,
        fps=16,
        steps=50,
        guidance_scale=5.0,
        first_frame="WanImageToVideoPipeline",
    ),
    "CogVideoXPipeline": Family(
        size=(720, 480),
        multiple=16,  # its check says 8, then its patches of two do not fit
        frames_step=8,  # its autoencoder makes 16 frames of the 13 that one would take for legal
        num_frames=49,
        most_frames=161,
        fps=8,
        steps=50,
        guidance_scale=6.0,
    ),
    "HunyuanVideoPipeline": Family(
        size=(1280, 720),
        multiple=16,
        frames_step=4,
        num_frames=129,
        most_frames=129,
        fps=24,
        steps=50,
        guidance_scale=6.0,
        # It reads one only with a true_cfg_scale above 1, which takes twice the time.
        takes=USUAL - {"negative_prompt"},
        unheard=frozenset({"negative_prompt"}),
    ),
    "HunyuanVideo15Pipeline": Family(
        size=(848, 480),
        multiple=16,
        frames_step=4,
        num_frames=121,
        most_frames=241,
        fps=24,
        steps=50,
        guidance_scale=6.0,  # a part of the checkpoint, not of the call
        takes=USUAL - {"guidance_scale", "max_sequence_length", "callback_on_step_end"},
    ),
    "MochiPipeline": Family(
        size=(848, 480),
        multiple=16,  # its check says 8, then its patches of two do not fit
        frames_step=6,
        num_frames=85,
        most_frames=163,
        fps=30,
        steps=64,
        guidance_scale=4.5,
        min_steps=2,  # with one it divides by zero
    ),
}
"""Each is proven with a tiny checkpoint, from saving to the mp4, in tests/pipeline/test_classes.py."""
