"""The public numbers: counts by verdict, what is public and waiting, and the usual wait."""

from __future__ import annotations

from typing import Any

from moderation.models import Decision, State, Verdict
from moderation.policy import VERSION
from moderation.statistics import numbers
from store import utc_now
from tests.conftest import House


def counted(house: House) -> dict[str, Any]:
    with house.store.read() as session:
        return numbers(session)


def wait(house: House, *seconds: float) -> None:
    """Decisions that took these waits, on one clip."""
    clip = house.clip(State.QUEUED)
    with house.store.write() as session:
        for place, waited_s in enumerate(seconds):
            session.add(
                Decision(
                    clip_id=clip.id,
                    clip_version=place,
                    verdict=Verdict.REJECT.value,
                    policy_version=VERSION,
                    sha256="",
                    reviewer_id=house.user("rita").id,
                    reviewer_role="reviewer",
                    waited_s=waited_s,
                    decided_at=utc_now(),
                )
            )
            session.flush()


def test_an_empty_instance_has_zeros_and_no_waits(house: House) -> None:
    assert counted(house) == {
        "approved": 0,
        "rejected": 0,
        "changes_requested": 0,
        "published": 0,
        "waiting": 0,
        "wait_s": {"p50": None, "p90": None},
    }


def test_verdicts_are_counted(house: House) -> None:
    for verdict in (Verdict.APPROVE, Verdict.APPROVE, Verdict.REJECT, Verdict.REQUEST_CHANGES):
        house.decide("rita", house.clip(), verdict, "violence")
    seen = counted(house)
    assert (seen["approved"], seen["rejected"], seen["changes_requested"]) == (2, 1, 1)


def test_published_and_waiting_clips_are_counted_as_they_are_now(house: House) -> None:
    for state in (State.PUBLISHED, State.PENDING_REVIEW, State.PENDING_REVIEW, State.TAKEN_DOWN):
        house.clip(state)
    seen = counted(house)
    assert (seen["published"], seen["waiting"]) == (1, 2)


def test_the_usual_wait_is_in_seconds(house: House) -> None:
    wait(house, *(float(second) for second in range(1, 101)))
    found = counted(house)["wait_s"]
    assert (abs(found["p50"] - 50) <= 1, abs(found["p90"] - 90) <= 1) == (True, True)


def test_one_wait_is_every_percentile(house: House) -> None:
    wait(house, 12.34)
    assert counted(house)["wait_s"] == {"p50": 12.3, "p90": 12.3}


def test_two_waits_have_the_shorter_one_as_median(house: House) -> None:
    """Nearest rank: the smallest value that at least half of all values do not exceed."""
    wait(house, 1.0, 100.0)
    assert counted(house)["wait_s"] == {"p50": 1.0, "p90": 100.0}


def test_old_waits_do_not_count_for_ever(house: House) -> None:
    wait(house, *([1000.0] * 100), *([1.0] * 500))
    assert counted(house)["wait_s"] == {"p50": 1.0, "p90": 1.0}


def test_no_clip_and_no_person_is_in_the_numbers(house: House) -> None:
    clip = house.clip(State.PUBLISHED)
    said = str(counted(house))
    assert clip.id not in said
    assert "rita" not in said
