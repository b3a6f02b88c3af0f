"""Frames to files: what a player reads, what a crash leaves, what the same frames give again."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from errors import DiskFull, OddSize
from pipeline.encode import STRIP_FRAMES, Encoded, encode, label, write_mp4
from pipeline.engine import Audio, Frames, Made


def noise(count: int = 9, height: int = 64, width: int = 96, seed: int = 1) -> Frames:
    shape = (count, height, width, 3)
    return np.random.default_rng(seed).integers(0, 255, shape).astype(np.uint8)


@pytest.fixture
def files(tmp_path: Path) -> Encoded:
    return encode(Made(noise(), 8), tmp_path)


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
    with av.open(str(encode(Made(noise(), fps), tmp_path).mp4)) as container:
        rate = container.streams.video[0].average_rate
    assert rate is not None
    assert abs(float(rate) - fps) < 0.01


def test_the_picture_is_the_one_that_went_in(tmp_path: Path) -> None:
    frames = np.zeros((9, 64, 64, 3), np.uint8)
    frames[:, :, :32, 0] = 220  # red on the left
    frames[:, :, 32:, 2] = 220  # blue on the right
    with av.open(str(encode(Made(frames, 8), tmp_path).mp4)) as container:
        shown = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert shown[32, 8].argmax() == 0
    assert shown[32, 56].argmax() == 2


@pytest.mark.parametrize(("height", "width"), [(480, 832), (640, 1280), (832, 480)])
def test_colours_are_the_same_at_every_size(tmp_path: Path, height: int, width: int) -> None:
    colours = [(200, 30, 40), (30, 180, 60), (40, 50, 210), (128, 128, 128)]
    frames = np.zeros((1, height, width, 3), np.uint8)
    for place, colour in enumerate(colours):
        frames[:, :, place * width // 4 : (place + 1) * width // 4] = colour
    with av.open(str(encode(Made(frames, 8), tmp_path).mp4)) as container:
        shown = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)
    for place, colour in enumerate(colours):
        seen = shown[height // 2, (2 * place + 1) * width // 8]
        assert np.abs(seen - colour).max() <= 6


@pytest.mark.parametrize(("height", "matrix"), [(480, 6), (720, 1)])  # BT.601 and BT.709
def test_the_file_says_which_colours_it_means(tmp_path: Path, height: int, matrix: int) -> None:
    with av.open(str(write_mp4(noise(2, height, 64), 8, tmp_path / "a.mp4"))) as container:
        context = container.streams.video[0].codec_context
        said = (context.colorspace, context.color_primaries, context.color_trc, context.color_range)
    assert said == (matrix, 1, 13, 1)  # BT.709 primaries, sRGB curve, limited range


def test_frames_that_lie_backwards_in_memory_are_written_as_they_look(tmp_path: Path) -> None:
    frames = np.zeros((2, 64, 64, 3), np.uint8)
    frames[:, :, :32, 0] = 220
    mirrored = encode(Made(frames[:, :, ::-1], 8), tmp_path).sha256
    assert mirrored == encode(Made(np.ascontiguousarray(frames[:, :, ::-1]), 8), tmp_path).sha256


@pytest.mark.parametrize(("height", "width"), [(65, 64), (64, 65)])
def test_an_odd_side_is_refused_with_the_size(tmp_path: Path, height: int, width: int) -> None:
    with pytest.raises(OddSize) as refused:
        encode(Made(noise(2, height, width), 8), tmp_path)
    assert f"{width} × {height}" in refused.value.message
    assert list(tmp_path.iterdir()) == []


def test_a_clip_is_not_copied_to_be_written(tmp_path: Path) -> None:
    frames = noise(60, 240, 320)
    tracemalloc.start()
    encode(Made(frames, 8), tmp_path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < frames.nbytes / 4


def test_one_can_jump_within_a_long_clip(tmp_path: Path) -> None:
    with av.open(str(write_mp4(noise(97), 24, tmp_path / "a.mp4"))) as container:
        starts = [packet.pts for packet in container.demux(video=0) if packet.is_keyframe]
    assert len(starts) >= 3


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
        made = encode(Made(noise(), 8), tmp_path / name)
        contents.append([path.read_bytes() for path in (made.mp4, made.poster, made.strip)])
    assert contents[0] == contents[1]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores cannot be chosen here")
def test_the_same_frames_give_the_same_bytes_on_fewer_cores(tmp_path: Path) -> None:
    frames, cores = noise(17, 240, 320), os.sched_getaffinity(0)
    many = encode(Made(frames, 8), tmp_path).sha256
    os.sched_setaffinity(0, {min(cores)})
    try:
        one = encode(Made(frames, 8), tmp_path).sha256
    finally:
        os.sched_setaffinity(0, cores)
    assert one == many


def test_other_frames_give_other_bytes(tmp_path: Path) -> None:
    assert (
        encode(Made(noise(seed=1), 8), tmp_path).sha256
        != encode(Made(noise(seed=2), 8), tmp_path).sha256
    )


def test_the_strip_is_eight_frames_wide(files: Encoded) -> None:
    with Image.open(files.strip) as strip:
        assert (strip.format, strip.size) == ("WEBP", (STRIP_FRAMES * 144, 96))


def test_the_strip_goes_from_the_first_frame_to_the_last(tmp_path: Path) -> None:
    frames = np.stack([np.full((64, 64, 3), tone, np.uint8) for tone in range(0, 255, 15)])
    with Image.open(encode(Made(frames, 8), tmp_path).strip) as strip:
        tones = [np.asarray(strip.convert("L"))[48, 48 + 96 * place] for place in range(8)]
    assert tones == sorted(tones)
    assert (tones[0] < 8, tones[-1] > 230) == (True, True)


def test_a_clip_of_one_frame_has_a_strip_too(tmp_path: Path) -> None:
    with Image.open(encode(Made(noise(count=1), 8), tmp_path).strip) as strip:
        assert strip.size == (STRIP_FRAMES * 144, 96)


def test_the_poster_is_large_enough_for_a_link_preview(files: Encoded) -> None:
    with Image.open(files.poster) as poster:
        assert (poster.format, poster.size) == ("JPEG", (640, 427))


def test_the_poster_is_from_the_middle_of_the_clip(tmp_path: Path) -> None:
    frames = np.stack([np.full((64, 64, 3), tone, np.uint8) for tone in (0, 120, 250)])
    with Image.open(encode(Made(frames, 8), tmp_path).poster) as poster:
        assert np.asarray(poster).mean() == pytest.approx(120, abs=3)


def test_a_large_frame_is_its_own_poster(tmp_path: Path) -> None:
    with Image.open(encode(Made(noise(2, 360, 720), 8), tmp_path).poster) as poster:
        assert poster.size == (720, 360)


def test_pictures_carry_nothing_but_the_picture(files: Encoded) -> None:
    with Image.open(files.poster) as poster, Image.open(files.strip) as strip:
        assert (dict(poster.getexif()), dict(strip.getexif())) == ({}, {})


# ---- a copy with tags ---------------------------------------------------------------------

FACTS = {
    "title": "Ein roter Bällé 😀",
    "prompt": 'a red ball;\n日本語 = "quoted"',
    "seed": "4294967296",
    "num_inference_steps": "30",
}


@pytest.fixture
def spoken(tmp_path: Path) -> Path:
    """A clip with sound."""
    samples = np.sin(np.arange(48_000) / 20)[None].astype(np.float32)
    return encode(Made(noise(), 8, Audio(samples, 48_000)), tmp_path).mp4


def packets(path: Path) -> list[tuple[Any, ...]]:
    with av.open(str(path)) as container:
        return [
            (packet.stream.type, packet.pts, packet.dts, packet.duration, bytes(packet))
            for packet in container.demux()
            if packet.dts is not None
        ]


def test_tags_of_any_name_are_read_back(spoken: Path, tmp_path: Path) -> None:
    with av.open(str(label(spoken, FACTS, tmp_path / "copy.mp4"))) as container:
        assert FACTS.items() <= container.metadata.items()


def test_a_copy_has_the_very_pictures_and_sound(spoken: Path, tmp_path: Path) -> None:
    copied = packets(label(spoken, FACTS, tmp_path / "copy.mp4"))
    assert copied == packets(spoken)
    assert {kind for kind, *_ in copied} == {"video", "audio"}


def test_a_copy_means_the_same_colours(files: Encoded, tmp_path: Path) -> None:
    said = []
    for path in (files.mp4, label(files.mp4, FACTS, tmp_path / "copy.mp4")):
        with av.open(str(path)) as container:
            context = container.streams.video[0].codec_context
            said.append((context.colorspace, context.color_trc, context.color_range))
    assert said[0] == said[1]


def test_the_index_of_a_copy_comes_first_too(files: Encoded, tmp_path: Path) -> None:
    names = top_boxes(label(files.mp4, FACTS, tmp_path / "copy.mp4"))
    assert names.index("moov") < names.index("mdat")


def test_a_copy_leaves_the_file_as_it_was(files: Encoded, tmp_path: Path) -> None:
    label(files.mp4, FACTS, tmp_path / "copy.mp4")
    assert hashlib.sha256(files.mp4.read_bytes()).hexdigest() == files.sha256
    assert not list(tmp_path.glob("*.part"))


def test_a_file_that_is_no_mp4_is_not_copied(tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"not a clip")
    with pytest.raises(av.error.InvalidDataError):
        label(tmp_path / "broken.mp4", FACTS, tmp_path / "copy.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["broken.mp4"]


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
        encode(Made(noise(33, 128, 128), 8), small_disk)
    assert list(small_disk.iterdir()) == []


def test_a_disk_that_has_no_room_for_a_copy_is_called_full_too(
    small_disk: Path, files: Encoded
) -> None:
    with pytest.raises(DiskFull):
        label(files.mp4, {"prompt": "x" * 70_000}, small_disk / "copy.mp4")
    assert list(small_disk.iterdir()) == []


def test_a_disk_that_fills_up_at_the_pictures_is_called_full_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(DiskFull):
        encode(Made(noise(), 8), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


def test_another_error_of_the_disk_is_not_called_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Image.Image, "save", denied)
    with pytest.raises(PermissionError):
        encode(Made(noise(), 8), tmp_path)
