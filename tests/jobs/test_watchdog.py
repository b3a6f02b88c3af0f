"""A clip that goes silent is noticed, once; one that shows signs of life is left alone."""

from __future__ import annotations

import threading

from jobs.watchdog import Watchdog

_SOON = 0.05
_NEVER = 3600.0
_PATIENCE_S = 30.0


def test_silence_is_noticed_with_the_clip_s_id() -> None:
    told: list[str] = []
    noticed = threading.Event()

    def notice(clip_id: str) -> None:
        told.append(clip_id)
        noticed.set()

    with Watchdog(_SOON, notice).watching("abc") as heard:
        heard("denoising")
        assert noticed.wait(_PATIENCE_S)
    assert told == ["abc"]


def test_a_clip_that_ends_in_time_is_left_alone() -> None:
    told: list[str] = []
    with Watchdog(_NEVER, told.append).watching("abc") as heard:
        heard("denoising")
    assert told == []


def test_loading_may_take_as_long_as_it_takes() -> None:
    told = threading.Event()
    watchdog = Watchdog(_SOON, lambda _: told.set())
    with watchdog.watching("abc") as heard:
        heard("loading")
        assert not told.wait(_SOON * 6)
        heard("text")
        assert told.wait(_PATIENCE_S)


def test_each_sign_of_life_begins_the_wait_anew() -> None:
    told = threading.Event()
    limit_s = 0.4
    with Watchdog(limit_s, lambda _: told.set()).watching("abc") as heard:
        for _ in range(6):
            heard("denoising")
            assert not told.wait(limit_s / 4)
