"""Which faults of the pictures are noticed, and which clips have none."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from moderation.screening.faults import faults
from pipeline.made import Frames
from tests.moderation.screening.films import ball, film, flat


def checks(frames: Frames, folder: Path, fps: float = 8) -> list[str]:
    return [signal.check for signal in faults(film(frames, folder, fps))]


def test_an_ordinary_clip_gets_no_advice(tmp_path: Path) -> None:
    assert checks(ball(), tmp_path) == []


def test_a_black_clip_is_noticed(tmp_path: Path) -> None:
    assert "black" in checks(flat(*[0] * 9), tmp_path)


def test_a_black_clip_is_not_called_blank_as_well(tmp_path: Path) -> None:
    assert "blank" not in checks(flat(*[0] * 9), tmp_path)


def test_a_clip_that_is_black_for_most_of_its_time_says_from_when_on(tmp_path: Path) -> None:
    frames = np.concatenate([ball(4), flat(*[0] * 12)])
    (black,) = [each for each in faults(film(frames, tmp_path)) if each.check == "black"]
    assert (black.score, black.at_s) == (0.75, 0.5)


def test_a_blank_clip_is_noticed(tmp_path: Path) -> None:
    assert "blank" in checks(flat(*[128] * 9), tmp_path)


def test_a_clip_that_is_blank_at_first_only_is_not_blank(tmp_path: Path) -> None:
    assert "blank" not in checks(np.concatenate([flat(128, 128), ball(7)]), tmp_path)


def test_a_still_clip_is_noticed(tmp_path: Path) -> None:
    assert checks(np.repeat(ball(1), 9, axis=0), tmp_path) == ["still"]


def test_a_clip_of_one_frame_is_not_called_still(tmp_path: Path) -> None:
    assert checks(ball(1), tmp_path) == []


def test_a_clip_that_freezes_says_where_it_does(tmp_path: Path) -> None:
    frames = np.concatenate([ball(9), np.repeat(ball(9)[-1:], 20, axis=0)])
    (frozen,) = faults(film(frames, tmp_path))
    assert (frozen.check, frozen.at_s) == ("frozen", 1.0)


def test_a_short_rest_is_no_freeze(tmp_path: Path) -> None:
    """More than half of the clip, and less than a second."""
    frames = np.concatenate([ball(4), np.repeat(ball(4)[-1:], 5, axis=0)])
    assert checks(frames, tmp_path) == []


def test_a_small_thing_that_moves_in_a_large_picture_is_not_still(tmp_path: Path) -> None:
    frames = np.full((9, 480, 640, 3), 90, np.uint8)
    for place in range(9):
        frames[place, 200:212, 100 + 8 * place : 112 + 8 * place] = 250
    assert "still" not in checks(frames, tmp_path)


def test_advice_says_what_was_seen(tmp_path: Path) -> None:
    (black,) = [each for each in faults(film(flat(*[0] * 9), tmp_path)) if each.check == "black"]
    assert black.as_json() == {
        "check": "black",
        "says": "The picture is black throughout.",
        "score": 1.0,
        "at_s": 0.0,
        "version": "pictures 2",
        "reason": "technical_fault",
    }
