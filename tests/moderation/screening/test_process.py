"""The process that looks at clips: answers in time, or is ended, and never rejects anything."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from moderation.screening.process import CHECKS, LookingProcess
from pipeline.encode import write_mp4
from tests.moderation.screening.films import ball

SLEEPS = (sys.executable, "-c", "import sys, time; sys.stdin.readline(); time.sleep(600)")
DEAF = (sys.executable, "-c", "import time; time.sleep(600)")
DIES = (sys.executable, "-c", "raise SystemExit(1)")
BABBLES = (sys.executable, "-c", "print('no json', flush=True); input()")
PROMPT_ONLY = (
    sys.executable,
    "-c",
    """import sys, time; sys.stdin.readline()
print('{"check": "prompt", "signals": []}', flush=True); time.sleep(600)""",
)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_mp4(ball(), 8, tmp_path / "clip.mp4")


@pytest.fixture(scope="module")
def process() -> Iterator[LookingProcess]:
    running = LookingProcess()
    yield running
    running.close()


def missing(process: LookingProcess, clip: Path) -> dict[str, str]:
    try:
        answers = process.look(clip, "a ball")
    finally:
        process.close()
    return {answer["check"]: answer["missing"] for answer in answers if "missing" in answer}


def test_every_check_answers(process: LookingProcess, clip: Path) -> None:
    assert [answer["check"] for answer in process.look(clip, "a ball")] == list(CHECKS)


def test_the_prompt_is_read_even_where_the_file_cannot_be(
    process: LookingProcess, tmp_path: Path
) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"no video" * 100)
    prompt, *others = process.look(tmp_path / "clip.mp4", "some p0rn")
    assert prompt["signals"][0]["reason"] == "sexual_content"
    assert {answer["missing"] for answer in others} == {
        "the file could not be read (InvalidDataError)"
    }


def test_a_file_that_is_gone_is_said(process: LookingProcess, tmp_path: Path) -> None:
    answers = process.look(tmp_path / "clip.mp4", "a ball")
    assert "FileNotFoundError" in answers[1]["missing"]


def test_the_same_process_looks_at_the_next_clip(process: LookingProcess, clip: Path) -> None:
    process.look(clip, "a ball")
    first = process._running().pid
    process.look(clip, "a ball")
    assert process._running().pid == first


def test_a_screener_that_hangs_is_ended_at_the_limit(clip: Path) -> None:
    process = LookingProcess(limit_s=0.5, command=SLEEPS)
    began = time.monotonic()
    assert set(missing(process, clip).values()) == {"the screener took longer than 0.5 s"}
    assert time.monotonic() - began < 5


def test_a_screener_that_hangs_is_gone_afterwards(clip: Path) -> None:
    process = LookingProcess(limit_s=0.5, command=SLEEPS)
    pid = process._running().pid
    process.look(clip, "a ball")
    try:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    finally:
        process.close()


def test_what_was_answered_before_the_limit_is_kept(clip: Path) -> None:
    process = LookingProcess(limit_s=2, command=PROMPT_ONLY)
    assert list(missing(process, clip)) == ["likeness", "picture", "flashing", "nudity"]


def test_a_screener_that_dies_is_said(clip: Path) -> None:
    process = LookingProcess(command=DIES)
    assert set(missing(process, clip)) == set(CHECKS)


def test_a_screener_that_talks_nonsense_is_said(clip: Path) -> None:
    process = LookingProcess(limit_s=5, command=BABBLES)
    assert set(missing(process, clip)) == set(CHECKS)


def test_a_program_that_is_not_there_is_said(clip: Path) -> None:
    process = LookingProcess(command=("/nowhere/python",))
    assert set(missing(process, clip).values()) == {"the screener stopped (FileNotFoundError)"}


def test_the_next_clip_after_a_killed_process_is_looked_at(clip: Path) -> None:
    process = LookingProcess()
    process.look(clip, "a ball")
    child = process._running()
    child.kill()
    child.wait()
    assert "likeness" not in missing(process, clip)


def test_the_process_leaves_when_nobody_asks_any_more(clip: Path) -> None:
    process = LookingProcess()
    process.look(clip, "a ball")
    child = process._running()
    assert child.stdin is not None
    child.stdin.close()
    assert child.wait(timeout=20) == 0
    process._child = None
    assert child.stdout is not None
    child.stdout.close()


def test_a_very_long_prompt_does_not_hold_the_line(clip: Path) -> None:
    """A process that does not read fills its pipe; asking must not wait for it."""
    process = LookingProcess(limit_s=0.5, command=DEAF)
    began = time.monotonic()
    process.look(clip, "“" * 1_000_000)
    process.close()
    assert time.monotonic() - began < 5
