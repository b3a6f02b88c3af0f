"""What the form offers, in words: the sizes, lengths and qualities of a preset in one language.

Knows nothing of components. Gradio translates whole texts in the browser, so a text with a number
in it is made here, once for each language, and found there by its key.
"""

from __future__ import annotations

from typing import Final

from language import LANGUAGES, catalogue, say
from pipeline.presets import Preset

_RATIOS: Final = ((1, 1), (5, 4), (4, 3), (3, 2), (16, 9), (2, 1), (21, 9))
_NEAR: Final = 0.04
"""How far a size may be from a ratio that still names it: 832 × 480 is called 16:9."""


def size_key(width: int, height: int) -> str:
    return f"offer.size.{width}x{height}"


def length_key(num_frames: int) -> str:
    return f"offer.length.{num_frames}"


def quality_key(name: str) -> str:
    return f"offer.quality.{name}"


def offers(preset: Preset) -> dict[str, dict[str, str]]:
    """Language → key → text, for everything that this preset offers."""
    return {language: _in(language, preset) for language in LANGUAGES}


def _in(language: str, preset: Preset) -> dict[str, str]:
    texts = {size_key(*size): _size(language, *size) for size in preset.sizes}
    for count in preset.num_frames:
        texts[length_key(count)] = _length(language, count, preset.fps)
    for name, steps in preset.qualities.items():
        texts[quality_key(name)] = _quality(language, name, steps)
    return texts


def _size(language: str, width: int, height: int) -> str:
    """The shape as people call it, and under it the pixels."""
    shape = "square" if width == height else "wide" if width > height else "tall"
    called = say(language, f"offer.{shape}")
    ratio = "" if width == height else _ratio(width, height)
    return f"{called} {ratio}".strip() + f"\n{width} × {height}"


def _ratio(width: int, height: int) -> str:
    """The nearest ratio that has a name, or nothing."""
    long, short = max(width, height), min(width, height)
    first, second = min(_RATIOS, key=lambda ratio: abs(ratio[0] / ratio[1] - long / short))
    if abs(first / second * short / long - 1) > _NEAR:
        return ""
    return f"{first}:{second}" if width > height else f"{second}:{first}"


def _length(language: str, count: int, fps: float) -> str:
    tenths = round(count / fps, 1)
    seconds = f"{tenths:g}".replace(".", say(language, "number.point"))
    return (
        say(language, "offer.length", seconds=seconds)
        + "\n"
        + say(language, "offer.frames", n=count)
    )


def _quality(language: str, name: str, steps: int) -> str:
    """What it means and costs; a name that we do not know stands for itself."""
    key = f"offer.{name}"
    if key not in catalogue(language):
        return f"{name}\n" + say(language, "offer.steps", n=steps)
    return say(language, key) + "\n" + say(language, f"offer.{name}_means", n=steps)
