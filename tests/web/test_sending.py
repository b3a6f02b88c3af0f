"""A file that is moved while somebody asks for it comes whole, or is said to be gone."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from errors import NotFound
from web.sending import OpenFile, opened

BYTES = bytes(range(256)) * 1024


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "public.mp4"
    made.write_bytes(BYTES)
    return made


def answer(path: Path) -> OpenFile:
    return OpenFile(opened(lambda: path), media_type="video/mp4", headers={"ETag": '"x"'})


def test_a_file_that_was_moved_is_looked_for_anew(path: Path) -> None:
    tries = iter([path.with_name("gone.mp4"), path])
    with opened(lambda: next(tries)) as file:
        assert file.read() == BYTES


def test_a_file_that_stays_away_is_not_found(path: Path) -> None:
    with pytest.raises(NotFound):
        opened(lambda: path.with_name("gone.mp4"))


@pytest.mark.parametrize(
    ("asked", "sent"),
    [({}, BYTES), ({"Range": "bytes=5-9"}, BYTES[5:10]), ({"Range": "bytes=-3"}, BYTES[-3:])],
)
def test_a_file_that_is_moved_after_it_was_opened_comes_whole(
    path: Path, asked: dict[str, str], sent: bytes
) -> None:
    app = answer(path)
    path.rename(path.with_name("down.mp4"))
    assert TestClient(app).get("/", headers=asked).content == sent


@pytest.mark.parametrize("asked", [{}, {"Range": "bytes=999999-"}, {"Range": "bytes=x"}])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_file_is_closed_afterwards(path: Path, asked: dict[str, str], method: str) -> None:
    app = answer(path)
    TestClient(app).request(method, "/", headers=asked)
    assert app._file.closed
