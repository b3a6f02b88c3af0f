"""Deciding in bulk: all or nothing, by the rules of each single decision, and back again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import select

from audit import AuditRow
from errors import (
    BadInput,
    BulkMovedOn,
    GreenlightError,
    NotAllowed,
    NotFound,
    PatternGone,
    PreviewOver,
    TextTooLong,
    UndoNotYours,
    UndoTooLate,
)
from moderation import appeals, claims, clips, statements, undo
from moderation.bulk import Seen
from moderation.models import Clip, Decision, State, Verdict
from moderation.preview import MOST
from moderation.proof import problems
from notices.models import Notice
from tests.conftest import House
from tests.moderation.lots import (
    NEAR,
    Json,
    alike,
    change,
    decide,
    faulty,
    ids,
    previewed,
    ruling,
    take_back,
)


@pytest.fixture(autouse=True)
def time_to_take_it_back(house: House) -> None:
    house.rules = replace(house.rules, undo_s=60)


@pytest.fixture
def black(house: House) -> list[Clip]:
    return [faulty(house), faulty(house, creator="ben"), faulty(house)]


def states(house: House, found: list[Clip]) -> list[str]:
    return [house.get(clip.id).state for clip in found]


def count(house: House, table: type) -> int:
    with house.store.read() as session:
        return len(session.exec(select(table)).all())


def rows(house: House, action: str) -> list[AuditRow]:
    with house.store.read() as session:
        return list(session.exec(select(AuditRow).where(AuditRow.action == action)))


def prove(house: House) -> list[str]:
    with house.store.read() as session:
        return problems(session, house.store.session_info["audit_key"])


# ---- deciding -----------------------------------------------------------------------------


def test_all_clips_that_were_chosen_are_decided(house: House, black: list[Clip]) -> None:
    made = decide(house, ruling(previewed(house)[0]))
    assert states(house, black) == ["rejected"] * 3
    assert [clip.id for clip in made.clips] == [clip.id for clip in black]


def test_what_was_not_chosen_waits_on(house: House, black: list[Clip]) -> None:
    (group,) = previewed(house)
    chosen = [Seen(black[1].id, black[1].version)]
    decide(house, ruling(group, clips=chosen, verdict=Verdict.REQUEST_CHANGES))
    assert states(house, black) == ["pending_review", "changes_requested", "pending_review"]


def test_each_clip_has_a_decision_and_a_row_of_its_own(house: House, black: list[Clip]) -> None:
    made = decide(house, ruling(previewed(house)[0], note="Try another seed."))
    decisions = [row.body["decision"] for row in rows(house, "reject")]
    (together,) = rows(house, "bulk")
    assert [row.body["bulk"] for row in rows(house, "reject")] == [made.id] * 3
    assert sorted(together.body["decisions"].values()) == sorted(decisions)
    assert (count(house, Decision), prove(house)) == (3, [])


def test_each_creator_gets_a_statement_that_names_the_advice(
    house: House, black: list[Clip]
) -> None:
    decide(house, ruling(previewed(house)[0], note="Try another seed."))
    with house.store.read() as session:
        (told,) = statements.readable(session, house.user("ben"), black[1].id)
        notices = session.exec(select(Notice.kind).where(Notice.clip_id == black[1].id)).all()
    assert (told.note, told.codes, told.is_advised) == (
        "Try another seed.",
        ("technical_fault",),
        True,
    )
    assert "rejected" in notices


def test_likeness_counts_as_advice_where_screening_had_said_nothing(house: House) -> None:
    house.decide("rob", alike(house), Verdict.REJECT, "hate")
    clip = alike(house, NEAR)
    decide(house, ruling(previewed(house)[0]))
    with house.store.read() as session:
        (made,) = session.exec(select(Decision).where(Decision.clip_id == clip.id))
    assert (made.advised, made.reasons) == (True, ["hate"])


def test_the_log_says_which_decision_was_followed(house: House) -> None:
    case = house.decide("rob", alike(house), Verdict.REJECT, "hate")
    alike(house, NEAR)
    decide(house, ruling(previewed(house)[0]))
    with house.store.read() as session:
        (pattern,) = session.exec(select(Decision).where(Decision.clip_id == case.id))
    (row,) = rows(house, "bulk")
    assert (row.body["kind"], row.body["pattern"]) == ("like_decided", pattern.id)


# ---- what is refused ----------------------------------------------------------------------


def foreign(house: House, group: Json) -> Json:
    other = house.clip()
    return {"clips": [Seen(other.id, other.version)]}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (lambda _, group: {"count": 2}, "count is 2: the number of clips that you chose, 3"),
        (lambda _, group: {"count": -3}, "count is -3"),
        (lambda _, group: {"verdict": Verdict.APPROVE}, "nothing is approved in bulk"),
        (lambda _, group: {"reasons": ["hate"]}, "exactly technical_fault"),
        (lambda _, group: {"reasons": ["technical_fault", "hate"]}, "exactly technical_fault"),
        (lambda _, group: {"reasons": []}, "exactly technical_fault"),
        (lambda _, group: {"clips": []}, f"1 to {MOST} clips"),
        (lambda _, group: {"clips": [Seen(ids(group)[0], 4)] * 2}, "each clip once"),
        (lambda _, group: {"clips": [Seen(ids(group)[0], 99)]}, "at version 99': a clip of the"),
        (lambda _, group: {"clips": [Seen("x", 2**80)]}, "a clip of the preview"),
        (foreign, "a clip of the preview"),
    ],
)
def test_what_the_preview_does_not_allow_is_refused(
    house: House, black: list[Clip], changed: Callable[[House, Json], Json], said: str
) -> None:
    (group,) = previewed(house)
    with pytest.raises(BadInput, match=said):
        decide(house, ruling(group, **changed(house, group)))
    assert states(house, black) == ["pending_review"] * 3


def test_more_clips_than_a_person_can_look_through_are_refused(
    house: House, black: list[Clip]
) -> None:
    many = [Seen(str(number), 1) for number in range(MOST + 1)]
    with pytest.raises(BadInput, match="51 clips"):
        decide(house, ruling(previewed(house)[0], clips=many))


def test_a_preview_of_somebody_else_is_refused(house: House, black: list[Clip]) -> None:
    with pytest.raises(PreviewOver):
        decide(house, ruling(previewed(house, "rob")[0]), "rita")


@pytest.mark.parametrize("name", ["ana", "aud"])
def test_only_reviewers_preview_and_decide(house: House, black: list[Clip], name: str) -> None:
    with pytest.raises(NotAllowed):
        previewed(house, name)
    with pytest.raises(NotAllowed):
        decide(house, ruling(previewed(house)[0]), name)


def test_words_that_are_too_long_decide_nothing(house: House, black: list[Clip]) -> None:
    with pytest.raises(TextTooLong):
        decide(house, ruling(previewed(house)[0], note="a" * 2001))
    assert (states(house, black), prove(house)) == (["pending_review"] * 3, [])


# ---- what has moved on --------------------------------------------------------------------


def claimed(house: House, clip: Clip) -> None:
    with house.store.write() as session:
        claims.claim(session, house.user("rob"), clip.id, lease_s=60)


def decided(house: House, clip: Clip) -> None:
    house.decide("rob", clip, Verdict.APPROVE)


def withdrawn(house: House, clip: Clip) -> None:
    with house.store.write() as session:
        clips.withdraw(session, house.user("ana"), clip.id)


def looked_at_twice(house: House, clip: Clip) -> None:
    """Decided and taken back: it waits again, at another version."""
    house.decide("rob", clip, Verdict.REJECT, "hate")
    with house.store.write() as session:
        undo.undo(session, house.user("rob"), clip.id, house.rules)


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (claimed, "claimed"),
        (decided, "already_decided"),
        (withdrawn, "conflict"),
        (looked_at_twice, "stale_version"),
    ],
)
def test_one_clip_that_moved_on_refuses_all_and_is_named(
    house: House, black: list[Clip], act: Callable[[House, Clip], None], code: str
) -> None:
    (group,) = previewed(house)
    act(house, black[2])
    before = count(house, Decision)
    with pytest.raises(BulkMovedOn, match=f"1 of the 3 clips.*{black[2].id}") as refusal:
        decide(house, ruling(group))
    assert refusal.value.refused == {black[2].id: code}
    assert states(house, black[:2]) == ["pending_review"] * 2
    assert (count(house, Decision), rows(house, "bulk"), prove(house)) == (before, [], [])


def test_every_clip_that_moved_on_is_named(house: House, black: list[Clip]) -> None:
    (group,) = previewed(house)
    claimed(house, black[0])
    decided(house, black[2])
    with pytest.raises(BulkMovedOn, match="2 of the 3 clips") as refusal:
        decide(house, ruling(group))
    assert set(refusal.value.refused) == {black[0].id, black[2].id}


def test_a_clip_that_came_since_the_preview_changes_nothing(
    house: House, black: list[Clip]
) -> None:
    (group,) = previewed(house)
    late = faulty(house)
    decide(house, ruling(group))
    assert states(house, [*black, late]) == ["rejected"] * 3 + ["pending_review"]


def test_what_they_would_follow_must_still_stand(house: House) -> None:
    case = house.decide("rob", alike(house), Verdict.REJECT, "hate")
    clip = alike(house, NEAR)
    (group,) = previewed(house)
    with house.store.write() as session:
        appeals.appeal(session, house.user("ana"), case.id, "Look again.", house.rules)
    with pytest.raises(PatternGone):
        decide(house, ruling(group))
    assert house.get(clip.id).state == State.PENDING_REVIEW


def test_what_they_would_follow_must_be_what_was_shown(house: House) -> None:
    """The same answer again, and for another reason."""
    case = house.decide("rob", alike(house), Verdict.REJECT, "hate")
    clip = alike(house, NEAR)
    (group,) = previewed(house)
    with house.store.write() as session:
        undo.undo(session, house.user("rob"), case.id, house.rules)
    house.decide("rob", house.get(case.id), Verdict.REJECT, "violence")
    with pytest.raises(PatternGone):
        decide(house, ruling(group))
    assert house.get(clip.id).state == State.PENDING_REVIEW


def test_the_same_ticket_decides_once(house: House, black: list[Clip]) -> None:
    (group,) = previewed(house)
    decide(house, ruling(group))
    with pytest.raises(BulkMovedOn, match="3 of the 3"):
        decide(house, ruling(group))
    assert count(house, Decision) == 3


# ---- taking it back -----------------------------------------------------------------------


def test_all_of_it_is_taken_back_in_one_act(house: House, black: list[Clip]) -> None:
    made = decide(house, ruling(previewed(house)[0]))
    undone = take_back(house, made.id)
    assert (states(house, black), undone.left) == (["pending_review"] * 3, {})
    assert prove(house) == []


def test_taken_back_they_are_in_a_preview_again(house: House, black: list[Clip]) -> None:
    made = decide(house, ruling(previewed(house)[0]))
    take_back(house, made.id)
    assert set(ids(previewed(house)[0])) == {clip.id for clip in black}


def test_what_a_creator_went_on_from_stays_and_the_others_come_back(
    house: House, black: list[Clip]
) -> None:
    made = decide(house, ruling(previewed(house)[0]))
    with house.store.write() as session:
        appeals.appeal(session, house.user("ana"), black[0].id, "Look again.", house.rules)
    undone = take_back(house, made.id)
    assert states(house, black) == ["appealed", "pending_review", "pending_review"]
    assert {key: error.code for key, error in undone.left.items()} == {black[0].id: "undo_too_late"}
    assert rows(house, "undo_bulk")[0].body["left"] == [black[0].id]


def test_a_clip_that_was_decided_anew_keeps_the_new_decision(
    house: House, black: list[Clip]
) -> None:
    made = decide(house, ruling(previewed(house)[0]))
    with house.store.write() as session:
        undo.undo(session, house.user("rita"), black[0].id, house.rules)
    house.decide("rita", house.get(black[0].id), Verdict.APPROVE)
    undone = take_back(house, made.id)
    assert states(house, black) == ["approved", "pending_review", "pending_review"]
    assert list(undone.left) == [black[0].id]


def too_late(house: House, bulk_id: str) -> Any:
    house.rules = replace(house.rules, undo_s=0)
    take_back(house, bulk_id)


def twice(house: House, bulk_id: str) -> Any:
    take_back(house, bulk_id)
    take_back(house, bulk_id)


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda house, bulk_id: take_back(house, bulk_id, "rob"), UndoNotYours),
        (lambda house, bulk_id: take_back(house, bulk_id, "ana"), NotAllowed),
        (lambda house, bulk_id: take_back(house, "no such bulk"), NotFound),
        (too_late, UndoTooLate),
        (twice, UndoNotYours),
    ],
    ids=["a colleague", "a creator", "no such bulk", "too late", "twice"],
)
def test_nobody_else_and_not_later_and_not_twice(
    house: House,
    black: list[Clip],
    act: Callable[[House, str], Any],
    error: type[GreenlightError],
) -> None:
    made = decide(house, ruling(previewed(house)[0]))
    with pytest.raises(error):
        act(house, made.id)
    assert prove(house) == []


def test_an_id_of_a_clip_is_no_bulk(house: House, black: list[Clip]) -> None:
    decide(house, ruling(previewed(house)[0]))
    with pytest.raises(NotFound):
        take_back(house, black[0].id)


def test_without_time_for_it_no_end_of_it_is_told(house: House, black: list[Clip]) -> None:
    house.rules = replace(house.rules, undo_s=0)
    assert decide(house, ruling(previewed(house)[0])).until is None


def test_a_group_is_shown_in_parts_that_can_be_decided(
    house: House, black: list[Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moderation.preview.MOST", 2)
    (group,) = previewed(house)
    assert (ids(group), group["more"]) == ([clip.id for clip in black[:2]], 1)
    third = change(house, black[2], advice=0.5)
    with pytest.raises(BadInput, match="a clip of the preview"):
        decide(house, ruling(group, clips=[Seen(third.id, third.version)]))
