"""What may be asked of a model at a remote provider.

Knows nothing of requests or answers. A provider publishes no limits that a program could read:
they come from our own preset where the model has one, cut to what the provider has words for.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from errors import BadSetting
from pipeline.presets import Preset, find_preset, preset_names

_HUB_ID: Final = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_FOR_DIFFUSERS: Final = "-Diffusers"
"""Models are often on the Hub twice; the provider has the one without this ending."""

_USUAL: Final = frozenset({"generator", "guidance_scale", "negative_prompt", "num_inference_steps"})
_TAKES: Final = {
    "auto": _USUAL,
    "fal-ai": _USUAL | {"num_frames"},
    "novita": _USUAL,
    "replicate": _USUAL | {"num_frames", "width", "height"},
    "together": _USUAL | {"width", "height"},
    "wavespeed": _USUAL,
}
"""Arguments that most of a provider's models know by the names the client sends. The others count
length in seconds and size in words of their own."""


def remote_preset(model: str, provider: str) -> Preset:
    """The preset of `model`, a Hub id or the name of a preset of ours. Raises BadSetting."""
    preset = _built_in(model)
    if preset is None:
        if not _HUB_ID.fullmatch(model):
            rule = "a remote provider takes a model of the Hub, written owner/name"
            raise BadSetting(name="GREENLIGHT_MODEL", value=model, rule=rule)
        return _unknown(model)
    takes = preset.takes & _TAKES[provider]
    has_steps = "num_inference_steps" in takes
    return replace(
        preset,
        source=model if _HUB_ID.fullmatch(model) else preset.source.removesuffix(_FOR_DIFFUSERS),
        takes=takes,
        sizes=preset.sizes if "width" in takes else preset.sizes[:1],
        num_frames=preset.num_frames if "num_frames" in takes else preset.num_frames[:1],
        qualities=preset.qualities if has_steps else {"final": preset.final_steps},
        first_frame=None,
        memory_gb=None,
        revision=None,
        speedups={},
    )


def _built_in(model: str) -> Preset | None:
    for name in preset_names():
        preset = find_preset(name)
        if model == name or _bare(model) == _bare(preset.source):
            return preset
    return None


def _bare(hub_id: str) -> str:
    return hub_id.removesuffix(_FOR_DIFFUSERS).lower()


def _unknown(model: str) -> Preset:
    """A model that nothing is known of but its name: size, length and quality are its own."""
    return Preset(
        name=model,
        source=model,
        fps=16,
        sizes=((832, 480),),
        num_frames=(81,),
        qualities={"final": 30},
        max_steps=30,
        guidance_scale=5.0,
        max_guidance=20.0,
        dtype="float32",
        about="The provider chooses size, length and quality by itself.",
        takes=frozenset({"generator"}),
    )
