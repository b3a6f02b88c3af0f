"""Pages are sent compressed and are the same when they are read; media and streams are not touched."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import brotli
import httpx
import pytest

from language import say
from tests.browser.newsroom import Newsroom
from tests.server import wait_until

PAGES = (
    "/gallery",
    "/clip/{id}",
    "/embed/{id}",
    "/feed.xml",
    "/sitemap.xml",
    "/api/v1/gallery",
    "/",
)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    wishes = [{"state": "published", "prompt": "a long prompt " * 30}]
    filled = Newsroom(tmp_path_factory.mktemp("compressed"), wishes)
    with filled, filled.client() as stranger:
        still, page = say("en", "proof.reading"), f"/clip/{filled.clips[0]}"
        # The first page says that the file is being read; from then on it says what is in it.
        wait_until(lambda: still not in stranger.get(page).text, "the file is read")
        yield filled


def raw(room: Newsroom, path: str, takes: str) -> tuple[httpx.Response, bytes]:
    """The answer and its body as it came over the wire."""
    address = room.url + path.format(id=room.clips[0])
    with (
        httpx.Client(timeout=30) as client,
        client.stream("GET", address, headers={"Accept-Encoding": takes}) as answer,
    ):
        return answer, b"".join(answer.iter_raw())


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    ("takes", "opened"), [("br", brotli.decompress), ("gzip", gzip.decompress)]
)
def test_a_page_comes_compressed_and_reads_the_same(
    path: str, takes: str, opened: object, room: Newsroom
) -> None:
    answer, body = raw(room, path, takes)
    _, plain = raw(room, path, "identity")
    assert answer.headers["content-encoding"] == takes
    assert int(answer.headers["content-length"]) == len(body) < len(plain)
    assert "accept-encoding" in answer.headers["vary"].lower()
    assert "etag" not in answer.headers
    if path != "/":  # each visit of the app has a number of its own
        assert opened(body) == plain  # type: ignore[operator]


@pytest.mark.parametrize("path", ["/media/{id}.mp4", "/media/{id}.jpg", "/api/v1/model"])
def test_what_is_no_public_page_is_left_as_it_is(path: str, room: Newsroom) -> None:
    answer, _ = raw(room, path, "br, gzip")
    assert "content-encoding" not in answer.headers


def test_who_takes_no_compression_gets_none_and_caches_are_told(room: Newsroom) -> None:
    answer, _ = raw(room, "/gallery", "identity")
    assert "content-encoding" not in answer.headers
    assert "accept-encoding" in answer.headers["vary"].lower()
