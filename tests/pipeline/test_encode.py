"""Frames to files: what a player reads, what a crash leaves, what the same frames give again."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from errors import DiskFull
from pipeline.encode import STRIP_FRAMES, Encoded, encode
from pipeline.engine import Frames


def noise(count: int = 9, height: int = 64, width: int = 96, seed: int = 1) -> Frames:
    shape = (count, height, width, 3)
    return np.random.default_rng(seed).integers(0, 255, shape).astype(np.uint8)


@pytest.fixture
def files(tmp_path: Path) -> Encoded:
    return encode(noise(), 8, tmp_path)


def top_boxes(path: Path) -> list[str]:
    content, at, names = path.read_bytes(), 0, []
    while at < len(content):
        names.append(content[at + 4 : at + 8].decode())
        at += int.from_bytes(content[at : at + 4], "big")
    return names


def test_the_mp4_has_the_frames_the_size_and_the_speed(files: Encoded) -> None:
    with av.open(str(files.mp4)) as container:
        stream = container.streams.video[0]
        decoded = list(container.decode(stream))
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height) == (96, 64)
        assert stream.average_rate == 8
    assert len(decoded) == 9


@pytest.mark.parametrize("fps", [8, 23.976, 25, 29.97])
def test_fractional_speeds_are_kept(tmp_path: Path, fps: float) -> None:
    with av.open(str(encode(noise(), fps, tmp_path).mp4)) as container:
        rate = container.streams.video[0].average_rate
    assert rate is not None
    assert abs(float(rate) - fps) < 0.01


def test_the_picture_is_the_one_that_went_in(tmp_path: Path) -> None:
    frames = np.zeros((9, 64, 64, 3), np.uint8)
    frames[:, :, :32, 0] = 220  # red on the left
    frames[:, :, 32:, 2] = 220  # blue on the right
    with av.open(str(encode(frames, 8, tmp_path).mp4)) as container:
        shown = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert shown[32, 8].argmax() == 0
    assert shown[32, 56].argmax() == 2


def test_the_index_comes_before_the_pictures(files: Encoded) -> None:
    names = top_boxes(files.mp4)
    assert names.index("moov") < names.index("mdat")


def test_the_sha256_is_that_of_the_file(files: Encoded) -> None:
    content = files.mp4.read_bytes()
    assert (files.sha256, files.size_bytes) == (hashlib.sha256(content).hexdigest(), len(content))


def test_no_half_written_file_is_left(files: Encoded) -> None:
    left = sorted(path.name for path in files.mp4.parent.iterdir())
    assert left == ["clip.jpg", "clip.mp4", "clip.webp"]


def test_the_same_frames_give_the_same_bytes(tmp_path: Path) -> None:
    contents = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        made = encode(noise(), 8, tmp_path / name)
        contents.append([path.read_bytes() for path in (made.mp4, made.poster, made.strip)])
    assert contents[0] == contents[1]


def test_other_frames_give_other_bytes(tmp_path: Path) -> None:
    assert encode(noise(seed=1), 8, tmp_path).sha256 != encode(noise(seed=2), 8, tmp_path).sha256


def test_the_strip_is_eight_frames_wide(files: Encoded) -> None:
    with Image.open(files.strip) as strip:
        assert (strip.format, strip.size) == ("WEBP", (STRIP_FRAMES * 144, 96))


def test_the_strip_goes_from_the_first_frame_to_the_last(tmp_path: Path) -> None:
    frames = np.stack([np.full((64, 64, 3), tone, np.uint8) for tone in range(0, 255, 15)])
    with Image.open(encode(frames, 8, tmp_path).strip) as strip:
        tones = [np.asarray(strip.convert("L"))[48, 48 + 96 * place] for place in range(8)]
    assert tones == sorted(tones)
    assert (tones[0] < 8, tones[-1] > 230) == (True, True)


def test_a_clip_of_one_frame_has_a_strip_too(tmp_path: Path) -> None:
    with Image.open(encode(noise(count=1), 8, tmp_path).strip) as strip:
        assert strip.size == (STRIP_FRAMES * 144, 96)


def test_the_poster_is_large_enough_for_a_link_preview(files: Encoded) -> None:
    with Image.open(files.poster) as poster:
        assert (poster.format, poster.size) == ("JPEG", (640, 427))


def test_a_large_frame_is_its_own_poster(tmp_path: Path) -> None:
    with Image.open(encode(noise(2, 360, 720), 8, tmp_path).poster) as poster:
        assert poster.size == (720, 360)


def test_pictures_carry_nothing_but_the_picture(files: Encoded) -> None:
    with Image.open(files.poster) as poster, Image.open(files.strip) as strip:
        assert (dict(poster.getexif()), dict(strip.getexif())) == ({}, {})


# ---- a full disk --------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of 64 KiB, where this user may mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("no right to mount a small disk here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_called_a_full_disk(small_disk: Path) -> None:
    with pytest.raises(DiskFull):
        encode(noise(33, 128, 128), 8, small_disk)


def test_a_disk_that_fills_up_at_the_pictures_is_called_full_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(DiskFull):
        encode(noise(), 8, tmp_path)


def test_another_error_of_the_disk_is_not_called_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Image.Image, "save", denied)
    with pytest.raises(PermissionError):
        encode(noise(), 8, tmp_path)
