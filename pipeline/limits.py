"""Are the numbers of a preset legal for the pipeline class that it is for?

A preset is written by hand, and most classes round a wrong number silently: what is offered in a
form would not be what comes out. Knows nothing of files or torch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pipeline.families import Family
    from pipeline.presets import Preset

_DTYPES: Final = ("bfloat16", "float16", "float32")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_OF_REQUEST: Final = frozenset(
    {
        "prompt",
        "negative_prompt",
        "num_frames",
        "width",
        "height",
        "num_inference_steps",
        "guidance_scale",
        "generator",
    }
)


def check_limits(preset: Preset, family: Family | None, first_frame: str | None) -> None:
    """Raises ValueError with the field, its value and the rule. `first_frame`: the class that the
    checkpoint can begin from a picture with; `family` is None for a class that is not known."""
    for complaint in (
        *_of_shape(preset, family),
        *_of_numbers(preset),
        *(_of_call(preset, family, first_frame) if family else ()),
    ):
        raise ValueError(complaint)


def _of_shape(preset: Preset, family: Family | None) -> Iterator[str]:
    takes = f"{preset.pipeline_class or 'a clip'} takes"
    if not preset.sizes:
        yield "sizes is empty: the first is the default"
    for width, height in preset.sizes:
        if min(width, height) < 1 or width % preset.multiple or height % preset.multiple:
            yield f"sizes has {width} × {height}: {takes} multiples of {preset.multiple}"
    if not preset.num_frames:
        yield "num_frames is empty: the first is the default"
    step = preset.frames_step or (family.frames_step if family else 1)
    for count in preset.num_frames:
        if count <= step or (count - 1) % step:
            yield f"num_frames has {count}: {takes} {step}·k + 1 frames"
        if preset.most_frames is not None and count > preset.most_frames:
            yield f"num_frames has {count}: most_frames is {preset.most_frames}"
    if preset.most_frames is not None and (preset.most_frames - 1) % step:
        yield f"most_frames is {preset.most_frames}: {takes} {step}·k + 1 frames"


def _of_numbers(preset: Preset) -> Iterator[str]:
    if preset.min_steps < 1:
        yield f"min_steps is {preset.min_steps}: it is 1 or more"
    if not preset.qualities:
        yield "qualities is empty: the last is the default"
    for name, steps in preset.qualities.items():
        if not preset.min_steps <= steps <= preset.max_steps:
            legal = f"{preset.min_steps} to max_steps, {preset.max_steps}"
            yield f"qualities has {name} at {steps}: steps are {legal}"
    if not 1 <= preset.guidance_scale <= preset.max_guidance:
        yield (
            f"guidance_scale is {preset.guidance_scale:g}: "
            f"it is 1 to max_guidance, {preset.max_guidance:g}"
        )
    if not 0 < preset.fps <= 240:
        yield f"fps is {preset.fps:g}: it is more than 0 and 240 at most"
    if preset.most_variants < 1:
        yield f"most_variants is {preset.most_variants}: it is 1 or more"
    if preset.memory_gb is not None and preset.memory_gb <= 0:
        yield f"memory_gb is {preset.memory_gb:g}: it is more than 0"
    if preset.dtype not in _DTYPES:
        yield f"dtype is {preset.dtype!r}: it is one of {', '.join(_DTYPES)}"
    if preset.revision is not None and not _COMMIT.fullmatch(preset.revision):
        yield f"revision is {preset.revision!r}: it is a commit, 40 hexadecimal digits, or null"


def _of_call(preset: Preset, family: Family, first_frame: str | None) -> Iterator[str]:
    strange = sorted(preset.takes - family.takes)
    if strange:
        yield f"takes has {strange[0]}: {preset.pipeline_class} does not take it"
    overruled = sorted(preset.arguments.keys() & preset.takes & _OF_REQUEST)
    if overruled:
        yield (
            f"arguments has {overruled[0]}, which every request sets anew: "
            "leave it out of arguments, or out of takes"
        )
    if preset.sound != family.sound:
        makes = "makes sound" if family.sound else "makes no sound"
        yield f"sound is {str(preset.sound).lower()}: {preset.pipeline_class} {makes}"
    if preset.first_frame not in (None, first_frame):
        yield f"first_frame is {preset.first_frame!r}: this checkpoint takes {first_frame or 'none'}"
