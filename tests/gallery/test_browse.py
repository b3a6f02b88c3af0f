"""The public gallery: order, pages, search, and nothing in it that is not published now."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from errors import BadCursor, TextTooLong
from gallery.browse import PAGE, part, parts, published, read_cursor, write_cursor
from moderation.models import Clip, State
from tests.conftest import REQUEST, House

NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)


def publish(house: House, *prompts: str, creator: str = "ana", apart_s: int = 60) -> list[str]:
    """Published clips, one row each, the last one newest."""
    columns: dict[str, Any] = dict(REQUEST)
    with house.store.write() as session:
        made = [
            Clip(
                **{**columns, "prompt": prompt},
                creator_id=house.user(creator).id,
                state=State.PUBLISHED.value,
                sha256="s",
                approved_sha256="s",
                approved_by=house.user("rita").id,
                public_sha256="p",
                published_at=NOON + timedelta(seconds=place * apart_s),
            )
            for place, prompt in enumerate(prompts)
        ]
        session.add_all(made)
        session.flush()
        return [clip.id for clip in made]


def found(house: House, **query: Any) -> list[str]:
    with house.store.read() as session:
        return [clip.id for clip in published(session, **query)[0]]


def pages(house: House) -> list[list[str]]:
    every: list[list[str]] = []
    cursor: str | None = None
    with house.store.read() as session:
        while True:
            clips, cursor = published(session, cursor=cursor)
            every.append([clip.id for clip in clips])
            if cursor is None:
                return every


def test_the_newest_comes_first(house: House) -> None:
    made = publish(house, "one", "two", "three")
    assert found(house) == made[::-1]


def test_only_what_is_published_now_is_ever_in_it(house: House) -> None:
    clips = {state: house.clip(state).id for state in State}
    assert found(house) == [clips[State.PUBLISHED]]


def test_a_full_page_has_no_next_one(house: House) -> None:
    publish(house, *["a ball"] * PAGE)
    assert [len(page) for page in pages(house)] == [PAGE]


@pytest.mark.parametrize("apart_s", [60, 0])
def test_the_cursor_goes_on_where_the_page_ended(house: House, apart_s: int) -> None:
    made = publish(house, *["a ball"] * (2 * PAGE + 3), apart_s=apart_s)
    first, second, third = pages(house)
    assert (len(first), len(second), len(third)) == (PAGE, PAGE, 3)
    assert sorted(first + second + third) == sorted(made)


def test_what_is_published_meanwhile_moves_no_page(house: House) -> None:
    publish(house, *["a ball"] * (PAGE + 2))
    with house.store.read() as session:
        _, cursor = published(session)
    expected = found(house, cursor=cursor)
    late = publish(house, "later")
    with house.store.write() as session:
        session.get_one(Clip, late[0]).published_at = NOON + timedelta(days=1)
    assert found(house, cursor=cursor) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ball", {0, 1}),
        ("BALL", {0, 1}),
        ("red", {0, 2}),
        ("ball red", {0}),
        ("  red   ball ", {0}),
        ("square", set()),
        ("", {0, 1, 2}),
    ],
)
def test_every_word_must_be_in_the_prompt(house: House, text: str, expected: set[int]) -> None:
    made = publish(house, "a red ball", "a blue ball", "a red star")
    assert {made.index(clip_id) for clip_id in found(house, text=text)} == expected


@pytest.mark.parametrize("wildcard", ["%", "_", "\\", "100%", "a_b"])
def test_wildcards_are_taken_literally(house: House, wildcard: str) -> None:
    publish(house, "plain words", "1000 aXb")
    (literal,) = publish(house, f"with {wildcard} in it")
    assert found(house, text=wildcard) == [literal]


def test_a_quote_is_a_letter_like_others(house: House) -> None:
    (quoted,) = publish(house, "the 'red' ball")
    assert found(house, text="'red'") == [quoted]


def test_a_search_has_a_longest_length(house: House) -> None:
    with pytest.raises(TextTooLong, match="q has 201 characters"):
        found(house, text="x" * 201)


def test_the_clips_of_one_creator(house: House) -> None:
    publish(house, "by ana")
    made = publish(house, "by ben", creator="ben")
    assert found(house, creator="BEN") == made


def test_an_unknown_creator_has_no_clips(house: House) -> None:
    publish(house, "by ana")
    assert found(house, creator="nobody") == []


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


# ---- parts, for the sitemap ---------------------------------------------------------------


@pytest.mark.parametrize("apart_s", [60, 0])
def test_parts_together_are_every_published_clip_once(house: House, apart_s: int) -> None:
    made = publish(house, *["a ball"] * 7, apart_s=apart_s)
    house.clip(State.TAKEN_DOWN)
    with house.store.read() as session:
        cursors = parts(session, 3)
        found = [clip.id for cursor in cursors for clip in part(session, cursor, 3)]
    assert (len(cursors), sorted(found)) == (3, sorted(made))


def test_the_first_part_needs_no_cursor(house: House) -> None:
    made = publish(house, "one", "two", "three")
    with house.store.read() as session:
        assert [clip.id for clip in part(session, None, 2)] == made[:2]


def test_where_nothing_is_published_there_is_no_part(house: House) -> None:
    with house.store.read() as session:
        assert parts(session, 3) == []
