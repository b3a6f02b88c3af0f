"""What the public finds, and that a change shows in the next look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import text

from finding import Finding
from gallery.question import Question
from moderation.models import State
from moderation.transitions import move
from tests.conftest import House
from tests.gallery.shelves import publish


def taken_down(house: House, clip_id: str) -> None:
    with house.store.write() as session:
        move(session, clip_id, "take_down", actor="test")


def retitled(house: House, clip_id: str) -> None:
    with house.store.write() as session:
        session.execute(text("UPDATE clip SET title = 'x' WHERE id = :id"), {"id": clip_id})


def renamed(house: House, _clip_id: str) -> None:
    with house.store.write() as session:
        session.execute(text("UPDATE person SET name = 'Anna' WHERE name = 'ana'"))


def published(house: House, _clip_id: str) -> None:
    house.clip(State.PUBLISHED)


@pytest.mark.parametrize("change", [taken_down, retitled, renamed, published])
def test_a_change_that_the_public_sees_is_another_edition(
    house: House, change: Callable[[House, str], None]
) -> None:
    finding = Finding(house.store)
    clip = house.clip(State.PUBLISHED)
    before = finding.edition()
    change(house, clip.id)
    assert finding.edition() != before


def test_what_the_public_does_not_see_is_no_other_edition(house: House) -> None:
    finding = Finding(house.store)
    house.clip(State.PUBLISHED)
    before = finding.edition()
    house.clip(State.REJECTED)
    assert finding.edition() == before


def test_a_page_costs_as_many_queries_for_many_creators_as_for_one(house: House) -> None:
    def queries() -> int:
        count = [0]

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            count[0] += statement.startswith("SELECT")

        event.listen(house.store.engine, "before_cursor_execute", note)
        Finding(house.store).page(Question(), None)
        event.remove(house.store.engine, "before_cursor_execute", note)
        return count[0]

    publish(house, "a ball")
    one = queries()
    for number in range(10):
        publish(house, "a ball", creator=f"c{number}")
    assert (one, queries()) == (5, 5)


def test_clips_are_shown_while_nothing_can_be_written(house: House) -> None:
    clip = house.clip(State.PUBLISHED)
    finding = Finding(house.store)

    def seal(connection: Any, _record: object, _proxy: object) -> None:
        connection.execute("PRAGMA query_only = ON")

    event.listen(house.store.engine, "checkout", seal)
    found = finding.page(Question(order="rotating"), None)
    assert [each["id"] for each in found["items"]] == [clip.id]
