"""A line that sends itself clips and makes them, in a process of its own that a test may kill.

Prints `accepted ID` after each clip is committed, `made N` as clips come to review, and `quiet`
when all of them have ended. The engine is a fast double; queue, database and files are real.

    python -m tests.faults.busy_line FOLDER CLIPS
"""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path

from sqlmodel import col, func, select

from accounts import people
from accounts.models import Role
from accounts.permissions import User
from actions import Wish
from app import running
from moderation.models import Clip, State
from settings import read_settings
from tests.doubles import FastEngine

_UNENDED = [State.QUEUED.value, State.GENERATING.value, State.SCREENING.value]
_FREE = {"slots": 1000, "clips_per_hour": 10_000, "own_backlog": 10_000, "review_backlog": 10_000}


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(folder: Path, clips: int) -> None:
    logging.disable(logging.CRITICAL)
    with running(read_settings(data=folder, **_FREE), FastEngine()) as greenlight:
        with greenlight.store.write() as session:
            users = []
            for name in ("ana", "ben", "cleo"):
                person, _ = people.person_with_role(session, name, Role.CREATOR, created_by="test")
                users.append(User(person.id, person.name, Role.CREATOR))
        said = 0
        while True:
            with greenlight.store.read() as session:
                sent = session.exec(select(func.count()).select_from(Clip)).one()
                open_ = select(func.count()).where(col(Clip.state).in_(_UNENDED))
                left = session.exec(open_).one()
            if sent - left > said:
                said = sent - left
                say(f"made {said}")
            if sent < clips:
                wish = Wish(prompt="a red ball moving left in the night", seed=sent)
                answer = greenlight.actions.create(users[sent % len(users)], wish)
                say(f"accepted {answer['id']}")
            elif not left:
                say("quiet")
                return
            else:
                time.sleep(0.02)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
