"""Who is asked about what: the draw, who is left out, and where the turn stands in the queue."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select, text, update

from accounts import people
from accounts.models import Role
from audit import AuditRow
from moderation import asking, care, claims, clips, desk, golden
from moderation.models import BlindTurn, Clip, OpinionWanted, State, Verdict
from moderation.transitions import move
from store import utc_now
from tests.checks import answer, golden_clip, make_golden, second_opinion, turn_of, work
from tests.conftest import House


def asked_about(house: House, name: str) -> str | None:
    turn = turn_of(house, name)
    return turn.clip_id if turn else None


def wanted(house: House) -> set[str]:
    with house.store.read() as session:
        return set(session.exec(select(OpinionWanted.clip_id)))


def share(house: House, **shares: Any) -> None:
    house.rules = replace(house.rules, **shares)


def lock(house: House, *names: str) -> None:
    with house.store.write() as session:
        for name in names:
            people.revoke(session, name, revoked_by="test")
            claims.drop(session, people.find_person(session, name).id)


# ---- the draw ------------------------------------------------------------------------------


def test_every_clip_is_drawn_when_all_are_to_be(house: House) -> None:
    share(house, opinion_share=1.0)
    clip = house.clip(State.REJECTED)
    assert wanted(house) == {clip.id}


def test_no_clip_is_drawn_when_none_is_to_be(house: House) -> None:
    house.clip(State.REJECTED)
    assert wanted(house) == set()


def test_only_first_decisions_are_drawn(house: House) -> None:
    held = house.clip(State.SECOND_REVIEW)
    appealed = house.clip(State.APPEALED)
    share(house, opinion_share=1.0)
    house.decide("rob", held, Verdict.APPROVE)
    house.decide("rob", appealed, Verdict.APPROVE)
    assert wanted(house) == set()


# ---- second opinions -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "state", [State.APPROVED, State.PUBLISHED, State.REJECTED, State.CHANGES_REQUESTED]
)
def test_a_drawn_clip_is_offered_to_a_colleague(house: House, state: State) -> None:
    assert asked_about(house, "rob") is None
    clip = second_opinion(house, "rob", state)
    assert asked_about(house, "rob") == clip.id


def test_being_asked_is_in_the_log(house: House) -> None:
    clip = second_opinion(house)
    with house.store.read() as session:
        rows = select(AuditRow).where(AuditRow.subject == clip.id)
        (row,) = [each for each in session.exec(rows) if each.action == "ask_opinion"]
    assert (row.actor, row.body) == ("system", {"kind": "second", "person": house.user("rob").id})


def test_whoever_decided_is_not_asked(house: House) -> None:
    share(house, opinion_share=1.0)
    house.clip(State.REJECTED)
    share(house, opinion_share=0.0)
    work(house, "rita")
    assert asked_about(house, "rita") is None


def test_its_creator_is_not_asked(house: House) -> None:
    share(house, opinion_share=1.0)
    house.clip(State.REJECTED, creator="rob")
    share(house, opinion_share=0.0)
    work(house, "rob")
    assert asked_about(house, "rob") is None


def test_whoever_looked_at_it_is_not_asked(house: House) -> None:
    share(house, opinion_share=1.0)
    clip = house.clip()
    with house.store.write() as session:
        care.looked(session, house.user("rob"), clip.id)
    house.decide("rita", clip, Verdict.REJECT, "hate")
    share(house, opinion_share=0.0)
    work(house, "rob")
    assert asked_about(house, "rob") is None


def spare(house: House, name: str, *codes: str) -> None:
    with house.store.write() as session:
        care.change(session, house.user(name), care.Kindness(skips=list(codes)))


def test_whoever_asked_to_be_spared_its_kind_is_not_asked(house: House) -> None:
    spare(house, "rob", "technical_fault")
    second_opinion(house, "rob", State.REJECTED)
    assert asked_about(house, "rob") is None


def test_nor_about_a_golden_clip_whose_answer_is_of_that_kind(house: House) -> None:
    spare(house, "rob", "violence")
    golden_clip(house)
    assert asked_about(house, "rob") is None


def test_whoever_had_it_in_hand_is_not_asked(house: House) -> None:
    share(house, opinion_share=1.0)
    clip = house.clip()
    with house.store.write() as session:
        claims.skip(session, house.user("rob"), clip.id)
    house.decide("rita", clip, Verdict.REJECT, "hate")
    share(house, opinion_share=0.0)
    work(house, "rob")
    assert asked_about(house, "rob") is None


def test_one_colleague_is_asked_and_not_two(house: House) -> None:
    second_opinion(house)
    work(house, "lea")
    assert asked_about(house, "lea") is None


def test_a_clip_that_has_its_opinion_wants_no_more(house: House) -> None:
    clip = second_opinion(house)
    answer(house, "rob", clip)
    work(house, "lea")
    assert (wanted(house), asked_about(house, "lea")) == (set(), None)


def test_nobody_has_two_turns_at_once(house: House) -> None:
    first = second_opinion(house)
    second_opinion(house)
    assert asked_about(house, "rob") == first.id


def test_the_next_turn_may_follow_the_answer(house: House) -> None:
    first, second = second_opinion(house), second_opinion(house)
    answer(house, "rob", first)
    assert asked_about(house, "rob") == second.id


def test_a_decision_that_can_be_taken_back_is_not_asked_about_yet(house: House) -> None:
    share(house, opinion_share=1.0)
    house.clip(State.REJECTED)
    share(house, opinion_share=0.0, undo_s=60)
    work(house, "rob")
    assert asked_about(house, "rob") is None


def test_what_others_have_to_decide_on_is_not_asked_about(house: House) -> None:
    share(house, opinion_share=1.0)
    house.clip(State.SECOND_REVIEW)
    house.clip(State.APPEALED)
    share(house, opinion_share=0.0)
    work(house, "rob")
    assert asked_about(house, "rob") is None


def test_a_held_clip_is_asked_about_once_it_is_decided(house: House) -> None:
    share(house, opinion_share=1.0)
    held = house.decide("rita", house.clip(), Verdict.APPROVE)
    with house.store.write() as session:
        assert session.get_one(OpinionWanted, held.id)
    share(house, opinion_share=0.0)
    work(house, "rob")
    assert asked_about(house, "rob") == held.id


def test_those_that_are_not_public_come_first(house: House) -> None:
    share(house, opinion_share=1.0)
    house.clip(State.PUBLISHED)
    hidden = house.clip(State.REJECTED)
    share(house, opinion_share=0.0)
    work(house, "rob")
    assert asked_about(house, "rob") == hidden.id


def test_a_clip_drawn_long_ago_is_asked_about_no_more(house: House) -> None:
    share(house, opinion_share=1.0)
    house.clip(State.REJECTED)
    share(house, opinion_share=0.0)
    with house.store.write() as session:
        long_ago = utc_now() - asking.WANTED_FOR - timedelta(minutes=1)
        session.execute(update(OpinionWanted).values(since=long_ago))
    work(house, "rob")
    assert asked_about(house, "rob") is None


def test_a_rejection_keeps_a_judge_for_its_appeal(house: House) -> None:
    """With rita and rob alone nobody could decide on it once rob has given his opinion."""
    lock(house, "lea", "ada")
    share(house, opinion_share=1.0)
    house.clip(State.REJECTED)
    share(house, opinion_share=0.0)
    work(house, "rob")
    assert asked_about(house, "rob") is None


def test_where_no_appeal_can_follow_two_are_enough(house: House) -> None:
    lock(house, "lea", "ada")
    clip = second_opinion(house)
    assert asked_about(house, "rob") == clip.id


@pytest.mark.parametrize("move_name", ["withdraw", "take_down"])
def test_a_clip_that_leaves_the_desk_ends_the_turn(house: House, move_name: str) -> None:
    clip = second_opinion(house)
    with house.store.write() as session:
        move(session, clip.id, move_name, actor="system")
    assert asked_about(house, "rob") is None


def test_a_deleted_clip_ends_the_turn(house: House) -> None:
    clip = second_opinion(house, state=State.REJECTED)
    with house.store.write() as session:
        clips.delete(session, house.user("ana"), clip.id, remove=lambda _: None)
    assert asked_about(house, "rob") is None


def test_the_turn_of_somebody_whose_access_ended_goes_to_another(house: House) -> None:
    clip = second_opinion(house)
    lock(house, "rob")
    work(house, "lea")
    assert asked_about(house, "lea") == clip.id


def test_a_turn_that_ran_out_goes_to_another_and_never_comes_back(house: House) -> None:
    clip = second_opinion(house)
    with house.store.write() as session:
        past = (utc_now() - timedelta(seconds=1)).replace(tzinfo=None)
        session.execute(text("UPDATE blind_turn SET due_at = :past"), {"past": past})
    work(house, "rob")
    assert asked_about(house, "rob") is None
    work(house, "lea")
    assert asked_about(house, "lea") == clip.id


# ---- golden clips --------------------------------------------------------------------------


def test_a_golden_clip_is_offered_to_a_reviewer(house: House) -> None:
    clip = golden_clip(house)
    assert asked_about(house, "rob") == clip.id


def test_whoever_can_read_the_answers_is_not_asked(house: House) -> None:
    golden_clip(house, "ada")
    with house.store.read() as session:
        assert session.exec(select(BlindTurn)).all() == []


def test_nobody_is_asked_twice_about_a_golden_clip(house: House) -> None:
    clip = golden_clip(house)
    answer(house, "rob", clip)
    share(house, golden_share=1.0)
    work(house, "rob")
    assert asked_about(house, "rob") is None


def test_several_are_asked_about_one_golden_clip(house: House) -> None:
    clip = golden_clip(house, state=State.PUBLISHED, verdict=Verdict.APPROVE, reasons=())
    answer(house, "rob", clip)
    with house.store.write() as session:
        people.person_with_role(session, "rex", Role.REVIEWER, created_by="test")
    share(house, golden_share=1.0)
    work(house, "rex")
    assert asked_about(house, "rex") == clip.id


def test_a_retired_golden_clip_is_asked_about_no_more(house: House) -> None:
    clip = make_golden(house, house.clip(State.REJECTED))
    with house.store.write() as session:
        golden.retire(session, house.user("lea"), clip.id)
    share(house, golden_share=1.0)
    work(house, "rob")
    assert asked_about(house, "rob") is None


def test_a_lead_is_asked_for_no_second_opinion_on_a_golden_clip(house: House) -> None:
    share(house, opinion_share=1.0)
    make_golden(house, house.clip(State.REJECTED))
    share(house, opinion_share=0.0)
    work(house, "ada")
    assert asked_about(house, "ada") is None


# ---- its place -----------------------------------------------------------------------------


def order(house: House, name: str = "rob") -> list[str]:
    with house.store.read() as session:
        return [clip.id for clip in desk.queue(session, house.user(name))]


def due_in(house: House, clip: Clip, hours: float) -> None:
    with house.store.write() as session:
        due_at = utc_now() + timedelta(hours=hours)
        session.execute(update(Clip).where(col(Clip.id) == clip.id).values(due_at=due_at))


def test_a_turn_is_first_among_what_is_not_due_soon(house: House) -> None:
    overdue, soon, later = house.clip(), house.clip(), house.clip()
    for clip, hours in ((overdue, -1), (soon, 0.5), (later, 5)):
        due_in(house, clip, hours)
    clip = second_opinion(house)
    assert order(house) == [overdue.id, soon.id, clip.id, later.id]


def test_the_next_clip_without_naming_one_follows_the_same_order(house: House) -> None:
    overdue, later = house.clip(), house.clip()
    due_in(house, overdue, -1)
    due_in(house, later, 5)
    clip = second_opinion(house)
    with house.store.write() as session:
        assert claims.claim(session, house.user("rob"), None, lease_s=60).id == overdue.id
    house.decide("rob", house.get(overdue.id), Verdict.APPROVE)
    with house.store.write() as session:
        assert claims.claim(session, house.user("rob"), None, lease_s=60).id == clip.id


def test_a_turn_waits_alone_where_nothing_else_does(house: House) -> None:
    clip = second_opinion(house)
    with house.store.write() as session:
        assert claims.claim(session, house.user("rob"), None, lease_s=60).id == clip.id


def test_others_see_nothing_of_it_in_the_queue(house: House) -> None:
    clip = second_opinion(house)
    assert clip.id not in order(house, "lea")


def test_a_turn_never_is_overdue(house: House) -> None:
    second_opinion(house)
    turn = turn_of(house, "rob")
    assert turn is not None
    assert turn.due_at > utc_now() + timedelta(minutes=59)
