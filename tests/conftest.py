"""What the tests start from: a store in a temporary folder, people, clips in any state, an app.

Knows nothing of what is tested. `house` is everything without jobs and pages; `line` adds the
real job queue with a fast engine; `server` is the real app in a process of its own, with the
embedded model, shared by all tests of a session; `telling` is one that sends mails and webhooks to
receivers on this machine.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlmodel import func, select

from accounts.models import Role
from accounts.people import find_person, person_with_role
from accounts.permissions import User
from app import Greenlight, running
from media import MediaStore
from moderation import clips, desk
from moderation.deadlines import due
from moderation.models import Clip, PublicFile, Stage, State, Verdict
from moderation.presentation import SAID_NOTHING, Said
from moderation.rules import rules_of
from moderation.transitions import move
from pipeline.encode import encode
from pipeline.made import Made
from settings import Settings, read_settings
from store import Store, open_store, utc_now
from tests.doubles import FastEngine
from tests.notices.receivers import MailReceiver, WebReceiver
from tests.server import Server

PEOPLE = {
    "ana": Role.CREATOR,
    "ben": Role.CREATOR,
    "rita": Role.REVIEWER,
    "rob": Role.REVIEWER,
    "lea": Role.LEAD,
    "ada": Role.ADMIN,
    "aud": Role.AUDITOR,
}

REQUEST = {
    "prompt": "a red ball moving left in the night",
    "negative_prompt": "",
    "preset": "fast",
    "model": "fast",
    "seed": 1,
    "num_frames": 9,
    "width": 64,
    "height": 64,
    "fps": 8.0,
    "num_inference_steps": 4,
    "guidance_scale": 3.0,
}

UNASKED: dict[str, float] = {"opinion_share": 0, "golden_share": 0}
"""Nobody is asked for a blind opinion unless a test wants that: the draw would make others chancy."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return read_settings(data=tmp_path / "data", claim_s=60, undo_s=0, **UNASKED)


@pytest.fixture(scope="session")
def _migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database at the newest migration, to copy: migrating takes ten times as long."""
    settings = read_settings(data=tmp_path_factory.mktemp("migrated"))
    open_store(settings).close()
    return settings.database_file


@pytest.fixture
def store(settings: Settings, _migrated: Path) -> Iterator[Store]:
    settings.database_file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_migrated, settings.database_file)
    opened = open_store(settings)
    yield opened
    opened.close()


class House:
    """A store with people in it, and clips in whatever state a test begins with."""

    def __init__(self, store: Store, media: MediaStore) -> None:
        self.store = store
        self.media = media
        self.enqueued: list[str] = []
        self.rules = rules_of(read_settings(undo_s=0, **UNASKED))
        with store.write() as session:
            for name, role in PEOPLE.items():
                person_with_role(session, name, role, created_by="test")

    def user(self, name: str) -> User:
        with self.store.read() as session:
            person = find_person(session, name)
            return User(person.id, person.name, Role(person.role))

    def note_job(self, _session: object, clip: Clip) -> None:
        """Stands where jobs/ enqueues; remembers what would have been queued."""
        self.enqueued.append(clip.id)

    def clip(
        self,
        state: State = State.PENDING_REVIEW,
        creator: str = "ana",
        said: Said = SAID_NOTHING,
    ) -> Clip:
        """A clip that came to `state` by real moves, with a real file behind it."""
        user = self.user(creator)
        with self.store.write() as session:
            clip = clips.submit(
                session,
                user,
                request=dict(REQUEST),
                parent_id=None,
                note="",
                enqueue=self.note_job,
                said=said,
            )
        for step in _PATHS[state]:
            self._go(clip.id, step)
        return self.get(clip.id)

    def get(self, clip_id: str) -> Clip:
        with self.store.read() as session:
            return session.get_one(Clip, clip_id)

    def decide(self, reviewer: str, clip: Clip, verdict: Verdict, *reasons: str) -> Clip:
        note = "We looked again." if clip.state == State.APPEALED else ""
        ruling = desk.Ruling(verdict, clip.version, reasons=list(reasons), note=note)
        with self.store.write() as session:
            return desk.decide(
                session,
                self.user(reviewer),
                clip.id,
                ruling,
                rules=self.rules,
                enqueue_publish=self.note_job,
            )

    def _go(self, clip_id: str, step: str) -> None:
        if step in ("approve", "reject", "request_changes"):
            reasons = () if step == "approve" else ("technical_fault",)
            self.decide("rita", self.get(clip_id), Verdict(step), *reasons)
            return
        changes: dict[str, Any] = {}
        if step == "made":
            changes = {**self._files(clip_id), "size_bytes": 1, "made_s": 1.0}
        elif step == "screened":
            now = utc_now()
            changes = {"pending_since": now, **due(Stage.FIRST, now, self.rules)}
        elif step == "publish":
            reviewed = self.get(clip_id).sha256 or ""
            held = self.media.path("held", reviewed, ".mp4").read_bytes() + b"signed"
            public = hashlib.sha256(held).hexdigest()
            draft = self.media.work_folder("test") / "signed.mp4"
            draft.write_bytes(held)
            self.media.put(draft, "public", public)
            for ending, sha256 in self.get(clip_id).pictures.items():
                picture = draft.with_suffix(ending)
                shutil.copyfile(self.media.path("held", reviewed, ending), picture)
                self.media.put(picture, "public", sha256)
            changes = {"public_sha256": public, "published_at": utc_now()}
        elif step == "fail":
            changes = {
                "error": {"code": "making_failed", "message": "It stopped.", "fix": "Retry."}
            }
        with self.store.write() as session:
            if step == "publish":
                last = session.exec(select(func.max(Clip.publish_seq))).one() or 0
                changes["publish_seq"] = last + 1
            body = {name: changes[name] for name in _LOGGED if name in changes}
            clip = move(session, clip_id, step, actor="system", body=body, **changes)
            if step == "publish":
                files = {".mp4": clip.public_sha256 or "", **clip.pictures}
                session.add_all(
                    PublicFile(clip_id=clip_id, kind=_KINDS[end], sha256=sha256, ending=end)
                    for end, sha256 in files.items()
                )

    def _files(self, clip_id: str) -> dict[str, object]:
        seed = int(clip_id[:8], 16)
        frames = np.random.default_rng(seed).integers(0, 255, (9, 64, 64, 3)).astype(np.uint8)
        files = encode(Made(frames, 8), self.media.work_folder(clip_id))
        for draft in (files.mp4, files.poster, files.strip):
            self.media.put(draft, "held", files.sha256)
        return {"sha256": files.sha256, "pictures": files.pictures}


_KINDS = {".mp4": "video", ".jpg": "poster", ".webp": "strip"}
_LOGGED = ("sha256", "pictures", "public_sha256")
_MADE = ["start", "made"]
_PENDING = [*_MADE, "screened"]
_PATHS = {
    State.QUEUED: [],
    State.GENERATING: ["start"],
    State.SCREENING: _MADE,
    State.PENDING_REVIEW: _PENDING,
    State.SECOND_REVIEW: [*_PENDING, "hold"],
    State.CHANGES_REQUESTED: [*_PENDING, "request_changes"],
    State.REJECTED: [*_PENDING, "reject"],
    State.APPEALED: [*_PENDING, "reject", "appeal"],
    State.APPROVED: [*_PENDING, "approve"],
    State.PUBLISHED: [*_PENDING, "approve", "publish"],
    State.TAKEN_DOWN: [*_PENDING, "approve", "publish", "take_down"],
    State.WITHDRAWN: [*_PENDING, "withdraw"],
    State.SUPERSEDED: [*_PENDING, "request_changes", "supersede"],
    State.CANCELLED: ["cancel"],
    State.FAILED: ["start", "fail"],
}


@pytest.fixture
def house(settings: Settings, store: Store) -> House:
    return House(store, MediaStore(settings.media_folder))


@pytest.fixture
def engine() -> FastEngine:
    return FastEngine()


@pytest.fixture
def line(settings: Settings, engine: FastEngine) -> Iterator[Greenlight]:
    """The whole line without pages: real store, real jobs, real files, a fast engine."""
    with running(settings, engine) as greenlight:
        House(greenlight.store, greenlight.media)
        yield greenlight


@pytest.fixture
def as_user(line: Greenlight) -> Callable[[str], User]:
    def find(name: str) -> User:
        with line.store.read() as session:
            person = find_person(session, name)
            return User(person.id, person.name, Role(person.role))

    return find


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server")) as running_server:
        yield running_server


@pytest.fixture(scope="module")
def post_office() -> Iterator[MailReceiver]:
    with MailReceiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def web() -> Iterator[WebReceiver]:
    with WebReceiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def telling(
    tmp_path_factory: pytest.TempPathFactory, post_office: MailReceiver
) -> Iterator[Server]:
    """An app that may write mails and call webhooks on this machine."""
    environment = {
        "GREENLIGHT_SMTP_URL": f"smtp://localhost:{post_office.port}",
        "GREENLIGHT_MAIL_FROM": "Greenlight <clips@house.example>",
        "GREENLIGHT_WEBHOOKS": "any",
    }
    with Server(tmp_path_factory.mktemp("telling"), **environment) as server:
        yield server
