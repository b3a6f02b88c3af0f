"""The clock of the machine jumps, days ahead and back: everything goes on, and the log holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.server import Server, wait_for_state

DAYS = 86400.0


class Jumping(Server):
    """The app with a clock that a test can set."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._ahead = folder / "clock"
        self.program = ("-m", "tests.faults.jumping_app", str(self._ahead))
        self.jump(0)

    def jump(self, ahead_s: float) -> None:
        """To so many seconds from the true time. Readers find the old or the new, never a part."""
        draft = self._ahead.with_suffix(".draft")
        draft.write_text(f"{ahead_s}", encoding="ascii")
        draft.replace(self._ahead)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jumping]:
    running = Jumping(tmp_path_factory.mktemp("clock"))
    with running:
        yield running


@pytest.fixture(scope="module")
def ana(server: Jumping) -> httpx.Client:
    return server.client("ana", "creator")


@pytest.fixture(scope="module")
def rita(server: Jumping) -> httpx.Client:
    return server.client("rita", "reviewer")


def send(client: httpx.Client) -> str:
    wish = {"prompt": "a white square moving left in the forest", "num_inference_steps": 2}
    answer = client.post("/api/v1/clips", json=wish)
    assert answer.status_code == 202, answer.text
    clip_id: str = answer.json()["id"]
    return clip_id


def approve(client: httpx.Client, clip: dict[str, Any]) -> httpx.Response:
    body = {"verdict": "approve", "version": clip["version"]}
    return client.post(f"/api/v1/clips/{clip['id']}/decision", json=body)


@pytest.mark.parametrize("ahead", [3 * DAYS, -3 * DAYS])
def test_a_clip_that_a_jump_of_the_clock_finds_waiting_is_decided_and_published(
    server: Jumping, ana: httpx.Client, rita: httpx.Client, ahead: float
) -> None:
    server.jump(0)
    clip = wait_for_state(rita, send(ana), "pending_review")
    server.jump(ahead)
    assert approve(rita, clip).status_code == 200
    wait_for_state(rita, clip["id"], "published")
    server.manage("verify-log")


@pytest.mark.parametrize("ahead", [3 * DAYS, -3 * DAYS])
def test_a_clip_is_made_after_a_jump_of_the_clock(
    server: Jumping, ana: httpx.Client, ahead: float
) -> None:
    server.jump(0)
    waiting = send(ana)
    server.jump(ahead)
    after = send(ana)
    for clip_id in (waiting, after):
        wait_for_state(ana, clip_id, "pending_review")


def test_a_claim_lapses_when_the_clock_jumps_ahead(
    server: Jumping, ana: httpx.Client, rita: httpx.Client
) -> None:
    server.jump(0)
    clip = wait_for_state(rita, send(ana), "pending_review")
    claim = {"clip_id": clip["id"]}
    assert rita.post("/api/v1/review/claim", json=claim).status_code == 200
    rob = server.client("rob", "reviewer")
    assert rob.post("/api/v1/review/claim", json=claim).status_code == 409
    server.jump(3 * DAYS)
    assert rob.post("/api/v1/review/claim", json=claim).status_code == 200
    server.jump(0)
