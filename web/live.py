"""News of the review desk as server-sent events: that its queue changed, and which clips did.

Knows nothing of what a clip is like: a page that hears of a change asks for the queue as ever.
One look at the head of the audit log serves all streams, so a thousand cost what one costs. Who
may see held clips is asked again while a stream is open, and it ends when they may no more.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final

from fastapi import APIRouter, Header, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from sqlmodel import col, func, select

from accounts.identity import Identity
from audit import AuditRow
from moderation.models import REVIEWED
from store import Store

log = logging.getLogger("greenlight.live")

_LOOK_EVERY_S: Final = 0.5
_HEARTBEAT_S: Final = 15.0
_ASK_AGAIN_S: Final = 60.0
"""How old the last answer on somebody's authority may be. It is asked at once when the log says
that anybody's access ended or role changed; this is for what no log says, a cookie grown too old."""
_ROWS_LIMIT: Final = 500
"""Rows that one look reads; whoever missed more is told that something changed, without ids."""
_ACTS: Final = frozenset(
    {"claim", "release", "hand_over", "skip", "mark", "unmark", "overdue", "late"}
)
"""What changes how the queue looks without moving a clip to another state."""
_ON_PEOPLE: Final = frozenset({"revoke", "role"})
_REVIEWED: Final = frozenset(state.value for state in REVIEWED)


@dataclass(frozen=True)
class News:
    """What the log tells after one of its rows."""

    head: int  # the newest row
    clips: frozenset[str] = frozenset()
    is_cut: bool = False  # there was more than one look reads
    on_people: bool = False  # somebody's role or access changed
    on_reports: bool = False  # a case of the report queue came, moved or went

    @property
    def is_for_desks(self) -> bool:
        return bool(self.clips) or self.is_cut or self.on_reports


@dataclass(eq=False)
class _Listener:
    """One open stream, and what it has not been told yet."""

    woken: asyncio.Event = field(default_factory=asyncio.Event)
    news: list[News] = field(default_factory=list)


class Live:
    """`stream` for each page that listens; a watcher runs in the server's loop while any does.

    `is_closing` says that the server is going down: all streams end then, so it need not wait.
    """

    def __init__(
        self,
        store: Store,
        *,
        is_closing: Callable[[], bool] = lambda: False,
        look_every_s: float = _LOOK_EVERY_S,
        heartbeat_s: float = _HEARTBEAT_S,
        ask_again_s: float = _ASK_AGAIN_S,
    ) -> None:
        self._store = store
        self._is_closing = is_closing
        self._look_every_s = look_every_s
        self._heartbeat_s = heartbeat_s
        self._ask_again_s = ask_again_s
        self._listeners: set[_Listener] = set()
        self._watcher: asyncio.Task[None] | None = None
        self._head = 0

    async def stream(
        self, may_see: Callable[[], bool], after: int | None = None
    ) -> AsyncGenerator[str, None]:
        """Events for one listener, until `may_see` says no. `after`: the last one they had."""
        listener = _Listener()
        self._listeners.add(listener)
        try:
            if self._watcher is None or self._watcher.done():
                self._head = await run_in_threadpool(self._newest)
                self._watcher = asyncio.create_task(self._watch())
            asked = time.monotonic()
            yield f"retry: 2000\nid: {self._head}\nevent: hello\ndata: {{}}\n\n"
            if after is not None and after != self._head:
                yield _events(await run_in_threadpool(self._look, after))
            while not self._is_closing():
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(listener.woken.wait(), self._heartbeat_s)
                listener.woken.clear()
                news, listener.news = listener.news, []
                is_old = time.monotonic() - asked > self._ask_again_s
                if is_old or any(each.on_people for each in news):
                    if not await run_in_threadpool(may_see):
                        return
                    asked = time.monotonic()
                told = [_events(each) for each in news if each.is_for_desks]
                yield "".join(told) or ": still here\n\n"
        finally:
            self._listeners.discard(listener)

    async def _watch(self) -> None:
        while self._listeners and not self._is_closing():
            await asyncio.sleep(self._look_every_s)
            try:
                news = await run_in_threadpool(self._look, self._head)
            except Exception:  # the database is busy, say: the next look must come
                log.exception("A look at the log failed; the next one comes")
                continue
            self._head = news.head
            if news.is_for_desks or news.on_people:
                self._tell(news)
        for listener in self._listeners:  # the server is closing: let each see that
            listener.woken.set()

    def _tell(self, news: News) -> None:
        for listener in self._listeners:
            listener.news.append(news)
            listener.woken.set()

    def _newest(self) -> int:
        with self._store.read() as session:
            return session.exec(select(func.max(AuditRow.seq))).one() or 0

    def _look(self, after: int) -> News:
        with self._store.read() as session:
            head = session.exec(select(func.max(AuditRow.seq))).one() or 0
            if head <= after:
                return News(head, is_cut=head < after)  # another log: a restored one
            rows = select(AuditRow.action, AuditRow.subject, AuditRow.body)
            rows = rows.where(AuditRow.seq > after, AuditRow.seq <= head)
            found = session.exec(rows.order_by(col(AuditRow.seq)).limit(_ROWS_LIMIT + 1)).all()
        if len(found) > _ROWS_LIMIT:
            return News(head, is_cut=True, on_people=True)
        return News(
            head,
            clips=frozenset(subject for action, subject, body in found if _shows(action, body)),
            on_people=any(action in _ON_PEOPLE for action, _, _ in found),
            on_reports=any("case" in body for _, _, body in found),
        )


def live_routes(live: Live, identity: Identity) -> APIRouter:
    router = APIRouter(prefix="/api/v1/review")

    @router.get("/events")
    def events(request: Request, last_event_id: Annotated[str, Header()] = "") -> StreamingResponse:
        """Server-sent events: `queue` with the ids of the clips that changed, and `reports`, until
        you leave."""
        identity.current_user(request).must("see held clips")

        def may_see() -> bool:
            return identity.current_user(request).may("see held clips")

        after = int(last_event_id) if last_event_id.isdecimal() else None
        return StreamingResponse(
            live.stream(may_see, after),
            media_type="text/event-stream",
            headers={"X-Accel-Buffering": "no"},  # proxies pass each event on at once
        )

    return router


def _shows(action: str, body: Mapping[str, object]) -> bool:
    """Whether a row of the log changes what the queue shows."""
    if "to" in body:
        return body["to"] in _REVIEWED or body.get("from") in _REVIEWED
    return action in _ACTS


def _events(news: News) -> str:
    """Of the reports only that something changed: how many there are depends on who asks. A queue
    without clips says to look at everything."""
    told = []
    if news.clips or news.is_cut or not news.on_reports:
        told.append(("queue", json.dumps({"clips": sorted(news.clips)})))
    if news.on_reports:
        told.append(("reports", "{}"))
    return "".join(f"id: {news.head}\nevent: {name}\ndata: {data}\n\n" for name, data in told)
