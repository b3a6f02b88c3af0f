"""What a person may ask of the pipeline, and the one place that checks it.

Knows nothing of torch or people. Nothing is corrected silently: a value outside the preset is
refused with the value, the rule and the nearest legal one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from errors import BadInput, EmptyPrompt, UnknownPreset
from pipeline.presets import Preset
from text import check_text, is_visible

SEED_LIMIT: Final = 2**31 - 1
"""Seeds are 0 to this: what every random generator and every form takes."""


@dataclass(frozen=True)
class ClipRequest:
    """A checked request, in diffusers' words. Sizes in pixels."""

    prompt: str
    negative_prompt: str
    preset: str
    seed: int
    num_frames: int
    width: int
    height: int
    num_inference_steps: int
    guidance_scale: float

    def as_columns(self) -> dict[str, Any]:
        return asdict(self)


def check_inputs(
    preset: Preset,
    *,
    prompt: str,
    seed: int,
    prompt_limit: int,
    negative_prompt: str | None = None,
    preset_name: str | None = None,
    num_frames: int | None = None,
    width: int | None = None,
    height: int | None = None,
    num_inference_steps: int | None = None,
    guidance_scale: float | None = None,
) -> ClipRequest:
    """A request that the preset can make; what is None takes the preset's default.

    Raises a BadInput: EmptyPrompt, TextTooLong, UnknownPreset, or one that names the field.
    """
    if preset_name is not None and preset_name != preset.name:
        raise UnknownPreset(value=preset_name, known=preset.name)
    check_text("prompt", prompt, prompt_limit)
    check_text("negative_prompt", negative_prompt or "", prompt_limit)
    if not is_visible(prompt):
        raise EmptyPrompt()
    if not 0 <= seed <= SEED_LIMIT:
        raise BadInput(
            field="seed",
            value=seed,
            rule=f"a seed is 0 to {SEED_LIMIT}",
            step="Choose one of these.",
        )
    width, height = _check_size(preset, width, height)
    return ClipRequest(
        prompt=prompt,
        negative_prompt=negative_prompt or "",
        preset=preset.name,
        seed=seed,
        num_frames=_check_frames(preset, num_frames),
        width=width,
        height=height,
        num_inference_steps=_check_steps(preset, num_inference_steps),
        guidance_scale=_check_guidance(preset, guidance_scale),
    )


def _check_size(preset: Preset, width: int | None, height: int | None) -> tuple[int, int]:
    default_width, default_height = preset.sizes[0]
    size = (width or default_width, height or default_height)
    if width == 0 or height == 0 or size not in preset.sizes:
        wanted = (
            default_width if width is None else width,
            default_height if height is None else height,
        )
        known = ", ".join(f"{w} × {h}" for w, h in preset.sizes)
        near = min(preset.sizes, key=lambda s: abs(s[0] - wanted[0]) + abs(s[1] - wanted[1]))
        raise BadInput(
            field="size",
            value=f"{wanted[0]} × {wanted[1]}",
            rule=f"the model {preset.name} makes {known}",
            step=f"Use width {near[0]} and height {near[1]}.",
        )
    return size


def _check_frames(preset: Preset, num_frames: int | None) -> int:
    if num_frames is None:
        return preset.num_frames[0]
    if num_frames not in preset.num_frames:
        known = ", ".join(map(str, sorted(preset.num_frames)))
        near = min(preset.num_frames, key=lambda count: abs(count - num_frames))
        raise BadInput(
            field="num_frames",
            value=num_frames,
            rule=f"the model {preset.name} makes clips of {known} frames",
            step=f"Use {near}.",
        )
    return num_frames


def _check_steps(preset: Preset, steps: int | None) -> int:
    if steps is None:
        return list(preset.qualities.values())[-1]
    if not 1 <= steps <= preset.max_steps:
        raise BadInput(
            field="num_inference_steps",
            value=steps,
            rule=f"the model {preset.name} takes 1 to {preset.max_steps} steps",
            step=f"Use {min(max(steps, 1), preset.max_steps)}.",
        )
    return steps


def _check_guidance(preset: Preset, scale: float | None) -> float:
    if scale is None:
        return preset.guidance_scale
    if not 1 <= scale <= preset.max_guidance:  # also refuses what is no number
        raise BadInput(
            field="guidance_scale",
            value=scale,
            rule=f"the model {preset.name} takes 1 to {preset.max_guidance:g}",
            step=f"Use {preset.guidance_scale:g}, the usual value.",
        )
    return float(scale)
