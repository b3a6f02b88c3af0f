"""Place in line and remaining seconds, as they are said to people who wait."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import update

from accounts import switches
from moderation.models import Clip, State
from sharing import backlog, timings, turns
from sharing.forecast import Forecaster
from store import utc_now
from tests.conftest import House

LIMITS = backlog.Limits(own=50, all=50)
TOOK = {"text": 1.0, "denoising": 8.0, "decoding": 2.0, "encoding": 1.0}


def queued(house: House, creator: str = "ana") -> str:
    clip = house.clip(State.QUEUED, creator)
    with house.store.write() as session:
        turns.join(session, session.get_one(Clip, clip.id), 1.0)
    return clip.id


def learn(house: House, clip_id: str) -> None:
    with house.store.write() as session:
        timings.learn(session, session.get_one(Clip, clip_id), TOOK)


def change(house: House, clip_id: str, **values: Any) -> None:
    with house.store.write() as session:
        session.execute(update(Clip).where(Clip.id == clip_id).values(**values))  # type: ignore[arg-type]


def forecast(house: House, clip_id: str, limits: backlog.Limits = LIMITS) -> dict[str, Any]:
    with house.store.read() as session:
        clip = session.get_one(Clip, clip_id)
        return Forecaster(limits).forecasts(session, [clip]).get(clip_id, {})


def test_a_clip_that_is_made_has_no_forecast(house: House) -> None:
    assert forecast(house, house.clip(State.PENDING_REVIEW).id) == {}


def test_places_are_counted_from_one_in_the_order_of_turns(house: House) -> None:
    crowd = [queued(house) for _ in range(3)]
    late = queued(house, "ben")
    places = [forecast(house, one)["queue"]["position"] for one in (crowd[0], late, crowd[1])]
    assert places == [1, 2, 3]


def test_without_measurements_no_seconds_are_said(house: House) -> None:
    assert forecast(house, queued(house))["queue"]["eta_s"] is None


def test_the_wait_is_what_lies_ahead_and_the_clip_itself(house: House) -> None:
    queued(house)
    second = queued(house)
    learn(house, second)
    assert forecast(house, second)["queue"]["eta_s"] == pytest.approx(24.0)


def test_of_the_running_clip_only_the_rest_counts(house: House) -> None:
    running = house.clip(State.GENERATING)
    learn(house, running.id)
    now = utc_now() - timedelta(seconds=60)
    change(house, running.id, phase="decoding", step=4, progress_at=now)
    assert forecast(house, queued(house))["queue"]["eta_s"] == pytest.approx(12.0 + 1.0)


def test_remaining_seconds_go_down_with_the_steps(house: House) -> None:
    running = house.clip(State.GENERATING)
    learn(house, running.id)
    later = utc_now() + timedelta(hours=1)  # nothing has passed since the last sign of life
    change(house, running.id, phase="denoising", step=1, progress_at=later)
    early = forecast(house, running.id)["progress"]["eta_s"]
    change(house, running.id, step=3)
    assert forecast(house, running.id)["progress"]["eta_s"] < early


def test_between_two_signs_of_life_the_seconds_count_down(house: House) -> None:
    running = house.clip(State.GENERATING)
    learn(house, running.id)
    change(
        house,
        running.id,
        phase="denoising",
        step=0,
        progress_at=utc_now() - timedelta(seconds=5),
    )
    assert forecast(house, running.id)["progress"]["eta_s"] == pytest.approx(6.0, abs=0.3)


def test_a_slow_phase_never_says_less_than_what_follows_it(house: House) -> None:
    running = house.clip(State.GENERATING)
    learn(house, running.id)
    change(house, running.id, phase="denoising", step=0, progress_at=utc_now() - timedelta(hours=1))
    assert forecast(house, running.id)["progress"]["eta_s"] == pytest.approx(3.0)


def test_the_fraction_grows_with_the_steps(house: House) -> None:
    running = house.clip(State.GENERATING)
    change(house, running.id, phase="denoising", step=1)
    early = forecast(house, running.id)["progress"]["fraction"]
    change(house, running.id, step=3)
    assert early < forecast(house, running.id)["progress"]["fraction"] < 1


def test_a_clip_being_screened_is_all_but_there(house: House) -> None:
    assert forecast(house, house.clip(State.SCREENING).id)["progress"]["fraction"] == 1.0


def test_a_paused_line_is_named_and_promises_no_time(house: House) -> None:
    clip_id = queued(house)
    learn(house, clip_id)
    with house.store.write() as session:
        switches.pause(session, "generation", message=None, paused_by="test")
    told = forecast(house, clip_id)["queue"]
    assert (told["waits_for"], told["eta_s"]) == ("paused", None)


def test_a_full_review_queue_is_named(house: House) -> None:
    house.clip(State.PENDING_REVIEW, "ben")
    limits = backlog.Limits(own=9, all=1)
    assert forecast(house, queued(house), limits)["queue"]["waits_for"] == "review_backlog"


@pytest.fixture
def shared() -> tuple[Forecaster, list[float]]:
    """A forecaster that several people ask, and the time that it reads, in a list of one."""
    now = [100.0]
    return Forecaster(LIMITS, fresh_s=1.0, clock=lambda: now[0]), now


def position(house: House, forecaster: Forecaster, clip_id: str) -> int:
    with house.store.read() as session:
        told = forecaster.forecasts(session, [session.get_one(Clip, clip_id)])
    return int(told[clip_id]["queue"]["position"])


def test_the_line_is_looked_at_once_for_all_who_ask_at_a_time(
    house: House, shared: tuple[Forecaster, list[float]]
) -> None:
    first, second = queued(house), queued(house)
    before = position(house, shared[0], second)
    change(house, first, state=State.CANCELLED.value)
    assert (before, position(house, shared[0], second)) == (2, 2)


def test_the_line_is_looked_at_again_when_it_is_old(
    house: House, shared: tuple[Forecaster, list[float]]
) -> None:
    first, second = queued(house), queued(house)
    position(house, shared[0], second)
    change(house, first, state=State.CANCELLED.value)
    shared[1][0] += 1
    assert position(house, shared[0], second) == 1


def test_the_line_is_looked_at_again_for_a_clip_that_just_came(
    house: House, shared: tuple[Forecaster, list[float]]
) -> None:
    position(house, shared[0], queued(house))
    assert position(house, shared[0], queued(house)) == 2
