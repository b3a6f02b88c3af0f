"""The job queue of one process, and the only home of DBOS.

Knows nothing of what a step does (making.py, publishing.py). A person decides between the two
jobs, and no job sleeps while they think. A job that a crash interrupts goes on at the next start
from its last finished step; a clip that no job carries any more is found by `_sweep` and put back
in line or failed with a reason.
"""

from __future__ import annotations

import logging
import os
import socket
import sqlite3
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any, Final

from dbos import DBOS, DBOSClient, DBOSConfig, EnqueueOptions, Queue, SQLAlchemyDatasource
from dbos._dbos import _get_dbos_instance
from dbos._queue import queue_worker_thread
from dbos._sys_db import WorkflowStatusString
from sqlalchemy import Engine as SqlEngine
from sqlalchemy import create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session, col, select

import checkpoints
from accounts import switches
from errors import (
    Conflict,
    Interrupted,
    NotFound,
    OldSqlite,
    Silent,
)
from gallery import reshelving, shelving
from gallery.provenance import Signer
from gallery.publish import Studio
from jobs.bell import Bell
from jobs.making import Making, fail
from jobs.publishing import Publishing
from jobs.watchdog import Watchdog
from media import MediaStore
from moderation import deadlines, reports
from moderation.models import Clip, State
from moderation.rules import rules_of
from pipeline.engine import Engine
from settings import VERSION, Settings
from sharing import backlog
from store import Store, utc_now

log = logging.getLogger("greenlight.jobs")

APPLICATION_VERSION: Final = "1"
"""Raise by hand when the order of a workflow's steps changes. DBOS's default, a hash of the
source, would strand every unfinished job at each edit."""

_MAKE: Final = "make_clip"
_PUBLISH: Final = "publish_clip"
_SWEEP_EVERY_S: Final = 5.0
_ORPHAN_S: Final = 2.0
_HEAD_EVERY_S: Final = 300.0
_PUBLISH_AGAIN: Final = timedelta(minutes=10)
_LOOK_EVERY_S: Final = 5.0
"""Between looks at a queue for which nobody rang: what another process or a restart brought."""
_APART_S: Final = 0.02
"""Between two looks: until a job that was taken counts as running, room for it would be seen twice."""
_DONE_S: Final = 0.05
"""How long DBOS still counts a job as running that has reached its end, and then some."""
_DUE_S: Final = 1.2
"""How long a job may still be delayed for DBOS after its delay is over."""
_RECOVERIES: Final = 3
"""A clip that brought the process down this often is failed instead of tried again."""


class Jobs:
    """The job queue of one process. `launch()` once, `close()` at the end.

    `enqueue_make` and `enqueue_publish` add a job in the caller's own transaction, so a row and
    its job are written together or not at all.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        media: MediaStore,
        engine: Engine,
        signer: Signer,
        *,
        restart: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._store = store
        self._media = media
        self._restart = restart
        self._limits = backlog.Limits(own=settings.own_backlog, all=settings.review_backlog)
        self._rules = rules_of(settings)
        self._making = Making(
            store,
            media,
            engine,
            rules=self._rules,
            limits=self._limits,
            watchdog=Watchdog(settings.step_limit_s, self._give_up),
            step_aside=self._enqueue_again,
        )
        self._engine = engine
        self._publishing = Publishing(
            store,
            Studio(media, signer, marks_corner=settings.marks_corner),
            version_of=self._version_of,
        )
        # Two jobs are taken at a time and one of them makes a clip: the next is at hand when the
        # pipeline is free, and the last one's files and rows are written meanwhile.
        self._turn = threading.Lock()
        self._running: set[str] = set()
        self._orphans: dict[str, float] = {}
        self._bells = {name: Bell(_APART_S) for name in ("gpu", "cpu")}
        self._takers: list[threading.Thread] = []
        self._noted_at = float("-inf")
        self._closing = threading.Event()
        self._sweeper = threading.Thread(target=self._look_after, daemon=True)
        self._me = f"{socket.gethostname()[:40]}-{os.getpid()}-{uuid.uuid4().hex[:8]}"

    def launch(self) -> None:
        """Start the queue and take over what a killed process left. The database must be ours."""
        if sys.version_info >= (3, 12) and sqlite3.sqlite_version_info < (3, 42):
            raise OldSqlite(found=sqlite3.sqlite_version)  # DBOS asks it for sub-second times
        self._define()
        DBOS.listen_queues([])  # we look ourselves, when there is a reason to
        DBOS.launch()
        queues = [
            DBOS.register_queue(name, worker_concurrency=2, polling_interval_sec=_LOOK_EVERY_S)
            for name in self._bells
        ]
        self._client = DBOSClient(system_database_engine=self._store.engine)
        left = self._client.list_workflows(status="PENDING", load_input=False, load_output=False)
        dead = {row.executor_id for row in left if row.executor_id} - {self._me}
        # The lock on the database says that nobody else is alive; DBOS itself would wait for a
        # process with the old id. The call is private to DBOS, hence its pinned version.
        DBOS._recover_pending_workflows(sorted(dead))
        self._tidy()
        self._sweep(at_start=True)
        self._take(queues)
        self._sweeper.start()

    def close(self, *, wait_s: int = 0) -> None:
        """Stop taking jobs; unfinished ones go on at the next start."""
        self._closing.set()
        for bell in self._bells.values():
            bell.set()
        if self._sweeper.is_alive():
            self._sweeper.join()
            self._noted_at = float("-inf")
            self._note_head()
        for taker in self._takers:
            taker.join()
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=wait_s)

    def enqueue_make(self, session: Session, clip: Clip) -> None:
        self._enqueue(session, _MAKE, "gpu", clip)

    def ask_now(self, clip_id: str) -> None:
        """A clip's creator wished to cancel it, and that is committed."""
        self._making.ask_now(clip_id)

    def _enqueue_again(self, session: Session, clip: Clip) -> None:
        """Another job for the same clip, in the same place in line."""
        clip.attempt += 1
        session.add(clip)
        session.flush()
        if clip.state == State.APPROVED:
            self.enqueue_publish(session, clip)
        else:
            self.enqueue_make(session, clip)

    def enqueue_publish(self, session: Session, clip: Clip) -> None:
        self._enqueue(session, _PUBLISH, "cpu", clip)

    # ---- the two jobs ---------------------------------------------------------------------

    def _define(self) -> None:
        config: DBOSConfig = {
            "name": "greenlight",
            "system_database_url": self._store.url,
            "system_database_engine": _job_engine(self._settings),
            "application_version": APPLICATION_VERSION,
            "executor_id": self._me,
            "log_level": "WARNING",
            "enable_otlp": False,
        }
        DBOS(config=config)
        # Its own queue carries what we resume, which has no hurry. Private, as the loop below.
        own = _get_dbos_instance()._registry.get_internal_queue()
        own._polling_interval_sec = _LOOK_EVERY_S
        sessions = sessionmaker(
            class_=Session, expire_on_commit=False, info=self._store.session_info
        )
        source = SQLAlchemyDatasource.create(
            self._store.url, engine=self._store.engine, sessionmaker=sessions
        )

        making, publishing = self._making, self._publishing

        def in_transaction(name: str, act: Callable[..., Any], *args: Any) -> Any:
            """One durable step: what `act` writes and the step's own mark commit together."""
            return source.run_tx_step({"name": name}, lambda: act(source.sql_session(), *args))

        @DBOS.workflow(name=_MAKE, max_recovery_attempts=_RECOVERIES)
        def make_clip(clip_id: str) -> None:
            with self._noted("gpu"), ExitStack() as turn:
                # 1. Take the clip when it is its turn, unless cancelled or making is paused.
                turn.enter_context(self._turn)
                if not in_transaction("start", making.start, clip_id):
                    return
                # 2. Make it; the turn ends with its last frame. No durable step of its own: the
                #    next one writes what came of it, and what dies in between is made again.
                outcome = making.make(clip_id, turn.close)
                # 3. Say how that went.
                if not in_transaction("finish", making.finish, clip_id, outcome):
                    return
                # 4. Screen it: advice for the reviewers, who see it whatever is said.
                advice = making.screen(clip_id)
                # 5. Hand it to the people.
                in_transaction("to_review", making.to_review, clip_id, advice)

        @DBOS.workflow(name=_PUBLISH, max_recovery_attempts=_RECOVERIES)
        def publish_clip(clip_id: str, attempt: int | None = None) -> None:
            with self._noted("cpu"):
                # 1. Sign the approved bytes, unless publishing is paused.
                outcome = publishing.sign(clip_id, attempt)
                # 2. Flip the clip to published, or write down why not.
                if outcome:
                    in_transaction("publish", publishing.publish, clip_id, outcome)
                # 3. Where it was not published after all, take its files off the public shelf.
                publishing.settle(outcome)

    def _take(self, queues: list[Queue]) -> None:
        """Start DBOS's own loop over each queue, with our bell to wait on. The loop is private to
        DBOS, hence its pinned version."""
        for queue in queues:
            self._takers.append(
                threading.Thread(
                    target=queue_worker_thread,
                    args=(self._bells[queue.name], _get_dbos_instance(), queue),
                    name=f"taker-{queue.name}",
                    daemon=True,
                )
            )
            self._takers[-1].start()
            self._bells[queue.name].ring()

    # ---- nothing is lost ------------------------------------------------------------------

    def _look_after(self) -> None:
        while not self._closing.wait(_SWEEP_EVERY_S):
            try:
                self._note_head()
                self._sweep()
            except Exception:  # whatever it is, also of DBOS: the next sweep must come
                log.exception("The sweep stopped; the next one comes in %s s", _SWEEP_EVERY_S)

    def _sweep(self, *, at_start: bool = False) -> None:
        """Find clips that should be moving and have no job that moves them."""
        self._escalate()
        self._tidy_reports()
        active = [State.QUEUED, State.GENERATING, State.SCREENING, State.APPROVED]
        with self._store.read() as session:
            query = select(Clip).where(col(Clip.state).in_([state.value for state in active]))
            clips = list(session.exec(query))
            pauses = {switch.what for switch in switches.paused(session)}
        if not clips:
            return
        job_of = {clip.id: _job_id(clip) for clip in clips}
        rows = self._client.list_workflows(
            workflow_ids=list(job_of.values()), load_input=False, load_output=False
        )
        status_of = {row.workflow_id: row.status for row in rows}
        mine = {row.workflow_id for row in rows if row.executor_id == self._me}
        orphans = {}
        waiting = self._waiting(clips)
        for clip in clips:
            job, status = job_of[clip.id], status_of.get(job_of[clip.id])
            if status in ("ENQUEUED", "DELAYED"):
                continue
            if status == WorkflowStatusString.PENDING.value:
                if job in mine and job not in self._running:
                    orphans[job] = self._orphans.get(job, time.monotonic())
                continue
            if clip.state == State.QUEUED and clip.creator_id in waiting:
                continue
            try:
                self._revive(clip, status, pauses, at_start=at_start)
            except (Conflict, NotFound):
                continue  # the clip moved on between our look and our act
        # A job whose thread died without a mark (a full disk, say). Not at once, so that one just
        # being taken from the queue is not mistaken for it.
        for job, since in orphans.items():
            if time.monotonic() - since >= _ORPHAN_S:
                DBOS.resume_workflow(job)
        self._orphans = orphans

    def _note_head(self) -> None:
        """Write the head of the log down outside of it."""
        if time.monotonic() - self._noted_at >= _HEAD_EVERY_S:
            self._noted_at = time.monotonic()
            with self._store.read() as session:
                checkpoints.note(session, self._settings.data)

    def _escalate(self) -> None:
        """Say what is overdue to those who can do something about it."""
        with self._store.read() as session:
            if not deadlines.unsaid(session, utc_now()):
                return
        with self._store.write() as session:
            deadlines.escalate(session, utc_now())

    def _tidy_reports(self) -> None:
        """Move files whose take-down or restoring was cut short, and forget who reported."""
        reshelving.settle(self._store, self._media)
        with self._store.read() as session:
            if not reports.is_stale(session, utc_now()):
                return
        with self._store.write() as session:
            reports.forget(session, utc_now())

    def _waiting(self, clips: list[Clip]) -> set[str]:
        """Creators whose next clips wait for the reviewers."""
        creators = {clip.creator_id for clip in clips if clip.state == State.QUEUED}
        with self._store.read() as session:
            unreviewed = backlog.unreviewed(session)
        return {each for each in creators if unreviewed.holds(each, self._limits)}

    def _give_up(self, clip_id: str) -> None:
        """A clip went silent: fail it and start the process anew, because its thread cannot be."""
        said = Silent(limit_s=round(self._settings.step_limit_s))
        try:
            with self._store.write() as session:
                fail(session, session.get_one(Clip, clip_id), said.as_json())
        except (Conflict, SQLAlchemyError):
            log.exception("Clip %s was not failed; its job goes on after the restart", clip_id)
        self._restart()

    def _version_of(self, model: str) -> str:
        """Of the model that is loaded: another's, of earlier clips, is not known any more."""
        preset = self._engine.preset
        if model != preset.name:
            return ""
        return preset.revision or (VERSION if model == "embedded" else "")

    def _tidy(self) -> None:
        """Forget what was kept for clips that are made, or never will be, and what a publish job
        that was cut off put on the public shelf."""
        shelving.settle_all(self._media, self._store)
        with self._store.read() as session:
            query = select(Clip.id).where(Clip.state == State.GENERATING.value)
            going_on = set(session.exec(query))
        for clip_id in self._media.in_the_making() - going_on:
            self._media.forget_making(clip_id)

    def _revive(self, clip: Clip, status: str | None, pauses: set[str], *, at_start: bool) -> None:
        """Put one clip back in line, or fail it when its job ended in an error."""
        publishing = clip.state == State.APPROVED
        if ("publishing" if publishing else "generation") in pauses:
            return
        waits = clip.error is not None and utc_now() - clip.updated_at < _PUBLISH_AGAIN
        if publishing and waits and not at_start:
            return
        with self._store.write() as session:
            fresh = session.get_one(Clip, clip.id)
            if fresh.version != clip.version or fresh.attempt != clip.attempt:
                return
            if clip.state == State.GENERATING and status in (
                "ERROR",
                "MAX_RECOVERY_ATTEMPTS_EXCEEDED",
                "CANCELLED",
            ):
                fail(session, fresh, Interrupted().as_json())
                self._media.forget_making(clip.id)  # no job of it will
            else:
                self._enqueue_again(session, fresh)

    def _enqueue(self, session: Session, name: str, queue: str, clip: Clip) -> None:
        options: EnqueueOptions = {
            "workflow_name": name,
            "queue_name": queue,
            "workflow_id": _job_id(clip, publish=name == _PUBLISH),
            # Explicit: SQLite keeps creation times by the second, too coarse for an order.
            "priority": max(1, clip.priority),
        }
        after_s = 0.0
        if name == _PUBLISH and self._rules.undo_s:
            after_s = self._rules.undo_s  # until it can no longer be taken back
            options["delay_seconds"] = after_s
            after_s += _DUE_S
        what = (clip.id, clip.attempt) if name == _PUBLISH else (clip.id,)
        self._client.enqueue_in_transaction(session, options, *what)
        bell = self._bells[queue]
        event.listen(session, "after_commit", lambda _: bell.ring(after_s), once=True)

    @contextmanager
    def _noted(self, queue: str) -> Iterator[None]:
        """A job's thread is at work inside, and makes room for the next one at the end."""
        job = DBOS.workflow_id or ""
        self._running.add(job)
        try:
            yield
        finally:
            self._running.discard(job)
            self._bells[queue].ring(_DONE_S)


def _job_engine(settings: Settings) -> SqlEngine:
    """DBOS's own engine on our file. It begins its transactions itself, so it cannot use the
    store's; left to make one, it would wait for the disk at every mark (twice as slow here)."""
    engine = create_engine(settings.database)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = "IMMEDIATE"
        connection.execute("PRAGMA busy_timeout=30000")
        connection.execute("PRAGMA foreign_keys=ON")
        sync = "FULL" if settings.sqlite_full_sync else "NORMAL"
        connection.execute(f"PRAGMA synchronous={sync}")

    return engine


def _job_id(clip: Clip, *, publish: bool | None = None) -> str:
    """Deterministic, so that a double click or a repeated sweep adds no second job."""
    publishing = clip.state == State.APPROVED if publish is None else publish
    return f"{clip.id}:{_PUBLISH if publishing else _MAKE}:{clip.attempt}"
