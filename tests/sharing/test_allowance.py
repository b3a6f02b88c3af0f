"""How much one person may ask for, and the arithmetic they are shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import update

from errors import DayUsedUp, HourUsedUp, SlotsTaken
from moderation.models import Clip, Decision, State
from sharing import allowance, backlog
from sharing.allowance import Rules
from store import utc_now
from tests.conftest import House

RULES = Rules(slots=3, most_slots=5, clips_per_hour=10, day_s=None)
LIMITS = backlog.Limits(own=3, all=100)


def check(house: House, count: int = 1, rules: Rules = RULES) -> None:
    with house.store.read() as session:
        allowance.check(session, house.user("ana"), rules, count=count)


def slots(house: House, rules: Rules = RULES) -> allowance.Slots:
    with house.store.read() as session:
        return allowance.slots(session, house.user("ana").id, rules)


def set_all(house: House, **values: Any) -> None:
    with house.store.write() as session:
        session.execute(update(Clip).values(**values))


def test_an_open_job_takes_a_place(house: House) -> None:
    house.clip(State.QUEUED)
    house.clip(State.GENERATING)
    house.clip(State.SCREENING)
    assert slots(house).used == 3


def test_a_clip_that_is_made_frees_its_place(house: House) -> None:
    house.clip(State.PENDING_REVIEW)
    assert slots(house).used == 0


def test_other_people_s_clips_take_no_place(house: House) -> None:
    house.clip(State.QUEUED, "ben")
    assert slots(house).used == 0


def test_more_than_the_places_is_refused_with_the_numbers(house: House) -> None:
    house.clip(State.QUEUED)
    house.clip(State.QUEUED)
    with pytest.raises(SlotsTaken, match="2 of your clips are in the making, and you may have 3"):
        check(house, count=2)


def test_up_to_the_places_is_allowed(house: House) -> None:
    house.clip(State.QUEUED)
    check(house, count=2)


def test_three_approvals_are_one_more_place(house: House) -> None:
    for _ in range(3):
        house.clip(State.APPROVED)
    assert (slots(house).gained, slots(house).limit) == (1, 4)


def test_two_rejections_are_one_place_less(house: House) -> None:
    for _ in range(2):
        house.clip(State.REJECTED)
    assert (slots(house).lost, slots(house).limit) == (1, 2)


def test_there_is_always_one_place(house: House) -> None:
    for _ in range(8):
        house.clip(State.REJECTED)
    assert slots(house).limit == 1


def test_places_do_not_grow_without_end(house: House) -> None:
    for _ in range(9):
        house.clip(State.APPROVED)
    assert slots(house).limit == RULES.most_slots


def test_what_was_decided_long_ago_is_forgotten(house: House) -> None:
    for _ in range(2):
        house.clip(State.REJECTED)
    with house.store.write() as session:
        session.connection().exec_driver_sql("DROP TRIGGER decision_no_update")
        long_ago = utc_now() - allowance.LOOKS_BACK - timedelta(days=1)
        session.execute(update(Decision).values(decided_at=long_ago))
    assert slots(house).limit == 3


def test_too_many_within_an_hour_are_refused_with_the_wait(house: House) -> None:
    for _ in range(2):
        house.clip(State.PENDING_REVIEW)
    set_all(house, created_at=utc_now() - timedelta(minutes=50))
    rules = Rules(slots=9, most_slots=9, clips_per_hour=2, day_s=None)
    with pytest.raises(HourUsedUp) as refused:
        check(house, rules=rules)
    assert 590 <= int(str(refused.value.facts["retry_after_s"])) <= 600


def test_an_hour_later_one_may_send_again(house: House) -> None:
    for _ in range(2):
        house.clip(State.PENDING_REVIEW)
    set_all(house, created_at=utc_now() - timedelta(minutes=61))
    check(house, rules=Rules(slots=9, most_slots=9, clips_per_hour=2, day_s=None))


def test_a_clip_that_failed_on_our_side_does_not_count(house: House) -> None:
    for _ in range(2):
        house.clip(State.FAILED)
    check(house, rules=Rules(slots=9, most_slots=9, clips_per_hour=1, day_s=None))


def test_the_seconds_of_a_day_run_out(house: House) -> None:
    house.clip(State.PENDING_REVIEW)
    set_all(house, used_s=61.0)
    with pytest.raises(DayUsedUp, match="61 seconds since yesterday; 60 is"):
        check(house, rules=Rules(slots=9, most_slots=9, clips_per_hour=9, day_s=60))


def test_seconds_of_a_failed_clip_are_refunded(house: House) -> None:
    house.clip(State.FAILED)
    set_all(house, used_s=61.0)
    check(house, rules=Rules(slots=9, most_slots=9, clips_per_hour=9, day_s=60))


def test_the_whole_sum_is_shown(house: House) -> None:
    house.clip(State.QUEUED)
    house.clip(State.PENDING_REVIEW)
    house.clip(State.PENDING_REVIEW, "ben")
    with house.store.read() as session:
        told = allowance.as_json(session, house.user("ana"), RULES, LIMITS)
    assert told == {
        "slots": {
            "base": 3,
            "most": 5,
            "approved": 0,
            "rejected": 0,
            "gained": 0,
            "lost": 0,
            "limit": 3,
            "used": 1,
            "least": 1,
            "approvals_per_slot": 3,
            "rejections_per_slot": 2,
            "window_s": 30 * 86400,
        },
        "hour": {"limit": 10, "used": 2, "free_in_s": None, "window_s": 3600},
        "gpu_day": {"limit_s": None, "used_s": 0.0, "window_s": 86400},
        "backlog": {"own": 1, "own_limit": 3, "all": 2, "all_limit": 100},
        "waits_for": None,
    }


# ---- the reviewers' backlog ----------------------------------------------------------------


def waits_for(house: House, limits: backlog.Limits, name: str = "ana") -> str | None:
    with house.store.read() as session:
        return backlog.unreviewed(session).holds(house.user(name).id, limits)


def test_a_creator_with_many_unreviewed_clips_waits(house: House) -> None:
    for _ in range(3):
        house.clip(State.PENDING_REVIEW)
    assert waits_for(house, LIMITS) == "own_backlog"


def test_another_creator_does_not_wait_for_that(house: House) -> None:
    for _ in range(3):
        house.clip(State.PENDING_REVIEW)
    assert waits_for(house, LIMITS, "ben") is None


def test_everybody_waits_when_the_review_queue_is_full(house: House) -> None:
    for _ in range(3):
        house.clip(State.PENDING_REVIEW)
    assert waits_for(house, backlog.Limits(own=9, all=3), "ben") == "review_backlog"


def test_a_decided_clip_is_no_backlog(house: House) -> None:
    for state in (State.APPROVED, State.REJECTED, State.WITHDRAWN):
        house.clip(state)
    assert waits_for(house, backlog.Limits(own=1, all=1)) is None


def test_clips_on_their_way_to_review_count_already(house: House) -> None:
    house.clip(State.GENERATING)
    assert waits_for(house, backlog.Limits(own=1, all=9)) == "own_backlog"
