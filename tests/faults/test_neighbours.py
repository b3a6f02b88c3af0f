"""What the line leans on fails: the screener dies, the database is held by somebody else. Nothing is
rejected for it, and nothing is lost."""

from __future__ import annotations

import contextlib
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psutil
import pytest

from tests.server import Server, wait_for_state, wait_until

WISH = {"prompt": "a green star growing in the city", "num_inference_steps": 2}


@pytest.fixture(scope="module")
def ana(server: Server) -> httpx.Client:
    return server.client("ana", "creator")


@pytest.fixture(scope="module")
def rita(server: Server) -> httpx.Client:
    return server.client("rita", "reviewer")


def send(client: httpx.Client) -> str:
    answer = client.post("/api/v1/clips", json=WISH)
    assert answer.status_code == 202, answer.text
    clip_id: str = answer.json()["id"]
    return clip_id


def test_a_screener_that_is_killed_rejects_nothing(
    server: Server, ana: httpx.Client, rita: httpx.Client
) -> None:
    clip_id = send(ana)
    killed: list[int] = []

    def has_arrived() -> dict[str, Any] | None:
        assert server.process is not None
        for child in psutil.Process(server.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if "moderation.screening.child" in child.cmdline():
                    child.kill()
                    killed.append(child.pid)
        clip: dict[str, Any] = rita.get(f"/api/v1/clips/{clip_id}").json()
        return clip if clip["state"] == "pending_review" else None

    clip = wait_until(has_arrived, "it waits for a person")
    assert killed
    body = {"verdict": "approve", "version": clip["version"]}
    assert rita.post(f"/api/v1/clips/{clip_id}/decision", json=body).status_code == 200
    wait_for_state(rita, clip_id, "published")


def test_a_database_that_somebody_holds_makes_people_wait_and_loses_nothing(
    server: Server, ana: httpx.Client
) -> None:
    holder = sqlite3.connect(server.folder / "data" / "greenlight.db", isolation_level=None)
    with contextlib.closing(holder), ThreadPoolExecutor(4) as pool:
        holder.execute("BEGIN IMMEDIATE")
        sent = [pool.submit(send, ana) for _ in range(4)]
        assert ana.get("/gallery").status_code == 200  # reading waits for nobody
        assert not any(each.done() for each in sent)
        holder.execute("ROLLBACK")
        accepted = {each.result(timeout=30) for each in sent}
    assert len(accepted) == 4
    for clip_id in accepted:
        wait_for_state(ana, clip_id, "pending_review")
    server.manage("verify-log")
