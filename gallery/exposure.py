"""How often clips were shown in a first place of the rotation, and how often their page was opened.

Knows nothing of who looked: sums are all there is. They are counted in memory and written together
every few seconds and at the end; a crash loses those of the last seconds.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, select

from gallery.models import Exposure
from store import Store

log = logging.getLogger("greenlight.gallery")

EVERY_S: Final = 5.0
_STOP_S: Final = 3.0
_ADD: Final = text(
    "INSERT INTO exposure (clip_id, shown, opened)"
    " SELECT :clip_id, :shown, :opened WHERE EXISTS (SELECT 1 FROM clip WHERE id = :clip_id)"
    " ON CONFLICT (clip_id) DO UPDATE"
    " SET shown = shown + excluded.shown, opened = opened + excluded.opened"
)


class Counts:
    """`with counts:` writes from time to time and at the end. `flush` needs no thread of ours."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._shown: Counter[str] = Counter()
        self._opened: Counter[str] = Counter()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="exposure", daemon=True)

    def __enter__(self) -> Counts:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_S)
        self.flush()

    def shown(self, clip_ids: Iterable[str]) -> None:
        with self._lock:
            self._shown.update(clip_ids)

    def opened(self, clip_id: str) -> None:
        with self._lock:
            self._opened[clip_id] += 1

    def flush(self) -> None:
        """Write what was counted. Where the database refuses, it is counted on."""
        with self._lock:
            shown, self._shown = self._shown, Counter()
            opened, self._opened = self._opened, Counter()
        rows = [
            {"clip_id": clip_id, "shown": shown[clip_id], "opened": opened[clip_id]}
            for clip_id in sorted(shown | opened)
        ]
        if not rows:
            return
        try:
            with self._store.write() as session:
                session.execute(_ADD, rows)
        except OperationalError:
            log.warning("Exposure could not be written; it goes with the next", exc_info=True)
            with self._lock:
                self._shown.update(shown)
                self._opened.update(opened)

    def _run(self) -> None:
        while not self._closing.wait(EVERY_S):
            self.flush()


def figures(session: Session, clip_ids: Sequence[str]) -> dict[str, Exposure]:
    """What was counted of these clips, by id; a clip of which nothing was is not in it."""
    query = select(Exposure).where(col(Exposure.clip_id).in_(clip_ids))
    return {row.clip_id: row for row in session.exec(query)}
