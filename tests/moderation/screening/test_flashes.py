"""Which flashes are noticed, with the numbers of ITU-R BT.1702."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from moderation import policy
from moderation.screening.flashes import flashes
from pipeline.made import Frames
from tests.moderation.screening.films import ball, coloured, film, flat, textured


def checks(frames: Frames, folder: Path, fps: float = 10) -> list[str]:
    return [signal.check for signal in flashes(film(frames, folder, fps))]


def test_a_moving_thing_is_no_flash(tmp_path: Path) -> None:
    assert checks(ball(), tmp_path) == []


def test_three_flashes_in_a_second_are_still_allowed(tmp_path: Path) -> None:
    assert checks(textured(60, 190, 60, 190, 60, 190, 60, 60, 60, 60), tmp_path) == []


def test_four_flashes_in_a_second_are_too_many(tmp_path: Path) -> None:
    tones = [60, 190, 60, 190, 60, 190, 60, 190, 60, 60]
    assert checks(textured(*tones), tmp_path) == ["flashing"]


def test_flashes_name_a_reason_that_ships(tmp_path: Path) -> None:
    tones = [60, 190, 60, 190, 60, 190, 60, 190, 60, 60]
    (signal,) = flashes(film(textured(*tones), tmp_path, fps=10))
    assert signal.reason in {reason.code for reason in policy.added()}


def test_flashes_are_counted_within_a_second(tmp_path: Path) -> None:
    """Four pairs of jumps, but over four seconds."""
    slow = [tone for tone in [60, 190] * 4 for _ in range(4)]
    assert checks(textured(*slow), tmp_path, fps=8) == []


def test_a_slow_fade_is_no_flash(tmp_path: Path) -> None:
    tones = [*range(60, 190, 10), *range(190, 60, -10)] * 2
    assert checks(textured(*tones), tmp_path, fps=25) == []


def test_a_flash_that_takes_several_frames_counts_once(tmp_path: Path) -> None:
    """Five a second; one half of the picture follows the other a frame later."""
    frames = flat(*[60, 60, 60, 200, 200, 200] * 6)
    frames[:, 32:] = np.roll(frames[:, 32:], 1, axis=0)
    (signal,) = flashes(film(frames, tmp_path, fps=30))
    assert signal.says.startswith("5 flashes")


def test_a_change_of_less_than_a_tenth_of_white_is_no_flash(tmp_path: Path) -> None:
    """Luma 100 and 118 are 25 and 37 cd/m² on a screen of 200."""
    assert checks(flat(*[100, 118] * 10), tmp_path) == []


def test_a_change_among_bright_tones_is_no_flash(tmp_path: Path) -> None:
    """Luma 234 is 166 cd/m², over the 160 under which the darker tone has to be."""
    assert checks(flat(*[234, 255] * 10), tmp_path) == []


def test_what_flashes_on_a_quarter_of_the_picture_is_small_enough(tmp_path: Path) -> None:
    frames = flat(*[60] * 20)
    frames[::2, :32, :32] = 200
    assert checks(frames, tmp_path) == []


def test_what_flashes_on_a_third_of_the_picture_is_too_large(tmp_path: Path) -> None:
    frames = flat(*[60] * 20)
    frames[::2, :24] = 200
    assert checks(frames, tmp_path) == ["flashing"]


def test_a_saturated_red_flashes_even_without_a_change_of_luminance(tmp_path: Path) -> None:
    red, grey = (230, 0, 0), (118, 118, 118)
    assert checks(coloured(*[red, grey] * 10), tmp_path) == ["red_flashing"]


def test_a_pale_red_is_not_saturated(tmp_path: Path) -> None:
    pale, grey = (200, 110, 110), (140, 140, 140)
    assert checks(coloured(*[pale, grey] * 10), tmp_path) == []


def test_flashing_says_how_much_and_where_it_begins(tmp_path: Path) -> None:
    calm = textured(*[60] * 10)
    wild = textured(*[190, 60] * 5)
    (signal,) = flashes(film(np.concatenate([calm, wild]), tmp_path, fps=10))
    assert (signal.says[:9], signal.score, signal.at_s) == ("5 flashes", 0.83, 0.9)


def test_flashing_is_more_certain_the_more_flashes_there_are(tmp_path: Path) -> None:
    (fast,) = flashes(film(textured(*[60, 190] * 12), tmp_path, fps=24))
    assert fast.score == 1.0


def test_fine_noise_is_no_flash(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (24, 128, 128, 3)).astype(np.uint8)
    assert checks(noise, tmp_path, fps=24) == []
