"""One's own clips: which are found, and the cursors that join their pages."""

from __future__ import annotations

import base64
from datetime import datetime, timezone
from typing import Any

import pytest

from errors import BadCursor, BadInput, TextTooLong
from gallery.browse import own, read_cursor, write_cursor
from tests.conftest import House
from tests.gallery.shelves import publish

NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)


def found(house: House, **query: Any) -> list[str]:
    with house.store.read() as session:
        return [clip.id for clip in own(session, house.user("ana").id, **query)[0]]


@pytest.mark.parametrize("wildcard", ["%", "_", "\\", "100%", "a_b"])
def test_wildcards_are_taken_literally(house: House, wildcard: str) -> None:
    publish(house, "plain words", "1000 aXb")
    (literal,) = publish(house, f"with {wildcard} in it")
    assert found(house, text=wildcard) == [literal]


def test_a_search_has_a_longest_length(house: House) -> None:
    with pytest.raises(TextTooLong, match="q has 201 characters"):
        found(house, text="x" * 201)


def test_half_a_character_is_refused(house: House) -> None:
    with pytest.raises(BadInput, match="visible"):
        found(house, text="\ud800")


def test_a_cursor_can_be_read_again() -> None:
    assert read_cursor(write_cursor(NOON, "abc")) == (NOON, "abc")


def packed(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "====",
        "é",
        packed("no time"),
        packed("2026-01-01T00:00:00 naive"),
        packed("2026-01-01T00:00:00+00:00"),
        packed("2026-01-01T00:00:00+00:00 "),
        packed("99999-01-01T00:00:00+00:00 x"),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    ],
)
def test_a_cursor_of_somebody_else_is_refused(house: House, cursor: str) -> None:
    with pytest.raises(BadCursor):
        found(house, cursor=cursor)


@pytest.mark.parametrize("cursor", ["0001-01-01T00:00:00+14:00 x", "9999-12-31T23:59:59-14:00 x"])
def test_a_cursor_at_the_end_of_time_is_refused_or_empty(house: House, cursor: str) -> None:
    """Its UTC lies outside of what Python's times can hold."""
    with pytest.raises(BadCursor):
        found(house, cursor=packed(cursor))


def test_a_refused_cursor_is_not_repeated_at_length(house: House) -> None:
    with pytest.raises(BadCursor) as refused:
        found(house, cursor="x" * 5000)
    assert len(refused.value.message) < 300
