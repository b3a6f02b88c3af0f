"""Reports: anyone may send one of a published clip, once, within bounds, and all it changes is a count."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import func, select, update

from accounts.permissions import STRANGER
from audit import AuditRow
from errors import BadInput, GreenlightError, NotFound, TextTooLong, TooMany
from moderation import amendment, cases, policy, reports
from moderation.models import Clip, State
from moderation.report_models import Report, ReportCase, ReportDay, ReportTry
from moderation.reports import Complaint
from notices.models import Notice
from store import utc_now
from tests.conftest import House

HERE = "203.0.113.7"


@pytest.fixture
def clip(house: House) -> Clip:
    return house.clip(State.PUBLISHED)


def report(
    house: House,
    clip_id: str,
    reason: str = "violence",
    *,
    by: str = "",
    address: str = HERE,
    **said: Any,
) -> None:
    """What `reporting.report` does, in its three transactions."""
    user = house.user(by) if by else STRANGER
    complaint = Complaint(reason, **said)
    with house.store.read() as session:
        reports.check_inputs(session, complaint)
    with house.store.write() as session:
        source = reports.count_try(session, user, address)
    with house.store.write() as session:
        reports.receive(session, user, clip_id, complaint, source)


def rows(house: House, table: Any) -> list[Any]:
    with house.store.read() as session:
        return list(session.exec(select(table)))


def case_of(house: House) -> ReportCase:
    case: ReportCase
    (case,) = rows(house, ReportCase)
    return case


# ---- who and what -------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["", "ben", "ana", "rita", "lea", "aud"])
def test_anybody_reports_a_published_clip(house: House, clip: Clip, by: str) -> None:
    report(house, clip.id, by=by)
    assert case_of(house).counts == {"violence": 1}


@pytest.mark.parametrize("by", ["", "ana", "rita", "lea"])
@pytest.mark.parametrize("state", [state for state in State if state is not State.PUBLISHED])
def test_no_other_clip_is_there_to_be_reported(house: House, state: State, by: str) -> None:
    held = house.clip(state)
    with pytest.raises(NotFound) as hidden:
        report(house, held.id, by=by)
    with pytest.raises(NotFound) as missing:
        report(house, "0" * 16, by=by)
    assert hidden.value.as_json() == missing.value.as_json()
    assert rows(house, Report) == []


def test_the_words_and_the_moments_are_kept(house: House, clip: Clip) -> None:
    report(house, clip.id, text=" That is my house. ", at_s=0, until_s=0.5)
    (kept,) = rows(house, Report)
    assert (kept.text, kept.at_s, kept.until_s) == ("That is my house.", 0.0, 0.5)


@pytest.mark.parametrize(
    "said",
    [
        {"reason": ""},
        {"reason": "nonsense"},
        {"reason": "technical_fault"},  # nobody's business but the house's
        {"reason": "not_in_brief"},
        {"reason": "x" * 10_000},
        {"at_s": -1},
        {"at_s": math.nan},
        {"at_s": math.inf},
        {"at_s": 10**400},
        {"at_s": 1e300},
        {"until_s": 0.5},
        {"at_s": 0.5, "until_s": 0.2},
        {"at_s": 0.5, "until_s": math.nan},
        {"at_s": 60},
        {"at_s": 0.5, "until_s": 60},
        {"text": "x" * 10_000},
        {"text": "\ud800"},
        {"text": "\x00"},
        {"reason": "other", "text": " \n"},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(house: House, clip: Clip, said: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        report(house, clip.id, **{"reason": "violence", **said})
    assert rows(house, ReportCase) == []


def test_a_text_has_a_limit_of_its_own(house: House, clip: Clip) -> None:
    report(house, clip.id, text="x" * reports.TEXT_LIMIT)
    with pytest.raises(TextTooLong):
        report(house, clip.id, text="x" * (reports.TEXT_LIMIT + 1))


def test_something_else_is_said_in_words(house: House, clip: Clip) -> None:
    report(house, clip.id, "other", text="My name is in it.")
    assert case_of(house).counts == {"other": 1}


def test_reasons_come_in_the_reader_s_language(house: House) -> None:
    with house.store.read() as session:
        english, french = (reports.choices(session, language) for language in ("en", "fr"))
    assert [each.code for each in english] == [each.code for each in french]
    assert (english[-1].label, french[-1].label) == ("Something else", "Autre chose")
    assert all(each.text for each in english + french)


def test_who_is_in_a_clip_can_say_so_whatever_the_policy_offers(house: House, clip: Clip) -> None:
    with house.store.write() as session:
        amendment.install(session)
        now = policy.current(session)
        kept = [
            policy.Reason(each.code, each.en, each.fr, retired=each.code in ("real_person", "hate"))
            for each in now.reasons
        ]
        amendment.publish(session, house.user("ada"), seen=now.version, reasons=kept)
    report(house, clip.id, "real_person")
    with pytest.raises(BadInput):
        report(house, clip.id, "hate")


# ---- once ---------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["", "ben"])
def test_saying_it_again_adds_nothing(house: House, clip: Clip, by: str) -> None:
    for _ in range(3):
        report(house, clip.id, by=by, text="again")
    assert (case_of(house).count, len(rows(house, Report))) == (1, 1)


def test_another_reason_counts(house: House, clip: Clip) -> None:
    for reason in ("violence", "hate"):
        report(house, clip.id, reason)
    assert case_of(house).counts == {"violence": 1, "hate": 1}


def test_somebody_signed_in_is_one_person_wherever_they_are(house: House, clip: Clip) -> None:
    report(house, clip.id, by="ben", address="203.0.113.1")
    report(house, clip.id, by="ben", address="203.0.113.2")
    assert case_of(house).count == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"),
        ("203.0.113.7", "::ffff:203.0.113.7"),
    ],
)
def test_two_addresses_of_one_network_are_one(
    house: House, clip: Clip, one: str, other: str
) -> None:
    report(house, clip.id, address=one)
    report(house, clip.id, address=other)
    assert case_of(house).count == 1


def test_many_reports_of_one_clip_are_one_case(house: House, clip: Clip) -> None:
    for place in range(5):
        report(house, clip.id, address=f"203.0.113.{place}")
    assert case_of(house).count == 5


def test_the_gravest_reason_gives_the_case_its_place(house: House, clip: Clip) -> None:
    for reason in ("copyright", "minors", "other"):
        report(house, clip.id, reason, text="look")
    assert case_of(house).severity == 0


# ---- volume changes nothing ---------------------------------------------------------------


def test_a_thousand_reports_from_a_thousand_addresses_change_nothing_but_the_count(
    house: House, clip: Clip
) -> None:
    def flood(first: int, last: int) -> None:
        complaint = Complaint("violence", "take it down " + "x" * 200)
        with house.store.write() as session:
            for place in range(first, last):
                source = reports.count_try(session, STRANGER, f"198.{place // 250}.7.{place % 250}")
                reports.receive(session, STRANGER, clip.id, complaint, source)

    def everything_else() -> dict[str, Any]:
        case = case_of(house).model_dump(exclude={"count", "counts"})
        with house.store.read() as session:
            log = session.exec(select(func.count()).select_from(AuditRow)).one()
        return {
            "clip": house.get(clip.id).model_dump(),
            "case": case,
            "log": log,
            "told": len(rows(house, Notice)),
        }

    flood(0, 1)
    before = everything_else()
    flood(1, 1000)
    assert everything_else() == before
    assert case_of(house).count == 1000
    assert sum(bool(each.text) for each in rows(house, Report)) == reports.DETAILS_KEPT


def test_beyond_the_rows_that_are_kept_the_count_goes_on(
    house: House, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "ROWS_KEPT", 3)
    for place in range(5):
        report(house, clip.id, address=f"203.0.113.{place}")
    assert (case_of(house).count, len(rows(house, Report))) == (5, 3)


def test_a_flood_of_strangers_leaves_room_for_a_member_s_words(
    house: House, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ROWS_KEPT", "DETAILS_KEPT"):
        monkeypatch.setattr(reports, name, 2)
    for place in range(4):
        report(house, clip.id, address=f"203.0.113.{place}", text="noise")
    report(house, clip.id, by="ben", text="It really is mine.")
    assert "It really is mine." in [each.text for each in rows(house, Report)]


def test_what_is_remembered_of_tries_has_a_bound(
    house: House, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "TRIES_KEPT", 4)
    for place in range(9):
        report(house, clip.id, address=f"203.0.113.{place}")
    assert len(rows(house, ReportTry)) == 4


# ---- how often ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "limit"), [("", reports.ADDRESS_LIMIT), ("ben", reports.PERSON_LIMIT)]
)
def test_too_many_are_refused_and_told_when_to_come_back(
    house: House, clip: Clip, by: str, limit: int
) -> None:
    for _ in range(limit):
        report(house, clip.id, by=by)
    with pytest.raises(TooMany) as refused:
        report(house, clip.id, by=by)
    assert 0 < refused.value.facts["retry_after_s"] <= 3600  # type: ignore[operator]


def test_tries_on_clips_that_are_not_there_count_too(house: House) -> None:
    kinds: list[type[GreenlightError]] = []
    for _ in range(reports.ADDRESS_LIMIT + 1):
        with pytest.raises(GreenlightError) as refused:
            report(house, "0" * 16)
        kinds.append(refused.type)
    assert kinds == [NotFound] * reports.ADDRESS_LIMIT + [TooMany]


def test_an_hour_later_one_may_again(house: House, clip: Clip) -> None:
    for _ in range(reports.ADDRESS_LIMIT):
        report(house, clip.id)
    with house.store.write() as session:
        session.execute(update(ReportTry).values(at=utc_now() - reports.WINDOW))
    report(house, clip.id)


# ---- what is known of whom ----------------------------------------------------------------


def test_no_address_is_stored(house: House, clip: Clip) -> None:
    report(house, clip.id, text="hello")
    kept = [
        str(row.model_dump())
        for table in (Report, ReportTry, AuditRow)
        for row in rows(house, table)
    ]
    assert [row for row in kept if HERE in row] == []


def test_with_the_day_its_key_and_its_hashes_go(house: House, clip: Clip) -> None:
    report(house, clip.id)
    with house.store.write() as session:
        reports.forget(session, utc_now() + timedelta(days=1))
    assert [(each.source, each.source_day) for each in rows(house, Report)] == [(None, None)]
    assert (rows(house, ReportDay), rows(house, ReportTry)) == ([], [])


def test_the_sweep_knows_when_there_is_something_to_forget(house: House, clip: Clip) -> None:
    report(house, clip.id)
    with house.store.read() as session:
        now = utc_now()
        found = [reports.is_stale(session, now), reports.is_stale(session, now + timedelta(days=1))]
    assert found == [False, True]


def test_the_log_does_not_say_who_spoke(house: House, clip: Clip) -> None:
    report(house, clip.id, by="ben")
    (row,) = [each for each in rows(house, AuditRow) if each.action == "report"]
    assert (row.actor, house.user("ben").id in str(row.body)) == ("system", False)


# ---- who hears of it ----------------------------------------------------------------------


def told(house: House, kind: str) -> list[str]:
    return [each.person_id for each in rows(house, Notice) if each.kind == kind]


def test_leads_hear_of_a_case_once(house: House, clip: Clip) -> None:
    for place in range(3):
        report(house, clip.id, address=f"203.0.113.{place}")
    assert sorted(told(house, "reported")) == sorted(house.user(n).id for n in ("lea", "ada"))


def test_a_lead_hears_nothing_of_their_own_clip(house: House) -> None:
    report(house, house.clip(State.PUBLISHED, creator="lea").id)
    assert told(house, "reported") == [house.user("ada").id]


def test_its_creator_hears_nothing(house: House, clip: Clip) -> None:
    before = len(rows(house, Notice))
    report(house, clip.id)
    new = rows(house, Notice)[before:]
    assert house.user("ana").id not in [each.person_id for each in new]


def test_an_open_case_is_found_by_its_clip(house: House, clip: Clip) -> None:
    report(house, clip.id)
    with house.store.read() as session:
        found = cases.open_case(session, clip.id)
    assert found is not None
