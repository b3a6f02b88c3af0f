"""The review desk: the queue's order, claims as leases, and one decision per version of a clip."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import Session, col, func, select, text, update

import audit
from accounts.permissions import STRANGER
from audit import AuditRow
from errors import (
    AlreadyDecided,
    BadInput,
    ClaimedByOther,
    Conflict,
    NotAllowed,
    NotFound,
    NothingToReview,
    OwnClip,
    ReasonMissing,
    ReasonsChanged,
    SignInNeeded,
    StaleVersion,
    TextTooLong,
    UnknownReason,
)
from moderation import amendment, claims, desk, policy
from moderation.desk import Ruling
from moderation.models import REVIEWED, Clip, Decision, State, Verdict
from moderation.transitions import move
from store import utc_now
from tests.conftest import House


def queued(house: House, name: str) -> list[str]:
    with house.store.read() as session:
        return [clip.id for clip in desk.queue(session, house.user(name))]


def claim(house: House, name: str, clip_id: str | None = None, lease_s: int = 60) -> Clip:
    with house.store.write() as session:
        return claims.claim(session, house.user(name), clip_id, lease_s=lease_s)


def rule(house: House, name: str, clip_id: str, ruling: Ruling) -> Clip:
    with house.store.write() as session:
        return desk.decide(
            session,
            house.user(name),
            clip_id,
            ruling,
            rules=house.rules,
            enqueue_publish=house.note_job,
        )


def made(house: House, clip_id: str) -> list[Decision]:
    with house.store.read() as session:
        return desk.decisions(session, clip_id)


def logged(house: House, clip_id: str) -> list[str]:
    with house.store.read() as session:
        query = select(AuditRow.action).where(AuditRow.subject == clip_id).order_by(text("seq"))
        return list(session.exec(query))


# ---- the queue ----------------------------------------------------------------------------


def put(house: House, clip_id: str, **values: object) -> None:
    with house.store.write() as session:
        session.execute(update(Clip).where(col(Clip.id) == clip_id).values(**values))


def test_what_is_due_first_comes_first(house: House) -> None:
    first, second = house.clip().id, house.clip().id
    put(house, second, due_at=utc_now())
    assert queued(house, "rita") == [second, first]


def test_of_those_due_together_the_longest_wait_comes_first(house: House) -> None:
    due_at = utc_now()
    first, second = house.clip().id, house.clip().id
    put(house, first, due_at=due_at)
    put(house, second, due_at=due_at, pending_since=due_at - timedelta(days=9))
    assert queued(house, "rita") == [second, first]


def test_of_those_alike_the_one_that_screening_noticed_comes_first(house: House) -> None:
    now = utc_now()
    first, second = house.clip().id, house.clip().id
    put(house, first, due_at=now, pending_since=now)
    put(house, second, due_at=now, pending_since=now, advice=0.8)
    assert queued(house, "rita") == [second, first]


def test_only_clips_that_wait_are_in_the_queue(house: House) -> None:
    made = {state: house.clip(state).id for state in State}
    waiting = {made[state] for state in REVIEWED}
    assert set(queued(house, "rita")) == waiting


@pytest.mark.parametrize("name", ["rita", "lea", "ada", "aud"])
def test_these_see_the_queue(house: House, name: str) -> None:
    clip = house.clip()
    assert queued(house, name) == [clip.id]


def test_a_creator_may_not_see_the_queue(house: House) -> None:
    with pytest.raises(NotAllowed), house.store.read() as session:
        desk.queue(session, house.user("ana"))


def test_a_stranger_is_asked_to_sign_in(house: House) -> None:
    with pytest.raises(SignInNeeded), house.store.read() as session:
        desk.queue(session, STRANGER)


# ---- claims -------------------------------------------------------------------------------


def test_a_claim_takes_the_longest_waiting_clip(house: House) -> None:
    first, _second = house.clip(), house.clip()
    assert claim(house, "rita").id == first.id


def test_two_reviewers_get_different_clips(house: House) -> None:
    for _ in range(2):
        house.clip()
    assert claim(house, "rita").id != claim(house, "rob").id


def test_a_claim_names_its_holder(house: House) -> None:
    clip = claim(house, "rita", house.clip().id)
    assert clip.claimed_by == house.user("rita").id


def test_a_claim_lasts_as_long_as_asked(house: House) -> None:
    clip = house.clip()
    assert clip.pending_since is not None
    taken = claim(house, "rita", clip.id, lease_s=60)
    assert taken.claimed_until is not None
    assert 60 <= (taken.claimed_until - clip.pending_since).total_seconds() < 90


def test_a_claim_is_no_change_of_state(house: House) -> None:
    clip = house.clip()
    taken = claim(house, "rita", clip.id)
    assert (taken.state, taken.version) == (clip.state, clip.version)


def test_another_persons_claim_is_respected(house: House) -> None:
    clip = house.clip()
    claim(house, "rita", clip.id)
    with pytest.raises(ClaimedByOther, match="rita is looking at this clip until"):
        claim(house, "rob", clip.id)


def test_a_claim_of_ones_own_is_renewed(house: House) -> None:
    clip = house.clip()
    before = claim(house, "rita", clip.id, lease_s=60).claimed_until
    after = claim(house, "rita", clip.id, lease_s=120).claimed_until
    assert before is not None
    assert after is not None
    assert (after - before).total_seconds() >= 60


def test_a_renewal_is_not_logged_again(house: House) -> None:
    clip = house.clip()
    claim(house, "rita", clip.id)
    claim(house, "rita", clip.id)
    assert logged(house, clip.id).count("claim") == 1


def test_asking_for_the_next_clip_again_gives_the_one_in_hand(house: House) -> None:
    for _ in range(2):
        house.clip()
    assert claim(house, "rita").id == claim(house, "rita").id


def test_an_expired_claim_is_free_to_others(house: House) -> None:
    clip = house.clip()
    claim(house, "rita", clip.id, lease_s=0)
    assert claim(house, "rob", clip.id).claimed_by == house.user("rob").id


def test_an_expired_claim_comes_up_as_the_next_clip(house: House) -> None:
    clip = house.clip()
    claim(house, "rita", clip.id, lease_s=0)
    assert claim(house, "rob").id == clip.id


def test_a_person_whose_claim_expired_does_not_get_it_back_from_the_next(house: House) -> None:
    clip = house.clip()
    claim(house, "rita", clip.id, lease_s=0)
    claim(house, "rob", clip.id)
    with pytest.raises(ClaimedByOther, match="rob"):
        claim(house, "rita", clip.id)


def test_of_sixteen_who_claim_one_clip_one_gets_it(house: House) -> None:
    clip = house.clip()
    names = ["rita", "rob", "lea", "ada"]
    start = threading.Barrier(16)

    def try_it(place: int) -> str | None:
        start.wait()
        try:
            return claim(house, names[place % 4], clip.id).claimed_by
        except ClaimedByOther:
            return None

    with ThreadPoolExecutor(16) as threads:
        holders = [each for each in threads.map(try_it, range(16)) if each]
    assert len(set(holders)) == 1


def test_a_reviewer_may_not_claim_a_clip_of_their_own(house: House) -> None:
    clip = house.clip(creator="rob")
    with pytest.raises(OwnClip):
        claim(house, "rob", clip.id)


def test_the_next_clip_is_never_ones_own(house: House) -> None:
    house.clip(creator="rob")
    other = house.clip(creator="ana")
    assert claim(house, "rob").id == other.id


def test_with_only_ones_own_clips_there_is_nothing_to_review(house: House) -> None:
    house.clip(creator="rob")
    with pytest.raises(NothingToReview):
        claim(house, "rob")


def test_with_an_empty_queue_there_is_nothing_to_review(house: House) -> None:
    with pytest.raises(NothingToReview):
        claim(house, "rita")


def test_a_clip_that_does_not_wait_cannot_be_claimed(house: House) -> None:
    clip = house.clip(State.REJECTED)
    with pytest.raises(Conflict, match="rejected"):
        claim(house, "rita", clip.id)


def test_a_clip_that_does_not_exist_cannot_be_claimed(house: House) -> None:
    with pytest.raises(NotFound):
        claim(house, "rita", "0" * 16)


@pytest.mark.parametrize("name", ["ana", "aud"])
def test_who_may_not_review_may_not_claim(house: House, name: str) -> None:
    clip = house.clip()
    with pytest.raises(NotAllowed):
        claim(house, name, clip.id)


def test_a_released_clip_is_free(house: House) -> None:
    clip = house.clip()
    claim(house, "rita", clip.id)
    with house.store.write() as session:
        claims.release(session, house.user("rita"), clip.id)
    assert claim(house, "rob", clip.id).claimed_by == house.user("rob").id


def test_nobody_releases_the_claim_of_another(house: House) -> None:
    clip = house.clip()
    claim(house, "rita", clip.id)
    with house.store.write() as session:
        claims.release(session, house.user("rob"), clip.id)
    assert house.get(clip.id).claimed_by == house.user("rita").id


# ---- decisions ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "reasons", "state"),
    [
        (Verdict.APPROVE, [], "approved"),
        (Verdict.REJECT, ["violence"], "rejected"),
        (Verdict.REQUEST_CHANGES, ["technical_fault"], "changes_requested"),
    ],
)
def test_a_verdict_moves_the_clip(
    house: House, verdict: Verdict, reasons: list[str], state: str
) -> None:
    clip = house.clip()
    assert rule(house, "rita", clip.id, Ruling(verdict, clip.version, reasons)).state == state


@pytest.mark.parametrize("name", ["rita", "lea", "ada"])
def test_these_may_decide(house: House, name: str) -> None:
    clip = house.clip()
    assert rule(house, name, clip.id, Ruling(Verdict.APPROVE, clip.version)).state == "approved"


@pytest.mark.parametrize("name", ["ben", "aud"])
def test_these_may_not_decide(house: House, name: str) -> None:
    clip = house.clip()
    with pytest.raises(NotAllowed):
        rule(house, name, clip.id, Ruling(Verdict.APPROVE, clip.version))


def test_a_stranger_may_not_decide(house: House) -> None:
    clip = house.clip()
    with pytest.raises(SignInNeeded), house.store.write() as session:
        desk.decide(
            session,
            STRANGER,
            clip.id,
            Ruling(Verdict.APPROVE, clip.version),
            rules=house.rules,
            enqueue_publish=house.note_job,
        )


@pytest.mark.parametrize("name", ["rob", "lea", "ada"])
@pytest.mark.parametrize("verdict", Verdict)
def test_nobody_decides_on_a_clip_of_their_own(house: House, name: str, verdict: Verdict) -> None:
    clip = house.clip(creator=name)
    with pytest.raises(OwnClip):
        rule(house, name, clip.id, Ruling(verdict, clip.version, ["violence"]))


@pytest.mark.parametrize("verdict", [Verdict.REJECT, Verdict.REQUEST_CHANGES])
def test_a_no_needs_a_reason(house: House, verdict: Verdict) -> None:
    clip = house.clip()
    with pytest.raises(ReasonMissing):
        rule(house, "rita", clip.id, Ruling(verdict, clip.version, note="No."))


def test_an_unknown_reason_is_refused_with_its_name(house: House) -> None:
    clip = house.clip()
    with pytest.raises(UnknownReason, match="'ugly'"):
        rule(house, "rita", clip.id, Ruling(Verdict.REJECT, clip.version, ["violence", "ugly"]))


# ---- the policy that the reasons were chosen from -----------------------------------------


def amend(house: House) -> None:
    """Version 2: violence reads otherwise, hate is retired, and one is new."""
    with house.store.write() as session:
        before = policy.current(session)
        reasons = [
            replace(each, en=replace(each.en, text="Other words."))
            if each.code == "violence"
            else replace(each, retired=each.code == "hate")
            for each in before.reasons
        ]
        reasons.append(replace(before.reasons[0], code="too_loud"))
        amendment.publish(session, house.user("ada"), seen=before.version, reasons=reasons)


@pytest.mark.parametrize("code", ["violence", "hate", "too_loud"])
def test_a_reason_that_reads_otherwise_now_is_to_be_looked_at_again(
    house: House, code: str
) -> None:
    clip = house.clip()
    amend(house)
    ruling = Ruling(Verdict.REJECT, clip.version, ["minors", code], policy_version="1")
    with pytest.raises(ReasonsChanged, match=f"You chose {code} from version 1 .* version 2"):
        rule(house, "rita", clip.id, ruling)
    assert made(house, clip.id) == []


@pytest.mark.parametrize("seen", ["1", "2", None])
def test_reasons_that_read_the_same_are_decided_under_the_newest_version(
    house: House, seen: str | None
) -> None:
    clip = house.clip()
    amend(house)
    ruling = Ruling(Verdict.REJECT, clip.version, ["minors"], policy_version=seen)
    rule(house, "rita", clip.id, ruling)
    assert [each.policy_version for each in made(house, clip.id)] == ["2"]


def test_whoever_names_no_version_decides_under_the_newest(house: House) -> None:
    clip = house.clip()
    amend(house)
    rule(house, "rita", clip.id, Ruling(Verdict.REJECT, clip.version, ["violence"]))
    assert [each.policy_version for each in made(house, clip.id)] == ["2"]


def test_an_approval_without_reasons_does_not_mind_another_version(house: House) -> None:
    clip = house.clip()
    amend(house)
    ruling = Ruling(Verdict.APPROVE, clip.version, policy_version="1")
    assert rule(house, "rita", clip.id, ruling).state == "approved"


@pytest.mark.parametrize("seen", ["", "0", "01", "3", "-1", "one", "1\n", "9" * 99, "0" * 9999])
def test_a_version_of_the_policy_that_never_was_is_refused(house: House, seen: str) -> None:
    clip = house.clip()
    amend(house)
    ruling = Ruling(Verdict.REJECT, clip.version, ["minors"], policy_version=seen)
    with pytest.raises(BadInput, match="policy_version is"):
        rule(house, "rita", clip.id, ruling)


@pytest.mark.parametrize("field", ["note", "internal_note"])
def test_a_note_has_a_limit(house: House, field: str) -> None:
    clip = house.clip()
    ruling = Ruling(Verdict.APPROVE, clip.version, **{field: "x" * 2001})  # type: ignore[arg-type]
    with pytest.raises(TextTooLong, match=f"{field} has 2001 characters"):
        rule(house, "rita", clip.id, ruling)


def test_a_decision_on_an_older_version_is_refused(house: House) -> None:
    clip = house.clip()
    with pytest.raises(StaleVersion):
        rule(house, "rita", clip.id, Ruling(Verdict.APPROVE, clip.version - 1))


def test_a_decision_on_a_version_to_come_is_refused(house: House) -> None:
    clip = house.clip()
    with pytest.raises(StaleVersion):
        rule(house, "rita", clip.id, Ruling(Verdict.APPROVE, clip.version + 1))


def test_a_second_reviewer_cannot_overrule_the_first(house: House) -> None:
    clip = house.clip()
    rule(house, "rita", clip.id, Ruling(Verdict.REJECT, clip.version, ["violence"]))
    with pytest.raises(AlreadyDecided, match="rita decided already: the clip is rejected"):
        rule(house, "rob", clip.id, Ruling(Verdict.APPROVE, clip.version))


def test_the_first_reviewer_cannot_change_their_mind(house: House) -> None:
    clip = house.clip()
    rejected = rule(house, "rita", clip.id, Ruling(Verdict.REJECT, clip.version, ["violence"]))
    with pytest.raises(AlreadyDecided):
        rule(house, "rita", clip.id, Ruling(Verdict.APPROVE, rejected.version))


@pytest.mark.parametrize(
    "state", [State.QUEUED, State.GENERATING, State.SCREENING, State.WITHDRAWN, State.FAILED]
)
def test_a_clip_that_does_not_wait_gets_no_decision(house: House, state: State) -> None:
    clip = house.clip(state)
    with pytest.raises(Conflict, match=state.value):
        rule(house, "rita", clip.id, Ruling(Verdict.APPROVE, clip.version))


def test_a_clip_that_does_not_exist_gets_no_decision(house: House) -> None:
    with pytest.raises(NotFound):
        rule(house, "rita", "0" * 16, Ruling(Verdict.APPROVE, 1))


def test_a_clip_in_another_persons_hands_gets_no_decision(house: House) -> None:
    clip = house.clip()
    claim(house, "rita", clip.id)
    with pytest.raises(ClaimedByOther, match="rita"):
        rule(house, "rob", clip.id, Ruling(Verdict.APPROVE, clip.version))


def test_the_holder_of_a_claim_decides(house: House) -> None:
    clip = house.clip()
    claim(house, "rita", clip.id)
    decided = rule(house, "rita", clip.id, Ruling(Verdict.APPROVE, clip.version))
    assert (decided.state, decided.claimed_by) == ("approved", None)


def test_an_expired_claim_keeps_nobody_from_deciding(house: House) -> None:
    clip = house.clip()
    claim(house, "rita", clip.id, lease_s=0)
    decided = rule(house, "rob", clip.id, Ruling(Verdict.APPROVE, clip.version))
    assert decided.state == "approved"


def test_a_refused_decision_leaves_nothing(house: House) -> None:
    clip = house.clip()
    with pytest.raises(StaleVersion):
        rule(house, "rita", clip.id, Ruling(Verdict.APPROVE, clip.version + 1))
    assert (house.get(clip.id), made(house, clip.id)) == (clip, [])


def test_a_decision_says_all_it_rests_on(house: House) -> None:
    clip = house.clip()
    ruling = Ruling(Verdict.REJECT, clip.version, ["violence", "hate", "violence"], "Sorry.", "Hm.")
    rule(house, "rita", clip.id, ruling)
    (decision,) = made(house, clip.id)
    kept = decision.model_dump(exclude={"id", "waited_s", "decided_at"})
    assert kept == {
        "clip_id": clip.id,
        "clip_version": clip.version,
        "verdict": "reject",
        "reasons": ["violence", "hate"],
        "note": "Sorry.",
        "internal_note": "Hm.",
        "policy_version": "1",
        "sha256": clip.sha256,
        "reviewer_id": house.user("rita").id,
        "reviewer_role": "reviewer",
        "stage": "first",
        "advised": False,
    }


def test_an_approval_binds_the_reviewed_bytes_to_the_reviewer(house: House) -> None:
    clip = house.clip()
    approved = house.decide("rita", clip, Verdict.APPROVE)
    assert (approved.approved_by, approved.approved_sha256) == (
        house.user("rita").id,
        clip.sha256,
    )


def test_a_decision_measures_the_wait(house: House) -> None:
    clip = house.clip()
    with house.store.write() as session:
        moved_back = "UPDATE clip SET pending_since = datetime(pending_since, '-1 hour')"
        session.execute(text(moved_back))
    house.decide("rita", clip, Verdict.APPROVE)
    (decision,) = made(house, clip.id)
    assert 3590 < decision.waited_s < 3700


def test_an_approval_queues_the_publishing_once(house: House) -> None:
    clip = house.clip()
    house.enqueued.clear()
    house.decide("rita", clip, Verdict.APPROVE)
    assert house.enqueued == [clip.id]


@pytest.mark.parametrize("verdict", [Verdict.REJECT, Verdict.REQUEST_CHANGES])
def test_a_no_queues_nothing(house: House, verdict: Verdict) -> None:
    clip = house.clip()
    house.enqueued.clear()
    house.decide("rita", clip, verdict, "violence")
    assert house.enqueued == []


def test_an_approval_whose_job_cannot_be_queued_is_undone_as_a_whole(house: House) -> None:
    clip = house.clip()

    def fail(_session: Session, _clip: Clip) -> None:
        raise OSError("no queue")

    rows = len(logged(house, clip.id))
    with pytest.raises(OSError, match="no queue"), house.store.write() as session:
        desk.decide(
            session,
            house.user("rita"),
            clip.id,
            Ruling(Verdict.APPROVE, clip.version),
            rules=house.rules,
            enqueue_publish=fail,
        )
    after = (house.get(clip.id), made(house, clip.id), len(logged(house, clip.id)))
    assert after == (clip, [], rows)


def test_of_sixteen_who_decide_at_once_exactly_one_wins(house: House) -> None:
    clip = house.clip()
    names = ["rita", "rob", "lea", "ada"]
    users = [house.user(name) for name in names]
    verdicts = list(Verdict)
    start = threading.Barrier(16)

    def try_it(place: int) -> str:
        start.wait()
        ruling = Ruling(verdicts[place % 3], clip.version, ["violence"])
        try:
            with house.store.write() as session:
                user = users[place % 4]
                desk.decide(
                    session,
                    user,
                    clip.id,
                    ruling,
                    rules=house.rules,
                    enqueue_publish=house.note_job,
                )
        except Conflict as conflict:
            return conflict.code
        return "decided"

    with ThreadPoolExecutor(16) as threads:
        outcomes = sorted(threads.map(try_it, range(16)))
    assert outcomes == ["already_decided"] * 15 + ["decided"]
    with house.store.read() as session:
        assert session.exec(select(func.count()).select_from(Decision)).one() == 1
        assert audit.first_broken(session, house.store.session_info["audit_key"]) is None
    assert house.get(clip.id).version == clip.version + 1


def test_a_clip_under_second_review_can_be_decided(house: House) -> None:
    clip = house.clip(State.SECOND_REVIEW)
    assert house.decide("rob", clip, Verdict.APPROVE).state == "approved"


def test_an_appeal_gets_a_second_decision(house: House) -> None:
    clip = house.clip(State.APPEALED)
    assert house.decide("rob", clip, Verdict.APPROVE).state == "approved"
    assert [decision.verdict for decision in made(house, clip.id)] == ["reject", "approve"]


def test_an_appeal_is_not_answered_with_another_request(house: House) -> None:
    clip = house.clip(State.APPEALED)
    with pytest.raises(Conflict):
        house.decide("rob", clip, Verdict.REQUEST_CHANGES, "technical_fault")


def test_a_clip_that_its_creator_withdrew_meanwhile_is_not_decided(house: House) -> None:
    clip = house.clip()
    with house.store.write() as session:
        move(session, clip.id, "withdraw", actor=clip.creator_id)
    with pytest.raises(Conflict, match="withdrawn"):
        house.decide("rita", clip, Verdict.APPROVE)
