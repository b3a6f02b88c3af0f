"""The media gate: ranges, tags, caching, and the published file.

Over real HTTP, with a clip that really was made, approved and published.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import httpx
import pytest

from gallery.provenance import REVIEW_LABEL, read_manifest
from tests.server import Server, wait_for_state


@pytest.fixture(scope="module")
def published(server: Server) -> dict[str, Any]:
    ana, rita = server.client("ana", "creator"), server.client("rita", "reviewer")
    wish = {"prompt": "a yellow star moving up in the sky", "seed": 7}
    clip_id = ana.post("/api/v1/clips", json=wish).json()["id"]
    clip = wait_for_state(rita, clip_id, "pending_review")
    decision = {"verdict": "approve", "version": clip["version"]}
    assert rita.post(f"/api/v1/clips/{clip_id}/decision", json=decision).status_code == 200
    return wait_for_state(rita, clip_id, "published")


@pytest.fixture(scope="module")
def stranger(server: Server) -> httpx.Client:
    return server.client()


def test_a_stranger_plays_a_published_clip(
    stranger: httpx.Client, published: dict[str, Any]
) -> None:
    answer = stranger.get(published["media"]["mp4"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4")


@pytest.mark.parametrize(("kind", "start"), [("poster", b"\xff\xd8"), ("strip", b"RIFF")])
def test_poster_and_strip_are_pictures(
    kind: str, start: bytes, stranger: httpx.Client, published: dict[str, Any]
) -> None:
    assert stranger.get(published["media"][kind]).content.startswith(start)


@pytest.mark.parametrize(
    ("asked", "expected"), [("bytes=0-99", slice(0, 100)), ("bytes=-100", slice(-100, None))]
)
def test_a_range_gives_just_those_bytes(
    asked: str, expected: slice, stranger: httpx.Client, published: dict[str, Any]
) -> None:
    whole = stranger.get(published["media"]["mp4"]).content
    part = stranger.get(published["media"]["mp4"], headers={"Range": asked})
    assert (part.status_code, part.content) == (206, whole[expected])


def test_a_range_past_the_end_is_416(stranger: httpx.Client, published: dict[str, Any]) -> None:
    past = stranger.get(published["media"]["mp4"], headers={"Range": "bytes=99999999-"})
    assert past.status_code == 416


def test_head_says_the_size_without_the_bytes(
    stranger: httpx.Client, published: dict[str, Any]
) -> None:
    whole = stranger.get(published["media"]["mp4"])
    head = stranger.head(published["media"]["mp4"])
    assert head.headers["content-length"] == str(len(whole.content))
    assert head.content == b""


def test_what_a_browser_has_already_is_not_sent_again(
    stranger: httpx.Client, published: dict[str, Any]
) -> None:
    tag = stranger.get(published["media"]["mp4"]).headers["etag"]
    again = stranger.get(published["media"]["mp4"], headers={"If-None-Match": f'"x", {tag}'})
    assert (again.status_code, again.content) == (304, b"")


def test_every_use_of_a_published_file_is_asked_for_again(
    stranger: httpx.Client, published: dict[str, Any]
) -> None:
    """So that a take-down holds at once, also for those who saw it before."""
    assert "no-cache" in stranger.get(published["media"]["mp4"]).headers["cache-control"]


def test_the_public_file_records_the_sha256_that_was_reviewed(
    stranger: httpx.Client, published: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "public.mp4"
    path.write_bytes(stranger.get(published["media"]["mp4"]).content)
    report = read_manifest(path)
    manifest = report["manifests"][report["active_manifest"]]
    review = next(each for each in manifest["assertions"] if each["label"] == REVIEW_LABEL)
    assert review["data"]["reviewed_sha256"] == published["sha256"]
    assert report["validation_state"] == "Valid"


def test_the_api_names_the_sha256_of_both_files(
    stranger: httpx.Client, published: dict[str, Any]
) -> None:
    public = stranger.get(published["media"]["mp4"]).content
    assert hashlib.sha256(public).hexdigest() == published["public_sha256"] != published["sha256"]


def test_a_taken_down_clip_is_gone_at_once_and_comes_back_the_same(
    server: Server, stranger: httpx.Client, published: dict[str, Any]
) -> None:
    lead = server.client("lea", "lead")
    before = stranger.get(published["media"]["mp4"]).content
    tag = stranger.get(published["media"]["mp4"]).headers["etag"]
    addresses = [*published["media"].values(), f"/api/v1/clips/{published['id']}"]
    act = f"/api/v1/clips/{published['id']}"
    assert lead.post(f"{act}/takedown", json={"reason": "report", "note": "x"}).status_code == 200
    gone = [stranger.get(each, headers={"If-None-Match": tag}).status_code for each in addresses]
    page = stranger.get(published["page"]).status_code  # says that a clip was taken down
    listed = published["id"] in stranger.get("/api/v1/gallery").text
    assert lead.post(f"{act}/restore", json={"reason": "mistake"}).status_code == 200
    assert (gone, page, listed) == ([404] * len(addresses), 410, False)
    assert stranger.get(published["media"]["mp4"]).content == before


def test_the_share_page_carries_open_graph_tags(
    server: Server, stranger: httpx.Client, published: dict[str, Any]
) -> None:
    page = stranger.get(published["page"]).text
    poster = f'<meta property="og:image" content="{server.url}{published["media"]["poster"]}">'
    assert poster in page
    assert f'<meta property="og:video" content="{server.url}{published["media"]["mp4"]}">' in page


def test_links_on_the_share_page_ignore_the_host_of_the_request(
    stranger: httpx.Client, published: dict[str, Any]
) -> None:
    lying = {"Host": "evil.test", "X-Forwarded-Host": "evil.test"}
    assert "evil.test" not in stranger.get(published["page"], headers=lying).text
