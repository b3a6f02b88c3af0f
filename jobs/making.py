"""Making one clip: the steps between `queued` and `pending_review`, each safe to repeat.

Knows nothing of DBOS: queue.py calls these in order, those that take a session in a transaction
that also holds the step's own mark.
"""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select, update

from accounts import switches
from audit import SYSTEM
from errors import DiskFull, MakingFailed
from media import MediaStore
from moderation.models import Clip, State
from moderation.screening import screen
from moderation.transitions import move
from pipeline.encode import encode
from pipeline.engine import Cancelled, Engine, Progress
from pipeline.request import ClipRequest
from store import Store, utc_now

log = logging.getLogger("greenlight.jobs")

_PROGRESS_EVERY_S: Final = 0.25
_REQUEST_FIELDS: Final = tuple(ClipRequest.__dataclass_fields__)


class Making:
    """The steps of `make_clip`, over one store, one media folder and one engine."""

    def __init__(self, store: Store, media: MediaStore, engine: Engine) -> None:
        self._store = store
        self._media = media
        self._engine = engine

    def start(self, session: Session, clip_id: str) -> bool:
        """Take the clip. False when it was cancelled meanwhile, or making is paused."""
        clip = session.get(Clip, clip_id)
        if clip is None or switches.is_paused(session, "generation"):
            return False
        if clip.state == State.QUEUED:
            move(session, clip_id, "start", actor=SYSTEM, phase="text", step=0)
            return True
        return clip.state in (State.GENERATING, State.SCREENING)

    def make(self, clip_id: str, end_turn: Callable[[], None]) -> dict[str, Any]:
        """Generate, encode and store. Returns what happened and never raises: whatever goes wrong
        is for the clip's creator to read. `end_turn` is called with the last frame."""
        with self._store.read() as session:
            clip = session.get_one(Clip, clip_id)
        if clip.state != State.GENERATING:  # an earlier try of the same job went further
            return {"outcome": "made"}
        watch = _Watch(self._store, clip_id)
        began = time.monotonic()
        try:
            request = ClipRequest(**{name: getattr(clip, name) for name in _REQUEST_FIELDS})
            frames = self._engine.generate(
                request, on_progress=watch.note, is_cancelled=watch.is_cancelled
            )
            end_turn()
            watch.note(
                Progress("encoding", request.num_inference_steps, request.num_inference_steps)
            )
            with self._media.working(f"{clip_id}-{clip.attempt}") as folder:
                files = encode(frames, clip.fps, folder)
                for draft in (files.mp4, files.poster, files.strip):
                    self._media.put(draft, "held", files.sha256)
        except Cancelled:
            return {"outcome": "cancelled"}
        except MakingFailed as error:
            return {"outcome": "failed", "error": error.as_json()}
        except Exception as error:
            log.exception("Clip %s could not be made", clip_id)
            full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
            said = DiskFull() if full else MakingFailed(kind=type(error).__name__)
            return {"outcome": "failed", "error": said.as_json()}
        made_s = round(time.monotonic() - began, 3)
        facts = {
            "sha256": files.sha256,
            "pictures": files.pictures,
            "size_bytes": files.size_bytes,
            "made_s": made_s,
        }
        return {"outcome": "made", "facts": facts}

    def finish(self, session: Session, clip_id: str, outcome: dict[str, Any]) -> bool:
        """Write down how it went. True when there is a clip to go on with."""
        clip = session.get_one(Clip, clip_id)
        if clip.state == State.SCREENING:
            return True
        if clip.state != State.GENERATING:
            return False
        cancelled = outcome["outcome"] == "cancelled" or clip.cancel_requested
        if outcome["outcome"] == "made" and not cancelled:
            facts = outcome["facts"]
            body = {"sha256": facts["sha256"], "pictures": facts["pictures"]}
            move(session, clip_id, "made", actor=SYSTEM, body=body, phase="screening", **facts)
            return True
        if cancelled:
            move(session, clip_id, "cancel", actor=clip.creator_id, phase="")
        else:
            fail(session, clip, outcome["error"])
        return False

    def screen(self, clip_id: str) -> list[dict[str, Any]]:
        """What the screener noticed; that it did not work is advice too, never a verdict."""
        with self._store.read() as session:
            clip = session.get_one(Clip, clip_id)
        try:
            return screen(self._media.path("held", clip.sha256 or "", ".mp4"))
        except (OSError, ValueError) as error:  # av's errors are both of these
            log.exception("Clip %s was not screened", clip_id)
            says = f"Not screened: the screener stopped ({type(error).__name__})."
            return [{"check": "not_screened", "says": says, "score": None}]

    def to_review(self, session: Session, clip_id: str, advice: list[dict[str, Any]]) -> None:
        if session.get_one(Clip, clip_id).state == State.SCREENING:
            body = {"advice": [entry["check"] for entry in advice]}
            move(
                session,
                clip_id,
                "screened",
                actor=SYSTEM,
                body=body,
                screening=advice,
                pending_since=utc_now(),
                phase="",
            )


def fail(session: Session, clip: Clip, error: dict[str, str]) -> None:
    """End a clip as failed, with the sentence that its creator reads."""
    body = {"code": error["code"]}
    move(session, clip.id, "fail", actor=SYSTEM, body=body, error=error, phase="")


class _Watch:
    """Writes a running clip's progress to its row and reads the wish to cancel, a few times a second."""

    def __init__(self, store: Store, clip_id: str) -> None:
        self._store = store
        self._clip_id = clip_id
        self._written_at = time.monotonic()  # the move to `generating` was written just now
        self._asked_at = 0.0
        self._cancelled = False

    def note(self, progress: Progress) -> None:
        now = time.monotonic()
        # Loading the model is slow and has no steps, so it is always worth saying.
        if progress.phase != "loading" and now - self._written_at < _PROGRESS_EVERY_S:
            return
        self._written_at = now
        values = {"phase": progress.phase, "step": progress.step}
        try:
            with self._store.write() as session:
                session.execute(update(Clip).where(col(Clip.id) == self._clip_id).values(**values))
        except SQLAlchemyError:
            log.exception("The progress of clip %s was not written", self._clip_id)

    def is_cancelled(self) -> bool:
        now = time.monotonic()
        if not self._cancelled and now - self._asked_at >= _PROGRESS_EVERY_S / 2:
            self._asked_at = now
            with self._store.read() as session:
                query = select(Clip.cancel_requested).where(Clip.id == self._clip_id)
                self._cancelled = bool(session.exec(query).first())
        return self._cancelled
