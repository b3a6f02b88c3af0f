"""Care for reviewers: their own wishes, what counts as flagged, and the count of a day's looks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, select, update

from audit import AuditRow
from errors import BadInput, NotAllowed, NotFound, UnknownReason
from moderation import care, undo
from moderation.care import Kindness
from moderation.models import Clip, Look, State, Verdict
from store import utc_now
from tests.conftest import House


def kindness(house: House, name: str) -> Kindness:
    with house.store.read() as session:
        return care.kindness(session, house.user(name))


def change(house: House, name: str, **wishes: Any) -> None:
    with house.store.write() as session:
        care.change(session, house.user(name), Kindness(**wishes))


def look(house: House, name: str, clip: Clip, *, ago_min: float = 0) -> None:
    with house.store.write() as session:
        user = house.user(name)
        care.looked(session, user, clip.id)
        session.flush()
        then = utc_now() - timedelta(minutes=ago_min)
        of = (col(Look.person_id) == user.id) & (col(Look.clip_id) == clip.id)
        session.execute(update(Look).where(of).values(at=then))


def exposure(house: House, name: str, since: datetime | None = None) -> dict[str, Any]:
    with house.store.read() as session:
        begin = since or utc_now() - timedelta(hours=12)
        return care.exposure(session, house.user(name), since=begin)


def flagged(house: House) -> Clip:
    clip = house.clip()
    with house.store.write() as session:
        signals = [{"check": "nudity", "says": "Skin.", "score": 0.9, "reason": "sexual_content"}]
        session.execute(update(Clip).where(col(Clip.id) == clip.id).values(screening=signals))
    return clip


# ---- wishes -------------------------------------------------------------------------------


def test_everything_is_blurred_and_flagged_clips_are_grey_and_silent_at_first(house: House) -> None:
    assert kindness(house, "rita") == Kindness(blur="all", grey="flagged", mute="flagged", skips=[])


def test_wishes_are_kept(house: House) -> None:
    change(house, "rita", blur="flagged", grey="none", mute="all", skips=["violence", "hate"])
    assert kindness(house, "rita") == Kindness("flagged", "none", "all", ["violence", "hate"])


def test_wishes_can_be_changed_again(house: House) -> None:
    change(house, "rita", skips=["violence"])
    change(house, "rita", skips=[])
    assert kindness(house, "rita").skips == []


def test_wishes_are_each_persons_own(house: House) -> None:
    change(house, "rita", blur="none")
    assert kindness(house, "rob").blur == "all"


def test_wishes_are_in_no_log(house: House) -> None:
    with house.store.read() as session:
        before = len(session.exec(select(AuditRow)).all())
    change(house, "rita", skips=["violence"])
    with house.store.read() as session:
        assert len(session.exec(select(AuditRow)).all()) == before


@pytest.mark.parametrize("wish", [{"blur": "some"}, {"grey": ""}, {"mute": "ALL"}])
def test_an_unknown_wish_is_refused(house: House, wish: dict[str, str]) -> None:
    with pytest.raises(BadInput, match="one of all, flagged, none"):
        change(house, "rita", **wish)


def test_a_class_that_the_policy_does_not_know_is_refused(house: House) -> None:
    with pytest.raises(UnknownReason, match="'spiders'"):
        change(house, "rita", skips=["spiders"])
    assert kindness(house, "rita").skips == []


def test_a_class_named_twice_is_kept_once(house: House) -> None:
    change(house, "rita", skips=["hate", "hate"])
    assert kindness(house, "rita").skips == ["hate"]


def test_creators_have_no_desk_to_set_up(house: House) -> None:
    with pytest.raises(NotAllowed):
        change(house, "ana")


# ---- flagged ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signal", "expected"),
    [
        ({"score": 0.5, "reason": "sexual_content"}, True),
        ({"score": 0.49, "reason": "sexual_content"}, False),
        ({"score": None, "reason": None}, False),
        ({"score": 1.0}, True),  # flashing, which no rule of the policy names
        ({"score": 1.0, "reason": "technical_fault"}, False),
        ({"score": 1.0, "reason": None, "check": "like_published"}, False),
        ({"score": 1.0, "reason": "not_in_brief"}, False),
    ],
)
def test_what_can_weigh_on_people_is_flagged(signal: dict[str, Any], expected: bool) -> None:
    assert care.is_flagged([signal]) is expected


def test_the_classes_of_a_clip_are_what_screening_is_rather_sure_of() -> None:
    signals: list[dict[str, Any]] = [
        {"score": 0.9, "reason": "violence"},
        {"score": 0.6, "reason": "hate"},
        {"score": 0.2, "reason": "minors"},
        {"score": 0.9, "reason": None},
        {"score": 0.7, "reason": "violence"},
    ]
    assert care.classes(signals) == ["hate", "violence"]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (State.PENDING_REVIEW, ["sexual_content"]),
        (State.APPEALED, ["sexual_content", "technical_fault"]),
        (State.REJECTED, ["sexual_content", "technical_fault"]),
    ],
)
def test_what_a_standing_decision_names_is_touched_as_well(
    house: House, state: State, expected: list[str]
) -> None:
    clip = house.clip(state)
    with house.store.write() as session:
        signals = [{"check": "nudity", "score": 0.9, "reason": "sexual_content"}]
        session.execute(update(Clip).where(col(Clip.id) == clip.id).values(screening=signals))
    with house.store.read() as session:
        assert care.touched(session, session.get_one(Clip, clip.id)) == expected


def test_what_a_decision_named_that_was_taken_back_is_not_touched(house: House) -> None:
    house.rules = replace(house.rules, undo_s=60, second_share=1.0)
    held = house.decide("rita", house.clip(), Verdict.APPROVE, "hate")
    house.decide("rob", held, Verdict.REJECT, "violence")
    with house.store.write() as session:
        undo.undo(session, house.user("rob"), held.id, house.rules)
    with house.store.read() as session:
        assert care.touched(session, session.get_one(Clip, held.id)) == ["hate"]


# ---- looks --------------------------------------------------------------------------------


def test_looks_are_counted_once_for_each_clip(house: House) -> None:
    clip = house.clip()
    look(house, "rita", clip)
    look(house, "rita", clip)
    assert exposure(house, "rita")["clips"] == 1


def test_flagged_looks_are_counted_apart(house: House) -> None:
    look(house, "rita", house.clip())
    look(house, "rita", flagged(house))
    counted = exposure(house, "rita")
    assert (counted["clips"], counted["flagged"]) == (2, 1)


def test_looks_of_yesterday_are_not_counted(house: House) -> None:
    look(house, "rita", house.clip(), ago_min=90)
    assert exposure(house, "rita", utc_now() - timedelta(minutes=60))["clips"] == 0


def test_looks_of_others_are_not_counted(house: House) -> None:
    look(house, "rob", house.clip())
    assert exposure(house, "rita")["clips"] == 0


def test_nobody_looks_at_what_they_may_not_see(house: House) -> None:
    with pytest.raises(NotAllowed):
        look(house, "ben", house.clip())


def test_a_clip_that_is_not_there_cannot_be_looked_at(house: House) -> None:
    with pytest.raises(NotFound), house.store.write() as session:
        care.looked(session, house.user("rita"), "nothing")


@pytest.mark.parametrize("hours", [-48, 2])
def test_a_day_that_is_not_today_is_refused(house: House, hours: int) -> None:
    with pytest.raises(BadInput, match="beginning of today"):
        exposure(house, "rita", utc_now() + timedelta(hours=hours))


# ---- rest ---------------------------------------------------------------------------------


def test_a_long_sitting_is_one_to_rise_from(house: House) -> None:
    for minutes in range(0, 56, 5):
        look(house, "rita", house.clip(), ago_min=minutes)
    assert exposure(house, "rita")["rest"] == "long"


def test_a_short_sitting_asks_for_no_rest(house: House) -> None:
    for minutes in range(0, 46, 5):
        look(house, "rita", house.clip(), ago_min=minutes)
    assert exposure(house, "rita")["rest"] is None


def test_a_pause_begins_a_new_sitting(house: House) -> None:
    for minutes in (0, 5, 20, 25, 30, 35, 40, 45, 50, 55, 60):
        look(house, "rita", house.clip(), ago_min=minutes)
    counted = exposure(house, "rita")
    assert (counted["rest"], counted["sitting_s"] // 60) == (None, 5)


def test_a_pause_until_now_ends_the_sitting(house: House) -> None:
    for minutes in range(11, 71, 5):
        look(house, "rita", house.clip(), ago_min=minutes)
    assert exposure(house, "rita")["rest"] is None


def test_many_flagged_clips_in_one_sitting_are_enough(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(care, "HEAVY", 3)
    for minutes in range(3):
        look(house, "rita", flagged(house), ago_min=minutes)
    counted = exposure(house, "rita")
    assert (counted["rest"], counted["sitting_flagged"]) == ("heavy", 3)
