"""The acts of everybody who looks for a clip in the gallery: pages of it, what it can be filtered by,
and whether it is still the same.

Knows nothing of HTTP, Gradio or the pipeline. Every answer is the one that a stranger gets, whoever
asks, so no method takes a user.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.exc import OperationalError

from accounts.permissions import STRANGER
from gallery import choices, published, rotation
from gallery.exposure import Counts
from gallery.models import Edition
from gallery.question import Question
from gallery.wall import Wall, creator_wall, wall
from moderation.views import clips_json
from store import Store, utc_now

log = logging.getLogger("greenlight.gallery")

Json = dict[str, Any]


class Finding:
    """What the public finds. `counts` are of what it was shown."""

    def __init__(self, store: Store, *, clock: Callable[[], datetime] = utc_now) -> None:
        self.counts = Counts(store)
        self._store = store
        self._clock = clock
        self._drawing = threading.Lock()
        self._drawn = -1  # the window that has its first places

    def page(self, question: Question, cursor: str | None) -> Json:
        """Published clips as a script reads them."""
        window = self._window(question)
        with self._store.read() as session:
            found = published.page(session, question, older=cursor, window=window)
            items = clips_json(session, STRANGER, found.clips)
        self.counts.shown(found.first)
        return {"items": items, "next": found.older}

    def wall(self, question: Question, *, older: str | None, newer: str | None) -> Wall:
        """A page of the gallery, for pages that need no script. Whoever shows it says so to
        `counts`, because a page can be shown more often than it is read."""
        window = self._window(question)
        with self._store.read() as session:
            return wall(session, question, older=older, newer=newer, window=window)

    def creator_wall(self, name: str, *, older: str | None, newer: str | None) -> Wall:
        """A page of one creator's works. Raises NotFound where nothing is published."""
        with self._store.read() as session:
            return creator_wall(session, name, older=older, newer=newer)

    def choices(self) -> Json:
        with self._store.read() as session:
            return {**choices.choices(session)}

    def edition(self) -> tuple[int, int] | None:
        """What a page of the gallery depends on: another one, and pages are to be made anew."""
        with self._store.read() as session:
            row = session.get(Edition, 1)
            return (row.number, rotation.window_at(self._clock())) if row else None

    def _window(self, question: Question) -> int:
        """The rotation's window, drawn if nobody has looked yet. Where nothing can be written, it has
        no first places for now: a full disk is no reason not to be shown clips."""
        window = rotation.window_at(self._clock())
        if question.order == "rotating" and window != self._drawn:
            with self._drawing:
                if window != self._drawn:
                    try:
                        with self._store.write() as session:
                            rotation.begin(session, window)
                    except OperationalError:
                        log.warning("The rotation could not be drawn", exc_info=True)
                        return window
                    self._drawn = window
        return window
