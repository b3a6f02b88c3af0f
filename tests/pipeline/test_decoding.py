"""Out of memory: the decoder's second chance, and what is said when that fails too."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable
from typing import Any

import pytest

from errors import OutOfMemory
from pipeline.decoding import is_out_of_memory
from pipeline.engine import DiffusersEngine
from pipeline.made import Cancelled, Progress
from tests.pipeline.engines import Checkpoints, ask, make, pipe_of, preset_of, same

# One of each way to tile: Wan's in space, LTX's and Mochi's also in time.
TILED = ["WanPipeline", "LTXPipeline", "CogVideoXPipeline", "LTX2Pipeline"]


def torchs_error() -> Exception:
    import torch

    return torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")


def pythons_error() -> Exception:
    return MemoryError()


def the_processors_error() -> Exception:
    return RuntimeError(
        "[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"
    )


ERRORS = [torchs_error, pythons_error, the_processors_error]


class Decoder:
    """Puts itself in the place of a decoder that has no memory for the first `fails` calls."""

    def __init__(self, vae: Any, fails: int, error: Callable[[], Exception]) -> None:
        self.vae, self.left, self.error = vae, fails, error
        self.was_tiled: list[bool] = []
        self._decode = vae.decode
        vae.decode = self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.was_tiled.append(self.vae.use_tiling)
        if self.left > 0:
            self.left -= 1
            raise self.error()
        return self._decode(*args, **kwargs)


def engine_of(
    checkpoints: Checkpoints, kind: str = "WanPipeline", **changes: Any
) -> DiffusersEngine:
    return DiffusersEngine(preset_of(kind, checkpoints(kind), **changes))


def count_calls(module: Any) -> list[int]:
    calls: list[int] = []
    module.register_forward_hook(lambda *_args: calls.append(1))
    return calls


@pytest.mark.parametrize("error", ERRORS)
def test_a_decoder_without_memory_is_asked_again_in_tiles(
    checkpoints: Checkpoints, caplog: pytest.LogCaptureFixture, error: Callable[[], Exception]
) -> None:
    engine = engine_of(checkpoints)
    clean = make(engine)
    decoder = Decoder(pipe_of(engine).vae, 1, error)
    with caplog.at_level(logging.WARNING, logger="greenlight.engine"):
        made = make(engine)
    assert decoder.was_tiled == [False, True]
    assert made.frames.shape == clean.frames.shape
    assert [record for record in caplog.records if "tried again in tiles" in record.message]


@pytest.mark.parametrize("kind", TILED)
def test_the_next_clip_is_as_if_nothing_had_happened(checkpoints: Checkpoints, kind: str) -> None:
    engine = engine_of(checkpoints, kind)
    clean = make(engine)
    vae = pipe_of(engine).vae
    switches = {name: value for name, value in vars(vae).items() if name.startswith("use_")}
    Decoder(vae, 1, torchs_error)
    make(engine)
    assert {name: getattr(vae, name) for name in switches} == switches
    assert same(make(engine), clean)


def test_nothing_is_denoised_again(checkpoints: Checkpoints) -> None:
    engine = engine_of(checkpoints)
    calls = count_calls(pipe_of(engine).transformer)
    make(engine)
    once = len(calls)
    Decoder(pipe_of(engine).vae, 1, torchs_error)
    make(engine)
    assert len(calls) == 2 * once


@pytest.mark.parametrize("kind", TILED)
def test_decoding_in_tiles_really_takes_tiles(checkpoints: Checkpoints, kind: str) -> None:
    engine = engine_of(checkpoints, kind)
    request = ask(engine, width=128, height=128, num_inference_steps=1)
    vae = pipe_of(engine).vae
    for name in ("tile_sample_min_height", "tile_sample_min_width"):
        setattr(vae, name, 64)
    for name in ("tile_sample_stride_height", "tile_sample_stride_width"):
        if hasattr(vae, name):
            setattr(vae, name, 32)
    for name in ("tile_latent_min_height", "tile_latent_min_width"):
        if hasattr(vae, name):
            setattr(vae, name, 8)
    Decoder(vae, 1, torchs_error)
    tiles: list[int] = []
    vae.decoder.register_forward_hook(lambda *_args: tiles.append(1))
    make(engine, request)
    in_tiles = len(tiles)
    tiles.clear()
    make(engine, request)
    assert in_tiles > len(tiles) > 0


def test_tiles_that_the_preset_asks_for_stay_on(checkpoints: Checkpoints) -> None:
    engine = engine_of(checkpoints, speedups={"tiling": True})
    decoder = Decoder(pipe_of(engine).vae, 1, torchs_error)
    make(engine)
    make(engine)
    assert decoder.was_tiled == [True, True, True]


@pytest.mark.parametrize("error", ERRORS)
def test_a_second_failure_says_what_to_lower(
    checkpoints: Checkpoints, error: Callable[[], Exception]
) -> None:
    engine = engine_of(checkpoints)
    clean = make(engine)
    decoder = Decoder(pipe_of(engine).vae, 2, error)
    with pytest.raises(OutOfMemory, match="16 × 16 with 9 frames") as stopped:
        make(engine)
    assert "smaller size or fewer frames" in stopped.value.fix
    assert decoder.was_tiled == [False, True]
    assert same(make(engine), clean)


@pytest.mark.parametrize("error", ERRORS)
def test_a_failure_while_denoising_is_not_tried_again(
    checkpoints: Checkpoints, monkeypatch: pytest.MonkeyPatch, error: Callable[[], Exception]
) -> None:
    engine = engine_of(checkpoints)
    clean = make(engine)
    calls: list[int] = []

    def fails(*_args: Any, **_kwargs: Any) -> None:
        calls.append(1)
        raise error()

    with monkeypatch.context() as patch:
        patch.setattr(pipe_of(engine).transformer, "forward", fails)
        with pytest.raises(OutOfMemory):
            make(engine)
    assert calls == [1]
    assert same(make(engine), clean)


def test_another_error_of_the_decoder_is_not_tried_again(checkpoints: Checkpoints) -> None:
    engine = engine_of(checkpoints)
    decoder = Decoder(pipe_of(engine).vae, 1, lambda: ValueError("no"))
    with pytest.raises(Exception, match="ValueError"):
        make(engine)
    assert decoder.was_tiled == [False]


def test_the_tensors_of_a_failed_clip_are_let_go(checkpoints: Checkpoints) -> None:
    import weakref

    import torch

    engine = engine_of(checkpoints)
    alive: list[Any] = []
    vae = pipe_of(engine).vae

    def fails(latents: Any, *_args: Any, **_kwargs: Any) -> None:
        large = torch.zeros(1000)
        alive.append(weakref.ref(large))
        raise torchs_error()

    vae.decode = fails
    with pytest.raises(OutOfMemory):
        make(engine)
    assert [reference() for reference in alive] == [None, None]


def test_a_clip_can_be_cancelled_before_the_second_try(checkpoints: Checkpoints) -> None:
    engine = engine_of(checkpoints)
    decoder = Decoder(pipe_of(engine).vae, 1, torchs_error)
    seen: list[Progress] = []
    with pytest.raises(Cancelled):
        make(engine, on_progress=seen.append, is_cancelled=lambda: bool(decoder.was_tiled))
    assert decoder.was_tiled == [False]


def test_a_full_disk_is_no_full_memory() -> None:
    assert not is_out_of_memory(OSError(errno.ENOSPC, "No space left on device"))
    assert not is_out_of_memory(RuntimeError("shapes do not match"))
