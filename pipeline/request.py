"""What a person may ask of the pipeline, and the one place that checks it.

Knows nothing of torch or people. Nothing is corrected silently: a value outside the preset is
refused with the value, the rule and the nearest legal one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from errors import BadInput, EmptyPrompt, NoFirstFrame, UnknownPreset
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
    first_frame: str | None = None,
) -> ClipRequest:
    """A request that the preset can make; what is None takes the preset's default.

    `first_frame` is whatever names a picture: asked here is only whether the model can take one.
    Raises a BadInput: EmptyPrompt, TextTooLong, UnknownPreset, NoFirstFrame, or one that names
    the field.
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
    if first_frame is not None and preset.first_frame is None:
        raise NoFirstFrame(model=preset.name)
    width, height = _check_size(preset, width, height)
    scale = _check_guidance(preset, guidance_scale)
    return ClipRequest(
        prompt=prompt,
        negative_prompt=_check_negative(preset, negative_prompt or "", scale),
        preset=preset.name,
        seed=seed,
        num_frames=_check_frames(preset, num_frames),
        width=width,
        height=height,
        num_inference_steps=_check_steps(preset, num_inference_steps),
        guidance_scale=scale,
    )


def check_variants(preset: Preset, variants: int | None) -> int:
    """How many clips one request makes. Raises BadInput."""
    if variants is None:
        return 1
    if not 1 <= variants <= preset.most_variants:
        raise BadInput(
            field="variants",
            value=variants,
            rule=f"the model {preset.name} makes 1 to {preset.most_variants} at once",
            step=f"Use {min(max(variants, 1), preset.most_variants)}.",
        )
    return variants


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
    if not preset.takes_count(num_frames):
        counts = preset.regular_counts()
        if counts:
            legal = f"{counts.step}k+1 frames, {counts[0]} to {counts[-1]}"
        else:
            legal = f"{', '.join(map(str, sorted(preset.num_frames)))} frames"
        raise BadInput(
            field="num_frames",
            value=num_frames,
            rule=f"the model {preset.name} makes clips of {legal}",
            step=f"Use {' or '.join(map(str, preset.counts_near(num_frames)))}.",
        )
    return num_frames


def _check_steps(preset: Preset, steps: int | None) -> int:
    if steps is None:
        return preset.final_steps
    if "num_inference_steps" not in preset.takes and steps != preset.final_steps:
        raise BadInput(
            field="num_inference_steps",
            value=steps,
            rule=f"the model {preset.name} chooses the number of steps itself",
            step="Leave num_inference_steps out.",
        )
    if not preset.min_steps <= steps <= preset.max_steps:
        raise BadInput(
            field="num_inference_steps",
            value=steps,
            rule=f"the model {preset.name} takes {preset.min_steps} to {preset.max_steps} steps",
            step=f"Use {min(max(steps, preset.min_steps), preset.max_steps)}.",
        )
    return steps


def _check_guidance(preset: Preset, scale: float | None) -> float:
    # The model's own value is always legal: a remix sends all that the first clip was made with.
    if scale is None or scale == preset.guidance_scale:
        return preset.guidance_scale
    if "guidance_scale" not in preset.takes:
        raise BadInput(
            field="guidance_scale",
            value=scale,
            rule=f"the model {preset.name} has a guidance of its own, {preset.guidance_scale:g}",
            step="Leave guidance_scale out.",
        )
    if not 1 <= scale <= preset.max_guidance:  # also refuses what is no number
        raise BadInput(
            field="guidance_scale",
            value=scale,
            rule=f"the model {preset.name} takes 1 to {preset.max_guidance:g}",
            step=f"Use {preset.guidance_scale:g}, the usual value.",
        )
    return float(scale)


def _check_negative(preset: Preset, text: str, scale: float) -> str:
    """A negative prompt, where it has an effect: it is what guidance leads away from."""
    if not text:
        return ""
    if "negative_prompt" not in preset.takes:
        raise BadInput(
            field="negative_prompt",
            value=text,
            rule=f"the model {preset.name} reads none",
            step="Leave negative_prompt out, and say in the prompt what you want to see.",
        )
    if "guidance_scale" in preset.takes and scale <= 1:
        raise BadInput(
            field="negative_prompt",
            value=text,
            rule="a model reads it only with a guidance_scale above 1",
            step="Raise guidance_scale, or leave negative_prompt out.",
        )
    return text
