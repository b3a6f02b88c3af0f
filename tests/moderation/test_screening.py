"""What screening notices: real mp4 files, written by our own encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from moderation.screening import screen
from pipeline.encode import write_mp4
from pipeline.engine import Frames


def noticed(frames: Frames, folder: Path, fps: float = 8) -> list[dict[str, Any]]:
    return screen(write_mp4(frames, fps, folder / "clip.mp4"))


def checks(frames: Frames, folder: Path, fps: float = 8) -> list[str]:
    return [entry["check"] for entry in noticed(frames, folder, fps)]


def flat(*tones: int) -> Frames:
    """One frame per tone."""
    return np.stack([np.full((64, 64, 3), tone, np.uint8) for tone in tones])


def ball(count: int = 17) -> Frames:
    """A bright square that moves over a gradient: nothing to notice."""
    frames = np.empty((count, 64, 64, 3), np.uint8)
    frames[:] = np.linspace(40, 160, 64, dtype=np.uint8)[None, None, :, None]
    for place in range(count):
        frames[place, 20:40, place * 2 : place * 2 + 20] = 230
    return frames


def textured(*tones: int) -> Frames:
    """A gradient whose brightness jumps from frame to frame."""
    gradient = np.linspace(-30, 30, 64)[None, :, None]
    frames = [np.broadcast_to(gradient + tone, (64, 64, 3)) for tone in tones]
    return np.stack(frames).clip(0, 255).astype(np.uint8)


def test_an_ordinary_clip_gets_no_advice(tmp_path: Path) -> None:
    assert noticed(ball(), tmp_path) == []


def test_a_black_clip_is_noticed(tmp_path: Path) -> None:
    assert "black" in checks(flat(*[0] * 9), tmp_path)


def test_a_black_clip_is_not_called_blank_as_well(tmp_path: Path) -> None:
    assert "blank" not in checks(flat(*[0] * 9), tmp_path)


def test_a_blank_clip_is_noticed(tmp_path: Path) -> None:
    assert "blank" in checks(flat(*[128] * 9), tmp_path)


def test_a_clip_that_is_blank_at_first_only_is_not_blank(tmp_path: Path) -> None:
    assert "blank" not in checks(np.concatenate([flat(128, 128), ball(7)]), tmp_path)


def test_a_still_clip_is_noticed(tmp_path: Path) -> None:
    assert checks(np.repeat(ball(1), 9, axis=0), tmp_path) == ["still"]


def test_a_clip_of_one_frame_is_not_called_still(tmp_path: Path) -> None:
    assert "still" not in checks(ball(1), tmp_path)


def test_a_flashing_clip_is_noticed(tmp_path: Path) -> None:
    assert "flashing" in checks(textured(*[60, 190] * 8), tmp_path)


def test_flashes_are_counted_within_a_second(tmp_path: Path) -> None:
    """Four pairs of jumps, but over four seconds."""
    slow = [tone for tone in [60, 190] * 4 for _ in range(4)]
    assert "flashing" not in checks(textured(*slow), tmp_path, fps=8)


def test_three_flashes_in_a_second_are_still_allowed(tmp_path: Path) -> None:
    tones = [60, 190, 60, 190, 60, 190, 60, 60, 60, 60]
    assert "flashing" not in checks(textured(*tones), tmp_path, fps=10)


def test_four_flashes_in_a_second_are_too_many(tmp_path: Path) -> None:
    tones = [60, 190, 60, 190, 60, 190, 60, 190, 60, 60]
    assert "flashing" in checks(textured(*tones), tmp_path, fps=10)


def test_a_slow_fade_is_no_flash(tmp_path: Path) -> None:
    tones = [*range(60, 190, 10), *range(190, 60, -10)] * 2
    assert "flashing" not in checks(textured(*tones), tmp_path, fps=25)


def test_advice_says_what_was_seen(tmp_path: Path) -> None:
    (advice,) = [entry for entry in noticed(flat(*[0] * 9), tmp_path) if entry["check"] == "black"]
    assert advice == {
        "check": "black",
        "says": "The picture is black nearly throughout.",
        "score": 1.0,
    }


def test_a_file_that_is_no_video_raises_what_the_job_expects(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"no video" * 100)
    with pytest.raises((OSError, ValueError)) as raised:
        screen(path)
    assert isinstance(raised.value, av.error.FFmpegError)
