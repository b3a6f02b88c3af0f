"""Claims as leases: how they end, are renewed, handed over, and what a skip does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import col, select, update

from audit import AuditRow
from errors import (
    ClaimedByOther,
    ClaimLapsed,
    Conflict,
    DecidedBefore,
    NotAllowed,
    NothingToReview,
    NotTheHolder,
    OwnClip,
    UnknownPerson,
)
from moderation import care, claims
from moderation.care import Kindness
from moderation.models import Clip, State, Verdict
from store import utc_now
from tests.conftest import House


def claim(house: House, name: str, clip_id: str | None = None) -> Clip:
    with house.store.write() as session:
        return claims.claim(session, house.user(name), clip_id, lease_s=60)


def renew(house: House, name: str, clip_id: str) -> Clip:
    with house.store.write() as session:
        return claims.renew(session, house.user(name), clip_id, lease_s=600)


def skip(house: House, name: str, clip_id: str) -> None:
    with house.store.write() as session:
        claims.skip(session, house.user(name), clip_id)


def hand_over(house: House, name: str, clip_id: str, to: str) -> Clip:
    with house.store.write() as session:
        return claims.hand_over(session, house.user(name), clip_id, to, lease_s=60)


def let_lapse(house: House, clip_id: str) -> None:
    with house.store.write() as session:
        past = utc_now() - timedelta(seconds=1)
        session.execute(update(Clip).where(col(Clip.id) == clip_id).values(claimed_until=past))


def actions_on(house: House, clip_id: str) -> list[str]:
    with house.store.read() as session:
        query = select(AuditRow.action).where(AuditRow.subject == clip_id)
        return list(session.exec(query.order_by(col(AuditRow.seq))))


# ---- leases --------------------------------------------------------------------------------


def test_a_sign_of_life_makes_a_claim_longer(house: House) -> None:
    clip = claim(house, "rita", house.clip().id)
    renewed = renew(house, "rita", clip.id)
    assert clip.claimed_until is not None
    assert renewed.claimed_until is not None
    assert renewed.claimed_until - clip.claimed_until > timedelta(seconds=500)


def test_a_claim_that_ran_out_is_not_renewed(house: House) -> None:
    clip = claim(house, "rita", house.clip().id)
    let_lapse(house, clip.id)
    with pytest.raises(NotTheHolder):
        renew(house, "rita", clip.id)


def test_nobody_renews_what_another_holds(house: House) -> None:
    clip = claim(house, "rita", house.clip().id)
    with pytest.raises(NotTheHolder):
        renew(house, "rob", clip.id)


def test_a_clip_whose_holder_died_is_free_at_the_end_of_the_lease(house: House) -> None:
    clip = claim(house, "rita", house.clip().id)
    let_lapse(house, clip.id)
    assert claim(house, "rob").id == clip.id


def test_the_late_decision_of_a_holder_is_refused(house: House) -> None:
    clip = claim(house, "rita", house.clip().id)
    let_lapse(house, clip.id)
    with pytest.raises(ClaimLapsed, match="ran out"):
        house.decide("rita", clip, Verdict.APPROVE)


def test_who_claims_again_may_decide(house: House) -> None:
    clip = claim(house, "rita", house.clip().id)
    let_lapse(house, clip.id)
    claim(house, "rita", clip.id)
    assert house.decide("rita", clip, Verdict.APPROVE).state == State.APPROVED


def test_who_never_claimed_may_decide(house: House) -> None:
    assert house.decide("rita", house.clip(), Verdict.APPROVE).state == State.APPROVED


@pytest.mark.parametrize("state", [State.SECOND_REVIEW, State.APPEALED])
def test_second_looks_and_appeals_are_claimed_too(house: House, state: State) -> None:
    clip = house.clip(state)
    assert claim(house, "rob").id == clip.id


def test_a_claim_dropped_with_somebody_s_access_is_free(house: House) -> None:
    clip = claim(house, "rita", house.clip().id)
    with house.store.write() as session:
        claims.drop(session, house.user("rita").id)
    assert claim(house, "rob").id == clip.id


# ---- skipping ------------------------------------------------------------------------------


def test_a_skipped_clip_does_not_come_straight_back(house: House) -> None:
    first, second = house.clip(), house.clip()
    skip(house, "rita", first.id)
    assert claim(house, "rita").id == second.id


def test_a_skipped_clip_goes_to_others_first_in_line(house: House) -> None:
    first, _ = house.clip(), house.clip()
    skip(house, "rita", first.id)
    assert claim(house, "rob").id == first.id


def test_a_skipped_clip_comes_back_when_nothing_else_waits(house: House) -> None:
    clip = house.clip()
    skip(house, "rita", clip.id)
    assert claim(house, "rita").id == clip.id


def test_of_skipped_clips_the_one_skipped_longest_ago_comes_first(house: House) -> None:
    first, second = house.clip(), house.clip()
    skip(house, "rita", second.id)
    skip(house, "rita", first.id)
    assert claim(house, "rita").id == second.id


def test_what_everybody_skips_is_still_in_the_queue_of_everybody(house: House) -> None:
    clip = house.clip()
    for name in ("rita", "rob", "lea", "ada"):
        skip(house, name, clip.id)
    assert {claim_and_release(house, name) for name in ("rita", "rob", "lea")} == {clip.id}


def claim_and_release(house: House, name: str) -> str:
    clip = claim(house, name)
    with house.store.write() as session:
        return claims.release(session, house.user(name), clip.id).id


def test_skipping_gives_the_claim_back(house: House) -> None:
    clip = claim(house, "rita", house.clip().id)
    skip(house, "rita", clip.id)
    assert house.get(clip.id).claimed_by is None


def test_a_skip_is_in_the_log(house: House) -> None:
    clip = house.clip()
    skip(house, "rita", clip.id)
    assert actions_on(house, clip.id)[-1] == "skip"


def test_a_decided_clip_is_not_skipped(house: House) -> None:
    clip = house.clip(State.REJECTED)
    with pytest.raises(Conflict):
        skip(house, "rob", clip.id)


# ---- handing over --------------------------------------------------------------------------


def test_a_clip_is_handed_over(house: House) -> None:
    clip = claim(house, "rita", house.clip().id)
    assert hand_over(house, "rita", clip.id, "rob").claimed_by == house.user("rob").id


def test_what_another_holds_is_not_handed_over(house: House) -> None:
    clip = claim(house, "rita", house.clip().id)
    with pytest.raises(ClaimedByOther):
        hand_over(house, "rob", clip.id, "lea")


def test_a_clip_is_not_handed_to_its_creator(house: House) -> None:
    clip = house.clip(creator="rob")
    with pytest.raises(OwnClip):
        hand_over(house, "rita", clip.id, "rob")


def test_a_clip_is_not_handed_to_somebody_who_does_not_review(house: House) -> None:
    with pytest.raises(NotAllowed):
        hand_over(house, "rita", house.clip().id, "ben")


def test_a_clip_is_not_handed_to_nobody(house: House) -> None:
    with pytest.raises(UnknownPerson):
        hand_over(house, "rita", house.clip().id, "zoe")


def test_an_appeal_is_not_handed_to_whoever_rejected(house: House) -> None:
    clip = house.clip(State.APPEALED)  # rita rejected it
    with pytest.raises(DecidedBefore):
        hand_over(house, "rob", clip.id, "rita")


# ---- what is offered -----------------------------------------------------------------------


def test_an_appeal_is_never_offered_to_whoever_rejected(house: House) -> None:
    house.clip(State.APPEALED)  # rita rejected it
    with pytest.raises(NothingToReview):
        claim(house, "rita")


def test_far_down_the_queue_there_is_still_something_to_offer(house: House) -> None:
    for _ in range(claims._OFFERED + 3):
        house.clip(State.APPEALED)
    clip = house.clip()
    assert claim(house, "rita").id == clip.id


# ---- what one asked to be spared -----------------------------------------------------------


def spare(house: House, name: str, *codes: str) -> None:
    with house.store.write() as session:
        care.change(session, house.user(name), Kindness(skips=list(codes)))


def violent(house: House) -> Clip:
    clip = house.clip()
    signals = [{"check": "prompt", "says": "Gore.", "score": 0.5, "reason": "violence"}]
    with house.store.write() as session:
        session.execute(update(Clip).where(col(Clip.id) == clip.id).values(screening=signals))
    return clip


def test_what_one_asked_to_be_spared_is_offered_after_all_else(house: House) -> None:
    heavy, plain = violent(house), house.clip()
    spare(house, "rita", "violence")
    assert (claim(house, "rita").id, claim(house, "rob").id) == (plain.id, heavy.id)


def test_even_after_what_was_skipped(house: House) -> None:
    violent(house)
    skipped = house.clip()
    spare(house, "rita", "violence")
    skip(house, "rita", skipped.id)
    assert claim(house, "rita").id == skipped.id


def test_it_is_offered_when_nothing_else_waits(house: House) -> None:
    first = violent(house)
    violent(house)
    spare(house, "rita", "violence")
    assert claim(house, "rita").id == first.id


def test_what_lies_behind_many_such_clips_is_found(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "_OFFERED", 2)
    for _ in range(3):
        violent(house)
    plain = house.clip()
    spare(house, "rita", "violence")
    assert claim(house, "rita").id == plain.id


def test_a_reason_that_somebody_named_counts_like_one_that_screening_saw(house: House) -> None:
    appealed, plain = house.clip(State.APPEALED), house.clip()
    spare(house, "rob", "technical_fault")
    with house.store.write() as session:
        of = col(Clip.id) == appealed.id
        session.execute(update(Clip).where(of).values(due_at=utc_now()))
    assert (claim(house, "rob").id, claim(house, "lea").id) == (plain.id, appealed.id)
