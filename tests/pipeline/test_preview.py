"""Previews: colours from latents, learned from the clips that a model finished."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.engine import DiffusersEngine
from pipeline.made import Frame, Progress
from pipeline.presets import find_preset
from pipeline.preview import Palette, as_volume
from pipeline.request import check_inputs
from tests.pipeline.engines import KINDS, Checkpoints, Engines, ask, make, pipe_of, preset_of, same


def previews(engine: DiffusersEngine, **how: Any) -> dict[tuple[str, int], Frame | None]:
    """What each moment of a clip showed."""
    shown: dict[tuple[str, int], Frame | None] = {}

    def on_progress(progress: Progress) -> None:
        if progress.preview is not None:
            shown[progress.phase, progress.step] = progress.preview()

    make(engine, on_progress=on_progress, **how)
    return shown


# ---- what people see ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def embedded() -> DiffusersEngine:
    return DiffusersEngine(find_preset("embedded"))


def likeness(shown: Frame, frame: Frame) -> float:
    """Correlation with the real frame at the preview's own coarseness."""
    coarse = Image.fromarray(frame).resize((16, 16), Image.Resampling.BOX)
    small = Image.fromarray(shown).resize((16, 16), Image.Resampling.BOX)
    pair = np.stack([np.asarray(coarse).ravel(), np.asarray(small).ravel()]).astype(float)
    return float(np.corrcoef(pair)[0, 1])


def test_after_some_clips_the_next_can_be_seen_coming(embedded: DiffusersEngine) -> None:
    def wish(prompt: str) -> Any:
        return check_inputs(
            embedded.preset, prompt=prompt, seed=3, prompt_limit=100, num_inference_steps=6
        )

    for prompt in (
        "a yellow star moving left at night",
        "two blue squares bouncing in a meadow",
        "a green heart growing in the desert",
    ):
        make(embedded, wish(prompt))
    request = wish("a purple star resting in the meadow")
    shown = previews(embedded, request=request)
    made = make(embedded, request)
    likenesses = {
        moment: likeness(picture, made.frames[len(made.frames) // 2])
        for moment, picture in shown.items()
        if picture is not None
    }
    assert likenesses["denoising", 1] > 0.4
    assert likenesses["denoising", 3] > 0.6
    assert likenesses["decoding", 6] > 0.6


@pytest.mark.parametrize("kind", KINDS)
def test_every_class_shows_previews(checkpoints: Checkpoints, engines: Engines, kind: str) -> None:
    engine = engines(kind)
    make(engine)
    shown = previews(engine)
    picture = shown["denoising", 2]
    assert picture is not None
    assert picture.dtype == np.uint8
    assert picture.shape == (256, 256, 3)
    assert picture.std() > 0


def test_before_the_first_clip_there_is_none(checkpoints: Checkpoints) -> None:
    engine = DiffusersEngine(preset_of("WanPipeline", checkpoints("WanPipeline")))
    assert set(previews(engine).values()) == {None}


def test_before_the_first_step_there_is_none(engines: Engines) -> None:
    engine = engines("WanPipeline")
    make(engine)
    shown = previews(engine)
    assert shown["text", 0] is None
    assert shown["denoising", 0] is None


def test_a_clip_from_a_picture_shows_previews(engines: Engines, picture: Path) -> None:
    engine = engines("LTXPipeline")
    make(engine)
    assert previews(engine, first_frame=picture)["denoising", 2] is not None


def test_looking_changes_no_pixel(checkpoints: Checkpoints) -> None:
    engine = DiffusersEngine(preset_of("WanPipeline", checkpoints("WanPipeline")))
    clean = make(engine)
    looked: list[Frame | None] = []

    def look(progress: Progress) -> None:
        if progress.preview is not None:
            looked.append(progress.preview())

    assert same(make(engine, on_progress=look), clean)
    assert any(picture is not None for picture in looked)


def test_nothing_is_painted_unless_somebody_looks(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def painted(*_args: Any) -> None:
        raise AssertionError("painted")

    monkeypatch.setattr(Palette, "paint", painted)
    make(engines("WanPipeline"))


def breaks(*_args: Any) -> None:
    raise ValueError("no")


def test_a_preview_that_fails_costs_no_clip(
    engines: Engines, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    engine = engines("WanPipeline")
    clean = make(engine)
    monkeypatch.setattr(Palette, "paint", breaks)
    monkeypatch.setattr(Palette, "learn", breaks)
    assert set(previews(engine).values()) == {None}
    assert same(make(engine), clean)
    assert "could not be painted" in caplog.text
    assert "learned nothing" in caplog.text


# ---- what is learned ----------------------------------------------------------------------


def clip(seed: int, channels: int = 4) -> tuple[Any, Any]:
    """Latents and frames that go together: each colour is a mixture of channels."""
    import torch

    latents = torch.randn(channels, 3, 8, 8, generator=torch.Generator().manual_seed(seed))
    mixture = torch.tensor([[40.0, 0, 0], [0, 30, 0], [0, 0, 20], [5, 5, 5]])[:channels]
    colours = torch.einsum("cfhw,cx->fhwx", latents, mixture) + 120
    frames = colours.clip(0, 255).round().to(torch.uint8)
    # Latent frame 0 stands for frame 0, each other one for four.
    order = [0, *[1] * 4, *[2] * 4]
    return latents, frames[order].repeat_interleave(4, 1).repeat_interleave(4, 2).numpy()


def test_a_mixture_of_channels_is_found_again() -> None:
    palette = Palette()
    palette.learn(*clip(seed=1))
    latents, frames = clip(seed=2)
    shown = palette.paint(latents)
    assert shown is not None
    small = np.asarray(Image.fromarray(shown).resize((8, 8), Image.Resampling.BOX), float)
    assert np.abs(small - frames[1, ::4, ::4]).mean() < 10


def test_clips_are_learned_from_together() -> None:
    import torch

    grey = torch.zeros(4, 3, 8, 8), np.full((9, 32, 32, 3), 100, np.uint8)
    palette = Palette()
    palette.learn(*clip(seed=1))
    palette.learn(*grey)
    latents, _frames = clip(seed=2)
    shown = palette.paint(latents)
    assert shown is not None
    assert shown.std() > 10


def test_latents_of_another_model_show_nothing() -> None:
    palette = Palette()
    palette.learn(*clip(seed=1))
    assert palette.paint(clip(seed=1, channels=3)[0]) is None


def test_what_was_learned_outlives_the_process(checkpoints: Checkpoints, tmp_path: Path) -> None:
    preset = preset_of("WanPipeline", checkpoints("WanPipeline"))
    make(DiffusersEngine(preset, tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.npz"]
    assert previews(DiffusersEngine(preset, tmp_path))["denoising", 2] is not None


@pytest.mark.parametrize("rubbish", [b"", b"rubbish", b"PK\x03\x04 rubbish"])
def test_a_damaged_file_is_ignored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, rubbish: bytes
) -> None:
    path = tmp_path / "tiny.npz"
    path.write_bytes(rubbish)
    with caplog.at_level(logging.WARNING, logger="greenlight.engine"):
        palette = Palette(path)
    assert palette.paint(clip(seed=1)[0]) is None
    assert "ignored" in caplog.text


def test_half_a_file_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "tiny.npz"
    Palette(path).learn(*clip(seed=1))
    path.write_bytes(path.read_bytes()[:-100])
    assert Palette(path).paint(clip(seed=1)[0]) is None


def test_a_disk_that_cannot_be_written_stops_no_clip(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "tiny.npz.part").symlink_to("/dev/full")
    palette = Palette(tmp_path / "tiny.npz")
    palette.learn(*clip(seed=1))
    assert palette.paint(clip(seed=1)[0]) is not None
    assert "not written" in caplog.text


def test_packed_latents_come_out_as_they_went_in(engines: Engines) -> None:
    import torch

    engine = engines("LTXPipeline")
    pipe = pipe_of(engine)
    latents = torch.randn(1, 8, 2, 4, 4)
    request = ask(engine, width=32, height=32, num_frames=9)
    packed = pipe._pack_latents(latents, 1, 1)
    volume = as_volume(pipe, packed, request)
    size = (pipe.vae_temporal_compression_ratio, pipe.vae_spatial_compression_ratio)
    assert size == (8, 8)
    assert volume is not None
    assert torch.equal(volume, latents[0])


def test_tokens_of_another_kind_show_nothing(engines: Engines) -> None:
    import torch

    engine = engines("LTXPipeline")
    assert as_volume(pipe_of(engine), torch.zeros(1, 33, 8), ask(engine)) is None
