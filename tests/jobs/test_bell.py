"""A bell that ends one wait, or all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from jobs.bell import Bell


def seconds(act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began


def test_a_wait_ends_when_the_time_is_up() -> None:
    bell = Bell()
    assert 0.05 <= seconds(lambda: bell.wait(0.05)) < 5


def test_a_ring_ends_a_wait_that_has_begun() -> None:
    bell = Bell()
    waiter = threading.Thread(target=bell.wait, args=(60,))
    waiter.start()
    bell.ring()
    waiter.join(10)
    assert not waiter.is_alive()


def test_a_ring_that_nobody_waits_for_ends_the_next_wait() -> None:
    bell = Bell()
    bell.ring()
    assert seconds(lambda: bell.wait(60)) < 10


def test_a_ring_ends_one_wait_only() -> None:
    bell = Bell()
    bell.ring()
    bell.wait(60)
    assert seconds(lambda: bell.wait(0.05)) >= 0.05


def test_a_later_ring_does_not_hide_an_earlier_one() -> None:
    bell = Bell()
    bell.ring(60)
    bell.ring()
    assert seconds(lambda: bell.wait(30)) < 10


def test_a_ring_comes_when_it_is_due() -> None:
    bell = Bell()
    bell.ring(0.05)
    assert 0.05 <= seconds(lambda: bell.wait(60)) < 10


def test_rings_that_are_due_together_are_one() -> None:
    bell = Bell()
    bell.ring()
    bell.ring()
    bell.wait(60)
    assert seconds(lambda: bell.wait(0.05)) >= 0.05


def test_a_ring_does_not_say_that_it_is_over() -> None:
    bell = Bell()
    bell.ring()
    assert bell.wait(60) is False


def test_every_wait_ends_when_it_is_over() -> None:
    bell = Bell()
    waiters = [threading.Thread(target=bell.wait) for _ in range(3)]
    for waiter in waiters:
        waiter.start()
    bell.set()
    for waiter in waiters:
        waiter.join(10)
    assert not any(waiter.is_alive() for waiter in waiters)


def test_a_wait_says_that_it_is_over() -> None:
    bell = Bell()
    bell.set()
    assert bell.wait(60) is True


def test_rings_that_follow_each_other_too_closely_are_one() -> None:
    bell = Bell(apart_s=0.05)
    bell.ring()
    bell.wait(60)
    bell.ring()
    assert 0.04 <= seconds(lambda: bell.wait(60)) < 10


def test_the_time_is_up_however_close_the_last_ring_was() -> None:
    bell = Bell(apart_s=60)
    bell.ring()
    bell.wait(60)
    bell.ring()
    assert seconds(lambda: bell.wait(0.05)) < 10
