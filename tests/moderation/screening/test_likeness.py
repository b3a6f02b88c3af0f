"""What a perceptual hash keeps and what it tells apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from moderation.screening.likeness import Shelf, alike, best_frame, frame_hashes, packed
from pipeline.made import Frames
from tests.moderation.screening.films import ball, film, flat, stripes


def hashes(frames: Frames, folder: Path) -> list[str]:
    return frame_hashes(film(frames, folder))


def likeness(asked: list[str], *others: list[str]) -> list[float]:
    lengths = [len(packed(other)) for other in others]
    starts = np.cumsum([0, *lengths[:-1]])
    flat_out = np.concatenate([packed(other) for other in others])
    scores: list[float] = alike(packed(asked), flat_out, starts).round(2).tolist()
    return scores


def test_a_hash_is_sixteen_digits_for_each_chosen_frame(tmp_path: Path) -> None:
    assert [len(text) for text in hashes(ball(), tmp_path)] == [16] * 8


def test_a_clip_is_wholly_like_itself(tmp_path: Path) -> None:
    own = hashes(ball(), tmp_path)
    assert likeness(own, own) == [1.0]


def test_a_brighter_larger_noisier_copy_is_still_alike(tmp_path: Path) -> None:
    large = ball().repeat(3, axis=1).repeat(3, axis=2).astype(np.int16)
    noise = np.random.default_rng(1).integers(-8, 8, large.shape)
    copy = (large + 20 + noise).clip(0, 255).astype(np.uint8)
    (score,) = likeness(hashes(copy, tmp_path), hashes(ball(), tmp_path))
    assert score > 0.8


def test_a_copy_at_twice_the_speed_is_still_alike(tmp_path: Path) -> None:
    (score,) = likeness(hashes(ball()[::2], tmp_path), hashes(ball(), tmp_path))
    assert score > 0.8


def test_another_clip_is_not_alike(tmp_path: Path) -> None:
    assert likeness(hashes(stripes(), tmp_path), hashes(ball(), tmp_path))[0] < 0.3


def test_another_colour_makes_a_difference(tmp_path: Path) -> None:
    red, blue = ball(colour=(230, 20, 20)), ball(colour=(20, 20, 230))
    assert likeness(hashes(red, tmp_path), hashes(blue, tmp_path))[0] < 0.8


def test_each_clip_gets_its_own_score(tmp_path: Path) -> None:
    own, other = hashes(ball(), tmp_path), hashes(stripes(), tmp_path)
    first, second = likeness(own, other, own)
    assert first < 0.3 < second


def test_a_picture_without_structure_is_like_no_other(tmp_path: Path) -> None:
    blank = hashes(flat(*[80] * 9), tmp_path)
    assert (set(blank), packed(blank).size) == ({"0" * 16}, 0)


def test_the_frame_that_is_most_alike_is_named(tmp_path: Path) -> None:
    half = np.concatenate([stripes(8), ball(8)])
    assert best_frame(hashes(half, tmp_path), hashes(ball(8), tmp_path)) >= 4


def test_a_shelf_tells_the_most_alike_first() -> None:
    asked = packed(["0123456789abcdef"])
    others = ["0123456789abcdec", "fedcba9876543210", "0123456789abcdef", "0123456789abcdee"]
    found = Shelf([packed([text]) for text in others], 0.9).near(asked)
    assert [(place, round(score, 2)) for place, score in found] == [(2, 1.0), (3, 0.95), (0, 0.9)]


def test_one_frame_of_a_film_is_not_near_the_film_on_a_shelf() -> None:
    film_of_two, frame = (
        packed(["0123456789abcdef", "fedcba9876543210"]),
        packed(["0123456789abcdef"]),
    )
    assert Shelf([film_of_two], 0.9).near(frame) == Shelf([frame], 0.9).near(film_of_two) == []


def test_nothing_is_near_on_an_empty_shelf_or_without_structure() -> None:
    frame = packed(["0123456789abcdef"])
    assert Shelf([], 0.9).near(frame) == Shelf([frame], 0.9).near(packed(["0" * 16])) == []
