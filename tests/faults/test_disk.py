"""A disk that is full, cannot be written, or is gone for a while: nothing that was accepted is lost,
and everything goes on by itself once there is room again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.faults.small_disk import SmallDisk, needs_root
from tests.server import Server, wait_for_state, wait_until

pytestmark = needs_root

WISH = {"prompt": "a red ball moving up in the sky", "num_inference_steps": 2}


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDisk]:
    small = SmallDisk(tmp_path_factory.mktemp("disk") / "data", mib=48)
    yield small
    small.close()


@pytest.fixture(scope="module")
def running(disk: SmallDisk) -> Iterator[Server]:
    with Server(disk.folder.parent) as started:
        yield started


@pytest.fixture
def server(running: Server, disk: SmallDisk) -> Iterator[Server]:
    yield running
    disk.make_room()


def send(client: httpx.Client, **more: Any) -> str:
    answer = client.post("/api/v1/clips", json={**WISH, **more})
    assert answer.status_code == 202, answer.text
    clip_id: str = answer.json()["id"]
    return clip_id


def approve(client: httpx.Client, clip: dict[str, Any]) -> httpx.Response:
    body = {"verdict": "approve", "version": clip["version"]}
    return client.post(f"/api/v1/clips/{clip['id']}/decision", json=body)


def published(ana: httpx.Client, rita: httpx.Client, **more: Any) -> dict[str, Any]:
    clip = wait_for_state(rita, send(ana, **more), "pending_review")
    assert approve(rita, clip).status_code == 200
    return wait_for_state(rita, clip["id"], "published")


def test_a_full_disk_takes_no_prompt_and_says_so(server: Server, disk: SmallDisk) -> None:
    ana = server.client("ana", "creator")
    before = ana.get("/api/v1/clips").json()["items"]
    disk.fill()
    answer = ana.post("/api/v1/clips", json={**WISH, "prompt": "a red ball in the sky " * 40})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "storage_full")
    assert ana.get("/api/v1/clips").json()["items"] == before


def test_what_is_public_is_read_on_a_full_disk(server: Server, disk: SmallDisk) -> None:
    ana, rita, stranger = (
        server.client("ana", "creator"),
        server.client("rita", "reviewer"),
        server.client(),
    )
    clip = published(ana, rita)
    before = stranger.get(clip["media"]["mp4"]).content
    disk.fill()
    after = [
        stranger.get(f"/clip/{clip['id']}"),
        stranger.get("/gallery"),
        stranger.get("/healthz"),
    ]
    assert [answer.status_code for answer in after] == [200, 200, 200]
    assert stranger.get(clip["media"]["mp4"]).content == before


def test_a_clip_in_the_making_on_a_disk_that_fills_up_ends_with_a_reason_or_as_a_clip(
    server: Server, disk: SmallDisk
) -> None:
    ana = server.client("ana", "creator")
    clip_id = send(ana, num_inference_steps=16)
    wait_for_state(ana, clip_id, "generating")
    disk.fill()
    wait_until(lambda: "No space left" in server.log.read_text() or _full(server), "it is felt")
    disk.make_room()
    clip = wait_for_state(ana, clip_id, "pending_review", "failed")
    assert clip["state"] == "pending_review" or clip["error"]["message"]
    if clip["state"] == "failed":
        assert ana.post(f"/api/v1/clips/{clip_id}/retry").status_code in (200, 202)
        wait_for_state(ana, clip_id, "pending_review")
    server.manage("verify-log")


def test_a_decision_on_a_full_disk_is_not_half_made(server: Server, disk: SmallDisk) -> None:
    ana, rita = server.client("ana", "creator"), server.client("rita", "reviewer")
    clip = wait_for_state(rita, send(ana), "pending_review")
    disk.fill()
    refused = approve(rita, clip)
    assert refused.status_code == 503, refused.text
    assert rita.get(f"/api/v1/clips/{clip['id']}").json()["state"] == "pending_review"
    disk.make_room()
    assert approve(rita, clip).status_code == 200
    wait_for_state(rita, clip["id"], "published")
    server.manage("verify-log")


def test_an_approved_clip_that_finds_no_room_is_published_at_the_next_start(
    server: Server, disk: SmallDisk
) -> None:
    ana, rita, ada = (
        server.client("ana", "creator"),
        server.client("rita", "reviewer"),
        server.client("ada", "admin"),
    )
    ada.post("/api/v1/pause", json={"what": "publishing"}).raise_for_status()
    clip = wait_for_state(rita, send(ana), "pending_review")
    assert approve(rita, clip).status_code == 200
    shelf = disk.folder / "media" / "public"
    shelf.mkdir(exist_ok=True)
    over = SmallDisk(shelf, mib=1)  # the shelf alone is full: the database can still be written
    try:
        over.fill()
        ada.post("/api/v1/resume", json={"what": "publishing"}).raise_for_status()
        wait_until(lambda: "could not be published" in server.log.read_text(), "it was tried")
        assert rita.get(f"/api/v1/clips/{clip['id']}").json()["state"] == "approved"
    finally:
        over.close()
    server.stop()
    server.start()  # or in ten minutes, by itself
    again = server.client("rita", "reviewer")
    wait_for_state(again, clip["id"], "published")
    server.manage("verify-log")


def test_media_that_are_gone_for_a_while_are_no_error_of_ours_and_come_back(
    server: Server, disk: SmallDisk
) -> None:
    ana, rita = server.client("ana", "creator"), server.client("rita", "reviewer")
    clip = published(ana, rita)
    stranger = server.client()
    over = SmallDisk(disk.folder / "media", mib=1)
    try:
        answers = [stranger.get(clip["media"][kind]) for kind in ("mp4", "poster")]
        assert {answer.status_code for answer in answers} <= {404, 503}
        assert stranger.get("/gallery").status_code == 200
        assert stranger.get(f"/clip/{clip['id']}").status_code == 200
    finally:
        over.close()
    assert stranger.get(clip["media"]["mp4"]).status_code == 200
    wait_for_state(ana, send(ana), "pending_review")


def test_a_disk_that_cannot_be_written_stops_the_start_with_a_sentence(
    server: Server, disk: SmallDisk, tmp_path: Path
) -> None:
    server.stop()
    disk.freeze()
    again = Server(tmp_path, GREENLIGHT_DATA=str(disk.folder))
    try:
        with pytest.raises(AssertionError):
            again.start()
        assert again.process is not None
        assert again.process.returncode == 2
        said = again.log.read_text().splitlines()[-2:]
    finally:
        disk.thaw()
        server.start()
    assert "could not start" in " ".join(said)
    assert "GREENLIGHT_DATA" in " ".join(said)


def _full(server: Server) -> bool:
    return "disk is full" in server.log.read_text()
