"""A program that publishes a clip and is killed at a line of it, then begins again, line by line.

Knows nothing of pytest: `python -m tests.faults.publish_at FOLDER EVERY` prints what was wrong, as
JSON. Each try is a process of its own that is forked from one in which everything is imported and
nothing is open. EVERY n takes each n-th line that the job runs through.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, Final

from sqlmodel import select

import audit
from audit import AuditRow
from gallery import certificate, provenance, publish, renditions, shelving, xmp
from gallery.provenance import REVIEW_LABEL, Signer, read_manifest
from gallery.publish import Studio
from jobs import publishing
from jobs.publishing import Publishing
from media import MediaStore, sha256_of
from moderation.models import Clip, PublicFile, State
from settings import read_settings
from store import open_store
from tests.conftest import House

_WATCHED: Final = frozenset(
    str(module.__file__)
    for module in (certificate, provenance, publish, publishing, renditions, shelving, xmp)
)
Line = tuple[str, int]


def publish_once(data: Path) -> None:
    """What the job does, and before it what a start does."""
    settings = read_settings(data=data)
    store, media = open_store(settings), MediaStore(settings.media_folder)
    job = Publishing(store, Studio(media, Signer(settings.keys_folder, "Greenlight/test")))
    shelving.settle_all(media, store)
    with store.read() as session:
        clip_id = session.exec(select(Clip.id)).one()
    outcome = job.sign(clip_id)
    assert outcome == {} or "files" in outcome, outcome
    if outcome:
        with store.write() as session:
            job.publish(session, clip_id, outcome)
    job.settle(outcome)
    store.close()


def problems(data: Path) -> list[str]:
    """What is not as it should be once it was published."""
    settings = read_settings(data=data)
    store, media = open_store(settings), MediaStore(settings.media_folder)
    with store.read() as session:
        clip = session.exec(select(Clip)).one()
        rows = list(session.exec(select(PublicFile)))
        acts = list(session.exec(select(AuditRow.action)))
        broken = audit.first_broken(session, store.session_info["audit_key"])
    found = [] if broken is None else [f"the log is broken at {broken}"]
    if clip.state != State.PUBLISHED or acts.count("publish") != 1:
        found.append(f"the clip is {clip.state} after {acts.count('publish')} rows of publishing")
    named = {media.path("public", row.sha256, row.ending): row for row in rows}
    lying = {path for path in (media.folder / "public").rglob("*") if path.is_file()}
    if set(named) != lying or len(rows) != 5:
        found.append(f"{len(rows)} files are named and {len(lying)} lie on the public shelf")
    found += [f"{row.kind} has other bytes" for path, row in named.items() if not _holds(path, row)]
    left = [path.name for path in (media.folder / "work").rglob("*") if path.is_file()]
    left += [path.name for path in (media.folder / "work").glob("publish-*")]
    found += [f"{name} was left" for name in left]
    if not found:
        report = read_manifest(media.path("public", clip.public_sha256 or "", ".mp4"))
        manifest = report["manifests"][report["active_manifest"]]
        said = {each["label"]: each["data"] for each in manifest["assertions"]}[REVIEW_LABEL]
        if (report["validation_state"], said["reviewed_sha256"]) != ("Valid", clip.sha256):
            found.append("the signed file does not hold")
    store.close()
    return found


def _holds(path: Path, row: PublicFile) -> bool:
    return path.is_file() and sha256_of(path) == row.sha256


def in_a_process(act: Callable[[], Any], answer: Path) -> int:
    """Run `act` in a fork, its answer as JSON in a file. Returns the signal that ended it, or 0."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            answer.write_text(json.dumps(act()), encoding="utf-8")
            status = 0
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    assert not os.WIFEXITED(ended) or os.WEXITSTATUS(ended) == 0, "a try stopped with an error"
    return os.WTERMSIG(ended) if os.WIFSIGNALED(ended) else 0


def watching(reached: Callable[[Line], None]) -> None:
    """Tell of every line of the watched files that this thread comes to from now on."""

    def trace(frame: FrameType, kind: str, _: Any) -> Any:
        if frame.f_code.co_filename not in _WATCHED:
            return None
        if kind == "line":
            reached((Path(frame.f_code.co_filename).name, frame.f_lineno))
        return trace

    sys.settrace(trace)


def lines_of(data: Path) -> list[Line]:
    """Every line that one whole run comes to, in the order of its first time."""
    found: dict[Line, None] = {}
    watching(lambda line: found.setdefault(line))
    publish_once(data)
    sys.settrace(None)
    return list(found)


def killed_at(data: Path, line: Line) -> None:
    def die(reached: Line) -> None:
        if reached == line:
            os.kill(os.getpid(), signal.SIGKILL)

    watching(die)
    publish_once(data)


def fill(data: Path) -> None:
    settings = read_settings(data=data)
    store = open_store(settings)
    House(store, MediaStore(settings.media_folder)).clip(State.APPROVED)
    Signer(settings.keys_folder, "Greenlight/test")
    store.close()


def main(folder: Path, every: int) -> int:
    answer, filled = folder / "answer.json", folder / "filled"
    in_a_process(lambda: fill(filled), answer)
    shutil.copytree(filled, folder / "counted")
    in_a_process(lambda: lines_of(folder / "counted"), answer)
    lines = [(name, number) for name, number in json.loads(answer.read_text(encoding="utf-8"))]
    wrong = {}
    for line in lines[::every]:
        data = folder / "data"
        shutil.copytree(filled, data)
        name = "{}:{}".format(*line)
        if in_a_process(partial(killed_at, data, line), answer) == 0:
            wrong[name] = ["it was not killed there"]
        in_a_process(partial(publish_once, data), answer)
        in_a_process(partial(problems, data), answer)
        found = json.loads(answer.read_text(encoding="utf-8"))
        if found:
            wrong.setdefault(name, []).extend(found)
        shutil.rmtree(data)
    sys.stdout.write(
        json.dumps({"lines": len(lines), "killed": len(lines[::every]), "wrong": wrong})
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
