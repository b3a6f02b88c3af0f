"""The watchdog: notices a clip whose making has gone silent, and has the process started anew.

A step that hangs inside a driver cannot be stopped from within Python, so the only cure is another
process. Knows nothing of clips: whom to fail and how to start again are functions handed in.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

log = logging.getLogger("greenlight.jobs")


class Watchdog:
    """`on_silence(clip_id)` is called, once, when a watched clip gave no sign for `limit_s`."""

    def __init__(self, limit_s: float, on_silence: Callable[[str], None]) -> None:
        self._limit_s = limit_s
        self._on_silence = on_silence

    @contextmanager
    def watching(self, clip_id: str) -> Iterator[Callable[[str], None]]:
        """While the block runs. It is handed a function to call at every sign of life, with the
        phase; loading is not watched, because a first download may take as long as it takes."""
        alarm = _Alarm(self._limit_s)
        thread = threading.Thread(target=self._wait, args=[clip_id, alarm], daemon=True)
        thread.start()
        try:
            yield alarm.heard
        finally:
            alarm.over.set()
            thread.join()

    def _wait(self, clip_id: str, alarm: _Alarm) -> None:
        while not alarm.over.wait(alarm.left_s()):
            if alarm.left_s() <= 0:
                log.error("Clip %s gave no sign of life for %s s", clip_id, self._limit_s)
                self._on_silence(clip_id)
                return


class _Alarm:
    """Since when it has been silent."""

    def __init__(self, limit_s: float) -> None:
        self.over = threading.Event()
        self._limit_s = limit_s
        self._phase = ""
        self._heard_at = time.monotonic()

    def heard(self, phase: str) -> None:
        self._phase, self._heard_at = phase, time.monotonic()

    def left_s(self) -> float:
        if self._phase == "loading":
            return self._limit_s
        return max(0.0, self._heard_at + self._limit_s - time.monotonic())
