"""The two durable jobs, end to end, with a fast engine: real queue, real files, real signatures.

The line is shared by the tests that do not stop it; each looks at its own clips only. Nothing here
sleeps: an event of the engine or a state of a clip says when to go on.
"""

from __future__ import annotations

import contextlib
import errno
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlmodel import col, select

from accounts import switches
from accounts.permissions import User
from actions import Wish
from app import Greenlight, running
from audit import AuditRow
from errors import AnotherProcess, MakingFailed, Paused
from gallery.provenance import read_manifest
from jobs import queue
from media import MediaStore, sha256_of
from moderation.desk import Ruling
from moderation.models import Clip, State, Verdict
from moderation.proof import problems
from moderation.screening.screener import Screener
from settings import Settings, read_settings
from store import open_store
from tests.conftest import House
from tests.doubles import FastEngine
from tests.server import ROOT, wait_until

AsUser = Callable[[str], User]

WISH = Wish(prompt="a red ball moving left in the night", seed=1)


class SharedLine:
    """One line for many tests: the job engine takes a second or two to start and to stop.

    A test that needs the process to itself asks for `alone`, which stops it.
    """

    def __init__(self, folder: Path) -> None:
        self._settings = read_settings(data=folder, undo_s=0)
        self._stack = contextlib.ExitStack()
        self.engine = FastEngine()
        self._running: Greenlight | None = None

    def start(self) -> Greenlight:
        if self._running is None:
            self._running = self._stack.enter_context(running(self._settings, self.engine))
            House(self._running.store, self._running.media)
        return self._running

    def tidy(self) -> None:
        """Let what a test left in the line run out of it."""
        self.engine.gate.set()
        self.engine.fails_with = None
        if self._running is not None:
            with self._running.store.write() as session:
                switches.resume(session, "all", resumed_by="test")
            wait_until(self._is_quiet, "the line is empty", patience_s=30)
        self.engine.started.clear()
        self.engine.made.clear()

    def stop(self) -> None:
        self._stack.close()
        self._running = None

    def _is_quiet(self) -> bool:
        assert self._running is not None
        with self._running.store.read() as session:
            query = select(Clip).where(col(Clip.state).in_(["queued", "generating", "screening"]))
            return session.exec(query).first() is None and not self._running.jobs._running


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedLine]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        # What operators wait half a second or five for happens at once here.
        monkeypatch.setattr(queue, "_SWEEP_EVERY_S", 0.2)
        line = SharedLine(tmp_path_factory.mktemp("line"))
        yield line
        line.stop()


@pytest.fixture
def line(shared: SharedLine) -> Iterator[Greenlight]:
    yield shared.start()
    shared.tidy()


@pytest.fixture
def engine(shared: SharedLine) -> FastEngine:
    return shared.engine


@pytest.fixture
def alone(shared: SharedLine) -> None:
    shared.stop()


def found(greenlight: Greenlight, clip_id: str) -> Clip:
    with greenlight.store.read() as session:
        return session.get_one(Clip, clip_id)


def reach(greenlight: Greenlight, clip_id: str, state: str) -> Clip:
    def there() -> Clip | None:
        clip = found(greenlight, clip_id)
        return clip if clip.state == state else None

    wait_until(there, f"clip {clip_id} is {state}", patience_s=30)
    return found(greenlight, clip_id)


def send(greenlight: Greenlight, user: User, seed: int = 1) -> str:
    return str(greenlight.actions.create(user, Wish(prompt=WISH.prompt, seed=seed))["id"])


def approve(greenlight: Greenlight, user: User, clip_id: str) -> None:
    version = found(greenlight, clip_id).version
    greenlight.actions.reviewing.decide(user, clip_id, Ruling(Verdict.APPROVE, version))


def hold_the_line(greenlight: Greenlight, engine: FastEngine, user: User) -> str:
    """A clip that is being made and does not go on before the gate opens."""
    engine.gate.clear()
    clip_id = send(greenlight, user)
    assert engine.started.wait(30)
    return clip_id


def public_files(greenlight: Greenlight) -> set[Path]:
    return set((greenlight.media.folder / "public").rglob("*.mp4"))


# ---- making -------------------------------------------------------------------------------


def test_a_prompt_becomes_a_clip_that_waits_for_review(line: Greenlight, as_user: AsUser) -> None:
    clip = reach(line, send(line, as_user("ana")), "pending_review")
    path = line.media.path("held", clip.sha256 or "", ".mp4")
    assert sha256_of(path) == clip.sha256
    assert path.stat().st_size == clip.size_bytes
    assert clip.pending_since is not None
    assert clip.made_s is not None


def test_a_made_clip_has_its_poster_and_its_strip(line: Greenlight, as_user: AsUser) -> None:
    clip = reach(line, send(line, as_user("ana")), "pending_review")
    endings = [
        line.media.path("held", clip.sha256 or "", ending).exists() for ending in (".jpg", ".webp")
    ]
    assert endings == [True, True]


def test_the_engine_gets_what_was_asked_for(
    line: Greenlight, as_user: AsUser, engine: FastEngine
) -> None:
    wish = Wish(
        prompt="a blue ball",
        negative_prompt="red",
        seed=7,
        num_frames=17,
        width=64,
        height=96,
        num_inference_steps=2,
        guidance_scale=4.5,
    )
    reach(line, line.actions.create(as_user("ana"), wish)["id"], "pending_review")
    (request,) = engine.made
    assert (request.prompt, request.negative_prompt, request.seed) == ("a blue ball", "red", 7)
    assert (request.num_frames, request.width, request.height) == (17, 64, 96)
    assert (request.num_inference_steps, request.guidance_scale) == (2, 4.5)


def test_a_clip_is_screened_before_people_see_it(line: Greenlight, as_user: AsUser) -> None:
    """The fast engine's noise does not flash; the row of the log says what was noticed."""
    clip_id = send(line, as_user("ana"))
    clip = reach(line, clip_id, "pending_review")
    with line.store.read() as session:
        query = select(AuditRow.body).where(
            AuditRow.subject == clip_id, AuditRow.action == "screened"
        )
        body = session.exec(query).one()
    assert body["advice"] == [entry["check"] for entry in clip.screening]


def test_a_clip_that_cannot_be_screened_comes_to_people_all_the_same(
    line: Greenlight, as_user: AsUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise ValueError("no video")

    monkeypatch.setattr(Screener, "screen", fail)
    clip = reach(line, send(line, as_user("ana")), "pending_review")
    assert [entry["check"] for entry in clip.screening] == ["not_screened"]


def test_prompts_are_made_in_the_order_they_came(
    line: Greenlight, as_user: AsUser, engine: FastEngine
) -> None:
    hold_the_line(line, engine, as_user("ana"))
    sent = [send(line, as_user("ana"), seed=seed) for seed in range(2, 8)]
    engine.gate.set()
    for clip_id in sent:
        reach(line, clip_id, "pending_review")
    assert [request.seed for request in engine.made] == [1, 2, 3, 4, 5, 6, 7]


def test_one_clip_is_made_at_a_time(line: Greenlight, as_user: AsUser, engine: FastEngine) -> None:
    first = hold_the_line(line, engine, as_user("ana"))
    second = send(line, as_user("ana"), seed=2)
    wait_until(lambda: len(line.jobs._running) == 2, "both jobs are taken", patience_s=20)
    assert (found(line, first).state, found(line, second).state) == ("generating", "queued")


def test_a_clip_that_is_being_made_shows_its_progress(
    line: Greenlight, as_user: AsUser, engine: FastEngine
) -> None:
    clip_id = hold_the_line(line, engine, as_user("ana"))
    progress = line.actions.clip(as_user("ana"), clip_id)["progress"]
    assert (progress["phase"], progress["steps"]) == ("text", 4)


# ---- failing ------------------------------------------------------------------------------


def test_a_failing_engine_leaves_a_sentence(
    line: Greenlight, as_user: AsUser, engine: FastEngine
) -> None:
    engine.fails_with = MakingFailed(kind="RuntimeError")
    clip = reach(line, send(line, as_user("ana")), "failed")
    assert clip.error == {
        "code": "making_failed",
        "message": "The model stopped with an error (RuntimeError).",
        "fix": "Try again; if it fails again, tell the operator the clip's id.",
    }


def test_a_failed_clip_can_be_tried_again(
    line: Greenlight, as_user: AsUser, engine: FastEngine
) -> None:
    engine.fails_with = MakingFailed(kind="RuntimeError")
    clip_id = send(line, as_user("ana"))
    reach(line, clip_id, "failed")
    engine.fails_with = None
    line.actions.retry(as_user("ana"), clip_id)
    clip = reach(line, clip_id, "pending_review")
    assert (clip.attempt, clip.error) == (2, None)


def test_a_full_disk_leaves_a_sentence(
    line: Greenlight, as_user: AsUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(line.media, "put", full)
    clip = reach(line, send(line, as_user("ana")), "failed")
    assert clip.error is not None
    assert clip.error["code"] == "disk_full"


def test_a_clip_that_could_not_be_written_leaves_no_drafts(
    line: Greenlight, as_user: AsUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each try has a folder of its own name, so nobody would ever clear this one."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(line.media, "put", full)
    clip_id = send(line, as_user("ana"))
    reach(line, clip_id, "failed")
    assert drafts_of(line, clip_id) == []


def test_an_engine_that_breaks_its_word_leaves_no_clip_hanging(
    line: Greenlight, as_user: AsUser, engine: FastEngine
) -> None:
    """Engines raise MakingFailed; one that raises anything else must not strand the clip."""
    engine.fails_with = ZeroDivisionError("a bug in an engine")
    clip = reach(line, send(line, as_user("ana")), "failed")
    assert clip.error is not None
    assert clip.error["message"]


def test_a_failure_holds_up_nobody_else(
    line: Greenlight, as_user: AsUser, engine: FastEngine
) -> None:
    engine.fails_with = MakingFailed(kind="RuntimeError")
    reach(line, send(line, as_user("ana")), "failed")
    engine.fails_with = None
    assert reach(line, send(line, as_user("ben"), seed=2), "pending_review").sha256


# ---- cancelling ---------------------------------------------------------------------------


def test_a_clip_that_is_being_made_can_be_cancelled(
    line: Greenlight, as_user: AsUser, engine: FastEngine
) -> None:
    clip_id = hold_the_line(line, engine, as_user("ana"))
    line.actions.cancel(as_user("ana"), clip_id)
    clip = reach(line, clip_id, "cancelled")
    assert (clip.sha256, engine.made) == (None, [])


def test_a_queued_clip_that_is_cancelled_is_never_made(
    line: Greenlight, as_user: AsUser, engine: FastEngine
) -> None:
    ahead = hold_the_line(line, engine, as_user("ana"))
    queued, behind = (send(line, as_user("ana"), seed=seed) for seed in (2, 3))
    assert line.actions.cancel(as_user("ana"), queued)["state"] == "cancelled"
    engine.gate.set()
    for clip_id in (ahead, behind):
        reach(line, clip_id, "pending_review")
    assert [request.seed for request in engine.made] == [1, 3]


def test_after_a_cancelled_clip_the_next_one_is_made(
    line: Greenlight, as_user: AsUser, engine: FastEngine
) -> None:
    clip_id = hold_the_line(line, engine, as_user("ana"))
    line.actions.cancel(as_user("ana"), clip_id)
    reach(line, clip_id, "cancelled")
    engine.gate.set()
    assert reach(line, send(line, as_user("ben"), seed=2), "pending_review").sha256


# ---- publishing ---------------------------------------------------------------------------


@pytest.fixture
def waiting(line: Greenlight, as_user: AsUser) -> str:
    clip_id = send(line, as_user("ana"))
    reach(line, clip_id, "pending_review")
    return clip_id


def test_an_approved_clip_is_published(line: Greenlight, as_user: AsUser, waiting: str) -> None:
    approve(line, as_user("rita"), waiting)
    clip = reach(line, waiting, "published")
    public = line.media.path("public", clip.public_sha256 or "", ".mp4")
    assert sha256_of(public) == clip.public_sha256
    assert clip.published_at is not None


def test_the_public_file_is_signed_and_names_the_reviewed_one(
    line: Greenlight, as_user: AsUser, waiting: str
) -> None:
    approve(line, as_user("rita"), waiting)
    clip = reach(line, waiting, "published")
    assert clip.public_sha256 != clip.sha256
    report = read_manifest(line.media.path("public", clip.public_sha256 or "", ".mp4"))
    manifest = report["manifests"][report["active_manifest"]]
    said = {entry["label"]: entry["data"] for entry in manifest["assertions"]}
    assert report["validation_state"] == "Valid"
    assert said["org.greenlight.review"]["reviewed_sha256"] == clip.sha256


def test_a_rejected_clip_gets_no_public_file(
    line: Greenlight, as_user: AsUser, waiting: str
) -> None:
    before = public_files(line)
    version = found(line, waiting).version
    ruling = Ruling(Verdict.REJECT, version, ["violence"])
    line.actions.reviewing.decide(as_user("rita"), waiting, ruling)
    assert found(line, waiting).public_sha256 is None
    assert public_files(line) == before


def test_bytes_that_changed_after_the_approval_are_not_published(
    line: Greenlight, as_user: AsUser, waiting: str
) -> None:
    before = public_files(line)
    line.actions.pause(as_user("ada"), "publishing")
    approve(line, as_user("rita"), waiting)
    clip = found(line, waiting)
    path = line.media.path("held", clip.sha256 or "", ".mp4")
    path.write_bytes(path.read_bytes() + b"\0")
    line.actions.resume(as_user("ada"), "publishing")
    wait_until(lambda: found(line, waiting).error, "the refusal is written down", patience_s=20)
    after = found(line, waiting)
    assert after.state == "approved"
    assert after.error is not None
    assert after.error["code"] == "publish_failed"
    assert public_files(line) == before


def test_a_file_that_is_gone_after_the_approval_leaves_a_sentence(
    line: Greenlight, as_user: AsUser, waiting: str
) -> None:
    line.media.path("held", found(line, waiting).sha256 or "", ".mp4").unlink()
    approve(line, as_user("rita"), waiting)
    wait_until(lambda: found(line, waiting).error, "the refusal is written down", patience_s=20)
    assert found(line, waiting).state == "approved"


# ---- pauses -------------------------------------------------------------------------------


def test_a_pause_of_making_keeps_queued_clips_and_a_resume_makes_them(
    line: Greenlight, as_user: AsUser, engine: FastEngine
) -> None:
    running_one = hold_the_line(line, engine, as_user("ana"))
    queued = [send(line, as_user("ana"), seed=seed) for seed in (2, 3)]
    line.actions.pause(as_user("ada"), "generation")
    engine.gate.set()
    reach(line, running_one, "pending_review")
    wait_until(lambda: not line.jobs._running, "no job is running", patience_s=20)
    assert [found(line, clip_id).state for clip_id in queued] == ["queued", "queued"]
    line.actions.resume(as_user("ada"), "generation")
    for clip_id in queued:
        reach(line, clip_id, "pending_review")


def test_no_prompt_is_accepted_during_a_pause_of_making(line: Greenlight, as_user: AsUser) -> None:
    line.actions.pause(as_user("ada"), "generation", "Back at noon.")
    with pytest.raises(Paused, match="Back at noon"):
        send(line, as_user("ana"))


def test_a_pause_of_publishing_keeps_approved_clips_and_a_resume_publishes_them(
    line: Greenlight, as_user: AsUser, waiting: str
) -> None:
    line.actions.pause(as_user("ada"), "publishing")
    approve(line, as_user("rita"), waiting)
    job = f"{waiting}:publish_clip:1"
    wait_until(lambda: status_of(line, job) == "SUCCESS", "the job gave up", patience_s=20)
    assert found(line, waiting).state == "approved"
    line.actions.resume(as_user("ada"), "publishing")
    reach(line, waiting, "published")


def status_of(greenlight: Greenlight, job: str) -> str | None:
    rows = greenlight.jobs._client.list_workflows(workflow_ids=[job])
    return rows[0].status if rows else None


# ---- stops and starts ---------------------------------------------------------------------

STOP_WHILE_MAKING = """
import os, sys
from pathlib import Path
from accounts.models import Role
from accounts.people import person_with_role
from accounts.permissions import User
from accounts import switches
from actions import Wish
from app import running
from settings import read_settings
from store import open_store
from tests.doubles import FastEngine

engine = FastEngine()
engine.gate.clear()
with running(read_settings(data=Path(sys.argv[1])), engine) as greenlight:
    with greenlight.store.write() as session:
        ana, _ = person_with_role(session, "ana", Role.CREATOR, created_by="test")
        person_with_role(session, "rita", Role.REVIEWER, created_by="test")
    user = User(ana.id, ana.name, Role.CREATOR)
    for seed in (1, 2, 3):
        print(greenlight.actions.create(user, Wish(prompt="a ball", seed=seed))["id"])
    assert engine.started.wait(30)
    sys.stdout.flush()
    os._exit(9)
"""


@pytest.mark.usefixtures("alone")
def test_a_start_takes_over_what_a_killed_process_was_making(settings: Settings) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STOP_WHILE_MAKING, str(settings.data)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    sent = done.stdout.split()
    assert (done.returncode, len(sent)) == (9, 3), done.stderr
    engine = FastEngine()
    with running(settings, engine) as greenlight:
        for clip_id in sent:
            reach(greenlight, clip_id, "pending_review")
        assert sorted(request.seed for request in engine.made) == [1, 2, 3]


@pytest.mark.usefixtures("alone")
def test_a_second_start_goes_on_where_the_first_one_stopped(settings: Settings) -> None:
    """An orderly stop, with one clip in the making and one in line."""
    first = FastEngine()
    with running(settings, first) as greenlight:
        house = House(greenlight.store, greenlight.media)
        ana = house.user("ana")
        sent = [hold_the_line(greenlight, first, ana), send(greenlight, ana, seed=2)]
    try:
        with running(settings, FastEngine()) as greenlight:
            for clip_id in sent:
                reach(greenlight, clip_id, "pending_review")
            with greenlight.store.read() as session:
                assert problems(session, greenlight.store.session_info["audit_key"]) == []
    finally:
        first.fails_with = MakingFailed(kind="stopped")
        first.gate.set()


@pytest.mark.usefixtures("alone")
def test_an_approval_before_a_stop_is_published_after_the_next_start(
    settings: Settings,
) -> None:
    with running(settings, FastEngine()) as greenlight:
        house = House(greenlight.store, greenlight.media)
        clip_id = send(greenlight, house.user("ana"))
        reach(greenlight, clip_id, "pending_review")
        greenlight.actions.pause(house.user("ada"), "publishing")
        approve(greenlight, house.user("rita"), clip_id)
        ada = house.user("ada")
    with running(settings, FastEngine()) as greenlight:
        assert found(greenlight, clip_id).state == "approved"
        greenlight.actions.resume(ada, "publishing")
        reach(greenlight, clip_id, "published")


@pytest.mark.usefixtures("alone")
def test_an_accepted_prompt_without_a_job_is_put_back_in_line(settings: Settings) -> None:
    """What a restored backup looks like: the clips are there, the jobs are not."""
    store = open_store(settings)
    lost = House(store, MediaStore(settings.media_folder)).clip(State.QUEUED)
    store.close()
    with running(settings, FastEngine()) as greenlight:
        assert reach(greenlight, lost.id, "pending_review").attempt == 2


def test_two_processes_at_once_are_refused(line: Greenlight) -> None:
    with pytest.raises(AnotherProcess), running(line.settings, FastEngine()):
        pass


def test_a_whole_line_leaves_a_log_that_can_be_proved(
    line: Greenlight, as_user: AsUser, waiting: str
) -> None:
    approve(line, as_user("rita"), waiting)
    reach(line, waiting, "published")
    with line.store.read() as session:
        assert problems(session, line.store.session_info["audit_key"]) == []


def drafts_of(greenlight: Greenlight, clip_id: str) -> list[Path]:
    return [path for path in (greenlight.media.folder / "work").iterdir() if clip_id in path.name]


def test_a_published_clip_leaves_no_drafts(line: Greenlight, as_user: AsUser, waiting: str) -> None:
    approve(line, as_user("rita"), waiting)
    reach(line, waiting, "published")
    assert drafts_of(line, waiting) == []
