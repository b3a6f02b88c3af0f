"""Making one clip: the steps between `queued` and `pending_review`, each safe to repeat.

Knows nothing of DBOS: queue.py calls these in order, those that take a session in a transaction
that also holds the step's own mark.
"""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from sqlmodel import Session

from accounts import switches
from audit import SYSTEM
from errors import DiskFull, MakingFailed
from jobs.watch import Watch
from jobs.watchdog import Watchdog
from media import MediaStore
from moderation.deadlines import due
from moderation.models import Clip, Stage, State
from moderation.rules import Rules
from moderation.screening.screener import Screened, Screener
from moderation.screening.signals import not_screened, strongest
from moderation.transitions import move
from pipeline.encode import encode
from pipeline.engine import Engine
from pipeline.made import Cancelled, Made, Progress
from pipeline.request import ClipRequest
from sharing import backlog, timings, turns
from store import Store, utc_now

log = logging.getLogger("greenlight.jobs")

_REQUEST_FIELDS: Final = tuple(ClipRequest.__dataclass_fields__)


class Making:
    """The steps of `make_clip`, over one store, one media folder and one engine.

    `step_aside` puts a clip's job back in line, in the caller's transaction.
    """

    def __init__(
        self,
        store: Store,
        media: MediaStore,
        engine: Engine,
        *,
        limits: backlog.Limits,
        rules: Rules,
        watchdog: Watchdog,
        step_aside: Callable[[Session, Clip], None],
    ) -> None:
        self._store = store
        self._media = media
        self._engine = engine
        self._limits = limits
        self._rules = rules
        self._watchdog = watchdog
        self._step_aside = step_aside
        self._screener = Screener(store)
        self._stepped_aside: set[str] = set()
        self._watched: dict[str, Watch] = {}

    def start(self, session: Session, clip_id: str) -> bool:
        """Take the clip. False when it was cancelled meanwhile, has to wait, or was overtaken."""
        clip = session.get(Clip, clip_id)
        if clip is None or switches.is_paused(session, "generation"):
            return False
        if clip.state != State.QUEUED:
            return clip.state in (State.GENERATING, State.SCREENING)
        if backlog.unreviewed(session).holds(clip.creator_id, self._limits):
            return False  # the sweep puts it back in line when the reviewers have caught up
        # The job was taken from the queue one clip ahead. Whoever came since then and is owed the
        # turn goes first; once only, because what overtakes may itself have to wait.
        if clip_id not in self._stepped_aside and turns.is_overtaken(session, clip):
            self._stepped_aside.add(clip_id)
            self._step_aside(session, clip)
            return False
        self._stepped_aside.discard(clip_id)
        turns.start(session, clip)
        move(session, clip_id, "start", actor=SYSTEM, phase="text", step=0, progress_at=utc_now())
        return True

    def make(self, clip_id: str, end_turn: Callable[[], None]) -> dict[str, Any]:
        """Generate, encode and store. Returns what happened and never raises: whatever goes wrong
        is for the clip's creator to read. `end_turn` is called with the last frame."""
        with self._store.read() as session:
            clip = session.get_one(Clip, clip_id)
        if clip.state != State.GENERATING:  # an earlier try of the same job went further
            return {"outcome": "made"}
        watch = self._watched[clip_id] = Watch(self._store, self._media, clip_id)
        began = time.monotonic()
        try:
            request = ClipRequest(**{name: getattr(clip, name) for name in _REQUEST_FIELDS})
            with self._watchdog.watching(clip_id) as heard:

                def on_progress(progress: Progress) -> None:
                    heard(progress.phase)
                    watch.note(progress)

                made = self._engine.generate(
                    request,
                    on_progress=on_progress,
                    is_cancelled=watch.is_cancelled,
                    first_frame=self._first_frame(clip),
                    keep=self._media.kept(clip_id),
                )
            used_s = time.monotonic() - began
            end_turn()
            last = request.num_inference_steps
            watch.note(Progress("encoding", last, last))
            encoding_began = time.monotonic()
            with self._media.working(f"{clip_id}-{clip.attempt}") as folder:
                files = encode(made, folder)
                for draft in (files.mp4, files.poster, files.strip):
                    self._media.put(draft, "held", files.sha256)
        except Cancelled:
            return {"outcome": "cancelled", "used_s": time.monotonic() - began}
        except MakingFailed as error:
            return {"outcome": "failed", "error": error.as_json()}
        except Exception as error:
            log.exception("Clip %s could not be made", clip_id)
            full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
            said = DiskFull() if full else MakingFailed(kind=type(error).__name__)
            return {"outcome": "failed", "error": said.as_json()}
        finally:
            del self._watched[clip_id]
        now = time.monotonic()
        facts = {
            "sha256": files.sha256,
            "pictures": files.pictures,
            "size_bytes": files.size_bytes,
            "made_s": round(now - began, 3),
            "used_s": round(used_s - _loading_s(made), 3),
            "made_as": _otherwise(clip, made),
        }
        seconds = {**made.seconds, "encoding": now - encoding_began}
        return {"outcome": "made", "facts": facts, "seconds": seconds}

    def ask_now(self, clip_id: str) -> None:
        """Have the wish to cancel seen at the next step. It is the row that says it, and every
        process looks there now and then; this only saves the wait in this one."""
        watch = self._watched.get(clip_id)
        if watch is not None:
            watch.ask_now()

    def finish(self, session: Session, clip_id: str, outcome: dict[str, Any]) -> bool:
        """Write down how it went. True when there is a clip to go on with."""
        clip = session.get_one(Clip, clip_id)
        if clip.state == State.SCREENING:
            return True
        if clip.state != State.GENERATING:
            return False
        self._media.forget_making(clip_id)
        cancelled = outcome["outcome"] == "cancelled" or clip.cancel_requested
        if outcome["outcome"] == "made" and not cancelled:
            facts = outcome["facts"]
            body = {"sha256": facts["sha256"], "pictures": facts["pictures"]}
            timings.learn(session, clip, outcome["seconds"])
            turns.give_back(session, clip, clip.cost_s - facts["used_s"])
            move(session, clip_id, "made", actor=SYSTEM, body=body, phase="screening", **facts)
            return True
        if cancelled:
            used_s = outcome.get("used_s") or outcome.get("facts", {}).get("used_s", 0.0)
            turns.give_back(session, clip, clip.cost_s - used_s)
            used = {"phase": "", "used_s": round(used_s, 3)}
            move(session, clip_id, "cancel", actor=clip.creator_id, **used)
        else:
            fail(session, clip, outcome["error"])
        return False

    def _first_frame(self, clip: Clip) -> Path | None:
        if clip.first_frame is None:
            return None
        return self._media.path("frames", clip.first_frame, ".png")

    def screen(self, clip_id: str) -> Screened:
        """What the screener noticed; that it did not work is advice too, never a verdict."""
        with self._store.read() as session:
            clip = session.get_one(Clip, clip_id)
        try:
            return self._screener.screen(clip, self._media.path("held", clip.sha256 or "", ".mp4"))
        except Exception as error:
            log.exception("Clip %s was not screened", clip_id)
            cause = f"the screener stopped ({type(error).__name__})"
            return Screened(not_screened({"anything": cause}, "screening"), [])

    def to_review(self, session: Session, clip_id: str, found: Screened) -> None:
        now = utc_now()
        if session.get_one(Clip, clip_id).state == State.SCREENING:
            body = {"advice": [entry["check"] for entry in found.signals]}
            move(
                session,
                clip_id,
                "screened",
                actor=SYSTEM,
                body=body,
                screening=found.signals,
                advice=strongest(found.signals),
                hashes=found.hashes,
                pending_since=now,
                **due(Stage.FIRST, now, self._rules),
                phase="",
            )


def _loading_s(made: Made) -> float:
    """Loading our own model is nobody's doing; a provider's whole work goes by that name."""
    return made.seconds.get("loading", 0.0) if timings.STEPPED in made.seconds else 0.0


def _otherwise(clip: Clip, made: Made) -> dict[str, Any] | None:
    """What a remote provider made other than it was asked for; None from our own pipeline."""
    num_frames, height, width = made.frames.shape[:3]
    came = {"num_frames": num_frames, "width": width, "height": height, "fps": made.fps}
    return None if all(getattr(clip, name) == value for name, value in came.items()) else came


def fail(session: Session, clip: Clip, error: dict[str, str]) -> None:
    """End a clip as failed, with the sentence that its creator reads. It costs them nothing."""
    turns.give_back(session, clip, clip.cost_s)
    body = {"code": error["code"]}
    move(session, clip.id, "fail", actor=SYSTEM, body=body, error=error, phase="")
