"""How often the job queues are looked at: quick, or slow.

Knows nothing of jobs or queues. A look takes a few milliseconds of a core. Quick, it would be a
tenth of one: too much for an instance where nothing happens, and for a model that works on the
same cores. So it is quick only where somebody would notice: while a clip could begin at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

QUICK_FOR_S: Final = 120.0
_LONG_S: Final = 0.5
"""A clip that takes longer keeps the pipeline busy; whoever comes now waits for it anyhow."""


class Pace:
    """Thread-safe as it stands: each value is written whole and read on its own."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._worked_at = float("-inf")
        self._making_since = float("inf")

    def worked(self) -> None:
        """There was something to do just now."""
        self._worked_at = self._clock()

    @contextmanager
    def making(self) -> Iterator[None]:
        """The pipeline is at work inside."""
        self._making_since = self._clock()
        try:
            yield
        finally:
            self._making_since = float("inf")
            self.worked()

    @property
    def is_quick(self) -> bool:
        now = self._clock()
        is_long = now - self._making_since > _LONG_S
        return not is_long and now - self._worked_at < QUICK_FOR_S
