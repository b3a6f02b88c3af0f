"""What an outside tester found once, so that it is never found again."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import col, update

from accounts.permissions import User
from actions import Wish
from app import Greenlight
from errors import GreenlightError, OwnClip, Paused
from gallery.certificate import Credentials
from gallery.provenance import Signer
from gallery.publish import BytesChanged
from jobs import queue
from moderation.desk import Ruling
from moderation.models import Clip, State, Verdict
from moderation.proof import file_problems, problems
from tests.conftest import House
from tests.doubles import FastEngine
from tests.server import Server, wait_until

AsUser = Callable[[str], User]


def state_of(line: Greenlight, user: User, clip_id: str) -> str:
    state: str = line.actions.clip(user, clip_id)["state"]
    return state


def pending(line: Greenlight, as_user: AsUser, creator: str = "ana") -> dict[str, Any]:
    ana = as_user(creator)
    clip_id = line.actions.create(ana, Wish("a red ball"))["id"]
    wait_until(lambda: state_of(line, ana, clip_id) == "pending_review", "it waits for review")
    return line.actions.clip(ana, clip_id)


def published(line: Greenlight, as_user: AsUser, creator: str = "ana") -> dict[str, Any]:
    clip = pending(line, as_user, creator)
    line.actions.reviewing.decide(
        as_user("rita"), clip["id"], Ruling(Verdict.APPROVE, clip["version"])
    )
    rita = as_user("rita")
    wait_until(lambda: state_of(line, rita, clip["id"]) == "published", "it is published")
    return line.actions.clip(rita, clip["id"])


# ---- keys and files -----------------------------------------------------------------------


def test_signers_that_start_at_once_agree_on_one_certificate(tmp_path: Path) -> None:
    start = threading.Barrier(4)

    def make(_: int) -> Credentials:
        start.wait()
        return Signer(tmp_path / "keys", "test")._credentials

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(make, range(4)))) == 1


@pytest.mark.parametrize("ending", [".mp4", ".jpg", ".webp"])
def test_a_file_that_was_changed_after_its_making_is_not_published(
    ending: str, line: Greenlight, as_user: AsUser
) -> None:
    clip = pending(line, as_user)
    line.media.path("held", clip["sha256"], ending).write_bytes(b"another picture")
    line.actions.reviewing.decide(
        as_user("rita"), clip["id"], Ruling(Verdict.APPROVE, clip["version"])
    )
    ana = as_user("ana")
    wait_until(lambda: line.actions.clip(ana, clip["id"])["error"], "the failure is written down")
    after = line.actions.clip(ana, clip["id"])
    assert (after["state"], after["error"]["code"]) == ("approved", "publish_failed")


def test_a_file_that_is_swapped_after_its_check_is_not_what_is_signed(
    line: Greenlight, as_user: AsUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = pending(line, as_user)
    really_sign, signed = Signer.sign, []
    reviewed_bytes = line.media.path("held", clip["sha256"], ".mp4").stat().st_size

    def swap_then_sign(signer: Signer, source: Path, target: Path, **about: Any) -> None:
        for ending in (".mp4", ".jpg", ".webp"):
            line.media.path("held", clip["sha256"], ending).write_bytes(b"swapped")
        # What is signed is the reviewed file with a packet of metadata behind it.
        signed.append(hashlib.sha256(source.read_bytes()[:reviewed_bytes]).hexdigest())
        really_sign(signer, source, target, **about)

    monkeypatch.setattr(Signer, "sign", swap_then_sign)
    line.actions.reviewing.decide(
        as_user("rita"), clip["id"], Ruling(Verdict.APPROVE, clip["version"])
    )
    rita = as_user("rita")
    wait_until(lambda: state_of(line, rita, clip["id"]) == "published", "it is published")
    found = House(line.store, line.media).get(clip["id"]).pictures
    pictures = [line.media.path("public", sha, end).read_bytes() for end, sha in found.items()]
    assert (len(pictures), b"swapped" in pictures) == (2, False)
    assert signed == [clip["sha256"]]


@pytest.fixture
def quick_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a line that is asked for after it."""
    monkeypatch.setattr(queue, "_SWEEP_EVERY_S", 0.05)


def test_a_sweep_that_breaks_is_followed_by_the_next(
    quick_sweeps: None, line: Greenlight, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept: list[bool] = []

    def break_down() -> None:
        swept.append(True)
        raise RuntimeError("the job engine's own trouble")

    monkeypatch.setattr(line.jobs, "_sweep", break_down)
    wait_until(lambda: len(swept) >= 2, "the sweep that breaks, and the next one")


def test_a_clip_that_was_given_up_leaves_nothing_of_its_making(line: Greenlight) -> None:
    """Killed again and again at the same clip, as the storm of kills once was."""
    house = House(line.store, line.media)
    clip = house.clip(State.GENERATING)
    kept = line.media.kept(clip.id)
    kept.mkdir(parents=True)
    (kept / "latents.safetensors").write_bytes(b"half a clip")
    line.jobs._revive(clip, "MAX_RECOVERY_ATTEMPTS_EXCEEDED", set(), at_start=False)
    assert (house.get(clip.id).state, kept.exists()) == (State.FAILED, False)


def test_a_taken_down_clip_whose_file_was_changed_is_not_restored(
    line: Greenlight, as_user: AsUser
) -> None:
    clip, lead = published(line, as_user), as_user("lea")
    line.actions.reviewing.take_down(lead, clip["id"], reason="copyright", note="")
    line.media.path("public", clip["public_sha256"], ".mp4").write_bytes(b"swapped")
    with pytest.raises(BytesChanged):
        line.actions.reviewing.restore(lead, clip["id"], note="")


def test_nothing_is_restored_while_publishing_is_paused(line: Greenlight, as_user: AsUser) -> None:
    clip, lead = published(line, as_user), as_user("lea")
    line.actions.reviewing.take_down(lead, clip["id"], reason="copyright", note="")
    line.actions.pause(as_user("ada"), "publishing")
    with pytest.raises(Paused):
        line.actions.reviewing.restore(lead, clip["id"], note="")


def test_a_lead_does_not_restore_their_own_clip(line: Greenlight, as_user: AsUser) -> None:
    clip = published(line, as_user, creator="lea")
    line.actions.reviewing.take_down(as_user("ada"), clip["id"], reason="copyright", note="")
    with pytest.raises(OwnClip):
        line.actions.reviewing.restore(as_user("lea"), clip["id"], note="")


# ---- cancelling ---------------------------------------------------------------------------


def test_a_wish_to_cancel_holds_also_when_the_last_step_was_done(
    line: Greenlight, engine: FastEngine, as_user: AsUser
) -> None:
    engine.gate.clear()
    ana = as_user("ana")
    clip_id = line.actions.create(ana, Wish("a red ball"))["id"]
    wait_until(engine.started.is_set, "it is being made")
    with line.store.write() as session:  # as if the wish came after the engine looked last
        wish = update(Clip).where(col(Clip.id) == clip_id).values(cancel_requested=True)
        engine.gate.set()
        session.execute(wish)
    wait_until(lambda: state_of(line, ana, clip_id) == "cancelled", "it is cancelled")


# ---- the log ------------------------------------------------------------------------------

TAMPERED = {
    "the prompt": "UPDATE clip SET prompt = 'another'",
    "the creator": "UPDATE clip SET creator_id = (SELECT id FROM person WHERE name = 'ben')",
    "the reviewed bytes": "UPDATE clip SET sha256 = 'x', approved_sha256 = 'x'",
    "the public bytes": "UPDATE clip SET public_sha256 = 'x'",
    "the approver": "UPDATE clip SET approved_by = (SELECT id FROM person WHERE name = 'rob')",
    "the decision": "DELETE FROM decision",
    "the verdict": "UPDATE decision SET verdict = 'reject'",
    "the words": "UPDATE decision SET note = 'nicer'",
    "the reviewer": "UPDATE decision SET reviewer_id = (SELECT id FROM person WHERE name = 'rob')",
    "the clip": "DELETE FROM clip",
    "a body that is no JSON": "UPDATE audit SET body = '{' WHERE seq = 12",
    "the end of the log": "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)",
}


@pytest.mark.parametrize("what", TAMPERED)
def test_the_log_shows_that_somebody_changed(what: str, house: House) -> None:
    house.clip(State.PUBLISHED)
    key = house.store.session_info["audit_key"]
    with house.store.read() as session:
        before = problems(session, key)
    with closing(sqlite3.connect(house.store.url.removeprefix("sqlite:///"))) as intruder, intruder:
        for table in ("audit", "decision"):
            for act in ("update", "delete"):
                intruder.execute(f"DROP TRIGGER {table}_no_{act}")
        intruder.execute(TAMPERED[what])
    with house.store.read() as session:
        assert (before, len(problems(session, key)) > 0) == ([], True)


def test_the_log_shows_that_a_public_file_was_changed(house: House) -> None:
    clip = house.clip(State.PUBLISHED)
    with house.store.read() as session:
        before = file_problems(session, house.media)
    house.media.path("public", clip.public_sha256 or "", ".mp4").write_bytes(b"swapped")
    with house.store.read() as session:
        found = file_problems(session, house.media)
    assert (before, found) == ([], [f"The public .mp4 of clip {clip.id} was changed."])


# ---- input --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "prompt", ["\u200b", "\u200b \u2060", "a \u202e ball", "\u2066x", "\ud800"]
)
def test_a_prompt_that_reviewers_cannot_read_is_refused(
    prompt: str, line: Greenlight, as_user: AsUser
) -> None:
    with pytest.raises(GreenlightError):
        line.actions.create(as_user("ana"), Wish(prompt))


def test_a_new_version_supersedes_the_clip_that_was_sent_back(
    line: Greenlight, as_user: AsUser
) -> None:
    clip, ana = pending(line, as_user), as_user("ana")
    ruling = Ruling(Verdict.REQUEST_CHANGES, clip["version"], reasons=["technical_fault"])
    line.actions.reviewing.decide(as_user("rita"), clip["id"], ruling)
    line.actions.create(ana, Wish("a rounder red ball", parent_id=clip["id"]))
    assert state_of(line, ana, clip["id"]) == "superseded"


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "/api/v1/gallery?cursor=MDAwMS0wMS0wMVQwMDowMDowMCsyMzo1OSB4", {}, 400),
        ("POST", "/login", {"content": b'{"name": "\\ud800", "password": "x"}'}, 422),
        ("POST", "/login", {"content": b"[" * 100_000}, 400),
        ("POST", "/api/v1/clips", {"content": b'{"prompt": "x", "note": "\\udfff"}'}, 422),
        (
            "POST",
            "/api/v1/clips",
            {"content": b'{"prompt": "x", "guidance_scale": 1' + b"0" * 400 + b"}"},
            422,
        ),
        ("POST", "/api/v1/review/claim", {"content": b'{"clip_id": "\\ud800"}'}, 422),
    ],
)
def test_no_input_is_answered_with_a_500(
    method: str, path: str, options: dict[str, Any], status: int, server: Server
) -> None:
    client = server.client("rita", "reviewer")
    options = {"headers": {}, **options}
    options["headers"].setdefault("Content-Type", "application/json")
    answer = client.request(method, path, **options)
    assert (answer.status_code, "message" in answer.json()["error"]) == (status, True)


def test_many_guesses_at_once_are_counted_one_by_one(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with Server(tmp_path_factory.mktemp("guesses")) as own, ThreadPoolExecutor(15) as pool:

        def guess(_: int) -> int:
            wrong = {"name": "ada", "password": "wrong-password"}
            return httpx.post(f"{own.url}/login", json=wrong, timeout=60).status_code

        assert Counter(pool.map(guess, range(15))) == {401: 10, 429: 5}


def test_the_page_ignores_a_forwarded_host_that_is_not_ours(server: Server) -> None:
    lying = {"X-Forwarded-Host": "evil.test"}
    assert "evil.test" not in httpx.get(f"{server.url}/", headers=lying).text


def test_a_link_does_not_sign_out(server: Server) -> None:
    answer = httpx.get(f"{server.url}/logout", headers={"Host": "evil.test"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "set-cookie" not in answer.headers


def test_the_files_of_an_instance_are_its_owners_alone(server: Server) -> None:
    folder = server.folder / "data"
    open_to_others = [path for path in folder.rglob("*") if path.stat().st_mode & 0o077]
    assert open_to_others == []


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"GREENLIGHT_DATA": "/dev/null/x"}, "could not start"),
        ({"GREENLIGHT_HOST": "999.1.1.1"}, "could not start"),
        ({"GREENLIGHT_DATABASE_URL": "postgres://u:hunter2@h/d"}, "SQLite only"),
        ({"GREENLIGHT_MODEL": "/nope"}, "no folder here and no Hub id"),
    ],
)
def test_a_start_that_cannot_be_says_why(
    environment: dict[str, str], said: str, tmp_path: Path
) -> None:
    own = Server(tmp_path, **environment)
    with pytest.raises(AssertionError) as failure:
        own.start()
    words = str(failure.value)
    assert (said in words, "Traceback" in words, "hunter2" in words) == (True, False, False)
