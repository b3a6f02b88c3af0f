"""What is written about a clip while it is made: its progress, a look at it, and the wish to cancel.

Knows nothing of how it is made. All of it is for people who wait; that it cannot be written never
stops a clip.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from typing import Final

from PIL import Image
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select, update

from media import MediaStore
from moderation.models import Clip
from pipeline.made import Progress
from store import Store, utc_now

log = logging.getLogger("greenlight.jobs")

_MOST_A_SECOND: Final = 4
_STEPS_EVERY_S: Final = (0.5, 1.0)
"""Between two steps that are written: in a clip's first seconds, and later."""
_FIRST_S: Final = 5.0
_ASKED_EVERY_S: Final = 1.0
_LOOK_EVERY_S: Final = (1.0, 2.0)
"""Between two looks at a clip, likewise."""


class Watch:
    """Over one clip, from its first step to its last file."""

    def __init__(self, store: Store, media: MediaStore, clip_id: str) -> None:
        self._store = store
        self._media = media
        self._clip_id = clip_id
        # Put together once: that takes longer than the answer.
        self._wish = select(Clip.cancel_requested).where(Clip.id == clip_id)
        row = update(Clip).where(col(Clip.id) == clip_id)
        self._progress = row.returning(col(Clip.cancel_requested))
        self._phase = "text"  # as the move to `generating` wrote just now
        self._began_at = time.monotonic()
        self._written = deque([self._began_at], maxlen=_MOST_A_SECOND)
        self._looked_at = self._written[0]
        self._asked_at = 0.0
        self._cancelled = False

    def note(self, progress: Progress) -> None:
        """Write the progress to the clip's row, at most four times a second."""
        now = time.monotonic()
        if not self._is_time(progress, now):
            return
        self._written.append(now)
        self._phase = progress.phase
        self._asked_at = now  # the row answers with the wish
        values = {"phase": progress.phase, "step": progress.step, "progress_at": utc_now()}
        try:
            with self._store.write() as session:
                wish = session.execute(self._progress.values(**values)).scalar()
            self._cancelled = self._cancelled or bool(wish)
        except SQLAlchemyError:
            log.exception("The progress of clip %s was not written", self._clip_id)
        if progress.preview is not None and now - self._looked_at >= self._of(_LOOK_EVERY_S, now):
            self._looked_at = now
            self._keep_look(progress)

    def _is_time(self, progress: Progress, now: float) -> bool:
        """A new phase may follow at once, because it can be a long one; steps come evenly."""
        if len(self._written) == _MOST_A_SECOND and now - self._written[0] < 1:
            return False
        late = now - self._written[-1] >= self._of(_STEPS_EVERY_S, now)
        return progress.phase != self._phase or late

    def _of(self, intervals: tuple[float, float], now: float) -> float:
        return intervals[now - self._began_at > _FIRST_S]

    def ask_now(self) -> None:
        """Somebody here has just wished something: do not wait until it is time to ask."""
        self._asked_at = 0.0

    def is_cancelled(self) -> bool:
        """Whether the creator asked for it. A database that does not answer is no wish."""
        now = time.monotonic()
        if not self._cancelled and now - self._asked_at >= _ASKED_EVERY_S:
            self._asked_at = now
            try:
                with self._store.read() as session:
                    self._cancelled = bool(session.execute(self._wish).scalar())
            except SQLAlchemyError:
                log.exception("Whether clip %s is cancelled could not be read", self._clip_id)
        return self._cancelled

    def _keep_look(self, progress: Progress) -> None:
        frame = progress.preview() if progress.preview else None
        if frame is None:
            return
        path = self._media.preview(self._clip_id)
        draft = path.with_suffix(".part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(frame).save(draft, format="JPEG", quality=80)
            path.unlink(missing_ok=True)  # else the file system waits for the disk, as for a save
            draft.replace(path)
        except OSError:
            log.exception("The preview of clip %s was not written", self._clip_id)
