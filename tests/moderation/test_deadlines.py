"""No silence: what is overdue goes to the leads, what is late may be taken home."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlmodel import col, select, update

from audit import AuditRow
from moderation import clips, deadlines
from moderation.models import Clip, State, Verdict
from notices.models import Notice
from sharing import allowance
from store import utc_now
from tests.conftest import House

HOUR = timedelta(hours=1)


def put(house: House, clip_id: str, **values: object) -> None:
    with house.store.write() as session:
        session.execute(update(Clip).where(col(Clip.id) == clip_id).values(**values))


def escalate(house: House, at: datetime | None = None) -> int:
    with house.store.write() as session:
        return deadlines.escalate(session, at or utc_now())


def told(house: House, kind: str) -> set[str]:
    with house.store.read() as session:
        found = session.exec(select(Notice.person_id).where(Notice.kind == kind))
        names = {house.user(name).id: name for name in ("ana", "ben", "rita", "lea", "ada", "aud")}
        return {names[person_id] for person_id in found}


@pytest.fixture
def overdue(house: House) -> Clip:
    clip = house.clip()
    put(house, clip.id, due_at=utc_now() - HOUR)
    return house.get(clip.id)


@pytest.fixture
def late(house: House) -> Clip:
    clip = house.clip()
    put(house, clip.id, due_at=utc_now() - 2 * HOUR, late_at=utc_now() - HOUR, used_s=9.0)
    return house.get(clip.id)


def test_a_clip_is_due_when_the_settings_say(house: House) -> None:
    clip = house.clip()
    assert clip.pending_since is not None
    assert clip.due_at == clip.pending_since + timedelta(hours=house.rules.first_h)


def test_what_is_not_due_yet_escalates_nothing(house: House) -> None:
    house.clip()
    assert escalate(house) == 0


def test_what_is_overdue_is_told_to_the_leads(house: House, overdue: Clip) -> None:
    escalate(house)
    assert told(house, "overdue") == {"lea", "ada"}


def test_it_is_told_once(house: House, overdue: Clip) -> None:
    assert [escalate(house), escalate(house)] == [1, 0]


def test_it_is_in_the_log(house: House, overdue: Clip) -> None:
    escalate(house)
    with house.store.read() as session:
        rows = session.exec(select(AuditRow).where(AuditRow.action == "overdue"))
        assert [row.subject for row in rows] == [overdue.id]


def test_its_creator_hears_of_it_when_it_is_late(house: House, late: Clip) -> None:
    escalate(house)
    assert told(house, "late") == {"ana"}


def test_first_overdue_then_late_is_told_twice(house: House, overdue: Clip) -> None:
    escalate(house)
    put(house, overdue.id, late_at=utc_now() + timedelta(milliseconds=1))
    assert [escalate(house, utc_now() + HOUR), escalate(house, utc_now() + HOUR)] == [1, 0]


def test_a_decided_clip_is_never_overdue(house: House, overdue: Clip) -> None:
    house.decide("rita", overdue, Verdict.APPROVE)
    assert escalate(house, utc_now() + 1000 * HOUR) == 0


def test_an_overdue_clip_is_still_decided_by_anybody_who_reviews(
    house: House, overdue: Clip
) -> None:
    escalate(house)
    assert house.decide("rita", overdue, Verdict.APPROVE).state == State.APPROVED


def test_a_late_clip_taken_home_gives_its_seconds_back(house: House, late: Clip) -> None:
    with house.store.write() as session:
        clip = clips.withdraw(session, house.user("ana"), late.id)
    assert (clip.state, clip.used_s) == (State.WITHDRAWN, 0.0)


def test_a_late_clip_taken_home_does_not_count_in_the_hour(house: House, late: Clip) -> None:
    rules = allowance.Rules(slots=3, most_slots=3, clips_per_hour=9, day_s=None)
    with house.store.write() as session:
        before = allowance._hour(session, late.creator_id, rules)["used"]
        clips.withdraw(session, house.user("ana"), late.id)
        assert (before, allowance._hour(session, late.creator_id, rules)["used"]) == (1, 0)


def test_a_clip_withdrawn_in_time_keeps_its_cost(house: House) -> None:
    clip = house.clip()
    put(house, clip.id, used_s=9.0)
    with house.store.write() as session:
        assert clips.withdraw(session, house.user("ana"), clip.id).used_s == 9.0
