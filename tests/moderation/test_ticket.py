"""Tickets: good for what they say, for one person, for a while, and not to be written by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from errors import PreviewOver
from moderation import ticket
from moderation.ticket import Ticket
from tests.conftest import House

TICKET = Ticket("fault", None, ["reject"], ["technical_fault"], [("a", 4), ("b", 7)])


def issued(house: House, name: str = "rita") -> str:
    with house.store.read() as session:
        return ticket.issue(session, house.user(name), TICKET)


def read(house: House, text: str, name: str = "rita") -> Ticket:
    with house.store.read() as session:
        return ticket.read(session, house.user(name), text)


def test_a_ticket_says_what_was_shown(house: House) -> None:
    assert read(house, issued(house)) == TICKET


def test_a_ticket_is_good_for_whoever_was_shown_it(house: House) -> None:
    with pytest.raises(PreviewOver):
        read(house, issued(house), "rob")


def test_a_ticket_grows_old(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    text = issued(house)
    monkeypatch.setattr(ticket, "SHOWN_FOR", timedelta(seconds=-1))
    with pytest.raises(PreviewOver):
        read(house, text)


@pytest.mark.parametrize("text", ["", "é", "=", "a", "QUJD", "not base64!", "A" * 100, "\0"])
def test_what_is_no_ticket_is_refused(house: House, text: str) -> None:
    with pytest.raises(PreviewOver, match="no preview"):
        read(house, text)


def test_a_ticket_that_was_changed_is_refused(house: House) -> None:
    text = issued(house)
    for place in range(0, len(text), 7):
        other = "A" if text[place] != "A" else "B"
        with pytest.raises(PreviewOver):
            read(house, text[:place] + other + text[place + 1 :])
