"""The public numbers: counts, shares and waits, and that none of them points at one clip."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from moderation import amendment, cases, clips, policy
from moderation.models import Appeal, Decision, Stage, State, Undoing, Verdict
from moderation.policy import Reason
from moderation.statistics import FEW, Board, numbers, share, shown
from tests.conftest import House
from tests.moderation.test_reports import report

BEGIN = datetime(2026, 11, 1, tzinfo=timezone.utc)


class Book:
    """Decisions on one clip, one second after the other."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.clip = house.clip(State.QUEUED)
        self.reviewer = house.user("rita").id
        self.length = 0

    def write(
        self, verdict: Verdict, *codes: str, times: int = 1, waited_s: float = 60.0, **facts: Any
    ) -> list[str]:
        """That many decisions; their ids."""
        made = []
        with self.house.store.write() as session:
            for _ in range(times):
                self.length += 1
                decision = Decision(
                    clip_id=self.clip.id,
                    clip_version=self.length,
                    verdict=verdict.value,
                    reasons=list(codes),
                    policy_version="1",
                    sha256="",
                    reviewer_id=self.reviewer,
                    reviewer_role="reviewer",
                    waited_s=waited_s,
                    decided_at=BEGIN + timedelta(seconds=self.length),
                    **facts,
                )
                session.add(decision)
                session.flush()
                made.append(decision.id)
        return made

    def appeal(self, decision_ids: list[str], *, answer: Verdict | None = None) -> None:
        answers = self.write(answer, times=len(decision_ids), stage="appeal") if answer else []
        with self.house.store.write() as session:
            for place, decision_id in enumerate(decision_ids):
                session.add(
                    Appeal(
                        decision_id=decision_id,
                        clip_id=self.clip.id,
                        text="Look again.",
                        answer_id=answers[place] if answers else None,
                    )
                )


@pytest.fixture
def book(house: House) -> Book:
    return Book(house)


def counted(house: House) -> dict[str, Any]:
    with house.store.read() as session:
        return numbers(session)


def line(house: House, code: str) -> dict[str, Any]:
    found: dict[str, Any] = next(line for line in counted(house)["reasons"] if line["code"] == code)
    return found


# ---- the rules ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "seen"), [(0, None), (1, None), (4, None), (5, 5), (9, 5), (10, 10), (1234, 1230)]
)
def test_a_count_of_few_is_not_told_and_others_in_steps(count: int, seen: int | None) -> None:
    assert shown(count) == seen


@pytest.mark.parametrize(
    ("part", "whole", "seen"),
    [
        (0, 0, None),
        (2, 4, None),
        (1, 100, None),
        (4, 100, None),
        (5, 100, 0.05),
        (95, 100, 0.95),
        (96, 100, None),
        (99, 100, None),
        (100, 100, 1.0),
        (0, 100, 0.0),
        (5, 10, 0.5),
        (1, 3, None),
        (333, 1000, 0.33),
    ],
)
def test_a_share_is_told_when_many_stand_on_both_sides(
    part: int, whole: int, seen: float | None
) -> None:
    assert share(part, whole) == seen


def test_the_threshold_is_said(house: House) -> None:
    assert counted(house)["fewer_than"] == FEW == 5


# ---- counts --------------------------------------------------------------------------------


def test_an_empty_instance_tells_nothing_but_that(house: House) -> None:
    seen = counted(house)
    assert seen["published"] == 0
    assert seen["wait_s"] == {"p50": None, "p90": None}
    for name in ("approved", "rejected", "changes_requested", "waiting", "decisions"):
        assert seen[name] is None
    assert set(seen["shares"].values()) == {None}


def test_the_fields_that_pages_and_scripts_read_are_there(house: House) -> None:
    assert {
        "approved",
        "rejected",
        "changes_requested",
        "published",
        "waiting",
        "wait_s",
    } <= set(counted(house))


def test_verdicts_are_counted(house: House, book: Book) -> None:
    book.write(Verdict.APPROVE, times=10)
    book.write(Verdict.REJECT, "violence", times=6)
    book.write(Verdict.REQUEST_CHANGES, "violence", times=4)
    seen = counted(house)
    assert (seen["approved"], seen["rejected"], seen["changes_requested"]) == (10, 5, None)
    assert seen["decisions"] == 20


def test_published_clips_are_counted_as_they_are_now(house: House) -> None:
    for state in (State.PUBLISHED, State.PUBLISHED, State.TAKEN_DOWN):
        house.clip(state)
    assert counted(house)["published"] == 2


@pytest.mark.parametrize(("waiting", "seen"), [(4, None), (5, 5)])
def test_waiting_clips_are_counted_when_they_are_many(
    house: House, waiting: int, seen: int | None
) -> None:
    states = (State.PENDING_REVIEW, State.SECOND_REVIEW, State.APPEALED)
    for place in range(waiting):
        house.clip(states[place % 3])
    assert counted(house)["waiting"] == seen


def test_a_decision_that_was_taken_back_does_not_count(house: House, book: Book) -> None:
    book.write(Verdict.APPROVE, times=5)
    (taken_back,) = book.write(Verdict.APPROVE)
    with house.store.write() as session:
        session.add(Undoing(decision_id=taken_back))
    book.write(Verdict.APPROVE, times=4)
    assert counted(house)["approved"] == 5


def test_an_answer_to_an_appeal_is_no_decision_of_its_own(house: House, book: Book) -> None:
    book.write(Verdict.APPROVE, times=5)
    book.write(Verdict.APPROVE, times=5, stage=Stage.APPEAL.value)
    assert counted(house)["decisions"] == 5


def test_looking_before_and_after_one_decision_shows_nothing_of_it(
    house: House, book: Book
) -> None:
    book.write(Verdict.APPROVE, times=30)
    book.write(Verdict.REJECT, "violence", times=10, waited_s=10)
    before = counted(house)
    for _ in range(FEW - 1):
        book.write(Verdict.REJECT, "violence", waited_s=9000, advised=True)
        assert counted(house) == before
    book.write(Verdict.REJECT, "violence")
    assert counted(house) != before


# ---- shares --------------------------------------------------------------------------------


def test_shares_are_of_all_decisions(house: House, book: Book) -> None:
    book.write(Verdict.APPROVE, times=25)
    book.write(Verdict.REJECT, "violence", times=15)
    book.write(Verdict.REQUEST_CHANGES, "violence", times=10, advised=True)
    shares = counted(house)["shares"]
    assert (shares["approve"], shares["reject"], shares["changes"]) == (0.5, 0.3, 0.2)
    assert shares["advised"] == 0.2


def test_appeals_are_a_share_of_rejections_and_overturns_of_answers(
    house: House, book: Book
) -> None:
    book.write(Verdict.APPROVE, times=60)
    rejections = book.write(Verdict.REJECT, "hate", times=40)
    book.appeal(rejections[:5], answer=Verdict.APPROVE)
    book.appeal(rejections[5:15], answer=Verdict.REJECT)
    book.appeal(rejections[15:20])
    shares = counted(house)["shares"]
    assert (shares["appeal"], shares["overturn"]) == (0.5, 0.33)


def test_every_reason_has_a_line_of_its_own(house: House, book: Book) -> None:
    book.write(Verdict.REJECT, "violence", "hate", times=5)
    book.write(Verdict.REQUEST_CHANGES, "violence", times=5)
    assert [line(house, code)["decisions"] for code in ("violence", "hate", "minors")] == [
        10,
        5,
        None,
    ]
    assert line(house, "violence")["shares"]["reject"] == 0.5
    assert line(house, "hate")["shares"]["reject"] == 1.0


def test_a_reason_that_was_named_seldom_has_no_shares(house: House, book: Book) -> None:
    book.write(Verdict.REJECT, "violence", times=16)
    book.write(Verdict.REJECT, "minors", times=4)
    seen = line(house, "minors")
    assert seen["decisions"] is None
    assert set(seen["shares"].values()) == {None}


def test_an_appeal_counts_for_each_reason_of_its_rejection(house: House, book: Book) -> None:
    both = book.write(Verdict.REJECT, "violence", "hate", times=10)
    book.write(Verdict.REJECT, "hate", times=10)
    book.appeal(both, answer=Verdict.APPROVE)
    assert line(house, "violence")["shares"]["appeal"] == 1.0
    assert line(house, "hate")["shares"]["appeal"] == 0.5
    assert line(house, "hate")["shares"]["overturn"] == 1.0


def test_a_retired_reason_has_no_line_any_more(house: House) -> None:
    with house.store.write() as session:
        reasons = [
            Reason(each.code, each.en, each.fr, retired=each.code == "hate")
            for each in policy.current(session).reasons
        ]
        amendment.publish(session, house.user("ada"), seen=1, reasons=reasons)
    codes = [line["code"] for line in counted(house)["reasons"]]
    assert "hate" not in codes
    assert len(codes) == 9


# ---- waits ---------------------------------------------------------------------------------


def waits(book: Book, *seconds: float) -> None:
    for waited_s in seconds:
        book.write(Verdict.APPROVE, waited_s=waited_s)


def test_the_usual_wait_is_in_seconds(house: House, book: Book) -> None:
    waits(book, *(float(second) for second in range(1, 101)))
    assert counted(house)["wait_s"] == {"p50": 50.0, "p90": 90.0}


def test_a_few_waits_are_not_told(house: House, book: Book) -> None:
    waits(book, 1, 2, 3, 4)
    assert counted(house)["wait_s"] == {"p50": None, "p90": None}


@pytest.mark.parametrize(
    ("waited", "seen"), [(4321.7, 4300.0), (0.0, 0.0), (0.1234, 0.12), (86399.0, 86000.0)]
)
def test_a_wait_has_two_digits_so_that_no_clip_can_be_known_by_it(
    house: House, book: Book, waited: float, seen: float
) -> None:
    waits(book, *([waited] * 5))
    assert counted(house)["wait_s"]["p50"] == seen


def test_the_median_is_a_wait_that_half_of_all_do_not_exceed(house: House, book: Book) -> None:
    waits(book, 1, 1, 1, 100, 100)
    assert counted(house)["wait_s"] == {"p50": 1.0, "p90": 100.0}


def test_old_waits_do_not_count_for_ever(house: House, book: Book) -> None:
    book.write(Verdict.APPROVE, times=100, waited_s=1000)
    book.write(Verdict.APPROVE, times=500, waited_s=1)
    assert counted(house)["wait_s"] == {"p50": 1.0, "p90": 1.0}


def test_no_clip_and_no_person_is_in_the_numbers(house: House, book: Book) -> None:
    book.write(Verdict.REJECT, "violence", times=20)
    said = str(counted(house))
    assert book.clip.id not in said
    assert "rita" not in said
    assert book.reviewer not in said


# ---- asked by many -------------------------------------------------------------------------


def test_all_who_ask_within_a_moment_read_the_same(house: House, book: Book) -> None:
    board = Board(keep_s=3600)
    before = board.read(house.store)
    book.write(Verdict.APPROVE, times=5)
    assert board.read(house.store) is before


def test_after_that_moment_the_numbers_are_new(house: House, book: Book) -> None:
    board = Board(keep_s=0)
    board.read(house.store)
    book.write(Verdict.APPROVE, times=5)
    assert board.read(house.store)["approved"] == 5


@pytest.mark.parametrize(("sent", "told"), [(FEW - 1, None), (FEW, FEW), (FEW + 3, FEW)])
def test_reports_are_told_by_the_rule_of_all_counts(
    house: House, sent: int, told: int | None
) -> None:
    clip = house.clip(State.PUBLISHED)
    for place in range(sent):
        report(house, clip.id, address=f"203.0.113.{place}")
    with house.store.write() as session:
        clips.take_down(session, house.user("lea"), clip.id, reason="violence", note="")
    assert counted(house)["reports"] == {"received": told, "closed": None, "taken_down": None}


def test_cases_that_ended_are_told_from_those_that_led_to_a_take_down(house: House) -> None:
    for place in range(2 * FEW):
        clip = house.clip(State.PUBLISHED)
        report(house, clip.id)
        with house.store.write() as session:
            if place < FEW:
                clips.take_down(session, house.user("lea"), clip.id, reason="hate", note="")
            else:
                cases.dismiss(session, house.user("lea"), clip.id, "It is paint.", cases.Seen())
    told = {"received": 2 * FEW, "closed": 2 * FEW, "taken_down": FEW}
    assert counted(house)["reports"] == told
