"""The training command, whole, at a size that proves the way and teaches nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pipeline.embedded import train, train_decoder, train_denoiser, train_text


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which the command ran once, for seconds."""
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "_POOL_SHARDS", 1)
        patch.setattr(train, "_SHARD", 64)
        patch.setattr(train, "_BASIS_CLIPS", 60)
        patch.setattr(train_decoder, "_CLIPS", 8)
        patch.setattr(train_decoder, "_BASIS_CLIPS", 16)
        patch.setattr(train_denoiser, "_BATCH", 4)
        patch.setattr(train_text, "_BATCH", 4)
        patch.setattr(train_text, "_TOKENIZER_CAPTIONS", 2_000)
        to = str(folder / "shipped" / "weights")
        patch.setattr(
            sys, "argv", ["train", str(folder), "--hours", "0.0008", "--threads", "1", "--to", to]
        )
        train.main()
        yield folder


@pytest.mark.slow
def test_it_ends_in_a_folder_that_loads_and_makes_a_clip(run: Path) -> None:
    import torch
    from diffusers import DiffusionPipeline

    pipe = DiffusionPipeline.from_pretrained(run / "shipped" / "weights", dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    made = pipe(
        "a red ball",
        width=128,
        height=128,
        num_frames=17,
        frame_rate=8,
        num_inference_steps=1,
        max_sequence_length=32,
        output_type="np",
    ).frames[0]
    assert np.asarray(made).shape == (17, 128, 128, 3)


@pytest.mark.slow
def test_no_file_of_it_is_over_what_spaces_take(run: Path) -> None:
    assert (
        max(path.stat().st_size for path in (run / "shipped" / "weights").rglob("*")) < 10_000_000
    )


@pytest.mark.slow
def test_it_writes_down_the_loss_of_every_stage(run: Path) -> None:
    stages = {line.split(",")[0] for line in (run / "loss.csv").read_text().splitlines()}
    assert {"denoiser", '"decoder'} <= stages


@pytest.mark.slow
def test_a_second_run_does_nothing_again(run: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in run.glob("*") if path.is_file()}
    train.main()
    after = {path: path.stat().st_mtime_ns for path in before}
    unchanged = [path.name for path in before if before[path] == after[path]]
    assert set(unchanged) >= {"basis.safetensors", "pool0.pt"}
