"""When two people must approve, and who may not be the second."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import col, update

from errors import DecidedBefore, OwnClip
from moderation import clips, four_eyes
from moderation.models import Clip, Stage, State, Verdict
from store import Store
from tests.conftest import REQUEST, House


def ask_for_second(house: House, **rules: Any) -> None:
    house.rules = replace(house.rules, **rules)


def put(store: Store, clip_id: str, **values: Any) -> None:
    with store.write() as session:
        session.execute(update(Clip).where(col(Clip.id) == clip_id).values(**values))


@pytest.fixture
def held(house: House) -> Clip:
    """Approved once by rita."""
    ask_for_second(house, second_share=1.0)
    return house.decide("rita", house.clip(), Verdict.APPROVE)


def test_without_a_rule_one_approval_is_enough(house: House) -> None:
    assert house.decide("rita", house.clip(), Verdict.APPROVE).state == State.APPROVED


def test_a_flagged_reason_needs_a_second_look(house: House) -> None:
    ask_for_second(house, second_reasons=frozenset({"real_person"}))
    clip = house.decide("rita", house.clip(), Verdict.APPROVE, "real_person")
    assert clip.state == State.SECOND_REVIEW


def test_another_reason_does_not(house: House) -> None:
    ask_for_second(house, second_reasons=frozenset({"real_person"}))
    clip = house.decide("rita", house.clip(), Verdict.APPROVE, "violence")
    assert clip.state == State.APPROVED


@pytest.mark.parametrize(("score", "state"), [(0.9, "second_review"), (0.4, "approved")])
def test_what_screening_is_sure_of_with_that_reason_needs_a_second_look(
    house: House, score: float, state: str
) -> None:
    ask_for_second(house, second_reasons=frozenset({"violence"}))
    clip = house.clip()
    seen = {"check": "prompt", "reason": "violence", "score": score}
    put(house.store, clip.id, screening=[seen])
    assert house.decide("rita", clip, Verdict.APPROVE).state == state


def test_the_first_clip_of_a_new_creator_needs_a_second_look(house: House) -> None:
    ask_for_second(house, second_first_clips=1)
    assert house.decide("rita", house.clip(), Verdict.APPROVE).state == State.SECOND_REVIEW


def test_the_next_clip_of_a_creator_with_a_published_one_does_not(house: House) -> None:
    house.clip(State.PUBLISHED)
    ask_for_second(house, second_first_clips=1)
    assert house.decide("rita", house.clip(), Verdict.APPROVE).state == State.APPROVED


@pytest.mark.parametrize(("advice", "state"), [(0.7, "second_review"), (0.69, "approved")])
def test_a_high_score_of_screening_needs_a_second_look(
    house: House, advice: float, state: str
) -> None:
    ask_for_second(house, second_advice=0.7)
    clip = house.clip()
    put(house.store, clip.id, advice=advice)
    assert house.decide("rita", clip, Verdict.APPROVE).state == state


def test_a_rejection_needs_no_second_look(house: House) -> None:
    ask_for_second(house, second_share=1.0)
    assert house.decide("rita", house.clip(), Verdict.REJECT, "hate").state == State.REJECTED


def test_a_held_clip_is_not_published(held: Clip, house: House) -> None:
    assert (held.approved_by, held.approved_sha256, held.id in house.enqueued[1:]) == (
        None,
        None,
        False,
    )


def test_whoever_approved_first_does_not_approve_again(held: Clip, house: House) -> None:
    with pytest.raises(DecidedBefore, match="had your say"):
        house.decide("rita", held, Verdict.APPROVE)


def test_the_creator_does_not_approve_their_held_clip(house: House) -> None:
    ask_for_second(house, second_share=1.0)
    held = house.decide("rita", house.clip(creator="rob"), Verdict.APPROVE)
    with pytest.raises(OwnClip):
        house.decide("rob", held, Verdict.APPROVE)


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (Verdict.APPROVE, State.APPROVED),
        (Verdict.REJECT, State.REJECTED),
        (Verdict.REQUEST_CHANGES, State.CHANGES_REQUESTED),
    ],
)
def test_the_second_reviewer_has_the_last_word(
    held: Clip, house: House, verdict: Verdict, state: State
) -> None:
    assert house.decide("rob", held, verdict, "hate").state == state


def test_the_second_approval_is_of_the_same_bytes(held: Clip, house: House) -> None:
    approved = house.decide("rob", held, Verdict.APPROVE)
    assert (approved.approved_by, approved.approved_sha256) == (
        house.user("rob").id,
        held.sha256,
    )


def test_both_looks_are_kept_apart(held: Clip, house: House) -> None:
    house.decide("rob", held, Verdict.APPROVE)
    with house.store.read() as session:
        made = four_eyes.standing(session, [held.id])
    assert [decision.stage for decision in made] == [Stage.FIRST, Stage.SECOND]


def test_a_second_reviewer_is_not_asked_about_the_next_version(held: Clip, house: House) -> None:
    house.decide("rob", held, Verdict.REQUEST_CHANGES, "technical_fault")
    with house.store.write() as session:
        new = clips.submit(
            session,
            house.user("ana"),
            request=dict(REQUEST),
            parent_id=held.id,
            note="",
            enqueue=house.note_job,
        )
    with house.store.read() as session:
        barred = four_eyes.barred(session, session.get_one(Clip, new.id))
    assert barred == {house.user("rob").id}
