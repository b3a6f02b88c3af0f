"""Speed-ups: the table is tried again on a tiny model of every class, both what it allows and not."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from errors import MakingFailed, ModelNotLoaded, SpeedupRefused
from pipeline import speedups
from pipeline.engine import DiffusersEngine
from pipeline.made import Made
from pipeline.speedups import CACHES, apply
from tests.pipeline.engines import (
    KINDS,
    Checkpoints,
    Engines,
    ask,
    make,
    pipe_of,
    preset_of,
    same,
    stop_at,
)
from tests.pipeline.tiny import WITH_FIRST_FRAME

STEPS = 8


def class_of(kind: str) -> str:
    return "WanPipeline" if kind == WITH_FIRST_FRAME else kind


def verdict(kind: str, feature: str) -> str:
    if feature in speedups._CRASHES[class_of(kind)]:
        return "crashes"
    return "nothing" if feature in speedups._CHANGES_NOTHING[class_of(kind)] else "works"


def engine_of(checkpoints: Checkpoints, kind: str, **wanted: Any) -> DiffusersEngine:
    return DiffusersEngine(preset_of(kind, checkpoints(kind), speedups=wanted))


def plain(engines: Engines, kind: str) -> Made:
    engine = engines(kind)
    return make(engine, ask(engine, num_inference_steps=STEPS))


def work_of(engine: DiffusersEngine) -> tuple[Made, int]:
    """A clip, and how many samples went through linear layers of the denoiser for it."""
    import torch

    done = [0]

    def count(_module: Any, inputs: tuple[Any, ...], _output: Any) -> None:
        done[0] += len(inputs[0])

    denoiser = pipe_of(engine).transformer
    hooks = [
        module.register_forward_hook(count)
        for module in denoiser.modules()
        if isinstance(module, torch.nn.Linear)
    ]
    try:
        return make(engine, ask(engine, num_inference_steps=STEPS)), done[0]
    finally:
        for hook in hooks:
            hook.remove()


def brief(engine: DiffusersEngine) -> Made:
    return make(engine, ask(engine, num_inference_steps=2))


def wish_for(cache: str) -> dict[str, Any]:
    """High thresholds: weights that were never trained differ much from step to step."""
    threshold = {"cache_threshold": 5.0} if cache in ("first_block", "sea") else {}
    return {"cache": cache, **threshold}


def try_by_hand(engine: DiffusersEngine, cache: str) -> None:
    """Past the table, as diffusers lets one."""
    pipe = pipe_of(engine)
    config = speedups._cache(cache, 5.0, lambda: pipe.current_timestep)
    pipe.transformer.enable_cache(config)
    pipe(**by_hand(engine))
    pipe.maybe_free_model_hooks()


# ---- caches -------------------------------------------------------------------------------


def cases(wanted: str) -> list[Any]:
    return [
        pytest.param(kind.values[0], cache, marks=kind.marks)
        for kind in KINDS
        for cache in CACHES
        if verdict(str(kind.values[0]), cache) == wanted
    ]


@pytest.mark.parametrize(("kind", "cache"), cases("works"))
def test_a_cache_that_works_saves_work(
    checkpoints: Checkpoints, engines: Engines, kind: str, cache: str
) -> None:
    _clean, much = work_of(engines(kind))
    engine = engine_of(checkpoints, kind, **wish_for(cache))
    made, less = work_of(engine)
    assert less < much
    assert made.frames.std() > 0


@pytest.mark.parametrize(("kind", "cache"), cases("nothing"))
def test_a_cache_that_changes_nothing_stays_off_and_says_so(
    checkpoints: Checkpoints,
    engines: Engines,
    caplog: pytest.LogCaptureFixture,
    kind: str,
    cache: str,
) -> None:
    engine = engine_of(checkpoints, kind, **wish_for(cache))
    with caplog.at_level(logging.WARNING, logger="greenlight.engine"):
        assert not pipe_of(engine).transformer.is_cache_enabled
    assert f"cache: {cache} stays off" in caplog.text
    # And it is true: switched on by hand, it leaves every pixel as it was.
    try_by_hand(engine, cache)
    made, work = work_of(engine)
    assert same(made, plain(engines, kind))
    assert work == work_of(engines(kind))[1]


@pytest.mark.parametrize(("kind", "cache"), cases("crashes"))
def test_a_cache_that_would_crash_is_refused(
    checkpoints: Checkpoints, kind: str, cache: str
) -> None:
    with pytest.raises(SpeedupRefused, match=f"{class_of(kind)} crashes with it"):
        engine_of(checkpoints, kind, **wish_for(cache)).load()
    # And it is true.
    engine = engine_of(checkpoints, kind)
    pipe = pipe_of(engine)
    deeper = {**pipe.transformer.config, "num_layers": 3}
    pipe.transformer = type(pipe.transformer).from_config(deeper).eval()
    with pytest.raises((ValueError, RuntimeError), match=r"not registered|must match"):
        try_by_hand(engine, cache)


def by_hand(engine: DiffusersEngine) -> dict[str, Any]:
    import inspect

    request = ask(engine)
    wanted = {**request.as_columns(), "num_inference_steps": STEPS, **engine.preset.arguments}
    taken = inspect.signature(pipe_of(engine).__call__).parameters
    return {name: value for name, value in wanted.items() if name in taken and value != ""}


def test_the_faster_cache_is_not_offered_because_it_needs_guidance(
    checkpoints: Checkpoints,
) -> None:
    import diffusers

    with pytest.raises(SpeedupRefused, match="it takes one of"):
        engine_of(checkpoints, "CogVideoXPipeline", cache="faster").load()
    engine = engine_of(checkpoints, "CogVideoXPipeline")
    pipe = pipe_of(engine)
    config = diffusers.FasterCacheConfig(current_timestep_callback=lambda: pipe.current_timestep)
    pipe.transformer.enable_cache(config)
    with pytest.raises(IndexError):
        pipe(**{**by_hand(engine), "guidance_scale": 1.0})


def test_a_cache_works_from_a_picture_too(checkpoints: Checkpoints, picture: Path) -> None:
    engine = engine_of(checkpoints, "LTXPipeline", cache="pyramid")
    clean = make(engine, ask(engine, num_inference_steps=STEPS), first_frame=picture)
    make(engine)
    again = make(engine, ask(engine, num_inference_steps=STEPS), first_frame=picture)
    assert same(again, clean)


def test_the_second_denoiser_gets_its_cache_too(checkpoints: Checkpoints) -> None:
    engine = engine_of(checkpoints, "WanPipeline")
    pipe = pipe_of(engine)
    pipe.transformer_2 = type(pipe.transformer).from_config(pipe.transformer.config)
    apply(pipe, replace(engine.preset, speedups={"cache": "first_block"}))
    assert pipe.transformer.is_cache_enabled
    assert pipe.transformer_2.is_cache_enabled


# ---- guidance -----------------------------------------------------------------------------


def guidance(wanted: str) -> list[Any]:
    return [kind for kind in KINDS if verdict(str(kind.values[0]), "guidance_cutoff") == wanted]


def denoiser_calls(engine: DiffusersEngine) -> int:
    calls: list[int] = []
    hook = pipe_of(engine).transformer.register_forward_hook(lambda *_args: calls.append(1))
    make(engine, ask(engine, num_inference_steps=STEPS))
    hook.remove()
    return len(calls)


@pytest.mark.parametrize("kind", guidance("works"))
def test_without_guidance_in_the_second_half_a_quarter_of_the_calls_is_saved(
    checkpoints: Checkpoints, engines: Engines, kind: str
) -> None:
    assert denoiser_calls(engines(kind)) == 2 * STEPS
    engine = engine_of(checkpoints, kind, guidance_cutoff=0.5)
    assert denoiser_calls(engine) == 1.5 * STEPS


GUIDED = ["WanPipeline", "HunyuanVideo15Pipeline"]
"""Those where guidance is a number, and where it is an object."""


@pytest.mark.parametrize("kind", GUIDED)
def test_every_clip_is_guided_from_its_beginning(checkpoints: Checkpoints, kind: str) -> None:
    engine = engine_of(checkpoints, kind, guidance_cutoff=0.5)
    first = make(engine)
    assert same(make(engine), first)


@pytest.mark.parametrize("at", [1, 2, 3])
@pytest.mark.parametrize("kind", GUIDED)
def test_a_clip_that_goes_on_is_guided_as_long(
    checkpoints: Checkpoints, tmp_path: Path, kind: str, at: int
) -> None:
    preset = preset_of(kind, checkpoints(kind), speedups={"guidance_cutoff": 0.5})
    whole = make(DiffusersEngine(preset))
    with pytest.raises(MakingFailed):
        make(DiffusersEngine(preset, keep_every_s=0), on_progress=stop_at(at), keep=tmp_path)
    assert (tmp_path / "latents.safetensors").is_file()
    assert same(make(DiffusersEngine(preset, keep_every_s=0), keep=tmp_path), whole)


@pytest.mark.parametrize("kind", guidance("nothing"))
def test_guidance_that_cannot_end_early_stays(
    checkpoints: Checkpoints, engines: Engines, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    engine = engine_of(checkpoints, kind, guidance_cutoff=0.5)
    with caplog.at_level(logging.WARNING, logger="greenlight.engine"):
        assert denoiser_calls(engine) == denoiser_calls(engines(kind))
    assert "guidance_cutoff: 0.5 stays off" in caplog.text
    assert same(make(engine), make(engines(kind)))


@pytest.mark.parametrize("kind", guidance("crashes"))
def test_guidance_that_crashes_when_it_ends_early_is_refused(
    checkpoints: Checkpoints, kind: str
) -> None:
    with pytest.raises(SpeedupRefused, match=r"guidance_cutoff is 0\.5"):
        engine_of(checkpoints, kind, guidance_cutoff=0.5).load()

    def end_guidance(pipe: Any, *_args: Any) -> dict[str, Any]:
        pipe._guidance_scale = 1.0
        return {}

    engine = engine_of(checkpoints, kind)
    with pytest.raises(RuntimeError, match="must match"):
        pipe_of(engine)(**by_hand(engine), callback_on_step_end=end_guidance)


# ---- compiling ----------------------------------------------------------------------------


def has_blocks(kind: str) -> list[Any]:
    return [case for case in KINDS if verdict(str(case.values[0]), "regional") == kind]


def compiled(module: Any) -> bool:
    return module._compiled_call_impl is not None


@pytest.mark.parametrize("kind", has_blocks("works"))
def test_blocks_are_compiled_by_themselves(checkpoints: Checkpoints, kind: str) -> None:
    """That they are given to the compiler; compiling itself takes a minute and is not tried."""
    denoiser = pipe_of(engine_of(checkpoints, kind, compile="regional")).transformer
    assert not compiled(denoiser)
    assert any(compiled(module) for module in denoiser.modules())


@pytest.mark.parametrize("kind", has_blocks("crashes"))
def test_a_class_without_such_blocks_refuses(checkpoints: Checkpoints, kind: str) -> None:
    with pytest.raises(SpeedupRefused, match="compile is 'regional'"):
        engine_of(checkpoints, kind, compile="regional").load()
    with pytest.raises(ValueError, match="_repeated_blocks"):
        pipe_of(engine_of(checkpoints, kind)).transformer.compile_repeated_blocks()


# torch's compiler uses what torch warns of.
@pytest.mark.filterwarnings("ignore:`torch.jit.script_method` is deprecated:DeprecationWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_every_class_can_be_compiled_as_a_whole(checkpoints: Checkpoints, kind: str) -> None:
    assert compiled(pipe_of(engine_of(checkpoints, kind, compile="full")).transformer)


@pytest.mark.parametrize(
    ("beside", "whole"),
    [({}, True), ({"cache": "first_block"}, False), ({"fp8_storage": True}, False)],
)
def test_beside_hooks_blocks_are_compiled_in_parts(
    checkpoints: Checkpoints, monkeypatch: pytest.MonkeyPatch, beside: dict[str, Any], whole: bool
) -> None:
    from diffusers import WanTransformer3DModel

    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(
        WanTransformer3DModel, "compile_repeated_blocks", lambda _self, **how: asked.append(how)
    )
    engine_of(checkpoints, "WanPipeline", compile="regional", **beside).load()
    assert asked == [{"fullgraph": whole}]


# ---- memory -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_weights_are_stored_in_eight_bits(checkpoints: Checkpoints, kind: str) -> None:
    import torch

    engine = engine_of(checkpoints, kind, fp8_storage=True)
    weights = list(pipe_of(engine).transformer.parameters())
    assert sum(weight.dtype == torch.float8_e4m3fn for weight in weights) > len(weights) / 4
    assert same(brief(engine), brief(engine))


@pytest.mark.parametrize("kind", KINDS)
def test_every_class_can_decode_in_tiles(checkpoints: Checkpoints, kind: str) -> None:
    engine = engine_of(checkpoints, kind, tiling=True)
    assert pipe_of(engine).vae.use_tiling
    assert brief(engine).frames.std() > 0


def test_what_is_switched_off_stays_off(checkpoints: Checkpoints, engines: Engines) -> None:
    engine = engine_of(checkpoints, "WanPipeline", fp8_storage=False, tiling=False)
    assert not pipe_of(engine).vae.use_tiling
    assert same(make(engine), make(engines("WanPipeline")))


@pytest.mark.parametrize("how", ["model", "group"])
def test_without_a_gpu_nothing_is_taken_off_it(
    checkpoints: Checkpoints, engines: Engines, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    engine = engine_of(checkpoints, "WanPipeline", offload=how)
    assert same(make(engine), make(engines("WanPipeline")))
    assert f"offload: {how} stays off" in caplog.text


class Recorder:
    """A pipeline of a known class that writes down how it was to be taken off the GPU."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.__class__.__name__ = "WanPipeline"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("enable_"):
            return lambda **_how: self.asked.append(name)
        raise AttributeError(name)


@pytest.mark.parametrize(
    ("how", "call"),
    [
        ("model", "enable_model_cpu_offload"),
        ("group", "enable_group_offload"),
    ],
)
def test_with_a_gpu_parts_are_taken_off_it(
    engines: Engines, monkeypatch: pytest.MonkeyPatch, how: str, call: str
) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    pipe = Recorder()
    preset = replace(engines("WanPipeline").preset, speedups={"offload": how})
    assert apply(pipe, preset).offload == how
    assert pipe.asked == [call]


def by_parts(pipe: Any) -> None:
    pipe.enable_model_cpu_offload(device="cpu")


def by_layers(pipe: Any) -> None:
    import torch

    pipe.enable_group_offload(onload_device=torch.device("cpu"), offload_type="leaf_level")


@pytest.mark.parametrize("wanted", [{}, {"fp8_storage": True}, wish_for("first_block")], ids=str)
@pytest.mark.parametrize("offload", [by_parts, by_layers])
def test_a_pipeline_whose_parts_come_and_go_makes_the_same_whatever_ran_before(
    checkpoints: Checkpoints, picture: Path, offload: Any, wanted: dict[str, Any]
) -> None:
    """From the processor to itself: the hooks are the same as with a GPU."""
    engine = engine_of(checkpoints, "LTXPipeline", **wanted)
    clean = make(engine)
    offload(pipe_of(engine))
    assert same(make(engine), clean)
    from_picture = make(engine, first_frame=picture)
    with pytest.raises(MakingFailed):
        make(engine, on_progress=stop_at(2), first_frame=picture)
    assert same(make(engine), clean)
    assert same(make(engine, first_frame=picture), from_picture)


def test_sequential_offloading_is_not_offered_because_it_crashes(checkpoints: Checkpoints) -> None:
    with pytest.raises(SpeedupRefused, match="it takes model or group"):
        engine_of(checkpoints, "LTXPipeline", offload="sequential").load()
    engine = engine_of(checkpoints, "LTXPipeline")
    pipe_of(engine).enable_sequential_cpu_offload(device="cpu")
    with pytest.raises(MakingFailed, match="TypeError"):
        make(engine)


# ---- attention ----------------------------------------------------------------------------


@pytest.fixture
def own_backend() -> Iterator[None]:
    """diffusers keeps the backend for the whole process."""
    from diffusers.models.attention_dispatch import AttentionBackendName, _AttentionBackendRegistry

    yield
    _AttentionBackendRegistry.set_active_backend(AttentionBackendName.NATIVE)


@pytest.mark.usefixtures("own_backend")
@pytest.mark.parametrize("kind", KINDS)
def test_another_attention_gives_nearly_the_same(
    checkpoints: Checkpoints, engines: Engines, kind: str
) -> None:
    clean = brief(engines(kind))
    made = brief(engine_of(checkpoints, kind, attention="_native_math"))
    assert np.abs(made.frames.astype(int) - clean.frames.astype(int)).max() <= 1


@pytest.mark.usefixtures("own_backend")
@pytest.mark.parametrize("name", ["xformers", "sage", "flash_hub", "no_such_thing"])
def test_an_attention_that_is_not_here_is_refused(checkpoints: Checkpoints, name: str) -> None:
    with pytest.raises(SpeedupRefused, match=f"attention is '{name}'"):
        engine_of(checkpoints, "WanPipeline", attention=name).load()


# ---- what is in no table ------------------------------------------------------------------


@pytest.mark.parametrize(
    "wanted",
    [
        {"turbo": True},
        {"cache": "teacache"},
        {"cache": None},
        {"cache_threshold": 0.1},
        {"cache": "taylor", "cache_threshold": 0.1},
        {"cache": "first_block", "cache_threshold": 0},
        {"cache": "first_block", "cache_threshold": True},
        {"cache": "first_block", "cache_threshold": "0.1"},
        {"compile": True},
        {"compile": "max-autotune"},
        {"attention": 1},
        {"fp8_storage": "yes"},
        {"guidance_cutoff": 0},
        {"guidance_cutoff": 1},
        {"guidance_cutoff": True},
        {"guidance_cutoff": float("nan")},
        {"offload": "disk"},
        {"tiling": 1},
    ],
    ids=str,
)
def test_an_unknown_name_or_value_is_refused(
    checkpoints: Checkpoints, wanted: dict[str, Any]
) -> None:
    with pytest.raises(SpeedupRefused):
        engine_of(checkpoints, "WanPipeline", **wanted).load()


def test_a_class_that_nobody_tried_is_refused(engines: Engines) -> None:
    class StrangePipeline:
        pass

    preset = replace(engines("WanPipeline").preset, speedups={"cache": "taylor"})
    with pytest.raises(SpeedupRefused, match="nobody has tried it with StrangePipeline"):
        apply(StrangePipeline(), preset)


def test_a_refused_speedup_is_a_failed_load_with_its_sentence(checkpoints: Checkpoints) -> None:
    engine = engine_of(checkpoints, "LTX2Pipeline", cache="first_block")
    with pytest.raises(ModelNotLoaded, match="LTX2Pipeline crashes with it"):
        engine.load()
    assert engine.state == "failed"
    assert engine.load_error is not None
    assert "'first_block'" in engine.load_error.message
