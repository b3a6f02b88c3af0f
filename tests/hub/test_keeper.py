"""The Hub in step with the gallery: the real client against a server that speaks its wire format."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import select

from accounts import switches
from audit import AuditRow, first_broken
from hub import dataset
from hub.line import Line
from hub.models import HubCopy
from moderation.history import timeline
from moderation.models import Clip, State
from tests.hub.conftest import REPO, Publisher
from tests.hub.wire import Answer, HubServer
from tests.server import wait_until

CANARY = "a canary nobody may read of"

UNPUBLISHED = [state for state in State if state is not State.PUBLISHED]


# ---- putting clips there ------------------------------------------------------------------


def test_a_published_clip_goes_to_a_private_repo_byte_by_byte(
    publisher: Publisher, hub: HubServer
) -> None:
    clip = publisher.published()
    assert publisher.work() == 1
    mp4, poster = publisher.paths(clip)
    assert hub.repos[REPO].private
    assert hub.content(REPO, mp4) == publisher.public_bytes(clip)
    assert hub.content(REPO, poster) == publisher.public_bytes(clip, ".jpg")


def test_a_public_repo_is_made_where_the_setting_says_so(
    publisher: Publisher, hub: HubServer
) -> None:
    publisher.restart(hub_public=True)
    publisher.published()
    assert publisher.work() == 1
    assert not hub.repos[REPO].private


def test_a_row_says_what_the_page_shows(publisher: Publisher, hub: HubServer) -> None:
    named = [{"name": "Ben", "role": "music", "link": ""}]
    clip = publisher.published(title="Ball", licence="cc-by-4.0", credits=named)
    publisher.work()
    (row,) = hub.rows(REPO)
    expected = {
        "file_name": f"{clip.id}.mp4",
        "title": "Ball",
        "prompt": clip.prompt,
        "creator": "ana",
        "credits": "Ben (music)",
        "licence": "cc-by-4.0",
        "model": "fast",
        "seed": 1,
        "width": 64,
        "fps": 8.0,
        "duration_s": 1.125,
        "page": f"https://clips.example/clip/{clip.id}",
        "sha256": clip.public_sha256,
        "reviewed_sha256": clip.approved_sha256,
        "policy_version": "1",
    }
    assert {name: row[name] for name in expected} == expected
    assert row["decision_id"]


def test_a_prompt_that_is_not_shared_is_never_sent(publisher: Publisher, hub: HubServer) -> None:
    clip = publisher.published(prompt=CANARY, title="Untold", shares_prompt=False)
    assert publisher.work() == 1
    assert publisher.is_served(clip)
    assert CANARY.encode() not in hub.said()


def test_a_file_that_says_a_prompt_that_is_not_shared_is_not_sent(
    publisher: Publisher, hub: HubServer
) -> None:
    clip = publisher.published()
    says_in_its_file(publisher, clip, CANARY)
    publisher.reword(clip, shares_prompt=False)
    assert publisher.work() == 0
    assert publisher.copy(clip).error == "says_prompt"
    assert CANARY.encode() not in hub.said()


def test_a_prompt_that_is_shared_no_more_takes_a_file_that_says_it_away(
    publisher: Publisher, hub: HubServer
) -> None:
    clip = publisher.published()
    says_in_its_file(publisher, clip, CANARY)
    publisher.work()
    assert publisher.is_served(clip)
    publisher.reword(clip, shares_prompt=False)
    publisher.work()
    assert not publisher.is_served(clip)
    assert CANARY not in str(hub.rows(REPO))
    assert publisher.copy(clip).error == "says_prompt"
    publisher.reword(clip, shares_prompt=True)
    assert publisher.work() == 1
    assert publisher.is_served(clip)


@pytest.mark.parametrize("state", UNPUBLISHED, ids=lambda state: state.value)
def test_nothing_of_a_clip_that_is_not_public_is_ever_sent(
    publisher: Publisher, hub: HubServer, state: State
) -> None:
    hidden = publisher.house.clip(state)
    publisher.reword(hidden, prompt=CANARY, title=CANARY)
    publisher.published()
    assert publisher.work() == 1
    said = hub.said()
    files = [path.read_bytes() for path in publisher.folder.rglob(f"{hidden.sha256}*")]
    assert CANARY.encode() not in said
    assert hidden.id.encode() not in said
    assert [file for file in files if file in said] == []


def test_a_clip_taken_down_before_it_was_sent_asks_nothing_of_the_hub(
    publisher: Publisher, hub: HubServer
) -> None:
    clip = publisher.published()
    publisher.take_down(clip)
    publisher.work()
    assert (hub.requests, publisher.copy(clip).is_done) == ([], True)


def test_clips_that_wait_together_go_in_one_commit(publisher: Publisher, hub: HubServer) -> None:
    for _ in range(3):
        publisher.published()
    assert publisher.work() == 3
    assert (hub.count("commit"), len(hub.rows(REPO))) == (1, 3)


def test_a_second_clip_joins_the_rows_of_the_first(publisher: Publisher, hub: HubServer) -> None:
    publisher.published()
    publisher.work()
    publisher.published()
    publisher.work()
    assert len(hub.rows(REPO)) == 2


def test_the_card_is_sent_once(publisher: Publisher, hub: HubServer) -> None:
    publisher.published()
    publisher.work()
    publisher.published()
    publisher.work()
    assert hub.count("yaml") == 1
    assert hub.content(REPO, "README.md").decode() == dataset.card(address="https://clips.example")


def test_what_was_public_before_the_setting_follows(publisher: Publisher, hub: HubServer) -> None:
    publisher.restart(hub_repo="")
    clip = publisher.published()
    assert publisher.work() == 0
    publisher.restart()
    assert publisher.work() == 1
    assert publisher.is_served(clip)


def test_without_the_setting_nothing_is_written_down(publisher: Publisher) -> None:
    publisher.restart(hub_repo="")
    clip = publisher.published()
    with publisher.house.store.read() as session:
        assert session.exec(select(HubCopy).where(HubCopy.clip_id == clip.id)).all() == []


def test_while_publishing_is_paused_nothing_goes_up(publisher: Publisher, hub: HubServer) -> None:
    with publisher.house.store.write() as session:
        switches.pause(session, "publishing", message=None, paused_by="test")
    publisher.published()
    assert (publisher.work(), hub.requests) == (0, [])


def test_what_was_put_there_stands_in_the_log(publisher: Publisher, hub: HubServer) -> None:
    clip = publisher.published()
    publisher.work()
    row = log_row(publisher, clip, "hub_put")
    assert row.actor == "system"
    assert row.body == {"repo": REPO, "commit": hub.repos[REPO].head, "sha256": clip.public_sha256}


def test_its_creator_reads_the_same_story_as_before(publisher: Publisher) -> None:
    clip = publisher.published()
    with publisher.house.store.read() as session:
        before = timeline(session, clip, own=True)
    publisher.work()
    with publisher.house.store.read() as session:
        assert timeline(session, clip, own=True) == before


def test_the_log_still_fits_the_clips(publisher: Publisher) -> None:
    clip = publisher.published()
    publisher.work()
    publisher.take_down(clip)
    publisher.work()
    with publisher.house.store.read() as session:
        assert not first_broken(session, publisher.house.store.session_info["audit_key"])


# ---- what must stop it --------------------------------------------------------------------


def test_a_public_repo_is_refused_before_anything_is_sent(
    publisher: Publisher, hub: HubServer
) -> None:
    hub.make(REPO, private=False)
    publisher.published()
    assert publisher.work() == 0
    assert publisher.place().trouble == "public"
    assert {each.method for each in hub.requests} == {"GET"}


def test_a_repo_that_was_made_public_meanwhile_is_refused_too(
    publisher: Publisher, hub: HubServer
) -> None:
    publisher.published()
    publisher.work()
    hub.repos[REPO].private = False
    clip = publisher.published()
    assert publisher.work() == 0
    assert clip.id.encode() not in hub.said()


def test_a_repo_with_somebody_elses_files_is_refused(publisher: Publisher, hub: HubServer) -> None:
    hub.make(REPO, files={"train.csv": "a,b"})
    publisher.published()
    assert (publisher.work(), publisher.place().trouble) == (0, "not_empty")


def test_a_repo_of_ours_is_known_again_without_the_old_database(
    publisher: Publisher, hub: HubServer
) -> None:
    card = dataset.card(address="https://clips.example")
    hub.make(REPO, files={"README.md": card, "clips/00000/a.mp4": "x"})
    publisher.published()
    assert publisher.work() == 1


def test_a_file_that_was_changed_on_disk_is_not_sent(publisher: Publisher, hub: HubServer) -> None:
    clip, other = publisher.published(), publisher.published()
    shelf = publisher.house.media.path("public", clip.public_sha256 or "", ".mp4")
    shelf.write_bytes(shelf.read_bytes() + b"changed")
    assert publisher.work() == 1
    assert (publisher.is_served(clip), publisher.is_served(other)) == (False, True)
    assert publisher.copy(clip).error == "bytes_changed"
    assert clip.id.encode() not in hub.said()


# ---- taking clips away --------------------------------------------------------------------


@pytest.mark.parametrize("act", ["take_down", "withdraw"])
def test_a_clip_leaves_the_newest_revision_the_history_and_the_store_of_large_files(
    publisher: Publisher, hub: HubServer, act: str
) -> None:
    clip = publisher.published(title=CANARY)
    publisher.work()
    old = hub.repos[REPO].head
    getattr(publisher, act)(clip)
    assert publisher.work() == 1
    assert not publisher.is_served(clip)
    assert not publisher.is_served(clip, old)
    assert not hub.serves(REPO, old, dataset.metadata_path(0))
    assert clip.public_sha256 not in hub.repos[REPO].large
    assert hub.rows(REPO) == []
    assert publisher.copy(clip).is_done


def test_the_others_stay(publisher: Publisher, hub: HubServer) -> None:
    clip, other = publisher.published(), publisher.published()
    publisher.work()
    publisher.take_down(clip)
    publisher.work()
    assert publisher.is_served(other)
    assert [row["file_name"] for row in hub.rows(REPO)] == [f"{other.id}.mp4"]


def test_a_poster_that_another_clip_shows_too_stays(publisher: Publisher, hub: HubServer) -> None:
    clip, other = publisher.published(), publisher.published()
    poster = publisher.public_bytes(clip, ".jpg")
    assert publisher.public_bytes(other, ".jpg") != poster
    pictures = {**other.pictures, ".jpg": clip.pictures[".jpg"]}
    publisher.reword(other, pictures=pictures)
    publisher.work()
    publisher.take_down(clip)
    publisher.work()
    assert hub.content(REPO, publisher.paths(other)[1]) == poster
    assert not publisher.is_served(clip)


def test_a_history_that_stays_keeps_the_removal_open(publisher: Publisher, hub: HubServer) -> None:
    clip = publisher.published()
    publisher.work()
    hub.keeps_history = True
    publisher.take_down(clip)
    assert publisher.work() == 0
    copy = publisher.copy(clip)
    assert (copy.is_done, copy.error) == (False, "still_there")
    assert copy.removed_at
    assert copy.checked_at


def test_it_is_asked_for_again_until_it_is_gone(publisher: Publisher, hub: HubServer) -> None:
    clip = publisher.published()
    publisher.work()
    hub.keeps_history = True
    publisher.take_down(clip)
    publisher.work()
    assert publisher.work() == 0  # not at once
    hub.keeps_history = False
    assert publisher.later(minutes=2) == 1
    assert publisher.copy(clip).is_done


def test_a_removal_stands_in_the_log_with_its_end(publisher: Publisher) -> None:
    clip = publisher.published()
    publisher.work()
    publisher.take_down(clip)
    publisher.work()
    assert log_row(publisher, clip, "hub_remove").body == {"repo": REPO}
    assert log_row(publisher, clip, "hub_gone").actor == "system"


def test_a_take_down_goes_through_while_publishing_is_paused(publisher: Publisher) -> None:
    clip = publisher.published()
    publisher.work()
    with publisher.house.store.write() as session:
        switches.pause(session, "publishing", message=None, paused_by="test")
    publisher.take_down(clip)
    assert publisher.work() == 1
    assert not publisher.is_served(clip)


def test_a_take_down_reaches_the_repo_that_was_used_before(
    publisher: Publisher, hub: HubServer
) -> None:
    clip = publisher.published()
    publisher.work()
    publisher.restart(hub_repo="owner/other")
    publisher.work()
    publisher.take_down(clip)
    assert publisher.work() == 2
    assert not hub.serves(REPO, "main", publisher.paths(clip)[0])
    assert not hub.serves("owner/other", "main", publisher.paths(clip)[0])


def test_removals_go_before_what_waits_to_go_up(publisher: Publisher, hub: HubServer) -> None:
    clip = publisher.published()
    publisher.work()
    publisher.published()
    publisher.take_down(clip)
    hub.requests.clear()
    publisher.work()
    assert b"deletedFile" in next(each.body for each in hub.requests if "/commit/" in each.path)


def test_a_repo_that_is_gone_has_nothing_left(publisher: Publisher, hub: HubServer) -> None:
    clip = publisher.published()
    publisher.work()
    del hub.repos[REPO]
    publisher.take_down(clip)
    assert publisher.work() == 1
    assert publisher.copy(clip).is_done


def test_a_restored_clip_goes_up_again(publisher: Publisher, hub: HubServer) -> None:
    clip = publisher.published()
    publisher.work()
    publisher.take_down(clip)
    publisher.work()
    publisher.restore(clip)
    assert publisher.work() == 1
    assert hub.content(REPO, publisher.paths(clip)[0]) == publisher.public_bytes(clip)
    assert len(hub.rows(REPO)) == 1


def test_words_that_changed_leave_the_history(publisher: Publisher, hub: HubServer) -> None:
    clip = publisher.published(title="Old words")
    publisher.work()
    old = hub.repos[REPO].head
    publisher.reword(clip, title="New words")
    assert publisher.work() == 1
    assert [row["title"] for row in hub.rows(REPO)] == ["New words"]
    assert not hub.serves(REPO, old, dataset.metadata_path(0))


# ---- at the same time, and in between -----------------------------------------------------


def test_a_take_down_during_the_upload_keeps_the_clip_out_of_every_commit(
    publisher: Publisher, hub: HubServer
) -> None:
    clip = publisher.published()
    hub.answers["storage"].append(Answer(act=lambda: publisher.take_down(clip)))
    publisher.work()
    assert hub.count("commit") == 0
    assert clip.public_sha256 not in hub.repos[REPO].large
    assert publisher.copy(clip).is_done


def test_a_take_down_during_the_commit_takes_it_away_at_once(
    publisher: Publisher, hub: HubServer
) -> None:
    clip = publisher.published()
    hub.answers["commit"].append(Answer(act=lambda: publisher.take_down(clip)))
    publisher.work()
    assert not publisher.is_served(clip)
    assert not any(publisher.is_served(clip, commit) for commit in hub.repos[REPO].reachable)
    assert publisher.copy(clip).is_done


def test_a_restore_during_the_removal_ends_with_the_clip_there(
    publisher: Publisher, hub: HubServer
) -> None:
    clip = publisher.published()
    publisher.work()
    publisher.take_down(clip)
    hub.answers["squash"].append(Answer(act=lambda: publisher.restore(clip)))
    publisher.work()
    assert publisher.is_served(clip)
    assert publisher.copy(clip).is_done


class Killed(BaseException):
    """As if the process had ended here."""


@pytest.mark.parametrize("kind", ["look", "create", "preupload", "batch", "storage", "commit"])
def test_killed_at_any_request_of_an_upload_the_clip_is_there_once(
    publisher: Publisher, hub: HubServer, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = publisher.published()
    kill_at(publisher, hub, kind, monkeypatch)
    publisher.restart()
    assert publisher.work() == 1
    assert hub.content(REPO, publisher.paths(clip)[0]) == publisher.public_bytes(clip)
    assert len(hub.rows(REPO)) == 1


@pytest.mark.parametrize("kind", ["look", "which", "commit", "lfs", "purge", "squash", "resolve"])
def test_killed_at_any_request_of_a_removal_the_clip_ends_up_gone(
    publisher: Publisher, hub: HubServer, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = publisher.published()
    publisher.work()
    old = hub.repos[REPO].head
    publisher.take_down(clip)
    kill_at(publisher, hub, kind, monkeypatch)
    publisher.restart()
    assert publisher.work() == 1
    assert not publisher.is_served(clip)
    assert not publisher.is_served(clip, old)


def test_killed_after_the_commit_and_taken_down_before_the_next_start(
    publisher: Publisher, hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = publisher.published()
    kill_at(publisher, hub, "commit", monkeypatch)
    old = hub.repos[REPO].head
    assert publisher.is_served(clip)
    publisher.take_down(clip)
    publisher.restart()
    assert publisher.work() == 1
    assert not publisher.is_served(clip)
    assert not publisher.is_served(clip, old)


def test_a_commit_that_nobody_remembers_is_asked_for_all_the_same(
    publisher: Publisher, hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = publisher.published(title=CANARY)
    kill_at(publisher, hub, "commit", monkeypatch)
    hub.keeps_history = True
    publisher.take_down(clip)
    publisher.restart()
    assert publisher.work() == 0
    assert publisher.copy(clip).error == "still_there"


def test_a_commit_that_comes_too_late_does_nothing(publisher: Publisher, hub: HubServer) -> None:
    """Given up because it took too long, it arrives when the clip is long taken down."""
    clip = publisher.published()
    arrives = threading.Event()
    hub.answers["commit"].append(Answer(act=arrives.wait))
    publisher.restart(deadline_s=5)
    publisher.work()
    publisher.take_down(clip)
    publisher.restart()
    assert publisher.later(hours=1) == 1
    hub.finished.clear()
    arrives.set()
    wait_until(lambda: "commit" in hub.finished, "the late commit is over")
    assert not publisher.is_served(clip)
    assert hub.rows(REPO) == []


# ---- a Hub that does not do it ------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "status", "trouble"),
    [
        ("look", 401, "unauthorized:401"),
        ("create", 403, "forbidden:403"),
        ("look", 500, "failing:500"),
        ("preupload", 503, "failing:503"),
        ("commit", 409, "conflict:409"),
        ("commit", 403, "forbidden:403"),
        ("storage", 500, "failing:500"),
    ],
)
def test_what_goes_wrong_is_named_and_tried_again(
    publisher: Publisher, hub: HubServer, kind: str, status: int, trouble: str
) -> None:
    clip = publisher.published()
    hub.answers[kind].append(Answer(status))
    assert publisher.work() == 0
    assert publisher.place().trouble == trouble
    assert publisher.later(minutes=2) == 1
    assert publisher.is_served(clip)
    assert publisher.place().trouble == ""


def test_what_the_hub_refuses_of_one_clip_holds_up_no_other(
    publisher: Publisher, hub: HubServer
) -> None:
    clip = publisher.published()
    hub.answers["commit"].append(Answer(422))
    assert publisher.work() == 0
    assert publisher.copy(clip).error == "refused:422"
    publisher.published()
    assert publisher.work() == 1


def test_each_request_is_made_once_and_tried_again_by_us(
    publisher: Publisher, hub: HubServer
) -> None:
    publisher.published()
    hub.answers["preupload"] += [Answer(500), Answer(500), Answer(500)]
    publisher.work()
    assert hub.count("preupload") == 1


@pytest.mark.parametrize(
    "headers", [{"Retry-After": "7200"}, {"ratelimit": '"api";r=0;t=7200'}], ids=["plain", "draft"]
)
def test_a_limit_is_waited_for_as_long_as_the_hub_asks(
    publisher: Publisher, hub: HubServer, headers: dict[str, str]
) -> None:
    publisher.published()
    hub.answers["commit"].append(Answer(429, headers))
    assert publisher.work() == 0
    assert publisher.place().trouble == "limited:429"
    assert publisher.later(seconds=7000) == 0
    assert publisher.later(seconds=300) == 1


def test_a_hub_that_is_not_there_is_asked_with_one_clip_not_with_all(
    publisher: Publisher, hub: HubServer
) -> None:
    publisher.restart(hub_endpoint="http://127.0.0.1:9")
    for _ in range(2):
        publisher.published()
    assert publisher.work() == 0
    assert (publisher.place().trouble, publisher.place().tries) == ("no_answer", 1)


def test_after_a_day_without_the_hub_everything_follows(
    publisher: Publisher, hub: HubServer
) -> None:
    publisher.restart(hub_endpoint="http://127.0.0.1:9")
    clip = publisher.published()
    for _ in range(3):
        publisher.later(hours=8)
    publisher.restart()
    assert publisher.later(hours=2) == 1
    assert publisher.is_served(clip)


def test_a_hub_that_hangs_is_hung_up_on(publisher: Publisher, hub: HubServer) -> None:
    publisher.published()
    hub.answers["preupload"].append(Answer(is_late=True))
    publisher.restart(deadline_s=5)
    assert publisher.work() == 0
    assert publisher.place().trouble == "too_slow"


def test_a_lost_answer_to_a_commit_leaves_the_clip_there_once(
    publisher: Publisher, hub: HubServer
) -> None:
    clip = publisher.published()
    hub.answers["commit"].append(Answer(drops=True))
    assert publisher.work() == 0
    assert publisher.later(minutes=2) == 1
    assert publisher.is_served(clip)
    assert len(hub.rows(REPO)) == 1


def test_the_token_is_in_no_log_and_no_row(
    publisher: Publisher, hub: HubServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    publisher.published()
    for kind in ("look", "preupload", "storage", "commit"):
        hub.answers[kind].append(Answer(401, body={"error": f"bad token {hub.token}"}))
        publisher.later(hours=2)
    publisher.later(hours=2)
    publisher.house.store.close()
    files = [path.read_bytes() for path in publisher.folder.rglob("*") if path.is_file()]
    assert hub.token not in caplog.text
    assert not [file for file in files if hub.token.encode() in file]


def test_the_storage_never_sees_the_token(publisher: Publisher, hub: HubServer) -> None:
    publisher.published()
    assert publisher.work() == 1
    stored = [each for each in hub.requests if each.method == "PUT"]
    assert stored
    assert not any("Authorization" in each.headers for each in stored)


def says_in_its_file(publisher: Publisher, clip: Clip, prompt: str) -> None:
    """As a signed file does, whose title is the prompt."""
    said = publisher.public_bytes(clip) + prompt.encode()
    sha256 = hashlib.sha256(said).hexdigest()
    for ending, content in ((".mp4", said), (".jpg", publisher.public_bytes(clip, ".jpg"))):
        path = publisher.house.media.path("public", sha256, ending)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    publisher.reword(clip, prompt=prompt, public_sha256=sha256)


def log_row(publisher: Publisher, clip: Clip, action: str) -> AuditRow:
    with publisher.house.store.read() as session:
        query = select(AuditRow).where(AuditRow.subject == clip.id, AuditRow.action == action)
        return session.exec(query).one()


def kill_at(
    publisher: Publisher, hub: HubServer, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request is carried out, and nobody is left to hear of it."""
    hub.answers[kind].append(Answer(drops=True))

    def end(_self: Line) -> bytes:
        line: Callable[[Line], bytes] = read_line
        said = line(_self)
        if b"failure" in said:
            raise Killed
        return said

    read_line: Any = Line._read_line
    with monkeypatch.context() as patched:
        patched.setattr(Line, "_read_line", end)
        with pytest.raises(Killed):
            publisher.work()
