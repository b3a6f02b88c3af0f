"""Marks: notes and drawings on moments of a clip, who reads them, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import select

import audit
from accounts.permissions import STRANGER
from audit import AuditRow
from errors import (
    BadInput,
    Conflict,
    NotAllowed,
    NotFound,
    OwnClip,
    SignInNeeded,
    TextTooLong,
)
from moderation import marks
from moderation.marks import Note
from moderation.models import Clip, Decision, Mark, State, Undoing, Verdict
from moderation.transitions import move
from store import utc_now
from tests.conftest import House

LINE = [[0.1, 0.1], [0.9, 0.9]]


def add(house: House, name: str, clip: Clip, **note: Any) -> Mark:
    with house.store.write() as session:
        return marks.add(
            session, house.user(name), clip.id, Note(**{"at_s": 0.5, "text": "here", **note})
        )


def remove(house: House, name: str, mark: Mark) -> None:
    with house.store.write() as session:
        marks.remove(session, house.user(name), mark.clip_id, mark.id)


def read(house: House, name: str, clip: Clip) -> list[dict[str, Any]]:
    with house.store.read() as session:
        return marks.of_clip(session, house.user(name), clip.id)


def words(house: House, name: str, clip: Clip) -> list[str]:
    return [mark["text"] for mark in read(house, name, clip)]


def logged(house: House, clip: Clip) -> list[str]:
    with house.store.read() as session:
        query = select(AuditRow.action).where(AuditRow.subject == clip.id)
        return [action for action in session.exec(query) if "mark" in action]


# ---- making -------------------------------------------------------------------------------


def test_a_mark_keeps_its_moment_words_and_lines(house: House) -> None:
    clip = house.clip()
    add(house, "rita", clip, at_s=0.625, text="a hand\ntoo many", strokes=[LINE])
    [mark] = read(house, "rob", clip)
    assert (mark["at_s"], mark["text"], mark["strokes"]) == (0.625, "a hand\ntoo many", [LINE])


def test_marks_come_in_order_of_their_moments(house: House) -> None:
    clip = house.clip()
    for at_s, text in ((0.75, "late"), (0.0, "first"), (0.25, "early")):
        add(house, "rita", clip, at_s=at_s, text=text)
    assert words(house, "rita", clip) == ["first", "early", "late"]


def test_a_drawing_needs_no_words(house: House) -> None:
    clip = house.clip()
    add(house, "rita", clip, text="", strokes=[[[0.5, 0.5]]])
    assert len(read(house, "rita", clip)) == 1


def test_a_mark_is_in_the_log_without_its_words(house: House) -> None:
    clip = house.clip()
    add(house, "rita", clip, text="a secret thought")
    assert logged(house, clip) == ["mark"]
    with house.store.read() as session:
        bodies = [row.body for row in session.exec(select(AuditRow))]
        assert "secret" not in str(bodies)
        assert audit.first_broken(session, house.store.session_info["audit_key"]) is None


def test_a_refused_mark_leaves_no_row_in_the_log(house: House) -> None:
    clip = house.clip()
    with pytest.raises(BadInput):
        add(house, "rita", clip, at_s=-1)
    assert (logged(house, clip), read(house, "rita", clip)) == ([], [])


@pytest.mark.parametrize("name", ["ana", "ben", "aud"])
def test_these_make_no_marks(house: House, name: str) -> None:
    clip = house.clip(creator="rob")
    with pytest.raises(NotAllowed):
        add(house, name, clip)


def test_a_stranger_is_asked_to_sign_in(house: House) -> None:
    clip = house.clip()
    with pytest.raises(SignInNeeded), house.store.write() as session:
        marks.add(session, STRANGER, clip.id, Note(0.5, "x"))


def test_nobody_marks_their_own_clip(house: House) -> None:
    with pytest.raises(OwnClip):
        add(house, "rita", house.clip(creator="rita"))


def test_a_clip_that_is_not_there_cannot_be_marked(house: House) -> None:
    with pytest.raises(NotFound), house.store.write() as session:
        marks.add(session, house.user("rita"), "nothing", Note(0.5, "x"))


@pytest.mark.parametrize(
    "state", [State.QUEUED, State.REJECTED, State.PUBLISHED, State.CHANGES_REQUESTED]
)
def test_a_clip_that_does_not_wait_for_review_takes_no_marks(house: House, state: State) -> None:
    with pytest.raises(Conflict, match="marking"):
        add(house, "lea", house.clip(state))


@pytest.mark.parametrize("state", [State.PENDING_REVIEW, State.SECOND_REVIEW, State.APPEALED])
def test_every_look_at_a_clip_can_be_marked(house: House, state: State) -> None:
    clip = house.clip(state)
    add(house, "lea", clip)
    assert words(house, "lea", clip) == ["here"]


@pytest.mark.parametrize(
    ("note", "said"),
    [
        ({"at_s": -0.001}, "0 to 1.125 seconds"),
        ({"at_s": 1.126}, "0 to 1.125 seconds"),
        ({"at_s": float("nan")}, "nan"),
        ({"at_s": float("inf")}, "inf"),
        ({"text": ""}, "words, a drawing, or both"),
        ({"text": " \n\t"}, "words, a drawing, or both"),
        ({"text": "a\x00b"}, r"U\+0000"),
        ({"text": "\u202edne"}, r"U\+202E"),
        ({"strokes": [[]]}, "one point or more"),
        ({"strokes": [[[0.5]]]}, r"\[x, y\]"),
        ({"strokes": [[[0.5, 0.5, 0.5]]]}, r"\[x, y\]"),
        ({"strokes": [[[0.5, 1.01]]]}, "from 0 to 1"),
        ({"strokes": [[[-0.01, 0.5]]]}, "from 0 to 1"),
        ({"strokes": [[[float("nan"), 0.5]]]}, "from 0 to 1"),
        ({"strokes": [LINE] * 51}, "51 strokes"),
        ({"strokes": [[[0.5, 0.5]] * 4001]}, "4001 points"),
    ],
)
def test_what_nobody_could_read_or_see_is_refused(
    house: House, note: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        add(house, "rita", house.clip(), **note)


def test_a_novel_is_refused(house: House) -> None:
    with pytest.raises(TextTooLong, match="2001 characters"):
        add(house, "rita", house.clip(), text="n" * 2001)


def test_the_last_moment_of_a_clip_can_be_marked(house: House) -> None:
    clip = house.clip()
    add(house, "rita", clip, at_s=1.125)
    assert read(house, "rita", clip)[0]["at_s"] == 1.125


def test_a_clip_takes_only_so_many_marks(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marks, "MARKS_LIMIT", 2)
    clip = house.clip()
    add(house, "rita", clip)
    add(house, "rob", clip)
    with pytest.raises(BadInput, match="2 marks at most"):
        add(house, "rita", clip)


# ---- taking away --------------------------------------------------------------------------


def test_a_mark_of_ones_own_can_be_taken_away(house: House) -> None:
    clip = house.clip()
    remove(house, "rita", add(house, "rita", clip))
    assert read(house, "rita", clip) == []
    assert logged(house, clip) == ["mark", "unmark"]


def test_nobody_takes_away_what_somebody_else_said(house: House) -> None:
    clip = house.clip()
    mark = add(house, "rita", clip)
    with pytest.raises(NotAllowed):
        remove(house, "lea", mark)
    assert words(house, "rita", clip) == ["here"]


def test_a_mark_stays_once_the_clip_is_decided(house: House) -> None:
    clip = house.clip()
    mark = add(house, "rita", clip, public=True)
    house.decide("rita", clip, Verdict.REJECT, "technical_fault")
    with pytest.raises(Conflict):
        remove(house, "rita", mark)


def test_a_mark_is_found_on_its_own_clip_only(house: House) -> None:
    mark = add(house, "rita", house.clip())
    mark.clip_id = house.clip().id
    with pytest.raises(NotFound):
        remove(house, "rita", mark)


# ---- reading ------------------------------------------------------------------------------


def test_reviewers_read_who_made_a_mark(house: House) -> None:
    clip = house.clip()
    add(house, "rita", clip)
    assert [(m["author"], m["mine"]) for m in read(house, "rob", clip)] == [("rita", False)]
    assert [(m["author"], m["mine"]) for m in read(house, "rita", clip)] == [("rita", True)]


def test_a_creator_reads_nothing_before_the_decision(house: House) -> None:
    clip = house.clip()
    add(house, "rita", clip, public=True)
    assert read(house, "ana", clip) == []


def test_a_creator_reads_public_marks_with_the_decision(house: House) -> None:
    clip = house.clip()
    add(house, "rita", clip, text="this flickers", public=True)
    add(house, "rita", clip, text="ana does this often", public=False)
    house.decide("rita", clip, Verdict.REJECT, "technical_fault")
    assert words(house, "ana", clip) == ["this flickers"]


def test_a_creator_reads_a_role_and_no_name(house: House) -> None:
    clip = house.clip()
    add(house, "rita", clip, public=True)
    house.decide("rita", clip, Verdict.REJECT, "technical_fault")
    [mark] = read(house, "ana", clip)
    assert (mark["by"], mark["author"]) == ("reviewer", None)


def test_a_creator_who_reviews_reads_no_internal_marks_on_their_own_clip(house: House) -> None:
    clip = house.clip(creator="rob")
    add(house, "rita", clip, text="between us")
    add(house, "rita", clip, text="for you", public=True)
    house.decide("rita", clip, Verdict.REJECT, "technical_fault")
    assert words(house, "rob", clip) == ["for you"]


def test_marks_of_a_decision_that_was_taken_back_are_not_told(house: House) -> None:
    clip = house.clip()
    add(house, "rita", clip, public=True)
    house.decide("rita", clip, Verdict.REJECT, "technical_fault")
    with house.store.write() as session:
        decided = select(Decision.id).where(Decision.clip_id == clip.id)
        session.add(Undoing(decision_id=session.exec(decided).one()))
    assert read(house, "ana", clip) == []


def test_marks_of_an_appeal_wait_for_its_answer(house: House) -> None:
    clip = house.clip()
    add(house, "rita", clip, text="first", public=True)
    house.decide("rita", clip, Verdict.REJECT, "technical_fault")
    with house.store.write() as session:
        move(session, clip.id, "appeal", actor=house.user("ana").id)
    add(house, "rob", clip, text="second", public=True)
    assert words(house, "ana", clip) == ["first"]


def test_a_published_clip_shows_its_marks_to_no_stranger(house: House) -> None:
    clip = house.clip()
    add(house, "rita", clip, public=True)
    house.decide("rita", clip, Verdict.APPROVE)
    with house.store.write() as session:
        published: dict[str, Any] = {"public_sha256": "0" * 64, "published_at": utc_now()}
        move(session, clip.id, "publish", actor="system", **published)
    assert read(house, "ben", clip) == []
    with house.store.read() as session:
        assert marks.of_clip(session, STRANGER, clip.id) == []


def test_a_held_clip_and_its_marks_are_not_there_for_other_creators(house: House) -> None:
    clip = house.clip()
    add(house, "rita", clip)
    with pytest.raises(NotFound):
        read(house, "ben", clip)
