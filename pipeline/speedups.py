"""Ways to make clips faster or in less memory, and for which pipeline class each is known to work.

Knows nothing of clips. Several of diffusers' features crash with some classes and silently change
nothing with others; the table was found by trying each on a tiny model of the class with diffusers
0.42, and the tests try it again. What changes nothing stays off and says so in the log; what would
crash is refused, as is any name or value that is not in here. Limits: offloading was tried from
the processor to itself only, and attention backends only those that run on a processor.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from errors import SpeedupRefused
from pipeline.presets import Preset

log = logging.getLogger("greenlight.engine")

Pipeline: TypeAlias = Any

CACHES: Final = ("first_block", "taylor", "sea", "pyramid")
"""diffusers' FasterCache is none of them: it crashes every class at a guidance of 1."""

_CRASHES: Final = {
    "WanPipeline": set[str](),
    "LTXPipeline": {"guidance_cutoff"},
    "LTXConditionPipeline": {"guidance_cutoff"},
    "LTX2Pipeline": {"first_block", "sea", "pyramid"},
    "CogVideoXPipeline": {"regional"},
    "HunyuanVideoPipeline": set[str](),
    "HunyuanVideo15Pipeline": {"first_block", "sea"},
    "MochiPipeline": {"guidance_cutoff", "regional"},
}
_CHANGES_NOTHING: Final = {
    "WanPipeline": set[str](),
    "LTXPipeline": {"sea"},
    "LTXConditionPipeline": {"sea"},
    "LTX2Pipeline": {"guidance_cutoff"},
    "CogVideoXPipeline": {"sea", "guidance_cutoff"},
    "HunyuanVideoPipeline": {"sea", "guidance_cutoff"},
    "HunyuanVideo15Pipeline": set[str](),
    "MochiPipeline": {"sea"},
}
"""Beside these two tables, everything works with every class that they name."""


@dataclass(frozen=True)
class Speedups:
    """What is switched on, as far as a run has to know."""

    cache: str | None = None
    guidance_cutoff: float | None = None  # share of the steps that are guided
    offload: str | None = None


def apply(pipe: Pipeline, preset: Preset, timestep: Callable[[], Any] | None = None) -> Speedups:
    """Switch on what the preset asks for, once, on a pipeline that is loaded and not yet placed.

    `timestep` gives the timestep of the run that is going on. Raises SpeedupRefused.
    """
    wanted = dict(preset.speedups)
    _check(type(pipe).__name__, wanted)
    on = {name: value for name, value in wanted.items() if _changes_something(pipe, name, value)}
    # In this order: compiling and offloading look at what the others did to the blocks.
    if "attention" in on:
        _set_attention(pipe, on["attention"])
    if on.get("fp8_storage"):
        _store_in_fp8(pipe, preset)
    if on.get("tiling"):
        pipe.vae.enable_tiling()
    if "cache" in on:
        now = timestep or (lambda: pipe.current_timestep)
        for denoiser in _denoisers(pipe):
            denoiser.enable_cache(_cache(on["cache"], on.get("cache_threshold"), now))
    if "compile" in on:
        _compile(pipe, on["compile"], whole=not (on.get("fp8_storage") or "cache" in on))
    if "offload" in on:
        _offload(pipe, on["offload"])
    return Speedups(
        cache=on.get("cache"),
        guidance_cutoff=on.get("guidance_cutoff"),
        offload=on.get("offload"),
    )


# ---- the checks ---------------------------------------------------------------------------


_VALUES: Final[dict[str, tuple[str, Callable[[Any], bool]]]] = {
    "cache": (f"one of {', '.join(CACHES)}", lambda value: value in CACHES),
    "cache_threshold": ("a number above 0", lambda value: _is_number(value) and value > 0),
    "compile": ("regional or full", lambda value: value in ("regional", "full")),
    "attention": ("the name of an attention backend", lambda value: isinstance(value, str)),
    "fp8_storage": ("true or false", lambda value: isinstance(value, bool)),
    "guidance_cutoff": (
        "the share of the steps that are guided, above 0 and below 1",
        lambda value: _is_number(value) and 0 < value < 1,
    ),
    "offload": ("model or group", lambda value: value in ("model", "group")),
    "tiling": ("true or false", lambda value: isinstance(value, bool)),
}


def _check(pipeline_class: str, wanted: dict[str, Any]) -> None:
    for name, value in wanted.items():
        if name not in _VALUES:
            raise SpeedupRefused(name=name, value=value, why=f"there are {', '.join(_VALUES)}")
        rule, is_legal = _VALUES[name]
        if not is_legal(value):
            raise SpeedupRefused(name=name, value=value, why=f"it takes {rule}")
        feature = _feature(name, value)
        if feature in _CLASS_DEPENDENT and pipeline_class not in _CRASHES:
            why = f"nobody has tried it with {pipeline_class}"
            raise SpeedupRefused(name=name, value=value, why=why)
        if feature in _CRASHES.get(pipeline_class, ()):
            raise SpeedupRefused(name=name, value=value, why=f"{pipeline_class} crashes with it")
    if "cache_threshold" in wanted and wanted.get("cache") not in ("first_block", "sea"):
        value = wanted["cache_threshold"]
        why = "only the caches first_block and sea have one"
        raise SpeedupRefused(name="cache_threshold", value=value, why=why)


_CLASS_DEPENDENT: Final = frozenset({*CACHES, "guidance_cutoff", "regional"})


def _feature(name: str, value: Any) -> str:
    return str(value) if name in ("cache", "compile") else name


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _changes_something(pipe: Pipeline, name: str, value: Any) -> bool:
    import torch

    pipeline_class = type(pipe).__name__
    if _feature(name, value) in _CHANGES_NOTHING.get(pipeline_class, ()):
        log.warning("%s: %s stays off, it changes nothing with %s", name, value, pipeline_class)
        return False
    if name == "offload" and not torch.cuda.is_available():
        log.warning("%s: %s stays off, there is no GPU to take anything off", name, value)
        return False
    if name == "tiling" and not hasattr(pipe.vae, "enable_tiling"):
        log.warning("%s: %s stays off, this model cannot decode in tiles", name, value)
        return False
    return True


# ---- the switches -------------------------------------------------------------------------


def _denoisers(pipe: Pipeline) -> Iterator[Any]:
    """Wan 2.2 has two: one for much noise and one for little."""
    for name in ("transformer", "transformer_2"):
        if getattr(pipe, name, None) is not None:
            yield getattr(pipe, name)


def _cache(kind: str, threshold: float | None, timestep: Callable[[], Any]) -> Any:
    import diffusers

    hooks: Any = diffusers
    # With its defaults the Taylor cache finds no module of these classes, and does nothing.
    if kind == "taylor":
        return hooks.TaylorSeerCacheConfig(use_lite_mode=True)
    if kind == "first_block":
        return hooks.FirstBlockCacheConfig(threshold=threshold or 0.05)
    if kind == "sea":
        return hooks.SeaCacheConfig(threshold=threshold or 0.25)
    return hooks.PyramidAttentionBroadcastConfig(
        spatial_attention_block_skip_range=2,
        cross_attention_block_skip_range=2,
        temporal_attention_block_skip_range=2,
        current_timestep_callback=timestep,
    )


def _set_attention(pipe: Pipeline, backend: str) -> None:
    for denoiser in _denoisers(pipe):
        try:
            denoiser.set_attention_backend(backend)
        except (ValueError, RuntimeError, ImportError) as error:
            why = str(error).partition(". ")[0]
            raise SpeedupRefused(name="attention", value=backend, why=why) from error


def _store_in_fp8(pipe: Pipeline, preset: Preset) -> None:
    import torch

    for denoiser in _denoisers(pipe):
        denoiser.enable_layerwise_casting(
            storage_dtype=torch.float8_e4m3fn, compute_dtype=getattr(torch, preset.dtype)
        )


def _compile(pipe: Pipeline, how: str, *, whole: bool) -> None:
    """Compiling itself happens at the first clip. The hooks of caches and of fp8 storage cannot
    be compiled; beside them, blocks are compiled in parts."""
    for denoiser in _denoisers(pipe):
        if how == "regional":
            denoiser.compile_repeated_blocks(fullgraph=whole)
        else:
            denoiser.compile()


def _offload(pipe: Pipeline, how: str) -> None:
    """Part by part, or layer by layer. diffusers' sequential way is not offered: text encoders
    crash with it (accelerate 1.15), and by groups of one layer it goes quicker."""
    import torch

    if how == "model":
        pipe.enable_model_cpu_offload()
    else:
        pipe.enable_group_offload(
            onload_device=torch.device("cuda"), offload_type="leaf_level", use_stream=True
        )
