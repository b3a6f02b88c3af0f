"""Public files by the hash of their bytes: who may have them, who may keep them, and who never may.

Over real HTTP, with a clip that really was made, approved and published.
"""

from __future__ import annotations

import hashlib
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app import Greenlight
from gallery.xmp import SOURCE_TYPE
from media import MediaStore, Shelf
from moderation.models import State
from tests.conftest import House
from tests.server import Server, wait_for_state
from web.failures import failure_handlers
from web.files import file_routes
from web.media import media_routes

ELSEWHERE = "https://store.example/clip?signature=abc&expires=60"


@pytest.fixture(scope="module")
def published(server: Server) -> dict[str, Any]:
    ana, rita = server.client("ana", "creator"), server.client("rita", "reviewer")
    wish = {"prompt": "a red ring moving down in the forest", "seed": 21}
    clip_id = ana.post("/api/v1/clips", json=wish).json()["id"]
    clip = wait_for_state(rita, clip_id, "pending_review")
    decision = {"verdict": "approve", "version": clip["version"]}
    assert rita.post(f"/api/v1/clips/{clip_id}/decision", json=decision).status_code == 200
    return wait_for_state(rita, clip_id, "published")


@pytest.fixture(scope="module")
def stranger(server: Server) -> httpx.Client:
    return server.client()


def addresses(clip: dict[str, Any]) -> list[str]:
    lighter = [clip["media"]["light"], clip["media"]["poster_webp"]]
    return [f"/files/{clip['public_sha256']}.mp4", *lighter]


def test_every_file_is_what_its_address_says(
    stranger: httpx.Client, published: dict[str, Any]
) -> None:
    for address in addresses(published):
        found = hashlib.sha256(stranger.get(address).content).hexdigest()
        assert address.startswith(f"/files/{found}.")


def test_a_reader_may_keep_it_and_nobody_in_between(
    stranger: httpx.Client, published: dict[str, Any]
) -> None:
    kept = {stranger.get(each).headers["cache-control"] for each in addresses(published)}
    assert kept == {"private, max-age=31536000, immutable"}


def test_ranges_and_tags_work(stranger: httpx.Client, published: dict[str, Any]) -> None:
    address = addresses(published)[0]
    whole = stranger.get(address)
    part = stranger.get(address, headers={"Range": "bytes=10-19"})
    again = stranger.get(address, headers={"If-None-Match": whole.headers["etag"]})
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert (again.status_code, again.content) == (304, b"")
    assert stranger.head(address).headers["content-length"] == str(len(whole.content))


def test_the_lighter_copies_say_that_a_model_made_them(
    stranger: httpx.Client, published: dict[str, Any]
) -> None:
    light, poster = (stranger.get(each).content for each in addresses(published)[1:])
    assert SOURCE_TYPE.encode() in light
    assert SOURCE_TYPE.encode() in poster


@pytest.mark.parametrize(
    "name",
    ["0" * 64 + ".mp4", "x.mp4", "..%2Fheld.mp4", "a" * 5000, "%00.mp4", "{}.exe", "{}", "{}.jpg"],
)
def test_what_is_not_there_is_a_plain_404(
    name: str, stranger: httpx.Client, published: dict[str, Any]
) -> None:
    answer = stranger.get("/files/" + name.replace("{}", published["public_sha256"]))
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize("kind", ["held", "reviewed", "pictures"])
def test_no_file_of_a_held_clip_has_an_address(kind: str, line: Greenlight) -> None:
    house = House(line.store, line.media)
    clip = house.clip(State.PENDING_REVIEW)
    names = {
        "held": f"{clip.sha256}.mp4",
        "reviewed": f"{clip.id}.mp4",
        "pictures": f"{clip.pictures['.jpg']}.jpg",
    }
    with served(line, line.media) as client:
        assert client.get(f"/files/{names[kind]}").status_code == 404


def test_a_take_down_holds_for_every_file_at_once(
    server: Server, stranger: httpx.Client, published: dict[str, Any]
) -> None:
    lead, act = server.client("lea", "lead"), f"/api/v1/clips/{published['id']}"
    assert lead.post(f"{act}/takedown", json={"reason": "copyright"}).status_code == 200
    gone = [stranger.get(each).status_code for each in addresses(published)]
    assert lead.post(f"{act}/restore", json={"reason": "mistake"}).status_code == 200
    back = [stranger.get(each).status_code for each in addresses(published)]
    assert (gone, back) == ([404] * 3, [200] * 3)


# ---- a store with addresses of its own ----------------------------------------------------


class StoreElsewhere(MediaStore):
    """A store that hands published files out itself; it remembers what it was asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asked: list[tuple[str, str]] = []

    def address_of(self, shelf: Shelf, sha256: str, ending: str) -> str | None:
        self.asked.append((shelf, ending))
        return ELSEWHERE


def served(line: Greenlight, media: MediaStore) -> TestClient:
    handlers: Any = failure_handlers()
    app = FastAPI(exception_handlers=handlers)
    app.include_router(file_routes(line.actions, media))
    app.include_router(media_routes(line.actions, line.identity, media))
    return TestClient(app, follow_redirects=False)


@pytest.fixture
def elsewhere(line: Greenlight) -> StoreElsewhere:
    return StoreElsewhere(line.media.folder)


@pytest.mark.parametrize("ending", [".mp4", ".jpg", ".webp"])
def test_a_published_file_is_handed_over_to_the_store(
    ending: str, line: Greenlight, elsewhere: StoreElsewhere
) -> None:
    clip = House(line.store, line.media).clip(State.PUBLISHED)
    name = clip.public_sha256 if ending == ".mp4" else clip.pictures[ending]
    with served(line, elsewhere) as client:
        answers = [client.get(each + ending) for each in (f"/files/{name}", f"/media/{clip.id}")]
    for answer in answers:
        assert (answer.status_code, answer.headers["location"]) == (307, ELSEWHERE)
        assert "no-store" in answer.headers["cache-control"]  # the next use asks us again


@pytest.mark.parametrize("state", [State.PENDING_REVIEW, State.TAKEN_DOWN, State.WITHDRAWN])
def test_nothing_else_ever_is(state: State, line: Greenlight, elsewhere: StoreElsewhere) -> None:
    clip = House(line.store, line.media).clip(state)
    with served(line, elsewhere) as client:
        for address in (f"/media/{clip.id}.mp4", f"/files/{clip.public_sha256 or '0' * 64}.mp4"):
            assert client.get(address).status_code == 404
    assert elsewhere.asked == []


def test_a_reader_follows_it_to_a_second_server(line: Greenlight, tmp_path: Path) -> None:
    """With a real server in the store's place."""
    clip = House(line.store, line.media).clip(State.PUBLISHED)
    handler = partial(SimpleHTTPRequestHandler, directory=str(line.media.folder / "public"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as cdn:
        Thread(target=cdn.serve_forever, daemon=True).start()
        port = cdn.server_address[1]

        class Cdn(MediaStore):
            def address_of(self, shelf: Shelf, sha256: str, ending: str) -> str | None:
                return f"http://127.0.0.1:{port}/{sha256[:2]}/{sha256}{ending}"

        with served(line, Cdn(line.media.folder)) as client:
            told = client.get(f"/files/{clip.public_sha256}.mp4").headers["location"]
        got = httpx.get(told).content
        cdn.shutdown()
    assert hashlib.sha256(got).hexdigest() == clip.public_sha256
