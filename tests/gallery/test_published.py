"""The public's lists: order, pages both ways, search and filters, and nothing in them that is not
published now."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import MetaData, Table, event
from sqlalchemy import select as select_columns
from sqlmodel import Session, text, update

from errors import BadCursor, BadInput, GreenlightError, TextTooLong
from gallery import rotation
from gallery.published import PAGE, Page, page, part, parts, read_cursor, write_cursor
from gallery.question import Question
from media import MediaStore
from moderation import clips as acts
from moderation.models import Clip, State
from moderation.transitions import move
from store import Store
from tests.conftest import House
from tests.gallery.shelves import publish
from tests.server import ROOT


def look(house: House, *, older: str | None = None, newer: str | None = None, **asked: str) -> Page:
    with house.store.read() as session:
        return page(session, Question(**asked), older=older, newer=newer)


def found(house: House, **asked: Any) -> list[str]:
    return [clip.id for clip in look(house, **asked).clips]


def pages(house: House, **asked: str) -> list[list[str]]:
    every: list[list[str]] = []
    cursor: str | None = None
    while True:
        shown = look(house, older=cursor, **asked)
        every.append([clip.id for clip in shown.clips])
        cursor = shown.older
        if cursor is None:
            return every


def change(house: House, clip_id: str, **columns: Any) -> None:
    with house.store.write() as session:
        session.execute(update(Clip).where(Clip.id == clip_id).values(**columns))  # type: ignore[arg-type]


# ---- order and pages ----------------------------------------------------------------------


def test_the_newest_comes_first(house: House) -> None:
    made = publish(house, "one", "two", "three")
    assert found(house) == made[::-1]


@pytest.mark.parametrize("asked", [{}, {"text": "red"}, {"shape": "square"}, {"order": "rotating"}])
def test_only_what_is_published_now_is_ever_in_it(house: House, asked: dict[str, str]) -> None:
    clips = {state: house.clip(state).id for state in State}
    assert found(house, **asked) == [clips[State.PUBLISHED]]


def test_a_full_page_has_no_next_one(house: House) -> None:
    publish(house, *["a ball"] * PAGE)
    assert [len(each) for each in pages(house)] == [PAGE]


@pytest.mark.parametrize("asked", [{}, {"text": "ball"}, {"model": "fast"}])
def test_the_cursor_goes_on_where_the_page_ended(house: House, asked: dict[str, str]) -> None:
    made = publish(house, *["a ball"] * (2 * PAGE + 3))
    assert [clip_id for each in pages(house, **asked) for clip_id in each] == made[::-1]


def test_what_is_published_meanwhile_moves_no_page(house: House) -> None:
    publish(house, *["a ball"] * (PAGE + 2))
    cursor = look(house).older
    expected = found(house, older=cursor)
    publish(house, "later")
    assert found(house, older=cursor) == expected


def test_a_clip_keeps_its_place_through_take_down_and_restore(house: House) -> None:
    made = [house.clip(State.PUBLISHED).id for _ in range(3)]
    for name in ("take_down", "restore"):
        with house.store.write() as session:
            move(session, made[1], name, actor="test")
    assert found(house) == made[::-1]


def packed(said: str) -> str:
    return base64.urlsafe_b64encode(said.encode()).decode()


def test_a_cursor_can_be_read_again() -> None:
    assert (read_cursor(write_cursor(7)), read_cursor(write_cursor(7, 9))) == ((7, None), (7, 9))


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "====",
        "é",
        "x" * 5000,
        *map(packed, ("-1", "1 ", "1 2 3", "9" * 16, "٣", "2026-01-01T00:00:00+00:00 x")),
    ],
)
def test_a_cursor_of_somebody_else_is_refused(house: House, cursor: str) -> None:
    with pytest.raises(BadCursor) as refused:
        found(house, older=cursor)
    assert len(refused.value.message) < 300


@pytest.mark.parametrize(
    ("order", "cursor"), [("newest", write_cursor(1, 2)), ("rotating", write_cursor(1))]
)
def test_a_cursor_of_another_order_is_refused(house: House, order: str, cursor: str) -> None:
    with pytest.raises(BadCursor):
        found(house, order=order, newer=cursor)


# ---- search -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("ball", {0, 1}),
        ("BALL", {0, 1}),
        ("red", {0, 2}),
        ("ball red", {0}),
        ("  red   ball ", {0}),
        ("square", set()),
        ("", {0, 1, 2}),
        ("ba", {0, 1}),
        ("b", set()),
        ("al", set()),
        ("etoile", {3}),
        ("ÉTOILE", {3}),
        ("ball OR star", set()),
        ("prompt:ball", set()),
        ("facets:shapesquare", set()),
        ("shapesquare", set()),
        ("red*", {0, 2}),
        ("%", set()),
        ("🎈", set()),
        ("ana", {0, 1, 2, 3}),
    ],
)
def test_every_word_must_be_in_the_words_of_the_clip(
    house: House, said: str, expected: set[int]
) -> None:
    made = publish(house, "a red ball", "a blue ball", "a red star", "une étoile")
    if not said:
        expected = {0, 1, 2, 3}
    assert {made.index(clip_id) for clip_id in found(house, text=said)} == expected


def test_the_beginning_of_a_long_word_is_enough_unless_it_is_a_word(house: House) -> None:
    made = publish(house, "bouncing", "caterpillars", "caterpillar")
    assert found(house, text="bouncin") == [made[0]]
    assert found(house, text="caterpillar") == [made[2]]


def test_a_title_is_found(house: House) -> None:
    (made,) = publish(house, "a ball", title="Nightfall")
    assert found(house, text="nightfall") == [made]


def test_a_prompt_that_is_not_shared_is_not_found(house: House) -> None:
    (made,) = publish(house, "a secret ball", title="Nightfall", shares_prompt=False)
    assert (found(house, text="secret"), found(house, text="nightfall")) == ([], [made])


def test_words_that_change_are_found_as_they_are(house: House) -> None:
    (made,) = publish(house, "a secret ball", title="Nightfall")
    change(house, made, title="Dawn", shares_prompt=False)
    assert [found(house, text=word) for word in ("secret", "nightfall", "dawn")] == [[], [], [made]]


def test_a_creator_s_new_name_is_found_and_the_old_one_is_not(house: House) -> None:
    (made,) = publish(house, "a ball", creator="ben")
    with house.store.write() as session:
        session.execute(text("UPDATE person SET name = 'Benedict' WHERE name = 'ben'"))
    assert (found(house, text="benedict"), found(house, text="ben ball")) == ([made], [])


def words(house: House) -> int:
    with house.store.read() as session:
        found = session.execute(text("SELECT count(*) FROM clip_words")).scalar_one()
        return int(found)


@pytest.mark.parametrize("name", ["take_down", "withdraw"])
def test_what_leaves_the_gallery_leaves_the_search_itself(house: House, name: str) -> None:
    clip = house.clip(State.PUBLISHED)
    before = words(house)
    with house.store.write() as session:
        move(session, clip.id, name, actor="test")
    assert (before, words(house)) == (1, 0)


def test_a_row_that_changes_without_a_move_leaves_it_too(house: House) -> None:
    """Whatever code writes the state: the table itself keeps the search true."""
    (made, gone) = publish(house, "one", "two")
    with house.store.write() as session:
        session.execute(text("UPDATE clip SET state = 'rejected' WHERE id = :id"), {"id": made})
        session.execute(text("DELETE FROM clip WHERE id = :id"), {"id": gone})
    assert words(house) == 0


def test_what_its_creator_deletes_has_no_words_left(house: House) -> None:
    clip = house.clip(State.PUBLISHED)
    ana = house.user("ana")
    with house.store.write() as session:
        acts.withdraw(session, ana, clip.id)
        acts.delete(session, ana, clip.id, remove=lambda _: None)
    assert words(house) == 0


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(said=st.text(max_size=210) | st.text(alphabet='"*^:(){}+-ANDORNEAR \0\ud800', max_size=60))
def test_any_text_is_answered_or_refused_in_words(house: House, said: str) -> None:
    try:
        found(house, text=said)
    except GreenlightError as error:
        assert 400 <= error.status < 500  # noqa: PT017


@pytest.mark.parametrize("said", ["x" * 201, "x" * 10_240])
def test_a_search_has_a_longest_length(house: House, said: str) -> None:
    with pytest.raises(TextTooLong, match="the longest allowed is 200"):
        found(house, text=said)


def test_a_hundred_words_are_looked_for(house: House) -> None:
    assert found(house, text="a " * 100) == []


# ---- filters ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"creator": "BEN"}, {1}),
        ({"creator": "nobody"}, set()),
        ({"model": "wan"}, {1, 2}),
        ({"model": "wa"}, set()),
        ({"style": "at night"}, {2}),
        ({"shape": "landscape"}, {1}),
        ({"shape": "portrait"}, {2}),
        ({"shape": "square"}, {0}),
        ({"length": "short"}, {0}),
        ({"length": "medium"}, {1}),
        ({"length": "long"}, {2}),
        ({"model": "wan", "shape": "portrait", "text": "ball"}, {2}),
        ({"model": "wan", "shape": "square"}, set()),
        ({"creator": "ben", "text": "ana"}, set()),
    ],
)
def test_filters_go_together(house: House, asked: dict[str, str], expected: set[int]) -> None:
    made = publish(house, "a ball")
    made += publish(house, "a ball", creator="ben", model="wan", width=96, num_frames=64)
    made += publish(house, "a ball", model="wan", height=96, num_frames=65, style="at night")
    assert {made.index(clip_id) for clip_id in found(house, **asked)} == expected


def test_a_clip_is_of_the_shape_and_length_that_it_was_made_in(house: House) -> None:
    (made,) = publish(house, "a ball", made_as={"width": 96, "num_frames": 80, "fps": 8.0})
    assert found(house, shape="landscape", length="long") == [made]


@pytest.mark.parametrize("asked", [{"shape": "round"}, {"length": "4"}, {"order": "best"}])
def test_a_value_that_does_not_exist_is_refused(asked: dict[str, str]) -> None:
    with pytest.raises(BadInput, match="one of"):
        Question(**asked)


# ---- the rotating order -------------------------------------------------------------------


def draw(house: House, window: int) -> None:
    with house.store.write() as session:
        rotation.begin(session, window)


def turning(house: House, window: int = 1, **asked: Any) -> Page:
    turn = {name: asked.pop(name, None) for name in ("older", "newer")}
    with house.store.read() as session:
        question = Question(order="rotating", **asked)
        return page(session, question, window=window, **turn)


def test_first_places_come_first_and_then_all_others_once(house: House) -> None:
    his = publish(house, *["a cube"] * 2, creator="ben")
    hers = publish(house, *["a ball"] * (2 * PAGE))
    draw(house, 1)
    shown = turning(house)
    every = [clip.id for clip in shown.clips]
    while shown.older:
        shown = turning(house, older=shown.older)
        every += [clip.id for clip in shown.clips]
    assert every == [his[1], hers[-1], *hers[-2::-1], his[0]]


def test_a_page_without_room_for_others_is_followed_by_all_of_them(house: House) -> None:
    made = [publish(house, "a", "b", creator=f"c{number:02}") for number in range(PAGE)]
    draw(house, 1)
    first = turning(house)
    second = turning(house, older=first.older)
    assert [clip.id for clip in second.clips] == [each[0] for each in made][::-1]
    assert [clip.id for clip in turning(house, newer=second.newer).clips] == [
        clip.id for clip in first.clips
    ]


def test_newer_leads_back_over_every_page(house: House) -> None:
    publish(house, *["a ball"] * (3 * PAGE))
    draw(house, 1)
    first = turning(house)
    second = turning(house, older=first.older)
    third = turning(house, older=second.older)
    back = turning(house, newer=third.newer)
    again = turning(house, newer=back.newer)
    assert [back.clips, again.clips] == [second.clips, first.clips]
    assert again.newer is None


def test_a_cursor_keeps_the_window_that_it_was_made_in(house: House) -> None:
    publish(house, *["a ball"] * (2 * PAGE))
    publish(house, "a cube", creator="ben")
    draw(house, 1)
    second = turning(house, older=turning(house).older)
    draw(house, 2)
    assert turning(house, 2, older=turning(house).older).clips == second.clips


def test_a_clip_that_is_taken_down_leaves_its_first_place_at_once(house: House) -> None:
    (his,) = publish(house, "a cube", creator="ben")
    (hers,) = publish(house, "a ball")
    draw(house, 1)
    with house.store.write() as session:
        move(session, his, "take_down", actor="test")
    assert ([clip.id for clip in turning(house).clips], turning(house).first) == ([hers], (hers,))


def test_filters_hold_in_first_places_too(house: House) -> None:
    publish(house, "a cube", creator="ben", model="wan")
    (hers,) = publish(house, "a ball")
    draw(house, 1)
    assert turning(house, model="fast").first == (hers,)


# ---- how it is found ----------------------------------------------------------------------


def plans(house: House, **asked: str) -> list[str]:
    """How the database finds a page, query by query."""
    with house.store.read() as session:
        said: list[tuple[str, Any]] = []

        def note(_c: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
            if statement.startswith("SELECT") and "FROM clip" in statement:
                said.append((statement, values))

        event.listen(house.store.engine, "before_cursor_execute", note)
        page(session, Question(**asked), older=write_cursor(500))
        event.remove(house.store.engine, "before_cursor_execute", note)
        return [plan(session, *each) for each in said]


def plan(session: Session, statement: str, values: Any) -> str:
    rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
    return "; ".join(row[3] for row in rows)


def test_the_newest_are_read_from_the_index_of_published_clips(house: House) -> None:
    first = plans(house)[0]
    assert "USING INDEX ix_clip_gallery (publish_seq<?)" in first
    assert "TEMP B-TREE" not in first


@pytest.mark.parametrize(
    "asked",
    [{"text": "ball"}, {"model": "wan"}, {"style": "x"}, {"shape": "square"}, {"length": "long"}],
)
def test_searches_and_filters_are_read_from_the_search_in_its_own_order(
    house: House, asked: dict[str, str]
) -> None:
    first = plans(house, **asked)[0]
    assert "SCAN clip_words VIRTUAL TABLE INDEX" in first
    assert "TEMP B-TREE" not in first


def test_the_clips_of_a_page_are_read_by_their_numbers(house: House) -> None:
    publish(house, *["a ball"] * 3)
    assert "ix_clip_publish_seq (publish_seq=?)" in plans(house)[-1]


# ---- parts, for the sitemap ---------------------------------------------------------------


def test_parts_together_are_every_published_clip_once(house: House) -> None:
    made = publish(house, *["a ball"] * 7)
    house.clip(State.TAKEN_DOWN)
    with house.store.read() as session:
        cursors = parts(session, 3)
        found = [clip.id for cursor in cursors for clip in part(session, cursor, 3)]
    assert (len(cursors), found) == (3, made)


def test_the_first_part_needs_no_cursor(house: House) -> None:
    made = publish(house, "one", "two", "three")
    with house.store.read() as session:
        assert [clip.id for clip in part(session, None, 2)] == made[:2]


def test_a_part_that_nothing_is_left_of_is_no_part(house: House) -> None:
    made = publish(house, *["a ball"] * 6)
    for clip_id in made[:3]:
        change(house, clip_id, state=State.WITHDRAWN.value)
    with house.store.read() as session:
        assert [read_cursor(each)[0] for each in parts(session, 3)] == [4]


def test_where_nothing_is_published_there_is_no_part(house: House) -> None:
    with house.store.read() as session:
        assert (parts(session, 3), part(session, None, 3)) == ([], [])


# ---- clips from before there was a search -------------------------------------------------


def test_clips_that_were_published_before_are_found_after_the_migration(
    house: House, tmp_path: Path
) -> None:
    made = publish(house, "an early ball", "a hidden ball", shares_prompt=False)
    change(house, made[0], shares_prompt=True)
    old = Store(f"sqlite:///{tmp_path / 'old.db'}", audit_key=b"")
    with old.engine.connect() as connection:
        config = Config()
        config.set_main_option("script_location", str(ROOT / "migrations"))
        config.attributes["connection"] = connection
        before = ScriptDirectory.from_config(config).get_revision("0011").down_revision
        command.upgrade(config, str(before))
    _copy(house.store, old, "person", "clip")
    old.upgrade()
    then = House(old, MediaStore(tmp_path / "media"))
    draw(then, 1)
    assert (found(then, text="ball"), turning(then).first) == ([made[0]], (made[1],))
    old.close()


def _copy(new: Store, old: Store, *names: str) -> None:
    """Rows of today, as far as tables of then have their columns."""
    for name in names:
        table = Table(name, MetaData(), autoload_with=old.engine)
        query = select_columns(*table.columns)
        with new.engine.connect() as source, old.engine.begin() as target:
            target.execute(table.insert(), [dict(row) for row in source.execute(query).mappings()])
