"""The audit log: every way of tampering with its chain is found, at the right row.

Tampering is done past our own code, on the SQLite file, with the triggers dropped first.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select, text

import audit
from audit import AuditRow
from moderation import amendment
from moderation.models import State, Verdict
from settings import Settings
from store import Store
from tests.conftest import House

Tamper = Callable[..., int | None]


@pytest.fixture
def log(store: Store) -> Store:
    """Seven rows."""
    for number in range(1, 8):
        with store.write() as session:
            audit.append(
                session,
                actor="somebody",
                action="act",
                subject=f"thing-{number}",
                body={"number": number, "words": "été"},
            )
    return store


@pytest.fixture
def tamper(settings: Settings, log: Store) -> Tamper:
    """Run statements past the triggers and answer where the chain breaks."""

    def run(*statements: str) -> int | None:
        connection = sqlite3.connect(settings.database_file, isolation_level=None)
        for act in ("update", "delete"):
            connection.execute(f"DROP TRIGGER audit_no_{act}")
        for statement in statements:
            assert connection.execute(statement).rowcount != 0
        connection.close()
        return broken(log)

    return run


def broken(store: Store, key: bytes | None = None) -> int | None:
    with store.read() as session:
        return audit.first_broken(session, key or store.session_info["audit_key"])


def test_an_untouched_chain_is_whole(log: Store) -> None:
    assert broken(log) is None


def test_an_empty_log_is_whole(store: Store) -> None:
    assert broken(store) is None


def test_rows_are_counted_from_one_without_a_gap(log: Store) -> None:
    with log.read() as session:
        assert list(session.exec(select(AuditRow.seq).order_by(col(AuditRow.seq)))) == [
            1,
            2,
            3,
            4,
            5,
            6,
            7,
        ]


def test_the_length_of_the_log_is_its_number_of_rows(log: Store) -> None:
    with log.read() as session:
        assert audit.length(session) == 7


def test_another_key_does_not_verify_the_chain(log: Store) -> None:
    assert broken(log, b"another key") == 1


@pytest.mark.parametrize(
    "change",
    [
        "at = '2020-01-01 00:00:00.000000'",
        "actor = 'somebody else'",
        "action = 'other'",
        "subject = 'thing-5'",
        """body = '{"number": 5, "words": "été"}'""",
        "body = '{}'",
        f"prev = '{'1' * 64}'",
        f"hash = '{'1' * 64}'",
    ],
)
def test_an_edited_field_is_found_at_its_row(tamper: Tamper, change: str) -> None:
    assert tamper(f"UPDATE audit SET {change} WHERE seq = 4") == 4  # noqa: S608


def test_an_edited_number_is_found_where_the_row_is_missing(tamper: Tamper) -> None:
    assert tamper("UPDATE audit SET seq = 70 WHERE seq = 4") == 4


def test_an_edit_of_the_first_row_is_found(tamper: Tamper) -> None:
    assert tamper("UPDATE audit SET actor = 'nobody' WHERE seq = 1") == 1


def test_an_edit_of_the_last_row_is_found(tamper: Tamper) -> None:
    assert tamper("UPDATE audit SET actor = 'nobody' WHERE seq = 7") == 7


def test_a_deleted_row_is_found_at_its_gap(tamper: Tamper) -> None:
    assert tamper("DELETE FROM audit WHERE seq = 3") == 3


def test_a_deleted_row_is_found_when_the_rest_is_renumbered(tamper: Tamper) -> None:
    statements = [f"UPDATE audit SET seq = {seq - 1} WHERE seq = {seq}" for seq in range(4, 8)]  # noqa: S608
    assert tamper("DELETE FROM audit WHERE seq = 3", *statements) == 3


def test_a_deleted_beginning_is_found(tamper: Tamper) -> None:
    assert tamper("DELETE FROM audit WHERE seq <= 2") == 1


def test_two_rows_that_changed_places_are_found_at_the_first(tamper: Tamper) -> None:
    assert (
        tamper(
            "UPDATE audit SET seq = 100 WHERE seq = 3",
            "UPDATE audit SET seq = 3 WHERE seq = 5",
            "UPDATE audit SET seq = 5 WHERE seq = 100",
        )
        == 3
    )


def test_a_row_pushed_into_the_middle_is_found(tamper: Tamper) -> None:
    statements = [f"UPDATE audit SET seq = {seq + 1} WHERE seq = {seq}" for seq in (7, 6, 5)]  # noqa: S608
    insert = (
        "INSERT INTO audit SELECT 5, at, 'forger', action, subject, body, hash,"  # noqa: S608
        f" '{'2' * 64}' FROM audit WHERE seq = 4"
    )
    assert tamper(*statements, insert) == 5


def test_a_row_added_at_the_end_without_the_key_is_found(tamper: Tamper) -> None:
    forged = hashlib.sha256(b"all that is public").hexdigest()
    insert = (
        "INSERT INTO audit SELECT 8, at, 'forger', action, subject, body, hash,"  # noqa: S608
        f" '{forged}' FROM audit WHERE seq = 7"
    )
    assert tamper(insert) == 8


def test_a_row_repeated_at_the_end_is_found(tamper: Tamper) -> None:
    insert = (
        "INSERT INTO audit SELECT 8, at, actor, action, subject, body, prev,"
        " upper(hash) FROM audit WHERE seq = 7"
    )
    assert tamper(insert) == 8


# ---- triggers -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    ["UPDATE {table} SET {column} = 'changed'", "DELETE FROM {table}"],
)
@pytest.mark.parametrize(
    ("table", "column"),
    [("audit", "actor"), ("decision", "note"), ("policy_version", "reasons")],
)
def test_what_was_logged_or_decided_or_in_force_is_never_changed(
    house: House, table: str, column: str, statement: str
) -> None:
    house.clip(State.REJECTED)
    with house.store.write() as session:
        amendment.install(session)
    with (
        pytest.raises(IntegrityError, match=f"rows of {table} are only ever added"),
        house.store.write() as session,
    ):
        session.execute(text(statement.format(table=table, column=column)))


def test_a_logged_row_is_not_replaced_by_another(log: Store) -> None:
    replace = "INSERT OR REPLACE INTO audit SELECT seq, at, 'forger', action, subject, body, prev, hash FROM audit WHERE seq = 4"
    with pytest.raises(IntegrityError), log.write() as session:
        session.execute(text(replace))


def test_a_decision_is_not_replaced_by_another(house: House) -> None:
    house.decide("rita", house.clip(), Verdict.APPROVE)
    replace = (
        "INSERT OR REPLACE INTO decision SELECT id, clip_id, clip_version, 'reject', reasons, note,"
        " internal_note, policy_version, sha256, reviewer_id, reviewer_role, waited_s, decided_at,"
        " stage, advised FROM decision"
    )
    with pytest.raises(IntegrityError), house.store.write() as session:
        session.execute(text(replace))


def test_a_version_of_the_policy_is_not_replaced_by_another(house: House) -> None:
    with house.store.write() as session:
        amendment.install(session)
    replace = "INSERT OR REPLACE INTO policy_version SELECT version, '[]', made_by, made_at FROM policy_version"
    with (
        pytest.raises(IntegrityError, match="only ever added"),
        house.store.write() as session,
    ):
        session.execute(text(replace))


# ---- many at once -------------------------------------------------------------------------


def test_eight_threads_that_append_keep_one_whole_chain(store: Store) -> None:
    def append_twenty(thread: int) -> None:
        for number in range(20):
            with store.write() as session:
                audit.append(session, actor=f"t{thread}", action="act", subject=str(number))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(append_twenty, range(8)))
    with store.read() as session:
        assert (audit.length(session), broken(store)) == (160, None)


def test_an_act_that_fails_leaves_no_row(store: Store) -> None:
    with pytest.raises(KeyError), store.write() as session:  # noqa: PT012
        audit.append(session, actor="somebody", action="act", subject="thing")
        raise KeyError
    with store.read() as session:
        assert audit.length(session) == 0
