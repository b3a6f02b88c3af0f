"""The database: engine factory, sessions, migrations, UTC times, and the single-process lock.

Knows nothing of what the tables mean. Limits: SQLite on a local disk (WAL needs one), one process.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, DateTime, Engine, create_engine, event
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Session

from errors import AnotherProcess
from keys import read_key
from settings import Settings


class Store:
    """Sessions on one database. `write()` commits or rolls back as a whole; `read()` never writes."""

    def __init__(self, url: str, *, audit_key: bytes, full_sync: bool = False) -> None:
        self.url = url
        self.engine = make_engine(url, full_sync=full_sync)
        # What every session carries: the audit log and the pseudonyms of reviewers find their key
        # there (audit.py, moderation/statements.py).
        self.session_info: dict[str, Any] = {"audit_key": audit_key}

    @contextmanager
    def write(self) -> Iterator[Session]:
        session = Session(self.engine, expire_on_commit=False, info=self.session_info)
        with session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        engine = self.engine.execution_options(ro=True)
        with Session(engine, expire_on_commit=False, info=self.session_info) as session:
            yield session

    def upgrade(self) -> None:
        """Bring the tables to the newest migration, from any older state, also from nothing."""
        with self.engine.connect() as connection:
            config = Config()
            config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def close(self) -> None:
        self.engine.dispose()


def open_store(settings: Settings) -> Store:
    """The instance's database, at its newest migration."""
    key = read_key(settings.keys_folder, "audit.key")
    store = Store(settings.database, audit_key=key, full_sync=settings.sqlite_full_sync)
    store.upgrade()
    return store


def make_engine(url: str, *, full_sync: bool = False) -> Engine:
    """An engine whose transactions really are serial on SQLite.

    The drivers' own settings begin the transaction at the first write, so a read before it sees
    old data and updates are lost without an error; here every transaction begins IMMEDIATE,
    except on a connection with the execution option `ro`.
    """
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url, connect_args={"timeout": 30, "check_same_thread": False}, pool_size=20
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={'FULL' if full_sync else 'NORMAL'}",
            "busy_timeout=30000",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get("ro")
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


@contextmanager
def only_process(database: Path) -> Iterator[None]:
    """Hold the database for this process alone. Raises AnotherProcess when one is running."""
    database.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(database.with_name(database.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AnotherProcess(path=database) from error
        yield
    finally:
        os.close(handle)


class UtcDateTime(TypeDecorator[datetime]):
    """A time-zone-aware UTC column. SQLite hands back naive times, so the zone is put on here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; every stored time is UTC")
        return value.astimezone(timezone.utc)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=timezone.utc)


def utc_now() -> datetime:
    return datetime.now(timezone.utc)


def as_text(moment: datetime) -> str:
    """RFC 3339 in UTC, as every page and API value shows times."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
