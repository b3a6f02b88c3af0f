"""kill -9 in the middle of the line: what was accepted still arrives, once.

With the real app and the embedded model. Killing is repeated at moments spread over a clip's life.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.server import Server, wait_for_state, wait_until

ENDED = ("pending_review", "failed")


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path) as server:
        yield server


def slow_clip(client: httpx.Client) -> str:
    answer = client.post(
        "/api/v1/clips",
        json={"prompt": "a blue square moving up in the sky", "num_inference_steps": 32},
    )
    assert answer.status_code == 202, answer.text
    clip_id: str = answer.json()["id"]
    return clip_id


def test_a_clip_killed_while_it_is_made_still_arrives(fresh: Server) -> None:
    ana = fresh.client("ana", "creator")
    clip_id = slow_clip(ana)
    wait_for_state(ana, clip_id, "generating")
    fresh.kill()
    fresh.start()
    clip = wait_for_state(ana, clip_id, *ENDED)
    assert (clip["state"], ana.get(clip["media"]["mp4"]).status_code) == ("pending_review", 200)


@pytest.mark.slow
def test_accepted_prompts_survive_kills_at_any_moment(fresh: Server) -> None:
    ana = fresh.client("ana", "creator")
    accepted: list[str] = []
    for steps_seen in (0, 1, 20):
        accepted += [slow_clip(ana) for _ in range(3)]

        def is_that_far(clip_id: str = accepted[-3], steps: int = steps_seen) -> bool:
            clip = ana.get(f"/api/v1/clips/{clip_id}").json()
            return not clip["progress"] or clip["progress"]["step"] >= steps

        wait_until(is_that_far, f"step {steps_seen}")
        fresh.kill()
        fresh.start()
    states = [wait_for_state(ana, clip_id, *ENDED)["state"] for clip_id in accepted]
    assert states == ["pending_review"] * len(accepted)
    assert "The log is whole" in fresh.manage("verify-log")


def test_a_clip_killed_while_it_is_published_is_published_once(fresh: Server) -> None:
    ana, rita = fresh.client("ana", "creator"), fresh.client("rita", "reviewer")
    clip_id = slow_clip(ana)
    clip = wait_for_state(rita, clip_id, "pending_review")
    decision = {"verdict": "approve", "version": clip["version"]}
    assert rita.post(f"/api/v1/clips/{clip_id}/decision", json=decision).status_code == 200
    fresh.kill()
    fresh.start()
    wait_for_state(rita, clip_id, "published")
    timeline = rita.get(f"/api/v1/clips/{clip_id}").json()["timeline"]
    assert [entry["state"] for entry in timeline].count("published") == 1
    assert "The log is whole" in fresh.manage("verify-log")


def test_the_app_stops_cleanly_when_asked(fresh: Server) -> None:
    assert fresh.stop() == 0
    fresh.start()


def test_a_second_process_is_refused(fresh: Server, tmp_path: Path) -> None:
    other = Server(tmp_path)
    other.log = tmp_path / "other.log"
    with pytest.raises(AssertionError, match="Another Greenlight process owns the database"):
        other.start()
