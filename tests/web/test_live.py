"""News of the desk: what is told, to whom, for how long, and what many listeners cost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from sqlmodel import Session

import audit
from accounts import people
from moderation import cases, claims, marks
from moderation.models import State
from store import Store
from tests.conftest import House
from tests.moderation.test_reports import report
from tests.server import Server, wait_for_state
from web.live import Live

Story = Callable[[Live], Any]


def always() -> bool:
    return True


def tell(house: House, story: Story, **options: Any) -> Any:
    """Run a story against a quick Live of this house."""
    live = Live(house.store, **{"look_every_s": 0.01, "heartbeat_s": 5.0, **options})
    return asyncio.run(asyncio.wait_for(story(live), 20))


async def read(stream: AsyncGenerator[str, None]) -> str:
    return await anext(stream)


def clips_of(event: str) -> list[str]:
    lines = dict(line.split(": ", 1) for line in event.strip().splitlines())
    assert lines["event"] == "queue"
    clips: list[str] = json.loads(lines["data"])["clips"]
    return clips


# ---- what is told -------------------------------------------------------------------------


def test_a_case_of_reports_is_told_without_its_clip(house: House) -> None:
    """Whose clip it is may be listening, and would learn of it."""
    clip = house.clip(State.PUBLISHED)

    async def story(live: Live) -> list[str]:
        stream = live.stream(always)
        await read(stream)
        report(house, clip.id)
        begun = await read(stream)
        with house.store.write() as session:
            cases.dismiss(session, house.user("rob"), clip.id, "It is paint.", cases.Seen())
        return [begun, await read(stream)]

    told = tell(house, story)
    assert [event.partition("event: ")[2] for event in told] == ["reports\ndata: {}\n\n"] * 2


def test_a_claim_is_told_with_its_clip(house: House) -> None:
    clip = house.clip()

    async def story(live: Live) -> list[str]:
        stream = live.stream(always)
        assert "hello" in await read(stream)
        with house.store.write() as session:
            claims.claim(session, house.user("rita"), clip.id, lease_s=60)
        return clips_of(await read(stream))

    assert tell(house, story) == [clip.id]


@pytest.mark.parametrize("state", [State.PENDING_REVIEW, State.REJECTED, State.APPEALED])
def test_a_clip_that_comes_or_goes_is_told(house: House, state: State) -> None:
    async def story(live: Live) -> tuple[str, list[str]]:
        stream = live.stream(always)
        await read(stream)
        clip = house.clip(state)
        return clip.id, clips_of(await read(stream))

    clip_id, told = tell(house, story)
    assert told == [clip_id]


def test_a_mark_is_told(house: House) -> None:
    clip = house.clip()

    async def story(live: Live) -> list[str]:
        stream = live.stream(always)
        await read(stream)
        with house.store.write() as session:
            marks.add(session, house.user("rita"), clip.id, marks.Note(0.5, "here"))
        return clips_of(await read(stream))

    assert tell(house, story) == [clip.id]


def test_the_making_of_clips_is_no_news_of_the_queue(house: House) -> None:
    """The next thing told after it is the claim."""
    waiting = house.clip()

    async def story(live: Live) -> list[str]:
        stream = live.stream(always)
        await read(stream)
        house.clip(State.GENERATING)
        house.clip(State.FAILED)
        with house.store.write() as session:
            claims.claim(session, house.user("rita"), waiting.id, lease_s=60)
        return clips_of(await read(stream))

    assert tell(house, story) == [waiting.id]


def test_who_comes_back_is_told_what_was_missed(house: House) -> None:
    async def story(live: Live) -> tuple[str, list[str]]:
        stream = live.stream(always)
        last = int((await read(stream)).split("id: ")[1].split()[0])
        await stream.aclose()
        clip = house.clip()
        again = live.stream(always, last)
        assert "hello" in await read(again)
        return clip.id, clips_of(await read(again))

    clip_id, told = tell(house, story)
    assert told == [clip_id]


def test_who_missed_very_much_is_told_to_look(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.live._ROWS_LIMIT", 3)
    before = live_head(house)
    for _ in range(3):
        house.clip()

    async def story(live: Live) -> list[str]:
        stream = live.stream(always, before + 2)  # the row before the first clip comes to wait
        await read(stream)
        return clips_of(await read(stream))

    assert tell(house, story) == []


def test_an_event_carries_ids_and_no_words(house: House) -> None:
    async def story(live: Live) -> str:
        stream = live.stream(always)
        await read(stream)
        house.clip()
        return await read(stream)

    event: str = tell(house, story)
    assert "ball" not in event
    assert "ana" not in event


def live_head(house: House) -> int:
    with house.store.read() as session:
        return audit.length(session)


# ---- how long -----------------------------------------------------------------------------


def test_a_quiet_stream_shows_that_it_is_there(house: House) -> None:
    async def story(live: Live) -> str:
        stream = live.stream(always)
        await read(stream)
        return await read(stream)

    assert tell(house, story, heartbeat_s=0.02).startswith(":")


def test_a_stream_ends_when_its_reader_may_see_no_more(house: House) -> None:
    allowed = True

    async def story(live: Live) -> list[str]:
        nonlocal allowed
        stream = live.stream(lambda: allowed)
        await read(stream)
        allowed = False
        return [event async for event in stream]

    assert tell(house, story, heartbeat_s=0.02, ask_again_s=0) == []


def test_a_revoked_reader_hears_nothing_of_what_came_with_it(house: House) -> None:
    """The news that somebody's access ended makes every stream ask again, before it tells on."""
    allowed = True

    async def story(live: Live) -> list[str]:
        nonlocal allowed
        stream = live.stream(lambda: allowed)
        await read(stream)
        with house.store.write() as session:
            people.revoke(session, "rita", revoked_by="test")
        allowed = False
        house.clip()
        return [event async for event in stream]

    assert tell(house, story) == []


def test_all_streams_end_when_the_server_closes(house: House) -> None:
    closing = False

    async def story(live: Live) -> list[str]:
        nonlocal closing
        stream = live.stream(always)
        await read(stream)
        closing = True
        return [event async for event in stream]

    assert tell(house, story, is_closing=lambda: closing) == []


def test_nothing_is_looked_at_when_nobody_listens(house: House) -> None:
    counted = Counted(house.store)

    async def story(live: Live) -> bool:
        live._store = counted  # type: ignore[assignment]
        stream = live.stream(always)
        await read(stream)
        await stream.aclose()
        watcher = live._watcher
        assert watcher is not None
        await watcher
        return watcher.done()

    assert tell(house, story) is True


def test_a_look_that_fails_is_followed_by_another(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    counted = Counted(house.store)

    async def story(live: Live) -> list[str]:
        live._store = counted  # type: ignore[assignment]
        stream = live.stream(always)
        await read(stream)
        counted.fails = 2
        clip = house.clip()
        told = clips_of(await read(stream))
        assert told == [clip.id]
        return told

    assert len(tell(house, story)) == 1
    assert "the next one comes" in caplog.text


# ---- many ---------------------------------------------------------------------------------


class Counted:
    """A store that counts its readers, and fails them as often as it is told."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.reads = 0
        self.fails = 0

    @contextmanager
    def read(self) -> Iterator[Session]:
        self.reads += 1
        if self.fails:
            self.fails -= 1
            raise OSError("the disk is busy")
        with self._store.read() as session:
            yield session


def test_a_hundred_listeners_are_served_by_the_looks_of_one(house: House) -> None:
    counted = Counted(house.store)

    async def story(live: Live) -> int:
        live._store = counted  # type: ignore[assignment]
        streams = [live.stream(always) for _ in range(100)]
        for stream in streams:
            await read(stream)
        before = counted.reads
        clip = house.clip()
        told = [clips_of(await read(stream)) for stream in streams]
        assert told == [[clip.id]] * 100
        return counted.reads - before

    assert tell(house, story, look_every_s=0.2) < 20


# ---- over HTTP ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rita(server: Server) -> httpx.Client:
    return server.client("rita", "reviewer")


@pytest.mark.parametrize(("role", "status"), [("", 401), ("creator", 403)])
def test_who_may_not_see_held_clips_hears_nothing(server: Server, role: str, status: int) -> None:
    client = server.client(f"live-{role}" if role else "", role)
    assert client.get("/api/v1/review/events").status_code == status


def test_a_stream_is_told_at_once_and_kept_nowhere(server: Server, rita: httpx.Client) -> None:
    ana = server.client("ana", "creator")
    wish = {"prompt": "a red ball moving left in the night", "num_inference_steps": 1}
    clip_id = ana.post("/api/v1/clips", json=wish).json()["id"]
    wait_for_state(ana, clip_id, "pending_review")
    with rita.stream("GET", "/api/v1/review/events", headers={"Last-Event-ID": "1"}) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.headers["cache-control"] == "private, no-store"
        lines = stream.iter_lines()
        assert "event: queue" in (line for line in lines)


def test_a_revoked_reviewers_stream_ends(server: Server) -> None:
    leaver = server.client("leaver", "reviewer")
    with leaver.stream("GET", "/api/v1/review/events") as stream:
        lines = stream.iter_lines()
        assert "event: hello" in (line for line in lines)
        server.manage("revoke", "leaver")
        assert all("queue" not in line for line in lines)  # to the end of it


def test_open_streams_do_not_hold_up_a_stop(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Server(tmp_path_factory.mktemp("closing")) as server:
        rob = server.client("rob", "reviewer")
        with rob.stream("GET", "/api/v1/review/events") as stream:
            lines = stream.iter_lines()
            assert "event: hello" in (line for line in lines)
            assert server.process is not None
            server.process.terminate()
            assert [line for line in lines if line.startswith("event")] == []
        assert server.process.wait(timeout=4) == 0
