"""The report queue: its order, who sees what of it, how a case ends, and what follows."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select, update

from accounts.permissions import STRANGER
from audit import AuditRow
from errors import BadCursor, DecidedBefore, NotAllowed, NotFound, SignInNeeded, TextTooLong
from moderation import cases, clips, reports
from moderation.case_views import case_json
from moderation.cases import CaseMovedOn, NoteMissing, Seen
from moderation.clips import TakeDownUnexplained
from moderation.dsa import as_dsa
from moderation.models import Clip, State
from moderation.proof import problems
from moderation.report_models import Outcome, Report, ReportCase
from moderation.statements import as_json, statements
from notices.models import Notice
from settings import Settings
from store import utc_now
from tests.checks import second_opinion
from tests.conftest import House
from tests.moderation.commission import refusals
from tests.moderation.test_reports import report

NOTE = "I watched it twice; it is a painted sword."


@pytest.fixture
def clip(house: House) -> Clip:
    """Approved by rita."""
    return house.clip(State.PUBLISHED)


def reported(house: House, reason: str = "violence", creator: str = "ana") -> Clip:
    found = house.clip(State.PUBLISHED, creator)
    report(house, found.id, reason, text="look")
    return found


def queue(house: House, name: str, cursor: str | None = None) -> list[str]:
    with house.store.read() as session:
        found, _ = cases.queue(session, house.user(name), cursor)
        return [clip.id for _, clip in found]


def dismiss(
    house: House, name: str, clip_id: str, note: str = NOTE, seen: Seen | None = None
) -> ReportCase:
    with house.store.write() as session:
        return cases.dismiss(session, house.user(name), clip_id, note, seen or Seen())


def escalate(house: House, name: str, clip_id: str, note: str = "") -> ReportCase:
    with house.store.write() as session:
        return cases.escalate(session, house.user(name), clip_id, note)


def take_down(house: House, clip_id: str, reason: str = "violence", note: str = "") -> Clip:
    with house.store.write() as session:
        return clips.take_down(session, house.user("lea"), clip_id, reason=reason, note=note)


def case_of(house: House, clip_id: str) -> ReportCase:
    with house.store.read() as session:
        query = select(ReportCase).where(ReportCase.clip_id == clip_id)
        (found,) = session.exec(query)
        return found


def seen_by(house: House, name: str, clip: Clip) -> dict[str, Any]:
    with house.store.read() as session:
        case = cases.open_case(session, clip.id)
        assert case is not None
        return case_json(session, house.user(name), case, session.get_one(Clip, clip.id))


def notices(house: House, name: str) -> list[str]:
    with house.store.read() as session:
        own = select(Notice.kind).where(Notice.person_id == house.user(name).id)
        return list(session.exec(own))


# ---- the queue ----------------------------------------------------------------------------


def test_the_gravest_reason_comes_first_then_the_oldest(house: House) -> None:
    order = ["copyright", "violence", "minors", "hate"]
    made = {reason: reported(house, reason).id for reason in order}
    expected = [made[reason] for reason in ("minors", "violence", "hate", "copyright")]
    assert queue(house, "rob") == expected


def test_many_reports_move_a_case_nowhere(house: House) -> None:
    first, second = reported(house), reported(house)
    for place in range(20):
        report(house, second.id, address=f"198.51.100.{place}")
    assert queue(house, "rob") == [first.id, second.id]


def test_the_queue_goes_on_after_a_page(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "PAGE", 2)
    made = [reported(house, reason).id for reason in ("minors", "violence", "violence", "other")]
    with house.store.read() as session:
        first, cursor = cases.queue(session, house.user("rob"))
        second, end = cases.queue(session, house.user("rob"), cursor)
    assert [clip.id for _, clip in first + second] == made
    assert end is None


def test_a_cursor_that_is_none_is_refused(house: House) -> None:
    with pytest.raises(BadCursor):
        queue(house, "rob", "nonsense")


@pytest.mark.parametrize("name", ["rita", "rob", "lea", "ada", "aud"])
def test_those_who_see_held_clips_see_it(house: House, name: str) -> None:
    found = reported(house)
    assert queue(house, name) == [found.id]


@pytest.mark.parametrize("name", ["ana", "ben"])
def test_others_do_not(house: House, name: str) -> None:
    with pytest.raises(NotAllowed):
        queue(house, name)


def test_nobody_sees_reports_of_their_own_clip(house: House) -> None:
    own = reported(house, creator="rob")
    assert (queue(house, "rob"), queue(house, "lea")) == ([], [own.id])
    for act in (dismiss, escalate):
        with pytest.raises(NotFound):
            act(house, "rob", own.id)


def test_whoever_judges_a_clip_blind_hears_nothing_of_its_reports(house: House) -> None:
    asked = second_opinion(house)  # rob is asked
    report(house, asked.id)
    assert asked.id not in queue(house, "rob")
    with pytest.raises(NotFound):
        dismiss(house, "rob", asked.id)


def test_a_case_shows_what_was_said_and_decided_and_no_reporter(house: House, clip: Clip) -> None:
    report(house, clip.id, by="ben", text="There!", at_s=0.25, until_s=0.5)
    found = seen_by(house, "rob", clip)
    assert (found["count"], found["reasons"][0]["label"]) == (1, "Violence")
    (said,) = found["reports"]
    assert (said["text"], said["at_s"], said["until_s"], said["signed_in"]) == (
        "There!",
        0.25,
        0.5,
        True,
    )
    assert [each["verdict"] for each in found["decisions"]] == ["approve"]
    ben = house.user("ben")
    assert [word for word in (ben.id, '"ben"', "'ben'") if word in str(found)] == []


# ---- dismissing ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["rob", "lea", "ada"])
def test_a_case_is_dismissed_with_a_note(house: House, name: str) -> None:
    found = reported(house)
    dismiss(house, name, found.id)
    case = case_of(house, found.id)
    assert (case.outcome, case.note, case.closed_by) == ("dismissed", NOTE, house.user(name).id)
    assert (house.get(found.id).state, queue(house, "lea")) == (State.PUBLISHED, [])


def test_whoever_approved_the_clip_may_look_and_leaves_it_to_others(house: House) -> None:
    found = reported(house)  # rita approved it
    assert seen_by(house, "rita", found)["can"] == ["escalate"]
    with pytest.raises(DecidedBefore):
        dismiss(house, "rita", found.id)


@pytest.mark.parametrize("note", ["", " \n\t"])
def test_without_a_note_it_is_not(house: House, note: str) -> None:
    found = reported(house)
    with pytest.raises(NoteMissing):
        dismiss(house, "rob", found.id, note)


def test_a_note_has_a_limit(house: House) -> None:
    found = reported(house)
    for act in (dismiss, escalate):
        with pytest.raises(TextTooLong):
            act(house, "rob", found.id, "x" * (cases.NOTE_LIMIT + 1))


def test_two_who_dismiss_at_once_are_one(house: House) -> None:
    found = reported(house)
    dismiss(house, "rob", found.id)
    with pytest.raises(CaseMovedOn, match="dismissed"):
        dismiss(house, "lea", found.id)


def test_a_reason_that_came_meanwhile_is_looked_at_first(house: House) -> None:
    found = reported(house)
    seen = Seen(case_of(house, found.id).id, ("violence",))
    report(house, found.id, "minors")
    with pytest.raises(CaseMovedOn, match="another reason"):
        dismiss(house, "rob", found.id, seen=seen)


def test_more_of_the_same_does_not_keep_anybody_from_dismissing(house: House) -> None:
    found = reported(house)
    seen = Seen(case_of(house, found.id).id, ("violence",))
    report(house, found.id, address="198.51.100.1")
    assert dismiss(house, "rob", found.id, seen=seen).outcome == "dismissed"


@pytest.mark.parametrize("name", ["ana", "ben", "aud", ""])
def test_others_neither_dismiss_nor_pass_on(house: House, name: str) -> None:
    found = reported(house)
    user = house.user(name) if name else STRANGER
    with pytest.raises((NotAllowed, SignInNeeded)), house.store.write() as session:
        cases.dismiss(session, user, found.id, NOTE, Seen())
    with pytest.raises((NotAllowed, SignInNeeded)), house.store.write() as session:
        cases.escalate(session, user, found.id, "")


def test_a_clip_that_nobody_reported_has_no_case(house: House, clip: Clip) -> None:
    with pytest.raises(NotFound):
        dismiss(house, "rob", clip.id)


# ---- afterwards ---------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["", "ben"])
def test_who_was_answered_does_not_open_it_again(house: House, clip: Clip, by: str) -> None:
    report(house, clip.id, by=by)
    dismiss(house, "rob", clip.id)
    report(house, clip.id, by=by)
    assert queue(house, "rob") == []


@pytest.mark.parametrize(
    "again", [{"address": "198.51.100.1"}, {"by": "ben"}, {"reason": "hate"}], ids=str
)
def test_somebody_or_something_new_does(house: House, clip: Clip, again: dict[str, str]) -> None:
    report(house, clip.id)
    dismiss(house, "rob", clip.id)
    report(house, clip.id, **again)
    assert queue(house, "rob") == [clip.id]
    assert [each["note"] for each in seen_by(house, "rob", clip)["earlier"]] == [NOTE]


def test_who_reported_signed_in_hears_how_it_ended(house: House) -> None:
    kept, gone = house.clip(State.PUBLISHED), house.clip(State.PUBLISHED)
    for each in (kept, gone):
        report(house, each.id, by="ben")
    dismiss(house, "rob", kept.id)
    take_down(house, gone.id)
    assert notices(house, "ben") == ["report_dismissed", "report_ended"]


def test_its_creator_hears_of_the_take_down_alone(house: House, clip: Clip) -> None:
    before = notices(house, "ana")
    report(house, clip.id)
    dismiss(house, "rob", clip.id)
    report(house, clip.id, "hate")
    assert notices(house, "ana") == before
    take_down(house, clip.id)
    assert notices(house, "ana") == [*before, "taken_down"]


def test_with_its_end_a_case_forgets_who_was_signed_in(house: House, clip: Clip) -> None:
    report(house, clip.id, by="ben")
    dismiss(house, "rob", clip.id)
    with house.store.read() as session:
        assert [each.person_id for each in session.exec(select(Report))] == [None]


# ---- passing on ---------------------------------------------------------------------------


def test_what_was_passed_to_a_lead_is_theirs(house: House) -> None:
    found = reported(house)
    escalate(house, "rita", found.id, "I am not sure.")
    with pytest.raises(NotAllowed):
        dismiss(house, "rob", found.id)
    assert seen_by(house, "lea", found)["escalation_note"] == "I am not sure."
    assert dismiss(house, "lea", found.id).outcome == "dismissed"


def test_it_is_passed_on_once(house: House) -> None:
    found = reported(house)
    escalate(house, "rita", found.id)
    with pytest.raises(CaseMovedOn):
        escalate(house, "rob", found.id)


# ---- taking down --------------------------------------------------------------------------


def test_a_take_down_ends_the_case(house: House) -> None:
    found = reported(house)
    take_down(house, found.id)
    assert (case_of(house, found.id).outcome, queue(house, "lea")) == ("taken_down", [])


def test_a_withdrawal_ends_it_too(house: House) -> None:
    found = reported(house)
    with house.store.write() as session:
        clips.withdraw(session, house.user("ana"), found.id)
    assert (case_of(house, found.id).outcome, queue(house, "lea")) == (Outcome.WITHDRAWN, [])


@pytest.mark.parametrize("reason", ["", " ", "\n\t", "\u200b"])
def test_a_take_down_says_why(house: House, clip: Clip, reason: str) -> None:
    with pytest.raises(TakeDownUnexplained):
        take_down(house, clip.id, reason)
    assert house.get(clip.id).state == State.PUBLISHED


def test_the_statement_says_that_a_report_came_before(house: House) -> None:
    found = take_down(house, reported(house).id)
    with house.store.read() as session:
        last = statements(session, found)[-1]
    said = as_json(last)
    assert (said["origin"], said["words"]["en"]["decided"][:15]) == ("notice", "After a report,")
    body = as_dsa(last, found, language="en", address="https://clips.example")
    assert (body["source_type"], refusals(body)) == ("SOURCE_TYPE_OTHER_NOTIFICATION", [])
    assert body["decision_facts"].startswith("After a report,")


def test_without_one_it_was_our_own_initiative(house: House, clip: Clip) -> None:
    found = take_down(house, clip.id)
    with house.store.read() as session:
        last = statements(session, found)[-1]
    body = as_dsa(last, found, language="en", address="https://clips.example")
    assert (as_json(last)["origin"], body["source_type"]) == ("own_initiative", "SOURCE_VOLUNTARY")


# ---- the log ------------------------------------------------------------------------------


def proved(house: House) -> list[str]:
    with house.store.read() as session:
        return problems(session, house.store.session_info["audit_key"])


def acts(house: House, clip_id: str) -> list[str]:
    with house.store.read() as session:
        rows = select(AuditRow).where(AuditRow.subject == clip_id).order_by(AuditRow.seq)  # type: ignore[arg-type]
        return [row.action for row in session.exec(rows) if "case" in row.body]


def lived(house: House) -> list[Clip]:
    """Cases that ended in every way, and two that are open."""
    found = [reported(house) for _ in range(5)]
    dismiss(house, "rob", found[0].id)
    escalate(house, "rita", found[1].id, "please")
    take_down(house, found[1].id)
    with house.store.write() as session:
        clips.withdraw(session, house.user("ana"), found[2].id)
    escalate(house, "rita", found[3].id)
    return found


def test_every_act_on_a_case_is_in_the_log(house: House) -> None:
    found = lived(house)
    assert [acts(house, each.id) for each in found] == [
        ["report", "dismiss_reports"],
        ["report", "escalate_reports", "take_down"],
        ["report", "withdraw"],
        ["report", "escalate_reports"],
        ["report"],
    ]
    assert proved(house) == []


@pytest.mark.parametrize(
    "meddling",
    [
        "UPDATE report_case SET outcome = 'dismissed' WHERE outcome = 'taken_down'",
        "UPDATE report_case SET note = 'nothing to see' WHERE outcome = 'dismissed'",
        "UPDATE report_case SET count = count + 1 WHERE outcome = 'dismissed'",
        (
            "UPDATE report_case SET closed_by = (SELECT id FROM person WHERE name = 'ana')"
            " WHERE outcome = 'dismissed'"
        ),
        (
            "UPDATE report_case SET closed_at = opened_at, outcome = 'dismissed'"
            " WHERE closed_at IS NULL AND escalated_at IS NULL"
        ),
        (
            "UPDATE report_case SET escalated_at = NULL WHERE closed_at IS NULL"
            " AND escalated_at IS NOT NULL"
        ),
        "UPDATE report_case SET escalation_note = '' WHERE escalation_note = 'please'",
        (
            "UPDATE report SET text = 'it is fine' WHERE case_id IN"
            " (SELECT id FROM report_case WHERE outcome = 'dismissed')"
        ),
        (
            "DELETE FROM report WHERE case_id IN"
            " (SELECT id FROM report_case WHERE outcome = 'dismissed')"
        ),
    ],
)
def test_a_case_that_was_meddled_with_is_found(
    house: House, settings: Settings, meddling: str
) -> None:
    lived(house)
    connection = sqlite3.connect(settings.database_file, isolation_level=None)
    assert connection.execute(meddling).rowcount == 1
    connection.close()
    (found,) = proved(house)
    assert "is not what the log says" in found


def test_a_case_that_was_taken_away_is_found(house: House, settings: Settings) -> None:
    found = reported(house)
    connection = sqlite3.connect(settings.database_file, isolation_level=None)
    connection.execute("DELETE FROM report")
    connection.execute("DELETE FROM report_case")
    connection.close()
    assert acts(house, found.id) == ["report"]
    (sentence,) = proved(house)
    assert "is missing" in sentence


def test_forgetting_addresses_changes_nothing_that_is_proved(house: House) -> None:
    lived(house)
    with house.store.write() as session:
        reports.forget(session, utc_now() + timedelta(days=2))
    assert proved(house) == []


def test_the_database_has_one_open_case_for_a_clip(house: House, clip: Clip) -> None:
    report(house, clip.id)
    with pytest.raises(IntegrityError), house.store.write() as session:
        session.add(ReportCase(clip_id=clip.id, severity=1, counts={"hate": 1}))


def test_a_case_ends_whole_or_not_at_all(house: House, clip: Clip) -> None:
    report(house, clip.id)
    with pytest.raises(IntegrityError), house.store.write() as session:
        session.execute(update(ReportCase).values(outcome="dismissed"))
