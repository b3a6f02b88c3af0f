"""The start of the app: what stands in its log by the time it answers."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator

import pytest

import app
from accounts.models import Role
from accounts.people import person_with_role
from settings import Settings
from tests.doubles import FastEngine


@pytest.fixture(autouse=True)
def _own_handlers() -> Iterator[None]:
    """The job engine's log handler holds the stream of its first test, which is closed by now."""
    yield
    logging.getLogger("dbos").handlers.clear()


@pytest.fixture
def said_before(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Stands where the server opens: keeps what was printed until then."""
    kept: list[str] = []
    monkeypatch.setattr(app, "launch", lambda _: kept.append(capsys.readouterr().out))
    return kept


def test_the_admin_link_is_in_the_log_before_anybody_is_answered(
    settings: Settings, said_before: list[str]
) -> None:
    with app.running(settings, FastEngine()) as greenlight:
        app.serve(greenlight)
    (said,) = said_before
    assert f"{settings.address}/invite/" in said


def test_where_the_app_is_stands_there_once_it_answers(
    settings: Settings, said_before: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with app.running(settings, FastEngine()) as greenlight:
        app.serve(greenlight)
    assert capsys.readouterr().out == f"Greenlight is at {settings.address}\n"
    assert "Greenlight is at" not in said_before[0]


def test_no_link_is_printed_where_there_is_an_admin(
    settings: Settings, said_before: list[str]
) -> None:
    with app.running(settings, FastEngine()) as greenlight:
        with greenlight.store.write() as session:
            person_with_role(session, "ada", Role.ADMIN, created_by="test")
        app.serve(greenlight)
    assert said_before == [""]


def test_what_is_there_once_the_model_is_loaded_is_not_looked_through_again() -> None:
    try:
        app._load(FastEngine())
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
