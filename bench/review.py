"""The review desk with ten thousand clips that wait.

Opening the desk is one look at the queue by a reviewer, as the page asks for it, timed in the
server without the network. A decision is timed the same way, one after another by a few reviewers,
each of whom claims the next clip and decides on it; the time is that of the decision alone.
Sustained: decisions a second, from several threads at once for some seconds, claims left out.

    .venv/bin/python bench/review.py [--clips 10000] [--seconds 10]
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
import queue
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from sqlmodel import select

from accounts.models import Role
from accounts.people import person_with_role
from accounts.permissions import User
from app import Greenlight, running
from moderation.deadlines import due
from moderation.desk import Ruling
from moderation.models import Clip, Stage, State, Verdict
from moderation.rules import rules_of
from settings import read_settings
from store import Store, utc_now
from tests.conftest import REQUEST
from tests.doubles import FastEngine

OPEN_MS = 150
DECIDE_MS = 25
A_SECOND = 100
_OPENINGS = 40
_DECISIONS = 300
_THREADS = 4


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--clips", type=int, default=10_000)
    options.add_argument("--seconds", type=float, default=10.0)
    asked = options.parse_args()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as name:
        settings = read_settings(data=Path(name), undo_s=60)  # deciding is measured, not publishing
        with running(settings, FastEngine()) as greenlight:
            crowd = _crowd(greenlight.store)
            _fill(greenlight.store, crowd[0], asked.clips)
            acts = greenlight.actions.reviewing
            opening = sorted(_timed(partial(acts.queue, crowd[1])) for _ in range(_OPENINGS))
            decided = []
            for number in range(_DECISIONS):
                who = crowd[1 + number % (len(crowd) - 1)]
                clip = acts.claim(who, None)
                ruling = _ruling(number, clip["version"])
                decided.append(_timed(partial(acts.decide, who, clip["id"], ruling)))
            decided.sort()
            rate = _rate(greenlight, crowd[1:], asked.seconds)
    return _report(asked.clips, opening, decided, rate)


def _crowd(store: Store) -> list[User]:
    """A creator, then reviewers."""
    with store.write() as session:
        made = [person_with_role(session, "ana", Role.CREATOR, created_by="bench")[0]]
        made += [
            person_with_role(session, f"r{number}", Role.REVIEWER, created_by="bench")[0]
            for number in range(_THREADS)
        ]
        return [User(person.id, person.name, Role(person.role)) for person in made]


def _fill(store: Store, creator: User, count: int) -> None:
    """Rows as they are when they wait. Their files are never opened here."""
    rules, now = rules_of(read_settings()), utc_now()
    with store.write() as session:
        for number in range(count):
            since = now - timedelta(seconds=count - number)
            asked: dict[str, Any] = REQUEST
            clip = Clip(creator_id=creator.id, state=State.PENDING_REVIEW.value, **asked)
            clip.sha256 = f"{number:064x}"
            clip.pending_since = since
            clip.screening = [{"check": "still", "says": "Nothing moves.", "score": 1.0}]
            for name, value in due(Stage.FIRST, since, rules).items():
                setattr(clip, name, value)
            session.add(clip)


def _ruling(number: int, version: int) -> Ruling:
    if number % 2:
        return Ruling(Verdict.APPROVE, version)
    return Ruling(Verdict.REJECT, version, ["technical_fault"], note="It stands still.")


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _rate(greenlight: Greenlight, crowd: list[User], seconds: float) -> float:
    """Decisions a second by all of them at once, no two on one clip."""
    waits: queue.SimpleQueue[tuple[str, int]] = queue.SimpleQueue()
    with greenlight.store.read() as session:
        pending = select(Clip.id, Clip.version).where(Clip.state == State.PENDING_REVIEW.value)
        for clip_id, version in session.exec(pending):
            waits.put((clip_id, version))
    stop_at = time.perf_counter() + seconds

    def work(reviewer: User) -> int:
        count = 0
        while time.perf_counter() < stop_at:
            clip_id, version = waits.get_nowait()
            greenlight.actions.reviewing.decide(reviewer, clip_id, _ruling(count, version))
            count += 1
        return count

    began = time.perf_counter()
    with ThreadPoolExecutor(len(crowd)) as threads:
        counts = list(threads.map(work, crowd))
    return sum(counts) / (time.perf_counter() - began)


def _report(clips: int, opening: list[float], decided: list[float], rate: float) -> int:
    def p(ordered: list[float], share: float) -> float:
        return 1000 * ordered[int(share * (len(ordered) - 1))]

    print(f"{clips} clips wait{'':14}{'p50 ms':>10}{'p95 ms':>10}")
    print(f"{'opening the desk':32}{p(opening, 0.5):>10.1f}{p(opening, 0.95):>10.1f}")
    print(f"{'a decision':32}{p(decided, 0.5):>10.1f}{p(decided, 0.95):>10.1f}")
    print(f"{'decisions a second':32}{rate:>10.1f}")
    passed = p(opening, 0.95) <= OPEN_MS and p(decided, 0.95) <= DECIDE_MS and rate >= A_SECOND
    facts = {
        "name": "review",
        "value": round(p(opening, 0.95), 1),
        "unit": "ms, p95 of opening the desk",
        "target": OPEN_MS,
        "ok": passed,
        "clips": clips,
        "decision_p95_ms": round(p(decided, 0.95), 1),
        "decision_target_ms": DECIDE_MS,
        "decisions_a_second": round(rate, 1),
        "decisions_target": A_SECOND,
        "machine": f"{os.cpu_count()} × {platform.machine()}",
        "python": platform.python_version(),
    }
    print(json.dumps(facts, ensure_ascii=False))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
