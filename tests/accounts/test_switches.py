"""What an operator pauses: one thing or all, with words, and each change in the log."""

from __future__ import annotations

import pytest
from sqlmodel import select

from accounts import switches
from audit import AuditRow
from errors import BadInput, Paused
from store import Store


def pause(store: Store, what: str, message: str | None = None) -> None:
    with store.write() as session:
        switches.pause(session, what, message=message, paused_by="ada")


def resume(store: Store, what: str) -> None:
    with store.write() as session:
        switches.resume(session, what, resumed_by="ada")


def paused(store: Store) -> list[str]:
    with store.read() as session:
        return [switch.what for switch in switches.paused(session)]


def check(store: Store, what: str) -> None:
    with store.read() as session:
        switches.check(session, what)


def logged(store: Store) -> list[tuple[str, str]]:
    with store.read() as session:
        return list(session.exec(select(AuditRow.action, AuditRow.subject).order_by("seq")))


def test_nothing_is_paused_at_first(store: Store) -> None:
    assert paused(store) == []


@pytest.mark.parametrize("what", switches.WHAT)
def test_one_thing_is_paused_alone(store: Store, what: str) -> None:
    pause(store, what)
    assert paused(store) == [what]


def test_all_is_everything(store: Store) -> None:
    pause(store, "all")
    assert paused(store) == ["generation", "notices", "publishing", "signups"]


def test_what_is_paused_refuses_with_the_operators_words(store: Store) -> None:
    pause(store, "generation", "Back at noon.")
    with pytest.raises(Paused, match="Back at noon"):
        check(store, "generation")


def test_without_words_there_is_a_sentence_all_the_same(store: Store) -> None:
    pause(store, "publishing", "  ")
    with pytest.raises(Paused, match="Publishing is paused for the moment"):
        check(store, "publishing")


def test_a_second_pause_changes_the_words(store: Store) -> None:
    pause(store, "generation", "Back at noon.")
    pause(store, "generation", "Back at one.")
    with pytest.raises(Paused, match="Back at one"):
        check(store, "generation")


def test_what_is_resumed_goes_on(store: Store) -> None:
    pause(store, "all")
    resume(store, "generation")
    check(store, "generation")
    assert paused(store) == ["notices", "publishing", "signups"]


def test_an_unknown_thing_is_refused_with_those_that_are_known(store: Store) -> None:
    with pytest.raises(BadInput, match="what is 'everything': one of generation, publishing"):
        pause(store, "everything")


def test_the_words_have_a_limit(store: Store) -> None:
    with pytest.raises(BadInput, match="301 characters"):
        pause(store, "all", "x" * 301)


def test_each_change_is_logged(store: Store) -> None:
    pause(store, "signups")
    resume(store, "signups")
    assert logged(store) == [("pause", "signups"), ("resume", "signups")]


def test_resuming_what_runs_is_nothing_to_log(store: Store) -> None:
    resume(store, "all")
    assert logged(store) == []
