"""Blind turns and opinions: handled like any other clip, and changing nothing of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select, text

from accounts.models import Role
from accounts.people import person_with_role
from audit import AuditRow
from errors import (
    AlreadyDecided,
    ClaimedByOther,
    ClaimLapsed,
    DecidedBefore,
    GreenlightError,
    NotAllowed,
    NotTheHolder,
    OpinionGiven,
    OwnClip,
    ReasonMissing,
    StaleVersion,
    UndoNotYours,
    UnknownReason,
)
from moderation import appeals, claims, desk, opinions, statistics, undo, workload
from moderation.desk import Ruling
from moderation.models import BlindTurn, Clip, Decision, Opinion, State, Verdict
from moderation.proof import problems
from notices.models import Notice
from store import utc_now
from tests.checks import answer, golden_clip, second_opinion, turn_of, work
from tests.conftest import House


def claim(house: House, name: str, clip_id: str | None) -> Clip:
    with house.store.write() as session:
        return claims.claim(session, house.user(name), clip_id, lease_s=60)


def given(house: House) -> list[Opinion]:
    with house.store.read() as session:
        return list(session.exec(select(Opinion)))


def rows(house: House, clip: Clip) -> dict[str, Any]:
    """All that is kept of a clip, and what was decided and told."""
    with house.store.read() as session:
        decided = session.exec(select(Decision).where(Decision.clip_id == clip.id))
        told = session.exec(select(Notice).where(Notice.clip_id == clip.id))
        return {
            "clip": session.get_one(Clip, clip.id).model_dump(),
            "decisions": [each.model_dump() for each in decided],
            "notices": [each.model_dump() for each in told],
        }


def proved(house: House) -> list[str]:
    with house.store.read() as session:
        return problems(session, house.store.session_info["audit_key"])


def let_time_pass(house: House, **columns: Any) -> None:
    past = (utc_now() - timedelta(seconds=1)).replace(tzinfo=None)
    with house.store.write() as session:
        for name in columns:
            session.execute(text(f"UPDATE blind_turn SET {name} = :past"), {"past": past})  # noqa: S608


def rule(house: House, name: str, clip: Clip, **ruling: Any) -> Clip:
    turn = turn_of(house, name)
    version = turn.version if turn else clip.version
    sent = Ruling(**{"verdict": Verdict.APPROVE, "version": version, **ruling})
    with house.store.write() as session:
        return desk.decide(
            session,
            house.user(name),
            clip.id,
            sent,
            rules=house.rules,
            enqueue_publish=house.note_job,
        )


# ---- what is said --------------------------------------------------------------------------


def test_an_opinion_says_what_was_said_of_which_bytes(house: House) -> None:
    clip = second_opinion(house)
    answer(house, "rob", clip, Verdict.REJECT, "violence", "hate")
    (opinion,) = given(house)
    with house.store.read() as session:
        (first,) = session.exec(select(Decision).where(Decision.clip_id == clip.id))
    assert (opinion.verdict, opinion.reasons) == ("reject", ["violence", "hate"])
    assert (opinion.reviewer_id, opinion.sha256) == (house.user("rob").id, clip.sha256)
    assert (opinion.kind, opinion.decision_id) == ("second", first.id)


@pytest.mark.parametrize("verdict", list(Verdict))
@pytest.mark.parametrize(
    "state", [State.APPROVED, State.PUBLISHED, State.REJECTED, State.CHANGES_REQUESTED]
)
def test_an_opinion_changes_nothing_of_the_clip(
    house: House, state: State, verdict: Verdict
) -> None:
    clip = second_opinion(house, state=state)
    before, enqueued = rows(house, clip), list(house.enqueued)
    answer(house, "rob", clip, verdict, "violence")
    assert (rows(house, clip), house.enqueued) == (before, enqueued)


def test_the_log_says_what_was_said(house: House) -> None:
    clip = second_opinion(house)
    answer(house, "rob", clip, Verdict.REJECT, "violence")
    (opinion,) = given(house)
    with house.store.read() as session:
        (row,) = session.exec(select(AuditRow).where(AuditRow.action == "opinion"))
    assert (row.actor, row.subject) == (house.user("rob").id, clip.id)
    assert row.body == {
        "opinion": opinion.id,
        "kind": "second",
        "verdict": "reject",
        "reasons": ["violence"],
        "sha256": clip.sha256,
        "compared": opinion.decision_id,
    }
    assert proved(house) == []


def test_public_numbers_and_the_work_of_leads_count_none(house: House) -> None:
    clip = second_opinion(house)
    with house.store.read() as session:
        before = statistics.numbers(session), workload.health(session, house.user("lea"))
    answer(house, "rob", clip, Verdict.REJECT, "violence")
    with house.store.read() as session:
        after = statistics.numbers(session), workload.health(session, house.user("lea"))
    assert after == before


def test_whoever_answered_is_told_that_it_was_a_check(house: House) -> None:
    clip = second_opinion(house)
    answer(house, "rob", clip)
    with house.store.read() as session:
        told = opinions.told(session, house.user("rob"), clip.id)
    assert told == {"check": {"kind": "second", "known": None, "same": None}}


@pytest.mark.parametrize(("reasons", "same"), [(["violence"], True), (["hate"], False)])
def test_of_a_golden_clip_they_are_told_the_known_answer(
    house: House, reasons: list[str], same: bool
) -> None:
    clip = golden_clip(house)
    answer(house, "rob", clip, Verdict.REJECT, *reasons)
    with house.store.read() as session:
        told = opinions.told(session, house.user("rob"), clip.id)
    known = {"verdict": "reject", "reasons": ["violence"]}
    assert told == {"check": {"kind": "golden", "known": known, "same": same}}


def test_before_the_answer_nothing_is_told(house: House) -> None:
    clip = golden_clip(house)
    with house.store.read() as session:
        assert opinions.told(session, house.user("rob"), clip.id) == {}


# ---- refusals, as for any clip -------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({"verdict": Verdict.REJECT}, ReasonMissing),
        ({"reasons": ["made_up"]}, UnknownReason),
        ({"version": 99}, StaleVersion),
    ],
)
def test_what_a_decision_would_be_refused_for_is_refused(
    house: House, sent: dict[str, Any], error: type[GreenlightError]
) -> None:
    clip = second_opinion(house)
    with pytest.raises(error):
        rule(house, "rob", clip, **sent)
    assert (given(house), turn_of(house, "rob") is not None) == ([], True)


def test_a_stale_version_tells_nothing_of_the_real_state(house: House) -> None:
    clip = second_opinion(house)
    with pytest.raises(StaleVersion) as refused:
        rule(house, "rob", clip, version=clip.version)
    assert refused.value.facts["state"] == "pending_review"


def test_a_claim_that_ran_out_is_said(house: House) -> None:
    clip = second_opinion(house)
    claim(house, "rob", clip.id)
    let_time_pass(house, claimed_until=True)
    with pytest.raises(ClaimLapsed):
        rule(house, "rob", clip)


def test_a_turn_that_ran_out_reads_as_decided_by_somebody_else(house: House) -> None:
    clip = second_opinion(house)
    version = turn_of(house, "rob").version  # type: ignore[union-attr]
    let_time_pass(house, due_at=True)
    with pytest.raises(AlreadyDecided, match="rita decided"):
        rule(house, "rob", clip, version=version)


def test_nobody_answers_for_another(house: House) -> None:
    clip = second_opinion(house)
    with pytest.raises(AlreadyDecided):
        rule(house, "lea", clip)
    assert given(house) == []


def test_an_opinion_is_given_once(house: House) -> None:
    clip = second_opinion(house)
    answer(house, "rob", clip)
    with pytest.raises(GreenlightError):
        rule(house, "rob", clip)
    assert len(given(house)) == 1


# ---- leases --------------------------------------------------------------------------------


def test_a_turn_is_claimed_and_renewed(house: House) -> None:
    clip = second_opinion(house)
    first = claim(house, "rob", clip.id)
    with house.store.write() as session:
        renewed = claims.renew(session, house.user("rob"), clip.id, lease_s=600)
    assert (first.state, first.claimed_by) == ("pending_review", house.user("rob").id)
    assert first.claimed_until is not None
    assert renewed.claimed_until is not None
    assert renewed.claimed_until > first.claimed_until


def test_the_clip_itself_is_not_claimed(house: House) -> None:
    clip = second_opinion(house)
    before = rows(house, clip)
    claim(house, "rob", clip.id)
    assert rows(house, clip) == before


def test_what_is_not_claimed_is_not_renewed(house: House) -> None:
    clip = second_opinion(house)
    with house.store.write() as session, pytest.raises(NotTheHolder):
        claims.renew(session, house.user("rob"), clip.id, lease_s=60)


def test_a_released_turn_is_still_in_the_queue(house: House) -> None:
    clip = second_opinion(house)
    claim(house, "rob", clip.id)
    with house.store.write() as session:
        assert claims.release(session, house.user("rob"), clip.id).claimed_by is None
    with house.store.read() as session:
        assert clip.id in {each.id for each in desk.queue(session, house.user("rob"))}


def test_a_skipped_turn_stays_in_the_queue_and_comes_last(house: House) -> None:
    clip, other = second_opinion(house), house.clip()
    with house.store.write() as session:
        claims.skip(session, house.user("rob"), clip.id)
    with house.store.read() as session:
        assert clip.id in {each.id for each in desk.queue(session, house.user("rob"))}
    assert claim(house, "rob", None).id == other.id
    house.decide("rob", house.get(other.id), Verdict.APPROVE)
    assert claim(house, "rob", None).id == clip.id


def test_a_turn_that_somebody_works_on_does_not_run_out(house: House) -> None:
    clip = second_opinion(house)
    claim(house, "rob", clip.id)
    let_time_pass(house, due_at=True)
    assert answer(house, "rob", clip).id == clip.id


def hand_over(house: House, clip: Clip, to: str) -> Clip:
    with house.store.write() as session:
        return claims.hand_over(session, house.user("rob"), clip.id, to, lease_s=60)


def test_a_turn_is_handed_to_a_colleague(house: House) -> None:
    clip = second_opinion(house)
    seen = hand_over(house, clip, "lea")
    assert seen.claimed_by == house.user("lea").id
    assert answer(house, "lea", clip).id == clip.id


def test_handed_to_whoever_decided_it_looks_the_same_and_asks_nobody(house: House) -> None:
    clip = second_opinion(house)
    seen = hand_over(house, clip, "rita")
    assert (seen.state, seen.claimed_by) == ("pending_review", house.user("rita").id)
    assert turn_of(house, "rita") is None
    with pytest.raises(ClaimedByOther, match="rita"):
        rule(house, "rob", clip)


def test_after_the_claim_of_a_colleague_who_was_not_asked_the_turn_is_over(house: House) -> None:
    clip = second_opinion(house)
    hand_over(house, clip, "rita")
    let_time_pass(house, claimed_until=True)
    assert turn_of(house, "rob") is None


def test_its_creator_is_handed_nothing(house: House) -> None:
    with house.store.write() as session:
        person_with_role(session, "rex", Role.REVIEWER, created_by="test")
    clip = second_opinion(house, creator="rex")
    with house.store.write() as session, pytest.raises(OwnClip):
        claims.hand_over(session, house.user("rob"), clip.id, "rex", lease_s=60)


def test_who_does_not_review_is_handed_nothing(house: House) -> None:
    clip = second_opinion(house)
    with house.store.write() as session, pytest.raises(NotAllowed):
        claims.hand_over(session, house.user("rob"), clip.id, "ben", lease_s=60)


def test_a_turn_handed_to_somebody_who_has_one_is_only_seemingly_theirs(house: House) -> None:
    own = second_opinion(house, "lea")
    clip = second_opinion(house)
    hand_over(house, clip, "lea")
    turn = turn_of(house, "lea")
    assert turn is not None
    assert turn.clip_id == own.id


# ---- afterwards ----------------------------------------------------------------------------


def test_an_opinion_cannot_be_taken_back(house: House) -> None:
    clip = second_opinion(house)
    answer(house, "rob", clip)
    house.rules = replace(house.rules, undo_s=60)
    with house.store.write() as session, pytest.raises(OpinionGiven):
        undo.undo(session, house.user("rob"), clip.id, house.rules)


def test_before_the_answer_there_is_nothing_to_take_back(house: House) -> None:
    clip = second_opinion(house)
    with house.store.write() as session, pytest.raises(UndoNotYours):
        undo.undo(session, house.user("rob"), clip.id, house.rules)


def appeal(house: House, clip: Clip) -> Clip:
    with house.store.write() as session:
        return appeals.appeal(session, house.user("ana"), clip.id, "Look again.", house.rules)


def test_whoever_gave_an_opinion_does_not_decide_on_the_appeal(house: House) -> None:
    clip = second_opinion(house, state=State.REJECTED)
    answer(house, "rob", clip)
    appealed = appeal(house, clip)
    with pytest.raises(DecidedBefore):
        house.decide("rob", appealed, Verdict.APPROVE)
    assert house.decide("lea", appealed, Verdict.APPROVE).state == State.APPROVED


def test_an_appeal_that_comes_meanwhile_is_not_decided_by_the_opinion(house: House) -> None:
    clip = second_opinion(house, state=State.REJECTED)
    appealed = appeal(house, clip)
    answer(house, "rob", clip)
    assert house.get(clip.id).state == appealed.state
    assert len(given(house)) == 1


# ---- the tables themselves -----------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE opinion SET verdict = 'approve'",
        "DELETE FROM opinion",
        "INSERT OR REPLACE INTO opinion SELECT * FROM opinion",
        "UPDATE golden SET verdict = 'approve'",
        "UPDATE golden SET reasons = '[]'",
        "DELETE FROM golden",
        "INSERT OR REPLACE INTO golden SELECT * FROM golden",
    ],
)
def test_what_was_said_and_what_is_known_is_never_changed(house: House, statement: str) -> None:
    answer(house, "rob", golden_clip(house), Verdict.REJECT, "violence")
    with pytest.raises(IntegrityError), house.store.write() as session:
        session.execute(text(statement))


def test_nobody_has_two_opinions_on_a_clip(house: House) -> None:
    clip = second_opinion(house)
    answer(house, "rob", clip)
    again = Opinion(**given(house)[0].model_dump() | {"id": "another"})
    with pytest.raises(IntegrityError), house.store.write() as session:
        session.add(again)


def test_nobody_has_two_open_turns(house: House) -> None:
    second_opinion(house)
    other = house.clip(State.REJECTED)
    with house.store.read() as session:
        (turn,) = session.exec(select(BlindTurn))
    second = BlindTurn(**turn.model_dump() | {"clip_id": other.id})
    with pytest.raises(IntegrityError), house.store.write() as session:
        session.add(second)


# ---- the proof -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "statement", "found"),
    [
        ("opinion", "UPDATE opinion SET verdict = 'reject'", "is not what row"),
        ("opinion", "DELETE FROM opinion", "is missing"),
        ("golden", "UPDATE golden SET verdict = 'approve'", "is not what the log says"),
        ("golden", "UPDATE golden SET retired_at = '2026-01-01 00:00:00'", "is not what the log"),
        ("golden", "DELETE FROM golden", "is missing"),
    ],
)
def test_meddling_with_opinions_shows(house: House, table: str, statement: str, found: str) -> None:
    answer(house, "rob", golden_clip(house), Verdict.APPROVE)
    with house.store.write() as session:
        for act in ("update", "delete"):
            session.execute(text(f"DROP TRIGGER {table}_no_{act}"))
        session.execute(text(statement))
    (said,) = proved(house)
    assert found in said


def test_an_opinion_without_a_row_in_the_log_shows(house: House) -> None:
    clip = work(house, "rita")
    with house.store.write() as session:
        session.add(
            Opinion(
                clip_id=clip.id,
                reviewer_id=house.user("rob").id,
                kind="golden",
                verdict="approve",
                sha256="",
                policy_version="1",
            )
        )
    (said,) = proved(house)
    assert "has no row in the log" in said
