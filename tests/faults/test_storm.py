"""A hundred clips under twenty kill -9 at random moments: each ends once, and with a reason.

The line runs in a process of its own (busy_line.py); what it said it had accepted is compared
with what the database holds in the end.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from sqlmodel import col, select

from audit import AuditRow
from media import MediaStore
from moderation.models import Clip
from moderation.proof import file_problems, problems
from settings import read_settings
from store import open_store
from tests.server import ROOT

CLIPS, KILLS = 100, 20


def run(folder: Path, *, lines: int | None) -> list[str]:
    """Let the line work until it has said that many lines, then kill it; None: until it is done."""
    command = [sys.executable, "-m", "tests.faults.busy_line", str(folder), str(CLIPS)]
    heard: list[str] = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            heard.append(line.strip())
            if len(heard) == lines:
                process.kill()
        process.wait(timeout=60)
    return heard


@pytest.mark.slow
def test_every_accepted_clip_ends_exactly_once_whatever_is_killed(tmp_path: Path) -> None:
    chance = random.Random(20)
    heard: list[str] = []
    for _ in range(KILLS):
        heard += run(tmp_path, lines=chance.randint(1, 9))
    heard += run(tmp_path, lines=None)
    assert heard[-1] == "quiet"

    settings = read_settings(data=tmp_path)
    store, media = open_store(settings), MediaStore(settings.media_folder)
    key = (settings.keys_folder / "audit.key").read_bytes()
    with store.read() as session:
        clips = list(session.exec(select(Clip)))
        assert len(clips) == CLIPS
        accepted = {line.removeprefix("accepted ") for line in heard if "accepted" in line}
        assert accepted <= {clip.id for clip in clips}
        for clip in clips:
            assert clip.state == "pending_review" or (clip.state == "failed" and clip.error)
        made = session.exec(select(AuditRow.subject).where(col(AuditRow.action) == "made"))
        assert set(Counter(made).values()) == {1}
        assert problems(session, key) == []
        assert file_problems(session, media) == []
    store.close()
    assert media.in_the_making() == set()
