"""Heads of the log outside its table: a cut or rewritten end is found."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import audit
import checkpoints
from settings import Settings
from store import Store


def log_some(store: Store, count: int) -> None:
    with store.write() as session:
        for number in range(count):
            audit.append(session, actor="ana", action="claim", subject=f"clip{number}")


def note(store: Store, folder: Path) -> None:
    with store.read() as session:
        checkpoints.note(session, folder)


def found(store: Store, folder: Path) -> list[str]:
    with store.read() as session:
        return checkpoints.contradictions(session, folder)


def meddle(settings: Settings, *statements: str) -> None:
    """By hand, past the triggers."""
    with closing(sqlite3.connect(settings.database_file)) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_an_untouched_log_contradicts_nothing(store: Store, tmp_path: Path) -> None:
    for _ in range(3):
        log_some(store, 2)
        note(store, tmp_path)
    assert found(store, tmp_path) == []


def test_without_a_file_there_is_nothing_to_contradict(store: Store, tmp_path: Path) -> None:
    log_some(store, 2)
    assert found(store, tmp_path) == []


def test_an_empty_log_has_no_head(store: Store, tmp_path: Path) -> None:
    note(store, tmp_path)
    assert not (tmp_path / checkpoints.FILE).exists()


def test_a_head_is_written_once(store: Store, tmp_path: Path) -> None:
    log_some(store, 2)
    note(store, tmp_path)
    note(store, tmp_path)
    assert len((tmp_path / checkpoints.FILE).read_text().splitlines()) == 1


def test_a_cut_end_is_found(store: Store, settings: Settings, tmp_path: Path) -> None:
    log_some(store, 5)
    note(store, tmp_path)
    meddle(settings, "DELETE FROM audit WHERE seq > 3")
    assert found(store, tmp_path) == ["Row 5 was the head of the log once, and is missing now."]


def test_an_end_that_was_written_anew_is_found(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    log_some(store, 5)
    note(store, tmp_path)
    meddle(settings, "DELETE FROM audit WHERE seq > 3")
    log_some(store, 2)
    with store.read() as session:
        whole = audit.first_broken(session, store.session_info["audit_key"])
    assert (whole, found(store, tmp_path)) == (
        None,
        ["Row 5 was the head of the log once, and is another one now."],
    )


def test_a_line_that_a_crash_cut_does_not_count(store: Store, tmp_path: Path) -> None:
    log_some(store, 2)
    note(store, tmp_path)
    with (tmp_path / checkpoints.FILE).open("a") as file:
        file.write("7 abc")
    assert found(store, tmp_path) == []


@pytest.mark.parametrize("line", ["nonsense\n", "x y z\n"])
def test_a_line_that_is_no_head_is_found(store: Store, tmp_path: Path, line: str) -> None:
    (tmp_path / checkpoints.FILE).write_text(line)
    assert found(store, tmp_path) == [
        f"{checkpoints.FILE} cannot be read: a line of it is no head."
    ]
