"""What the pipeline took is what the next clip is said to take."""

from __future__ import annotations

from typing import Any

import pytest

from moderation.models import Clip
from sharing import timings
from sharing.models import Timing
from store import Store
from tests.conftest import REQUEST

TOOK = {"loading": 30.0, "text": 0.5, "denoising": 8.0, "decoding": 2.0, "encoding": 1.0}


def clip(**changes: Any) -> Clip:
    return Clip(creator_id="ana", **{**REQUEST, **changes})


def learn(store: Store, seconds: dict[str, float] = TOOK, **changes: Any) -> None:
    with store.write() as session:
        timings.learn(session, clip(**changes), seconds)


def expected(store: Store, **changes: Any) -> dict[str, float] | None:
    with store.read() as session:
        return timings.phases(session, clip(**changes))


def test_without_a_measurement_there_is_no_guess(store: Store) -> None:
    assert expected(store) is None


def test_the_same_clip_is_said_to_take_what_it_took(store: Store) -> None:
    learn(store)
    assert expected(store) == {"text": 0.5, "denoising": 8.0, "decoding": 2.0, "encoding": 1.0}


def test_loading_is_not_learned(store: Store) -> None:
    learn(store)
    assert "loading" not in (expected(store) or {})


def test_steps_count_by_the_step(store: Store) -> None:
    learn(store, num_inference_steps=4)
    assert (expected(store, num_inference_steps=16) or {})["denoising"] == 32.0


def test_an_unmeasured_size_is_guessed_by_its_pixels(store: Store) -> None:
    learn(store)
    bigger = expected(store, width=128) or {}
    assert (bigger["text"], bigger["denoising"], bigger["decoding"]) == (0.5, 16.0, 4.0)


def test_the_nearest_measured_size_is_the_guide(store: Store) -> None:
    learn(store, width=64)
    learn(store, {**TOOK, "denoising": 100.0}, width=640)
    assert (expected(store, width=576) or {})["denoising"] == pytest.approx(90.0)


def test_another_model_s_times_say_nothing(store: Store) -> None:
    learn(store, model="other")
    assert expected(store) is None


def test_newer_runs_weigh_more_than_their_number(store: Store) -> None:
    for _ in range(20):
        learn(store)
    for _ in range(10):
        learn(store, {**TOOK, "denoising": 80.0})
    assert (expected(store) or {})["denoising"] > 70


def test_the_first_runs_are_averaged(store: Store) -> None:
    learn(store)
    learn(store, {**TOOK, "decoding": 4.0})
    assert (expected(store) or {})["decoding"] == pytest.approx(3.0)


def test_how_often_something_was_measured_is_kept(store: Store) -> None:
    learn(store)
    learn(store)
    with store.read() as session:
        row = session.get_one(Timing, ("fast", 64, 64, 9, "text"))
    assert row.runs == 2
