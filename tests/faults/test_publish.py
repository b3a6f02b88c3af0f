"""kill -9 at the lines of the publish job: after a restart there is one public clip, with the right
bytes, one row in the log, and nothing of a try that was cut off.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.server import ROOT


def killed(folder: Path, every: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.publish_at", str(folder), str(every)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@pytest.mark.timeout(300)
def test_a_publish_job_that_is_killed_here_and_there_publishes_once(tmp_path: Path) -> None:
    found = killed(tmp_path, 9)
    assert found["killed"] > 15
    assert found["wrong"] == {}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_publish_job_that_is_killed_at_any_line_publishes_once(tmp_path: Path) -> None:
    found = killed(tmp_path, 1)
    assert found["killed"] == found["lines"] > 150
    assert found["wrong"] == {}
