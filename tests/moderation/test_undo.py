"""Taking a decision back: by whoever made it, in time, all the way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlmodel import select

from errors import NotAllowed, UndoNotYours, UndoTooLate
from moderation import appeals, undo
from moderation.models import Appeal, Clip, Decision, State, Undoing, Verdict
from moderation.proof import problems
from notices.models import Notice
from tests.conftest import House


@pytest.fixture(autouse=True)
def time_for_it(house: House) -> None:
    house.rules = replace(house.rules, undo_s=60)


def take_back(house: House, name: str, clip_id: str) -> Clip:
    with house.store.write() as session:
        return undo.undo(session, house.user(name), clip_id, house.rules)


def notices(house: House, clip_id: str) -> list[str]:
    with house.store.read() as session:
        query = select(Notice.kind).where(Notice.clip_id == clip_id)
        return [kind for kind in session.exec(query) if kind != "waiting"]


def prove(house: House) -> list[str]:
    with house.store.read() as session:
        return problems(session, house.store.session_info["audit_key"])


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_decision_is_taken_back(house: House, verdict: Verdict) -> None:
    clip = house.decide("rita", house.clip(), verdict, "hate")
    assert take_back(house, "rita", clip.id).state == State.PENDING_REVIEW


def test_an_approval_that_was_taken_back_leaves_no_trace_of_approval(house: House) -> None:
    clip = house.decide("rita", house.clip(), Verdict.APPROVE)
    back = take_back(house, "rita", clip.id)
    assert (back.approved_by, back.approved_sha256) == (None, None)


def test_the_due_time_is_what_it_was(house: House) -> None:
    clip = house.clip()
    house.decide("rita", clip, Verdict.REJECT, "hate")
    assert take_back(house, "rita", clip.id).due_at == clip.due_at


def test_the_creator_is_told_nothing_of_it(house: House) -> None:
    clip = house.decide("rita", house.clip(), Verdict.REJECT, "hate")
    take_back(house, "rita", clip.id)
    assert notices(house, clip.id) == []


def test_the_same_person_decides_anew(house: House) -> None:
    clip = house.decide("rita", house.clip(), Verdict.REJECT, "hate")
    back = take_back(house, "rita", clip.id)
    assert house.decide("rita", back, Verdict.APPROVE).state == State.APPROVED


def test_both_decisions_and_the_undoing_stay_on_record(house: House) -> None:
    clip = house.decide("rita", house.clip(), Verdict.REJECT, "hate")
    house.decide("rita", take_back(house, "rita", clip.id), Verdict.APPROVE)
    with house.store.read() as session:
        made = len(session.exec(select(Decision)).all())
        undone = len(session.exec(select(Undoing)).all())
    assert (made, undone, prove(house)) == (2, 1, [])


def test_a_mark_of_undoing_that_nobody_logged_is_found(house: House) -> None:
    clip = house.clip(State.REJECTED)
    with house.store.write() as session:
        decision = session.exec(select(Decision).where(Decision.clip_id == clip.id)).one()
        session.add(Undoing(decision_id=decision.id))
    assert prove(house) == [
        f"Decision {decision.id} is taken back in the log or in the database, and not in both."
    ]


def test_a_colleague_does_not_take_it_back(house: House) -> None:
    clip = house.decide("rita", house.clip(), Verdict.REJECT, "hate")
    with pytest.raises(UndoNotYours):
        take_back(house, "rob", clip.id)


def test_a_creator_does_not_take_it_back(house: House) -> None:
    clip = house.decide("rita", house.clip(), Verdict.REJECT, "hate")
    with pytest.raises(NotAllowed):
        take_back(house, "ana", clip.id)


def test_after_its_time_it_stands(house: House) -> None:
    clip = house.decide("rita", house.clip(), Verdict.REJECT, "hate")
    house.rules = replace(house.rules, undo_s=0)
    with pytest.raises(UndoTooLate, match="0 seconds"):
        take_back(house, "rita", clip.id)


def test_a_published_clip_is_not_taken_back(house: House) -> None:
    clip = house.clip(State.PUBLISHED)
    with pytest.raises(UndoTooLate, match="published"):
        take_back(house, "rita", clip.id)


def test_what_was_taken_back_is_not_taken_back_twice(house: House) -> None:
    clip = house.decide("rita", house.clip(), Verdict.REJECT, "hate")
    take_back(house, "rita", clip.id)
    with pytest.raises(UndoNotYours):
        take_back(house, "rita", clip.id)


def test_a_first_approval_is_taken_back_while_the_second_waits(house: House) -> None:
    house.rules = replace(house.rules, second_share=1.0)
    held = house.decide("rita", house.clip(), Verdict.APPROVE)
    assert take_back(house, "rita", held.id).state == State.PENDING_REVIEW


def test_a_second_approval_goes_back_to_the_second_look(house: House) -> None:
    house.rules = replace(house.rules, second_share=1.0)
    held = house.decide("rita", house.clip(), Verdict.APPROVE)
    house.decide("rob", held, Verdict.APPROVE)
    assert take_back(house, "rob", held.id).state == State.SECOND_REVIEW


def test_the_answer_to_an_appeal_goes_back_to_the_appeal(house: House) -> None:
    clip = house.clip(State.REJECTED)
    with house.store.write() as session:
        appealed = appeals.appeal(session, house.user("ana"), clip.id, "Look.", house.rules)
    house.decide("rob", appealed, Verdict.REJECT, "hate")
    back = take_back(house, "rob", clip.id)
    with house.store.read() as session:
        (found,) = session.exec(select(Appeal)).all()
    assert (back.state, back.due_at, found.answer_id) == (
        State.APPEALED,
        appealed.due_at,
        None,
    )


def test_what_the_creator_went_on_from_is_not_taken_back(house: House) -> None:
    clip = house.decide("rita", house.clip(), Verdict.REJECT, "hate")
    with house.store.write() as session:
        appeals.appeal(session, house.user("ana"), clip.id, "Look.", house.rules)
    with pytest.raises(UndoTooLate, match="appealed"):
        take_back(house, "rita", clip.id)
