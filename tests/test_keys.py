"""The secrets of an instance: made once, kept private, the same for all who ask at once."""

from __future__ import annotations

import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from keys import read_key


def test_a_key_is_made_at_its_first_use(tmp_path: Path) -> None:
    key = read_key(tmp_path / "keys", "cookie.key")
    assert len(key) == 32
    assert (tmp_path / "keys" / "cookie.key").read_bytes() == key


def test_a_key_stays_the_same(tmp_path: Path) -> None:
    assert read_key(tmp_path, "cookie.key") == read_key(tmp_path, "cookie.key")


def test_each_key_is_its_own(tmp_path: Path) -> None:
    assert read_key(tmp_path, "cookie.key") != read_key(tmp_path, "audit.key")


def test_each_instance_has_its_own_keys(tmp_path: Path) -> None:
    assert read_key(tmp_path / "a", "cookie.key") != read_key(tmp_path / "b", "cookie.key")


def test_a_key_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    read_key(tmp_path / "keys", "cookie.key")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("keys", "keys/cookie.key")]
    assert modes == [0o700, 0o600]


def test_two_starts_at_once_agree_on_one_key(tmp_path: Path) -> None:
    start = threading.Barrier(8)

    def read(_start: int) -> bytes:
        start.wait()
        return read_key(tmp_path / "keys", "cookie.key")

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(read, range(8)))) == 1


def test_no_draft_of_a_key_is_left(tmp_path: Path) -> None:
    read_key(tmp_path, "cookie.key")
    assert [path.name for path in tmp_path.iterdir()] == ["cookie.key"]
