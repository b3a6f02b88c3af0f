"""A bell: whoever waits for it goes on when it rings, when the time is up, or when it is over.

Knows nothing of jobs. DBOS looks at a queue by the clock, which is either often, and then each look
takes some milliseconds from the model on the same cores, or seldom, and then a clip waits while
nobody works. Its loop is told to stop by an event, and waits on that between two looks; this is
such an event, and it can also end one wait. So a queue is looked at when there is a reason to.
"""

from __future__ import annotations

import heapq
import threading
import time


class Bell(threading.Event):
    """An event whose `wait` also ends, with False, at a ring. A ring that nobody waits for is kept
    for the next wait; several that are due together, or less than `apart_s` apart, are one."""

    def __init__(self, apart_s: float = 0.0) -> None:
        super().__init__()
        self._apart_s = apart_s
        self._ended = float("-inf")
        self._changed = threading.Condition()
        self._rings: list[float] = []

    def ring(self, after_s: float = 0.0) -> None:
        """Ring now, or in so many seconds."""
        with self._changed:
            heapq.heappush(self._rings, time.monotonic() + after_s)
            self._changed.notify_all()

    def set(self) -> None:
        """It is over: every wait ends with True."""
        super().set()
        with self._changed:
            self._changed.notify_all()

    def wait(self, timeout: float | None = None) -> bool:
        """Whether it is over. Returns at a ring or after `timeout` seconds at the latest."""
        until = float("inf") if timeout is None else time.monotonic() + timeout
        with self._changed:
            while not self.is_set():
                now = time.monotonic()
                rung = max(self._rings[0], self._ended + self._apart_s) if self._rings else until
                due = min(until, rung)
                if due <= now:
                    self._ended = now
                    while self._rings and self._rings[0] <= now:
                        heapq.heappop(self._rings)
                    return False
                self._changed.wait(min(due - now, threading.TIMEOUT_MAX))
        return True
