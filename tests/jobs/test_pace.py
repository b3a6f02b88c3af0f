"""How often the queues are looked at."""

from __future__ import annotations

import pytest

from jobs.pace import QUICK_FOR_S, Pace
from tests.jobs.test_watch import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> Pace:
    return Pace(clock.monotonic)


def test_it_is_slow_before_any_work(pace: Pace) -> None:
    assert not pace.is_quick


def test_it_is_quick_after_work(pace: Pace) -> None:
    pace.worked()
    assert pace.is_quick


def test_it_is_slow_again_when_nothing_came_for_long(pace: Pace, clock: Clock) -> None:
    pace.worked()
    clock.now += QUICK_FOR_S
    assert not pace.is_quick


def test_it_stays_quick_in_a_short_clip(pace: Pace, clock: Clock) -> None:
    pace.worked()
    with pace.making():
        clock.now += 0.4
        assert pace.is_quick


def test_it_is_slow_in_a_long_clip(pace: Pace, clock: Clock) -> None:
    pace.worked()
    with pace.making():
        clock.now += 2
        assert not pace.is_quick


def test_it_is_quick_after_a_long_clip_that_failed(pace: Pace, clock: Clock) -> None:
    def fail() -> None:
        with pace.making():
            clock.now += 2 * QUICK_FOR_S
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        fail()
    assert pace.is_quick
