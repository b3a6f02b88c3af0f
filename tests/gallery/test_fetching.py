"""Fetching what a stranger's link leads to: within bounds, and from nowhere inside."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from errors import BadInput
from gallery.fetching import LinkFailed, fetch, read_link
from gallery.provenance import Signer
from gallery.reading import read_apart
from tests.gallery.test_provenance import sign, source_file

LIMIT = 1000


class Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/slow":
            self.server.stopped.wait(20)  # type: ignore[attr-defined]
        status = {"/gone": 404, "/on": 302}.get(self.path, 200)
        body = b"x" * {"/large": LIMIT + 1, "/exact": LIMIT}.get(self.path, 10)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/secret")
        self.send_header("Content-Length", str(len(body) + (5 if self.path == "/cut" else 0)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.stopped = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.stopped.set()  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()
    thread.join()


def get(link: str, folder: Path, limit_s: float = 20) -> bytes:
    target = folder / "a.mp4"
    fetch(link, target, limit_bytes=LIMIT, allow_private=True, limit_s=limit_s)
    return target.read_bytes()


def test_what_is_there_is_fetched(site: str, tmp_path: Path) -> None:
    assert get(f"{site}/exact", tmp_path) == b"x" * LIMIT


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/large", "larger than"),
        ("/gone", "answered with 404"),
        ("/on", "leads on to another address"),
        ("/cut", "broke off"),
    ],
)
def test_what_cannot_be_had_is_said(path: str, why: str, site: str, tmp_path: Path) -> None:
    with pytest.raises(LinkFailed, match=why):
        get(site + path, tmp_path)


def test_a_site_that_keeps_one_waiting_is_left(site: str, tmp_path: Path) -> None:
    with pytest.raises(LinkFailed, match="took too long"):
        get(f"{site}/slow", tmp_path, limit_s=0.3)


def test_nothing_inside_is_reached(site: str, tmp_path: Path) -> None:
    with pytest.raises(LinkFailed, match="no public address"):
        fetch(f"{site}/exact", tmp_path / "a.mp4", limit_bytes=LIMIT)
    assert not (tmp_path / "a.mp4").exists()


@pytest.mark.parametrize(
    "link", ["ftp://a/b", "http://", "https://a:b@c/", "http://a:0/", "x" * 9999]
)
def test_what_is_no_link_is_refused(link: str) -> None:
    with pytest.raises(BadInput):
        read_link(link)


def test_a_strangers_file_is_read_in_a_process_of_its_own(tmp_path: Path) -> None:
    source = source_file(tmp_path / "plain.mp4")
    sign(tmp_path, source, tmp_path / "signed.mp4")
    ours = tmp_path / "ours.pem"
    ours.write_bytes(Signer(tmp_path / "keys", "Greenlight/test").certificates())
    assert read_apart(tmp_path / "signed.mp4", ours).is_ours
    assert read_apart(source, ours).state == "none"
