"""The sound of a clip: as long as the picture, as loud as it was, and never clipping."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.encode import encode, write_mp4
from pipeline.engine import Audio, Frames, Made

FPS = 8


def pictures(count: int = 17) -> Frames:
    shape = (count, 64, 64, 3)
    return np.random.default_rng(1).integers(0, 255, shape).astype(np.uint8)


def tone(
    *, rate: int = 48_000, seconds: float = 17 / 8, channels: int = 2, loudness: float = 0.5
) -> Audio:
    """440 Hz on each channel."""
    at = np.arange(round(seconds * rate)) / rate
    wave = loudness * np.sin(2 * np.pi * 440 * at)
    return Audio(np.stack([wave] * channels).astype(np.float32), rate)


def film(folder: Path, audio: Audio | None) -> Path:
    return write_mp4(pictures(), FPS, folder / "clip.mp4", audio)


def heard(path: Path) -> tuple[NDArray[np.float32], int]:
    """What a player plays, and its rate."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        parts = [frame.to_ndarray() for frame in container.decode(stream)]
        return np.concatenate(parts, axis=1).astype(np.float32), stream.rate


def lengths(path: Path) -> dict[str, float]:
    with av.open(str(path)) as container:
        return {
            stream.type: float((stream.duration or 0) * (stream.time_base or 0))
            for stream in container.streams
        }


def test_a_clip_without_sound_has_no_sound_track(tmp_path: Path) -> None:
    assert set(lengths(film(tmp_path, None))) == {"video"}


def test_sound_of_no_length_is_no_sound(tmp_path: Path) -> None:
    nothing = Audio(np.zeros((2, 0), np.float32), 48_000)
    assert set(lengths(film(tmp_path, nothing))) == {"video"}


def test_sound_is_written_as_aac(tmp_path: Path) -> None:
    with av.open(str(encode(Made(pictures(), FPS, tone()), tmp_path).mp4)) as container:
        assert container.streams.audio[0].codec_context.name == "aac"


@pytest.mark.parametrize("seconds", [0.5, 17 / 8, 5.0])
def test_sound_is_as_long_as_the_picture(tmp_path: Path, seconds: float) -> None:
    found = lengths(film(tmp_path, tone(seconds=seconds)))
    assert found["video"] == pytest.approx(17 / 8)
    assert found["audio"] == pytest.approx(17 / 8, abs=0.002)


def test_a_clip_of_one_frame_may_have_sound(tmp_path: Path) -> None:
    path = write_mp4(pictures(1), FPS, tmp_path / "clip.mp4", tone())
    assert lengths(path)["audio"] == pytest.approx(1 / 8, abs=0.002)


@pytest.mark.parametrize(("channels", "written"), [(1, 1), (2, 2), (6, 1)])
def test_sound_is_mono_or_stereo(tmp_path: Path, channels: int, written: int) -> None:
    assert len(heard(film(tmp_path, tone(channels=channels)))[0]) == written


@pytest.mark.parametrize(
    ("rate", "written"), [(8_000, 8_000), (24_000, 24_000), (96_000, 48_000), (37_123, 48_000)]
)
def test_every_rate_keeps_its_pitch(tmp_path: Path, rate: int, written: int) -> None:
    samples, found = heard(film(tmp_path, tone(rate=rate)))
    assert found == written
    spectrum = np.abs(np.fft.rfft(samples[0]))
    assert spectrum.argmax() * found / samples.shape[1] == pytest.approx(440, abs=1)


def test_left_stays_left(tmp_path: Path) -> None:
    both = tone().samples.copy()
    both[1] = 0
    left, right = heard(film(tmp_path, Audio(both, 48_000)))[0]
    assert np.abs(left).mean() > 0.2
    assert np.abs(right).mean() < 0.01


def test_sound_comes_when_it_should(tmp_path: Path) -> None:
    samples = tone(channels=1).samples.copy()
    samples[:, :48_000] = 0
    with av.open(str(film(tmp_path, Audio(samples, 48_000)))) as container:
        for frame in container.decode(audio=0):
            loud = np.abs(frame.to_ndarray()[0]) > 0.1
            if loud.any():
                begins = float(frame.time or 0) + int(loud.argmax()) / 48_000
                break
    assert begins == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("loudness", [1.0, 4.0])
def test_loud_sound_does_not_clip(tmp_path: Path, loudness: float) -> None:
    samples, _ = heard(film(tmp_path, tone(loudness=loudness)))
    assert 0.8 < np.abs(samples).max() <= 1


def test_a_pure_tone_stays_pure(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    write_mp4(pictures(81), 16, path, tone(channels=1, seconds=81 / 16, loudness=1))
    samples = heard(path)[0][0, 4_096:200_000]  # not the ends, where it is cut
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    middle = round(440 * len(samples) / 48_000)
    impure = 1 - power[middle - 20 : middle + 20].sum() / power.sum()
    assert impure < 1e-4


def test_soft_sound_stays_soft(tmp_path: Path) -> None:
    samples, _ = heard(film(tmp_path, tone(loudness=0.1)))
    assert np.abs(samples).max() == pytest.approx(0.1, abs=0.01)


def test_silence_is_sound_too(tmp_path: Path) -> None:
    samples, _ = heard(film(tmp_path, tone(loudness=0)))
    assert np.abs(samples).max() < 0.001


def test_sound_that_is_no_numbers_is_an_error(tmp_path: Path) -> None:
    broken = tone()
    broken.samples[0, 7] = np.nan
    with pytest.raises(FloatingPointError):
        film(tmp_path, broken)
    assert list(tmp_path.iterdir()) == []


def test_pictures_and_sound_lie_side_by_side(tmp_path: Path) -> None:
    """Else a player would fetch the whole file before it could begin."""
    path = write_mp4(pictures(97), FPS, tmp_path / "clip.mp4", tone(seconds=97 / 8))
    with av.open(str(path)) as container:
        kinds = [packet.stream.type for packet in sorted(container.demux(), key=place_in_file)]
    changes = sum(one != other for one, other in pairwise(kinds))
    assert changes > 10


def place_in_file(packet: av.Packet[Any]) -> int:
    return -1 if packet.pos is None else packet.pos


def test_the_same_sound_gives_the_same_bytes(tmp_path: Path) -> None:
    contents = {film(tmp_path, tone(rate=rate)).read_bytes() for rate in (37_123, 37_123, 37_123)}
    assert len(contents) == 1


def test_other_sound_gives_other_bytes(tmp_path: Path) -> None:
    contents = {film(tmp_path, tone(loudness=each)).read_bytes() for each in (0.1, 0.2)}
    assert len(contents) == 2
