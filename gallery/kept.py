"""Pages as they were made, kept as long as nothing that the public sees has changed.

Knows nothing of what is in them. The edition of the gallery is read from the database at each
request, so what is taken down is in no page a moment later; the time limit is for sums that change
without a new edition.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

KEEP_S: Final = 10.0
MOST_BYTES: Final = 16 * 1024 * 1024


@dataclass(frozen=True)
class Made:
    """A page, and the clips that stand in it in a first place of the rotation."""

    body: bytes
    first: tuple[str, ...] = ()


@dataclass
class Kept:
    """The pages that were asked for last."""

    clock: Callable[[], float] = time.monotonic
    _pages: OrderedDict[Any, tuple[Any, float, Made]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _bytes: int = 0

    def get(self, key: Any, edition: object, make: Callable[[], Made]) -> Made:
        """The page of this key as it is in this edition, which was read before."""
        now = self.clock()
        with self._lock:
            known = self._pages.get(key)
            if known is not None and known[0] == edition and now - known[1] < KEEP_S:
                self._pages.move_to_end(key)
                return known[2]
        made = make()
        if edition is not None:
            with self._lock:
                self._put(key, (edition, now, made))
        return made

    def _put(self, key: Any, page: tuple[Any, float, Made]) -> None:
        old = self._pages.pop(key, None)
        self._bytes += len(page[2].body) - (len(old[2].body) if old else 0)
        self._pages[key] = page
        while self._bytes > MOST_BYTES:
            _, (_, _, dropped) = self._pages.popitem(last=False)
            self._bytes -= len(dropped.body)
