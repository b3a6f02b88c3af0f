"""The database: transactions that are serial, times in UTC, migrations, one process at a time.

Real SQLite files throughout; the second process of the lock's tests is a real one.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Column, Engine, MetaData, Table, create_engine, inspect, text
from sqlalchemy.exc import OperationalError, StatementError
from sqlmodel import SQLModel

import store as store_module
from errors import AnotherProcess
from settings import Settings
from store import Store, UtcDateTime, as_text, make_engine, only_process, open_store
from tests.server import ROOT

HOLD_THE_DATABASE = """
import sys
from pathlib import Path
from store import only_process
with only_process(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


# ---- transactions -------------------------------------------------------------------------


def count_from(store: Store, start: int = 0) -> None:
    with store.write() as session:
        session.execute(text("CREATE TABLE counter (n INTEGER NOT NULL)"))
        session.execute(text("INSERT INTO counter VALUES (:n)"), {"n": start})


def counted(store: Store) -> Any:
    with store.read() as session:
        return session.scalar(text("SELECT n FROM counter"))


def test_eight_threads_that_read_and_then_write_lose_no_update(store: Store) -> None:
    count_from(store)

    def add_hundred(_thread: int) -> None:
        for _ in range(100):
            with store.write() as session:
                seen = session.scalar(text("SELECT n FROM counter"))
                session.execute(text("UPDATE counter SET n = :n"), {"n": (seen or 0) + 1})

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(add_hundred, range(8)))
    assert counted(store) == 800


def test_a_plain_engine_would_lose_an_update_without_an_error(tmp_path: Path) -> None:
    """Why make_engine exists: SQLAlchemy's default begins the transaction at the first write."""
    plain = create_engine(f"sqlite:///{tmp_path / 'plain.db'}")
    with plain.begin() as setting_up:
        setting_up.execute(text("CREATE TABLE counter (n INTEGER)"))
        setting_up.execute(text("INSERT INTO counter VALUES (0)"))
    with plain.connect() as one, plain.connect() as other:
        seen = [each.scalar(text("SELECT n FROM counter")) or 0 for each in (one, other)]
        for each, old in zip((one, other), seen, strict=True):
            each.execute(text("UPDATE counter SET n = :n"), {"n": old + 1})
            each.commit()
    with plain.connect() as looking:
        assert looking.scalar(text("SELECT n FROM counter")) == 1
    plain.dispose()


@contextmanager
def impatient(settings: Settings) -> Iterator[sqlite3.Connection]:
    """A connection of another program, which does not wait for locks."""
    connection = sqlite3.connect(settings.database_file, timeout=0, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def test_a_writing_session_holds_the_write_lock_from_its_first_read(
    settings: Settings, store: Store
) -> None:
    with store.write() as session, impatient(settings) as other:
        session.scalar(text("SELECT count(*) FROM clip"))
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")


def test_a_reading_session_leaves_the_write_lock_to_others(
    settings: Settings, store: Store
) -> None:
    with store.read() as session, impatient(settings) as other:
        session.scalar(text("SELECT count(*) FROM clip"))
        other.execute("BEGIN IMMEDIATE")
        assert other.in_transaction


def test_a_reading_session_does_not_wait_for_a_writer(store: Store) -> None:
    count_from(store, 5)
    with store.write() as writer:
        writer.execute(text("UPDATE counter SET n = 6"))
        assert counted(store) == 5


def test_a_reading_session_sees_one_moment(store: Store) -> None:
    count_from(store, 5)
    with store.read() as reader:
        reader.scalar(text("SELECT n FROM counter"))
        with store.write() as writer:
            writer.execute(text("UPDATE counter SET n = 6"))
        assert reader.scalar(text("SELECT n FROM counter")) == 5


def test_what_a_reading_session_writes_is_not_kept(store: Store) -> None:
    count_from(store, 5)
    with store.read() as session:
        session.execute(text("UPDATE counter SET n = 6"))
    assert counted(store) == 5


def test_an_error_inside_a_writing_session_leaves_nothing(store: Store) -> None:
    count_from(store, 5)
    with pytest.raises(KeyError), store.write() as session:  # noqa: PT012
        session.execute(text("UPDATE counter SET n = 6"))
        raise KeyError
    assert counted(store) == 5


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 1), ("busy_timeout", 30000), ("foreign_keys", 1)],
)
def test_every_connection_is_set_up(store: Store, pragma: str, value: object) -> None:
    with store.read() as session:
        assert session.scalar(text(f"PRAGMA {pragma}")) == value


def test_full_sync_is_passed_on_to_sqlite(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'synced.db'}", full_sync=True)
    with engine.connect() as connection:
        assert connection.scalar(text("PRAGMA synchronous")) == 2
    engine.dispose()


def test_the_folder_of_the_database_is_made(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'not' / 'there' / 'yet.db'}")
    with engine.connect():
        assert (tmp_path / "not" / "there" / "yet.db").is_file()
    engine.dispose()


# ---- times --------------------------------------------------------------------------------

MOMENTS = Table("moment", MetaData(), Column("at", UtcDateTime))


@pytest.fixture
def moments(tmp_path: Path) -> Iterator[Engine]:
    engine = make_engine(f"sqlite:///{tmp_path / 'moments.db'}")
    MOMENTS.create(engine)
    yield engine
    engine.dispose()


def kept(engine: Engine, moment: datetime | None) -> datetime | None:
    with engine.begin() as connection:
        connection.execute(MOMENTS.insert().values(at=moment))
        read: datetime | None = connection.scalar(MOMENTS.select())
        return read


def test_a_time_without_a_zone_is_refused(moments: Engine) -> None:
    with pytest.raises(StatementError, match="has no time zone; every stored time is UTC"):
        kept(moments, datetime(2026, 1, 2, 3, 4))  # noqa: DTZ001


def test_a_time_comes_back_aware_and_in_utc(moments: Engine) -> None:
    read = kept(moments, datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=timezone.utc))
    assert read is not None
    assert read.isoformat() == "2026-01-02T03:04:05.000678+00:00"


def test_a_time_of_another_zone_is_stored_as_utc(moments: Engine) -> None:
    paris = timezone(timedelta(hours=2))
    read = kept(moments, datetime(2026, 7, 1, 1, 0, tzinfo=paris))
    assert read is not None
    assert read.isoformat() == "2026-06-30T23:00:00+00:00"


def test_no_time_stays_no_time(moments: Engine) -> None:
    assert kept(moments, None) is None


def test_times_are_shown_as_rfc_3339_in_utc() -> None:
    paris = timezone(timedelta(hours=2))
    assert as_text(datetime(2026, 7, 1, 1, 0, tzinfo=paris)) == "2026-06-30T23:00:00.000Z"


# ---- migrations ---------------------------------------------------------------------------


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or name in SQLModel.metadata.tables


def test_a_fresh_database_has_exactly_the_tables_of_the_code(store: Store) -> None:
    with store.engine.connect() as connection:
        options = {"include_name": _ours, "compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, SQLModel.metadata) == []


def test_the_tables_of_the_job_engine_are_not_ours_to_drop(store: Store) -> None:
    with store.write() as session:
        session.execute(text("CREATE TABLE workflow_status (id TEXT PRIMARY KEY)"))
    with store.engine.connect() as connection:
        config = Config(stdout=open("/dev/null", "w"))  # noqa: SIM115
        config.set_main_option("script_location", str(ROOT / "migrations"))
        config.attributes["connection"] = connection
        command.check(config)  # raises when autogenerate finds anything to do
        config.stdout.close()


def test_the_migrations_check_what_the_code_checks(store: Store, tmp_path: Path) -> None:
    """Alembic's comparison leaves CHECK constraints out, and these hold promise 2."""
    plain = create_engine(f"sqlite:///{tmp_path / 'plain.db'}")
    SQLModel.metadata.create_all(plain)
    in_code, migrated = inspect(plain), inspect(store.engine)

    def checks(of: Any, table: str) -> dict[str, str]:
        return {each["name"]: each["sqltext"] for each in of.get_check_constraints(table)}

    assert {table: checks(migrated, table) for table in SQLModel.metadata.tables} == {
        table: checks(in_code, table) for table in SQLModel.metadata.tables
    }
    plain.dispose()


def test_a_second_upgrade_changes_nothing(store: Store) -> None:
    def schema() -> tuple[Any, list[Any]]:
        with store.read() as session:
            version = session.scalar(text("PRAGMA schema_version"))
            rows = session.execute(text("SELECT * FROM alembic_version")).all()
            return version, list(rows)

    before = schema()
    store.upgrade()
    assert schema() == before


def test_an_opened_store_carries_the_key_of_the_log(settings: Settings) -> None:
    opened = open_store(settings)
    opened.close()
    key = (settings.keys_folder / "audit.key").read_bytes()
    assert opened.session_info == {"audit_key": key}


def test_a_failed_migration_leaves_the_old_tables(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "elsewhere"
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    for source in (ROOT / "migrations").glob("*.*"):
        (folder / "migrations" / source.name).write_text(source.read_text())
    for source in (ROOT / "migrations" / "versions").glob("*.py"):
        (versions / source.name).write_text(source.read_text())
    newest = max(path.name[:4] for path in versions.glob("*.py"))
    (versions / "9999_breaks.py").write_text(
        f'from alembic import op\nrevision = "9999"\ndown_revision = "{newest}"\n'
        'def upgrade() -> None:\n    op.execute("CREATE TABLE half (n INTEGER)")\n'
        '    op.execute("CREATE TABLE clip (n INTEGER)")\n'
    )
    monkeypatch.setattr(store_module, "__file__", str(folder / "store.py"))
    with pytest.raises(OperationalError, match="already exists"):
        store.upgrade()
    assert "half" not in inspect(store.engine).get_table_names()


# ---- one process --------------------------------------------------------------------------


@contextmanager
def another_process(database: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD_THE_DATABASE, str(database)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    database = tmp_path / "greenlight.db"
    with (
        another_process(database),
        pytest.raises(AnotherProcess, match=r"greenlight\.db"),
        only_process(database),
    ):
        pass


def test_a_second_holder_in_the_same_process_is_refused(tmp_path: Path) -> None:
    database = tmp_path / "greenlight.db"
    with only_process(database), pytest.raises(AnotherProcess), only_process(database):
        pass


def test_the_database_is_free_when_its_process_was_killed(tmp_path: Path) -> None:
    database = tmp_path / "greenlight.db"
    with another_process(database) as process:
        process.kill()
        process.wait()
        with only_process(database):
            assert database.with_name("greenlight.db.lock").exists()


def test_the_database_is_free_when_its_holder_is_done(tmp_path: Path) -> None:
    database = tmp_path / "greenlight.db"
    with only_process(database):
        pass
    with another_process(database) as process:
        assert process.poll() is None


def test_a_refused_process_does_not_free_the_database(tmp_path: Path) -> None:
    database = tmp_path / "greenlight.db"
    with only_process(database):
        for _ in range(2):
            with pytest.raises(AnotherProcess), only_process(database):
                pass
