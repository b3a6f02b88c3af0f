"""A clip that was stopped goes on where it was, and ends as if nothing had happened."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from errors import MakingFailed
from pipeline.engine import DiffusersEngine
from pipeline.made import Progress
from pipeline.resume import Keeper, Kept, digest
from tests.pipeline.engines import (
    FIRST_FRAMES,
    KINDS,
    Checkpoints,
    ask,
    make,
    pipe_of,
    preset_of,
    same,
    stop_at,
)

SAVED = "latents.safetensors"
STEPS = 7
FROM_PICTURES = [case for case in KINDS if str(case.values[0]) in FIRST_FRAMES]


def engine_of(
    checkpoints: Checkpoints, kind: str = "WanPipeline", **changes: Any
) -> DiffusersEngine:
    """A new engine that saves after every step, of which there are enough for a scheduler that
    looks back some steps to forget all of those that it does for nothing."""
    preset = preset_of(kind, checkpoints(kind), **{"qualities": {"final": STEPS}, **changes})
    return DiffusersEngine(preset, keep_every_s=0)


def crash(engine: DiffusersEngine, keep: Path, at: int, **how: Any) -> None:
    with pytest.raises(MakingFailed):
        make(engine, on_progress=stop_at(at), keep=keep, **how)


def steps_of(seen: list[Progress]) -> list[int]:
    return [progress.step for progress in seen if progress.phase == "denoising"]


# ---- going on -----------------------------------------------------------------------------


@pytest.mark.parametrize("at", [1, 4, STEPS])
@pytest.mark.parametrize("kind", KINDS)
def test_a_clip_goes_on_after_a_crash_and_is_the_same(
    checkpoints: Checkpoints, tmp_path: Path, kind: str, at: int
) -> None:
    whole = make(engine_of(checkpoints, kind))
    crash(engine_of(checkpoints, kind), tmp_path, at)
    seen: list[Progress] = []
    again = make(engine_of(checkpoints, kind), on_progress=seen.append, keep=tmp_path)
    assert steps_of(seen)[0] == at
    assert same(again, whole)


def test_a_clip_that_crashes_twice_is_the_same(checkpoints: Checkpoints, tmp_path: Path) -> None:
    whole = make(engine_of(checkpoints))
    crash(engine_of(checkpoints), tmp_path, 1)
    crash(engine_of(checkpoints), tmp_path, 3)
    seen: list[Progress] = []
    assert same(make(engine_of(checkpoints), on_progress=seen.append, keep=tmp_path), whole)
    assert steps_of(seen)[0] == 3


def test_saving_changes_no_pixel(checkpoints: Checkpoints, tmp_path: Path) -> None:
    assert same(make(engine_of(checkpoints), keep=tmp_path), make(engine_of(checkpoints)))


def test_the_clip_after_one_that_went_on_is_as_if_alone(
    checkpoints: Checkpoints, tmp_path: Path
) -> None:
    whole = make(engine_of(checkpoints))
    engine = engine_of(checkpoints)
    crash(engine, tmp_path, 2)
    make(engine, keep=tmp_path)
    assert same(make(engine), whole)


@pytest.mark.parametrize("kind", FROM_PICTURES)
def test_a_clip_from_a_picture_goes_on(
    checkpoints: Checkpoints, tmp_path: Path, picture: Path, kind: str
) -> None:
    whole = make(engine_of(checkpoints, kind), first_frame=picture)
    crash(engine_of(checkpoints, kind), tmp_path, 4, first_frame=picture)
    seen: list[Progress] = []
    engine = engine_of(checkpoints, kind)
    again = make(engine, on_progress=seen.append, keep=tmp_path, first_frame=picture)
    assert steps_of(seen)[0] == 4
    assert same(again, whole)


def test_a_sampler_that_adds_noise_goes_on_with_the_same_noise(
    checkpoints: Checkpoints, tmp_path: Path
) -> None:
    def noisy() -> DiffusersEngine:
        engine = engine_of(checkpoints, "LTXPipeline")
        pipe = pipe_of(engine)
        pipe.scheduler = type(pipe.scheduler)(stochastic_sampling=True)
        return engine

    whole = make(noisy())
    crash(noisy(), tmp_path, 2)
    assert same(make(noisy(), keep=tmp_path), whole)


# ---- beginning anew -----------------------------------------------------------------------


def begins_at(engine: DiffusersEngine, keep: Path, **how: Any) -> int:
    seen: list[Progress] = []
    make(engine, on_progress=seen.append, keep=keep, **how)
    return steps_of(seen)[0]


def test_another_request_begins_anew(checkpoints: Checkpoints, tmp_path: Path) -> None:
    crash(engine_of(checkpoints), tmp_path, 2)
    engine = engine_of(checkpoints)
    assert begins_at(engine, tmp_path, request=ask(engine, seed=2)) == 0


def test_another_picture_begins_anew(
    checkpoints: Checkpoints, tmp_path: Path, picture: Path
) -> None:
    crash(engine_of(checkpoints, "LTXPipeline"), tmp_path, 2, first_frame=picture)
    assert begins_at(engine_of(checkpoints, "LTXPipeline"), tmp_path) == 0


def test_other_weights_begin_anew(checkpoints: Checkpoints, tmp_path: Path) -> None:
    crash(engine_of(checkpoints), tmp_path / "keep", 2)
    other = shutil.copytree(checkpoints("WanPipeline"), tmp_path / "wan")
    os.utime(other / "transformer" / "diffusion_pytorch_model.safetensors", (0, 0))
    engine = DiffusersEngine(preset_of("WanPipeline", other), keep_every_s=0)
    assert begins_at(engine, tmp_path / "keep") == 0


def test_with_a_cache_nothing_is_saved(checkpoints: Checkpoints, tmp_path: Path) -> None:
    engine = engine_of(checkpoints, speedups={"cache": "first_block"})
    make(engine, keep=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_scheduler_that_cannot_begin_later_begins_anew(
    checkpoints: Checkpoints, tmp_path: Path
) -> None:
    from diffusers import CogVideoXDPMScheduler

    engine = engine_of(checkpoints, "CogVideoXPipeline")
    pipe = pipe_of(engine)
    pipe.scheduler = CogVideoXDPMScheduler.from_config(pipe.scheduler.config)
    crash(engine, tmp_path, 2)
    assert begins_at(engine, tmp_path) == 0


def test_a_guider_that_counts_steps_begins_anew(checkpoints: Checkpoints, tmp_path: Path) -> None:
    engine = engine_of(checkpoints, "HunyuanVideo15Pipeline", qualities={"final": 3})
    pipe = pipe_of(engine)
    pipe.guider = pipe.guider.new(stop=0.5)
    make(engine, keep=tmp_path)
    assert list(tmp_path.iterdir()) == []


def spoil_half(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[: saved.stat().st_size // 2])


def spoil_all(saved: Path) -> None:
    saved.write_bytes(b"no latents at all")


def spoil_one_bit(saved: Path) -> None:
    data = bytearray(saved.read_bytes())
    data[-3] ^= 1
    saved.write_bytes(data)


def spoil_by_emptying(saved: Path) -> None:
    saved.write_bytes(b"")


def spoil_with_another_file(saved: Path) -> None:
    import torch
    from safetensors.torch import save_file

    save_file({"latents": torch.zeros(3)}, saved)


@pytest.mark.parametrize(
    "spoil", [spoil_half, spoil_all, spoil_one_bit, spoil_by_emptying, spoil_with_another_file]
)
def test_a_damaged_or_foreign_file_is_ignored_with_a_line_in_the_log(
    checkpoints: Checkpoints,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    spoil: Callable[[Path], None],
) -> None:
    crash(engine_of(checkpoints), tmp_path, 2)
    spoil(tmp_path / SAVED)
    with caplog.at_level(logging.WARNING, logger="greenlight.engine"):
        caplog.clear()
        assert begins_at(engine_of(checkpoints), tmp_path) == 0
    assert [record.message for record in caplog.records if "ignored" in record.message]


# ---- saving -------------------------------------------------------------------------------


def test_a_full_disk_is_logged_once_and_the_clip_goes_on(
    checkpoints: Checkpoints, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / (SAVED + ".part")).symlink_to("/dev/full")
    made = make(engine_of(checkpoints), keep=tmp_path)
    assert same(made, make(engine_of(checkpoints)))
    assert len([record for record in caplog.records if "the disk is full" in record.message]) == 1
    assert not (tmp_path / SAVED).exists()


def test_what_is_written_is_whole_or_not_there(checkpoints: Checkpoints, tmp_path: Path) -> None:
    crash(engine_of(checkpoints), tmp_path, 2)
    assert [path.name for path in tmp_path.iterdir()] == [SAVED]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def kept() -> Kept:
    import torch

    return Kept(
        step=1,
        latents=torch.ones(1, 2),
        generator=torch.Generator().get_state(),
        beside={},
        history={},
    )


def test_nothing_is_written_before_two_seconds(tmp_path: Path, kept: Kept) -> None:
    clock = Clock()
    keeper = Keeper(tmp_path, request="r", model="m", clock=clock)
    clock.now = 1.9
    keeper.save(lambda: kept)
    assert not (tmp_path / SAVED).exists()
    clock.now = 2.0
    keeper.save(lambda: kept)
    assert (tmp_path / SAVED).exists()


def test_a_slow_disk_is_written_to_less_often(tmp_path: Path, kept: Kept) -> None:
    clock = Clock()
    keeper = Keeper(tmp_path, request="r", model="m", clock=clock)

    def slowly() -> Kept:
        clock.now += 0.5
        return kept

    clock.now = 2.0
    keeper.save(slowly)
    (tmp_path / SAVED).unlink()
    clock.now = 50.0
    keeper.save(slowly)
    assert not (tmp_path / SAVED).exists()
    clock.now = 53.0
    keeper.save(slowly)
    assert (tmp_path / SAVED).exists()


def test_everything_that_pixels_depend_on_is_in_the_digest(
    checkpoints: Checkpoints, picture: Path
) -> None:
    engine = engine_of(checkpoints)
    preset, request = engine.preset, ask(engine)
    digests = {
        digest(request, preset, None),
        digest(request, preset, picture),
        digest(replace(request, prompt="b"), preset, None),
        digest(replace(request, seed=2), preset, None),
        digest(request, replace(preset, arguments={"a": 1}), None),
        digest(request, replace(preset, speedups={"tiling": True}), None),
        digest(request, replace(preset, fps=9.0), None),
    }
    assert len(digests) == 7
    assert digest(replace(request), preset, None) in digests
