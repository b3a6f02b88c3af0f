"""Many creators on one line: turns, holds, previews, refunds, and a process that begins again.

Real queue, real database, a fast engine. Nothing here sleeps: an event of the engine or a state of
a clip says when to go on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest
from sqlmodel import col, func, select

from accounts.permissions import User
from actions import Wish
from app import Greenlight, running
from errors import HourUsedUp, SlotsTaken
from jobs import queue
from moderation.desk import Ruling
from moderation.models import Clip, State, Verdict
from settings import read_settings
from sharing.models import FairShare, Timing
from tests.conftest import House
from tests.doubles import FastEngine
from tests.server import wait_until

Start = Callable[..., Greenlight]
PROMPT = "a red ball moving left in the night"


@pytest.fixture
def engine() -> FastEngine:
    return FastEngine()


@pytest.fixture
def start(tmp_path: Path, engine: FastEngine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start a line with the settings a test names; stopped at the end, with nothing in it."""
    monkeypatch.setattr(queue, "_SWEEP_EVERY_S", 0.2)
    opened: list[tuple[Greenlight, AbstractContextManager[Greenlight]]] = []

    def begin(*, restart: Callable[[], None] | None = None, **settings: object) -> Greenlight:
        many = {"slots": 500, "most_slots": 500, "clips_per_hour": 5000, **settings}
        entered = running(read_settings(data=tmp_path, **many), engine, restart=restart)
        greenlight = entered.__enter__()
        opened.append((greenlight, entered))
        House(greenlight.store, greenlight.media)
        return greenlight

    yield begin
    engine.gate.set()
    for greenlight, entered in opened:
        wait_until(partial(_is_idle, greenlight), "no job runs any more")
        entered.__exit__(None, None, None)


def _is_idle(greenlight: Greenlight) -> bool:
    return not greenlight.jobs._running


def user(greenlight: Greenlight, name: str) -> User:
    return House.user(_house(greenlight), name)


def _house(greenlight: Greenlight) -> House:
    house = object.__new__(House)
    house.store, house.media, house.enqueued = greenlight.store, greenlight.media, []
    return house


def send(greenlight: Greenlight, name: str, seed: int = 0) -> str:
    wish = Wish(prompt=PROMPT, seed=seed)
    return str(greenlight.actions.create(user(greenlight, name), wish)["id"])


def state(greenlight: Greenlight, clip_id: str) -> str:
    with greenlight.store.read() as session:
        return session.get_one(Clip, clip_id).state


def reach(greenlight: Greenlight, clip_id: str, wanted: str) -> None:
    wait_until(lambda: state(greenlight, clip_id) == wanted, f"{wanted}", patience_s=60)


def count(greenlight: Greenlight, wanted: State) -> int:
    with greenlight.store.read() as session:
        query = select(func.count()).select_from(Clip)
        return session.exec(query.where(Clip.state == wanted.value)).one()


# ---- turns --------------------------------------------------------------------------------


def test_two_hundred_prompts_delay_another_s_first_by_one_clip_at_most(
    start: Start, engine: FastEngine
) -> None:
    line = start(own_backlog=1000)
    engine.gate.clear()
    for seed in range(200):
        send(line, "ana", seed)
    assert engine.started.wait(30)
    # The jobs that the queue takes at a time are taken by now: one is made, one is at hand.
    wait_until(lambda: len(line.jobs._running) >= 2, "the second job is at hand")
    bens = send(line, "ben", 1000)
    engine.gate.set()
    reach(line, bens, "pending_review")
    made = [request.seed for request in engine.made]
    assert made.index(1000) <= 1


def test_what_was_overtaken_is_still_made_once(start: Start, engine: FastEngine) -> None:
    line = start()
    engine.gate.clear()
    for seed in range(4):
        send(line, "ana", seed)
    assert engine.started.wait(30)
    wait_until(lambda: len(line.jobs._running) >= 2, "the second job is at hand")
    send(line, "ben", 1000)
    engine.gate.set()
    wait_until(lambda: count(line, State.PENDING_REVIEW) == 5, "all are made", patience_s=60)
    assert sorted(request.seed for request in engine.made) == [0, 1, 2, 3, 1000]


def test_every_clip_begins_without_a_look_by_the_clock(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "_LOOK_EVERY_S", 600.0)
    line = start()
    for seed in range(5):
        send(line, "ana", seed)
    wait_until(lambda: count(line, State.PENDING_REVIEW) == 5, "all are made", patience_s=60)


def test_an_approval_is_published_without_a_look_by_the_clock(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "_LOOK_EVERY_S", 600.0)
    line = start(undo_s=1)
    clip_id = send(line, "ana")
    reach(line, clip_id, "pending_review")
    clip = line.actions.reviewing.claim(user(line, "rita"), clip_id)
    ruling = Ruling(Verdict.APPROVE, clip["version"])
    line.actions.reviewing.decide(user(line, "rita"), clip_id, ruling)
    reach(line, clip_id, "published")


def test_three_creators_take_turns(start: Start, engine: FastEngine) -> None:
    line = start()
    engine.gate.clear()
    for seed in range(3):
        for number, name in enumerate(("ana", "ben", "rita")):
            send(line, name, 10 * number + seed)
    engine.gate.set()
    wait_until(lambda: count(line, State.PENDING_REVIEW) == 9, "all are made", patience_s=60)
    makers = [request.seed // 10 for request in engine.made]
    assert sorted(makers[:3]) == sorted(makers[3:6]) == [0, 1, 2]


# ---- limits -------------------------------------------------------------------------------


def test_a_place_that_is_taken_is_refused_and_free_again_when_the_clip_is_made(
    start: Start, engine: FastEngine
) -> None:
    line = start(slots=1, most_slots=1)
    engine.gate.clear()
    first = send(line, "ana")
    with pytest.raises(SlotsTaken):
        send(line, "ana")
    engine.gate.set()
    reach(line, first, "pending_review")
    send(line, "ana")


def test_variants_that_are_too_many_are_refused_as_a_whole(start: Start) -> None:
    line = start(clips_per_hour=2)
    with pytest.raises(HourUsedUp):
        line.actions.create(user(line, "ana"), Wish(prompt=PROMPT, variants=3))
    with line.store.read() as session:
        assert session.exec(select(Clip)).first() is None


def test_variants_have_seeds_that_follow_each_other(start: Start) -> None:
    line = start()
    sent = line.actions.create(user(line, "ana"), Wish(prompt=PROMPT, seed=7, variants=3))
    with line.store.read() as session:
        clips = list(session.exec(select(Clip).order_by(col(Clip.seed))))
    assert [clip.seed for clip in clips] == [7, 8, 9]
    assert {clip.id for clip in clips} == set(sent["variants"])
    assert len({clip.batch_id for clip in clips}) == 1


# ---- the reviewers' backlog ----------------------------------------------------------------


def test_with_a_full_backlog_a_prompt_waits_and_goes_on_when_clips_are_decided(
    start: Start,
) -> None:
    line = start(own_backlog=1)
    first = send(line, "ana")
    reach(line, first, "pending_review")
    second = send(line, "ana", 1)
    told = line.actions.clip(user(line, "ana"), second)
    assert told["queue"]["waits_for"] == "own_backlog"
    assert state(line, second) == "queued"
    line.actions.withdraw(user(line, "ana"), first)
    reach(line, second, "pending_review")


def test_one_creator_s_backlog_holds_nobody_else(start: Start) -> None:
    line = start(own_backlog=1)
    reach(line, send(line, "ana"), "pending_review")
    held = send(line, "ana", 1)
    reach(line, send(line, "ben", 2), "pending_review")
    assert state(line, held) == "queued"


# ---- times and refunds --------------------------------------------------------------------


def test_what_a_clip_took_is_learned(start: Start) -> None:
    line = start()
    reach(line, send(line, "ana"), "pending_review")
    with line.store.read() as session:
        phases = set(session.exec(select(Timing.phase)))
    assert "encoding" in phases


def test_a_failed_clip_costs_its_creator_nothing(start: Start, engine: FastEngine) -> None:
    line = start()
    engine.fails_with = RuntimeError("boom")
    reach(line, send(line, "ana"), "failed")
    with line.store.read() as session:
        share = session.get_one(FairShare, user(line, "ana").id)
        told = line.actions.allowance(user(line, "ana"))
    assert share.finish == 0
    assert (told["hour"]["used"], told["slots"]["used"]) == (0, 0)


def test_a_clip_cancelled_in_line_costs_its_creator_nothing(
    start: Start, engine: FastEngine
) -> None:
    line = start()
    engine.gate.clear()
    send(line, "ben")
    assert engine.started.wait(30)
    line.actions.cancel(user(line, "ana"), send(line, "ana"))
    with line.store.read() as session:
        assert session.get_one(FairShare, user(line, "ana").id).finish == 0


# ---- what the creator sees ----------------------------------------------------------------


def test_nothing_of_the_making_is_left_when_a_clip_is_made(start: Start) -> None:
    line = start()
    reach(line, send(line, "ana"), "pending_review")
    assert line.media.in_the_making() == set()


def test_a_final_is_rendered_with_the_draft_s_prompt_and_seed(start: Start) -> None:
    line = start()
    ana = user(line, "ana")
    draft = line.actions.create(ana, Wish(prompt=PROMPT, seed=5, num_inference_steps=2))["id"]
    reach(line, draft, "pending_review")
    final = line.actions.final(ana, draft)
    assert (final["seed"], final["num_inference_steps"], final["parent_id"]) == (5, 4, draft)
    assert state(line, draft) == "withdrawn"
    reach(line, final["id"], "pending_review")


# ---- a hung step --------------------------------------------------------------------------


def test_a_clip_that_hangs_is_failed_and_the_process_begins_again(
    start: Start, engine: FastEngine
) -> None:
    restarted = threading.Event()
    line = start(restart=restarted.set, step_limit_s=0.3)
    engine.gate.clear()
    clip_id = send(line, "ana")
    assert restarted.wait(30)
    with line.store.read() as session:
        clip = session.get_one(Clip, clip_id)
    assert clip.state == "failed"
    assert (clip.error or {})["code"] == "silent"
