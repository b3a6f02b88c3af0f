"""The review with the real jobs behind it: the time to take back, the log of attempts, escalation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select, update

from accounts.models import Role
from accounts.people import person_with_role
from accounts.permissions import User
from actions import Wish
from app import Greenlight, running
from audit import AuditRow
from errors import Conflict, DecidedBefore
from jobs import queue
from moderation.desk import Ruling
from moderation.models import Clip, Decision, State, Verdict
from moderation.proof import problems
from notices.models import Notice
from settings import read_settings
from store import utc_now
from tests.conftest import House
from tests.doubles import FastEngine
from tests.server import wait_until

Start = Callable[..., Greenlight]
REVIEWERS = 64


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    monkeypatch.setattr(queue, "_SWEEP_EVERY_S", 0.2)
    with ExitStack() as lines:

        def begin(**settings: object) -> Greenlight:
            entered = running(read_settings(data=tmp_path, **settings), FastEngine())
            greenlight = lines.enter_context(entered)
            House(greenlight.store, greenlight.media)
            return greenlight

        yield begin


def user(line: Greenlight, name: str) -> User:
    return House(line.store, line.media).user(name)


def state(line: Greenlight, clip_id: str) -> str:
    with line.store.read() as session:
        return session.get_one(Clip, clip_id).state


def waiting(line: Greenlight) -> dict[str, object]:
    ana = user(line, "ana")
    clip_id = str(line.actions.create(ana, Wish(prompt="a red ball"))["id"])
    wait_until(lambda: state(line, clip_id) == "pending_review", "it waits for review")
    return line.actions.clip(user(line, "rita"), clip_id)


def decide(line: Greenlight, who: User, clip: dict[str, object], verdict: Verdict) -> None:
    ruling = Ruling(verdict, int(str(clip["version"])), ["violence"])
    line.actions.reviewing.decide(who, str(clip["id"]), ruling)


# ---- taking back ---------------------------------------------------------------------------


def test_an_approved_clip_is_published_when_it_can_no_longer_be_taken_back(start: Start) -> None:
    line = start(undo_s=1)
    clip, rita = waiting(line), user(line, "rita")
    decide(line, rita, clip, Verdict.APPROVE)
    wait_until(lambda: state(line, str(clip["id"])) == "published", "it is published")
    with line.store.read() as session:
        made = session.exec(select(Decision)).one()
        published_at = session.get_one(Clip, str(clip["id"])).published_at
    assert published_at is not None
    assert published_at - made.decided_at >= timedelta(seconds=1)


def test_an_approval_that_was_taken_back_is_never_published(start: Start) -> None:
    line = start(undo_s=1)
    clip, rita = waiting(line), user(line, "rita")
    decide(line, rita, clip, Verdict.APPROVE)
    line.actions.reviewing.undo(rita, str(clip["id"]))
    other = waiting(line)
    decide(line, rita, other, Verdict.APPROVE)  # its job comes after that of the first
    wait_until(lambda: state(line, str(other["id"])) == "published", "the other is published")
    assert state(line, str(clip["id"])) == "pending_review"


def test_a_second_approval_after_an_undoing_is_published(start: Start) -> None:
    line = start(undo_s=1)
    clip, rita = waiting(line), user(line, "rita")
    decide(line, rita, clip, Verdict.APPROVE)
    decide(line, rita, line.actions.reviewing.undo(rita, str(clip["id"])), Verdict.APPROVE)
    wait_until(lambda: state(line, str(clip["id"])) == "published", "it is published")


def test_until_when_is_said_to_whoever_decided_alone(start: Start) -> None:
    line = start(undo_s=60)
    clip, rita = waiting(line), user(line, "rita")
    decide(line, rita, clip, Verdict.REJECT)
    said = {
        name: line.actions.clip(user(line, name), str(clip["id"])).get("undo_until") is not None
        for name in ("rita", "rob", "lea", "ana")
    }
    assert said == {"rita": True, "rob": False, "lea": False, "ana": False}


# ---- many at once --------------------------------------------------------------------------


def test_of_64_reviewers_at_once_one_decides_and_all_are_in_the_log(start: Start) -> None:
    line = start(undo_s=0)
    clip = waiting(line)
    with line.store.write() as session:
        people = [
            person_with_role(session, f"r{number}", Role.REVIEWER, created_by="test")[0]
            for number in range(REVIEWERS)
        ]
        crowd = [User(person.id, person.name, Role.REVIEWER) for person in people]

    def attempt(reviewer: User) -> str:
        try:
            decide(line, reviewer, clip, Verdict.REJECT)
        except Conflict as error:
            return error.message
        return "decided"

    with ThreadPoolExecutor(REVIEWERS) as threads:
        answers = list(threads.map(attempt, crowd))
    with line.store.read() as session:
        rows = session.exec(select(AuditRow).where(AuditRow.subject == str(clip["id"]))).all()
        whole = problems(session, line.store.session_info["audit_key"])
    tried = {row.actor for row in rows if row.action in ("reject", "refused_decision")}
    assert answers.count("decided") == 1
    assert sum("decided already: the clip is rejected" in said for said in answers) == 63
    assert tried == {reviewer.id for reviewer in crowd}
    assert whole == []


def test_an_attempt_on_an_appeal_by_whoever_rejected_is_in_the_log(start: Start) -> None:
    line = start(undo_s=0)
    clip, rita = waiting(line), user(line, "rita")
    decide(line, rita, clip, Verdict.REJECT)
    appealed = line.actions.appeal(user(line, "ana"), str(clip["id"]), "Look again.")
    with pytest.raises(DecidedBefore):
        decide(line, rita, appealed, Verdict.APPROVE)
    with line.store.read() as session:
        row = session.exec(select(AuditRow).where(AuditRow.action == "refused_decision")).one()
    assert row.body["because"] == "decided_before"


# ---- no silence ----------------------------------------------------------------------------


def test_an_overdue_clip_is_told_without_anybody_asking(start: Start) -> None:
    line = start(undo_s=0)
    clip = waiting(line)
    with line.store.write() as session:
        past = utc_now() - timedelta(seconds=1)
        session.execute(update(Clip).where(col(Clip.id) == str(clip["id"])).values(due_at=past))

    def is_told() -> bool:
        with line.store.read() as session:
            return session.exec(select(Notice).where(Notice.kind == "overdue")).first() is not None

    wait_until(is_told, "the leads are told")
    assert state(line, str(clip["id"])) == State.PENDING_REVIEW
