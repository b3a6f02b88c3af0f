"""Groups: which waiting clips go together, for whom, and what may follow for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from moderation import appeals, claims, policy, undo
from moderation.models import Clip, PolicyVersion, State, Verdict
from store import utc_now
from tests.conftest import House
from tests.moderation.lots import (
    FAR,
    HASHES,
    NEAR,
    alike,
    change,
    decide,
    faulty,
    ids,
    previewed,
    ruling,
    signal,
)


def members(house: House, name: str = "rita") -> list[set[str]]:
    return [set(ids(group)) for group in previewed(house, name)]


def hold(house: House, name: str, clip: Clip, *, until: timedelta) -> None:
    person = house.user(name).id
    change(house, clip, claimed_by=person, claimed_until=utc_now() + until)


# ---- faults -------------------------------------------------------------------------------


def test_clips_with_the_same_certain_fault_go_together(house: House) -> None:
    first, second = faulty(house), faulty(house, creator="ben")
    house.clip()
    (group,) = previewed(house)
    assert ids(group) == [first.id, second.id]
    assert (group["kind"], group["check"]) == ("fault", "black")
    assert (group["verdicts"], group["reasons"]) == (
        ["request_changes", "reject"],
        ["technical_fault"],
    )


def test_a_preview_says_what_was_seen_and_how_sure(house: House) -> None:
    faulty(house), faulty(house)
    (group,) = previewed(house)
    seen = {"check": "black", "says": "It is black.", "score": 1.0, "at_s": 0.0}
    assert group["clips"][0]["seen"] == seen
    assert group["clips"][0]["creator"] == "ana"
    assert group["clips"][0]["media"] == {"poster": f"/media/{group['clips'][0]['id']}.jpg"}


def test_other_faults_are_other_groups(house: House) -> None:
    for check in ("black", "frozen", "black", "frozen"):
        change(house, house.clip(), screening=[signal(check, 1.0)])
    assert [group["check"] for group in previewed(house)] == ["black", "frozen"]


def test_a_clip_with_two_faults_is_in_one_group(house: House) -> None:
    for _ in range(2):
        faulty(house, signal("still", 1.0))
    assert [group["check"] for group in previewed(house)] == ["black"]


@pytest.mark.parametrize(
    "odd",
    [
        [signal("black", 0.89)],
        [signal("black", 1.0, reason=None)],
        [signal("flashing", 1.0)],
        [signal("black", 1.0), signal("prompt", 0.9, reason="minors")],
        [signal("black", 1.0), signal("like_rejected", 0.8, reason="violence")],
        [],
    ],
    ids=["unsure", "no fault", "another check", "a grave word", "like a rejected one", "nothing"],
)
def test_what_is_not_that_fault_alone_is_looked_at_by_itself(
    house: House, odd: list[dict[str, Any]]
) -> None:
    plain = {faulty(house).id, faulty(house).id}
    change(house, house.clip(), screening=odd)
    assert members(house) == [plain]


def test_one_clip_is_no_group(house: House) -> None:
    faulty(house)
    assert previewed(house) == []


def test_a_policy_without_technical_faults_has_none_in_bulk(house: House) -> None:
    faulty(house), faulty(house)
    with house.store.write() as session:
        retire(session, "technical_fault")
    assert previewed(house) == []


def retire(session: Session, code: str) -> None:
    before = policy.current(session)
    reasons = [
        replace(each, retired=True) if each.code == code else each for each in before.reasons
    ]
    rows = policy.as_rows(tuple(reasons))
    session.add(PolicyVersion(version=before.version + 1, reasons=rows, made_by="system"))


# ---- for whom -----------------------------------------------------------------------------


def test_nobody_finds_their_own_clips_there(house: House) -> None:
    faulty(house, creator="rita")
    others = {faulty(house).id, faulty(house).id}
    assert members(house, "rita") == [others]
    assert len(members(house, "rob")[0]) == 3


@pytest.mark.parametrize(
    ("name", "until", "is_in"),
    [
        ("rob", timedelta(minutes=1), False),
        ("rob", timedelta(minutes=-1), True),
        ("rita", timedelta(minutes=1), True),
        ("rita", timedelta(minutes=-1), False),
    ],
    ids=["held by another", "let go by another", "held by oneself", "one's own claim ran out"],
)
def test_what_somebody_else_holds_is_left_to_them(
    house: House, name: str, until: timedelta, is_in: bool
) -> None:
    faulty(house), faulty(house)
    held = faulty(house)
    hold(house, name, held, until=until)
    assert (held.id in members(house, "rita")[0]) is is_in


@pytest.mark.parametrize("state", [State.SECOND_REVIEW, State.APPEALED, State.REJECTED])
def test_only_first_looks_are_in_a_group(house: House, state: State) -> None:
    first_looks = {faulty(house).id, faulty(house).id}
    change(house, house.clip(state), screening=[signal("black", 1.0)])
    assert members(house, "lea") == [first_looks]


def test_a_new_version_is_looked_at_by_itself(house: House) -> None:
    older = house.clip(State.SUPERSEDED)
    change(house, faulty(house), parent_id=older.id)
    firsts = {faulty(house).id, faulty(house).id}
    assert members(house, "rob") == [firsts]


def test_a_remix_of_a_published_clip_is_a_clip_like_others(house: House) -> None:
    remix = change(house, faulty(house), parent_id=house.clip(State.PUBLISHED).id)
    other = faulty(house)
    assert members(house, "rob") == [{remix.id, other.id}]


# ---- near-duplicates of a clip that was decided on ----------------------------------------


def test_what_looks_like_a_rejected_clip_takes_its_reasons(house: House) -> None:
    case = house.decide("rob", alike(house), Verdict.REJECT, "violence", "hate")
    clip = alike(house, NEAR, creator="ben")
    alike(house, FAR)
    (group,) = previewed(house)
    assert (group["kind"], ids(group), group["reasons"]) == (
        "like_decided",
        [clip.id],
        ["violence", "hate"],
    )
    assert (group["pattern"]["id"], group["clips"][0]["seen"]["score"]) == (case.id, 0.9)


def test_the_answer_may_be_milder_than_the_one_it_follows_and_never_harsher(house: House) -> None:
    house.decide("rob", alike(house), Verdict.REQUEST_CHANGES, "violence")
    alike(house, NEAR)
    assert previewed(house)[0]["verdicts"] == ["request_changes"]


def test_what_looks_like_an_approved_clip_as_well_is_looked_at_by_itself(house: House) -> None:
    house.decide("rob", alike(house), Verdict.APPROVE, "violence")
    house.decide("rob", alike(house), Verdict.REJECT, "violence")
    alike(house, NEAR), alike(house, NEAR)
    assert previewed(house) == []


def test_what_screening_saw_more_in_is_looked_at_by_itself(house: House) -> None:
    house.decide("rob", alike(house), Verdict.REJECT, "violence")
    change(house, alike(house, NEAR), screening=[signal("nudity", 0.8, reason="sexual_content")])
    plain = change(house, alike(house, NEAR), screening=[signal("prompt", 0.9, "violence")])
    assert members(house) == [{plain.id}]


def test_a_decision_that_was_taken_back_is_followed_by_nothing(house: House) -> None:
    house.rules = replace(house.rules, undo_s=60)
    case = house.decide("rob", alike(house), Verdict.REJECT, "violence")
    alike(house, FAR)
    with house.store.write() as session:
        undo.undo(session, house.user("rob"), case.id, house.rules)
    assert previewed(house) == []


def test_a_decision_that_is_appealed_is_followed_by_nothing(house: House) -> None:
    case = house.decide("rob", alike(house), Verdict.REJECT, "violence")
    alike(house, NEAR)
    with house.store.write() as session:
        appeals.appeal(session, house.user("ana"), case.id, "Look again.", house.rules)
    assert previewed(house) == []


def test_what_was_decided_in_bulk_is_followed_by_nothing(house: House) -> None:
    """Or likeness would drift: this one is like what followed, and not like what was judged."""
    house.decide("rob", alike(house), Verdict.REJECT, "violence")
    follower = alike(house, NEAR)
    alike(house, ["0123456789abcddc", "fedcba9876543223"])
    (group,) = previewed(house)
    decide(house, ruling(group))
    assert (ids(group), previewed(house)) == ([follower.id], [])


def test_a_film_with_one_frame_in_common_is_no_duplicate(house: House) -> None:
    house.decide("rob", alike(house, [*HASHES, *FAR]), Verdict.REJECT, "violence")
    alike(house, HASHES[:1])
    assert previewed(house) == []


# ---- near-duplicates of each other --------------------------------------------------------


def test_duplicates_of_which_none_was_judged_can_only_be_opened(house: House) -> None:
    first, second = alike(house), alike(house, NEAR, creator="ben")
    alike(house, FAR)
    (group,) = previewed(house)
    assert (group["kind"], ids(group)) == ("like_each_other", [first.id, second.id])
    assert (group["verdicts"], group["ticket"]) == ([], None)


def test_once_one_of_them_is_rejected_the_others_can_follow(house: House) -> None:
    first, second = alike(house), alike(house, NEAR, creator="ben")
    with house.store.write() as session:
        claims.claim(session, house.user("rita"), first.id, lease_s=60)
    house.decide("rita", first, Verdict.REJECT, "hate")
    (group,) = previewed(house)
    assert (group["kind"], ids(group), group["reasons"]) == (
        "like_decided",
        [second.id],
        ["hate"],
    )


def test_once_one_of_them_is_approved_the_others_are_looked_at(house: House) -> None:
    first = alike(house)
    alike(house, NEAR, creator="ben")
    house.decide("rita", first, Verdict.APPROVE)
    assert previewed(house) == []
