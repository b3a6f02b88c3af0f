"""Lighter copies: small, silent, the same each time, and marked as made by a model."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from gallery import xmp
from gallery.renditions import LIGHT_S, light_poster, light_preview
from gallery.watermark import mark_corner
from media import sha256_of
from pipeline.encode import write_mp4
from pipeline.made import Audio

RATE = 16_000


def film(folder: Path, width: int, height: int, frames: int, fps: float = 24) -> Path:
    shades = np.linspace(0, 255, frames).astype(np.uint8)
    pictures = np.zeros((frames, height, width, 3), np.uint8) + shades[:, None, None, None]
    sound = np.zeros((round(frames / fps * RATE), 1), np.float32)
    return write_mp4(pictures, fps, folder / "film.mp4", Audio(sound, RATE))


def looked_at(path: Path) -> tuple[int, int, float, int]:
    """Width, height, seconds and tracks of sound."""
    with av.open(str(path)) as clip:
        shown = clip.streams.video[0]
        count = sum(1 for _ in clip.decode(video=0))
        rate = shown.average_rate or Fraction(1)
        return shown.width, shown.height, count / float(rate), len(clip.streams.audio)


@pytest.mark.parametrize(
    ("size", "expected"),
    [((640, 360), (320, 180)), ((360, 640), (320, 568)), ((128, 128), (128, 128))],
)
def test_a_light_preview_is_small_and_silent(
    tmp_path: Path, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    found = looked_at(light_preview(film(tmp_path, *size, 48), tmp_path / "light.mp4"))
    assert (found[:2], found[3]) == (expected, 0)
    assert found[2] == pytest.approx(2, abs=0.1)


def test_a_light_preview_of_a_long_clip_is_its_beginning(tmp_path: Path) -> None:
    found = looked_at(light_preview(film(tmp_path, 64, 64, 240), tmp_path / "light.mp4"))
    assert found[2] == pytest.approx(LIGHT_S, abs=0.1)


def test_a_clip_of_one_picture_has_a_preview(tmp_path: Path) -> None:
    light = light_preview(film(tmp_path, 64, 64, 1, 8), tmp_path / "light.mp4")
    assert looked_at(light)[:2] == (64, 64)


def test_the_same_clip_gives_the_same_copies(tmp_path: Path) -> None:
    source = film(tmp_path, 640, 360, 48)
    made = {sha256_of(light_preview(source, tmp_path / f"{n}.mp4")) for n in range(2)}
    assert len(made) == 1


def test_a_webp_poster_shows_the_poster_and_says_that_a_model_made_it(tmp_path: Path) -> None:
    Image.new("RGB", (640, 360), (200, 30, 30)).save(tmp_path / "poster.jpg", quality=88)
    target = light_poster(tmp_path / "poster.jpg", tmp_path / "poster.webp")
    with Image.open(target) as image:
        assert (image.format, image.size) == ("WEBP", (640, 360))
        assert max(abs(a - b) for a, b in zip(image.getpixel((9, 9)), (200, 30, 30))) < 12  # type: ignore[arg-type]  # noqa: B905
        assert xmp.SOURCE_TYPE.encode() in image.info["xmp"]


def test_the_mark_is_in_the_corner_and_nowhere_else(tmp_path: Path) -> None:
    source = film(tmp_path, 320, 240, 12)
    marked = mark_corner(source, tmp_path / "marked.mp4")
    assert looked_at(marked) == looked_at(source)
    with av.open(str(source)) as before, av.open(str(marked)) as after:
        pairs = zip(before.decode(video=0), after.decode(video=0), strict=True)
        apart = [
            abs(a.to_ndarray(format="rgb24").astype(int) - b.to_ndarray(format="rgb24").astype(int))
            for a, b in pairs
        ]
    assert all(each[200:, 270:].max() > 60 for each in apart[-3:])
    assert max(each[:190].max() for each in apart) < 12
    assert max(each[:, :240].max() for each in apart) < 12


@pytest.mark.parametrize("size", [(16, 16), (18, 64), (1280, 720)])
def test_any_size_takes_the_mark(tmp_path: Path, size: tuple[int, int]) -> None:
    marked = mark_corner(film(tmp_path, *size, 3), tmp_path / "marked.mp4")
    assert looked_at(marked)[:2] == size
