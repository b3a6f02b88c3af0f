"""How a clip is decoded for screening."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from moderation.screening.frames import GRID, STILLS, read, spread
from tests.moderation.screening.films import ball, film


def test_every_frame_is_reduced_to_the_same_grid(tmp_path: Path) -> None:
    wide = np.zeros((5, 96, 160, 3), np.uint8)
    assert film(wide, tmp_path).cells.shape == (5, GRID, GRID, 3)


def test_each_frame_knows_its_time(tmp_path: Path) -> None:
    assert film(ball(5), tmp_path, fps=8).times.tolist() == [0.0, 0.125, 0.25, 0.375, 0.5]


def test_the_stills_run_from_the_first_frame_to_the_last(tmp_path: Path) -> None:
    decoded = film(ball(17), tmp_path)
    assert (decoded.chosen[0], decoded.chosen[-1], len(decoded.stills)) == (0, 16, STILLS)


def test_a_short_clip_has_a_still_of_every_frame() -> None:
    assert spread(3) == [0, 1, 2]


def test_a_file_that_is_no_video_raises_what_the_screener_expects(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"no video" * 100)
    with pytest.raises((OSError, ValueError)) as raised:
        read(path)
    assert isinstance(raised.value, av.error.FFmpegError)
