"""The proof behind `verify-log`: whole when nobody meddled, and a sentence for every meddling."""

from __future__ import annotations

import sqlite3
from typing import Literal

import pytest

from accounts.models import Role
from accounts.people import person_with_role
from moderation import marks
from moderation.marks import Note
from moderation.models import Clip, Mark, State
from moderation.proof import file_problems, problems
from settings import Settings
from sharing import turns
from tests.conftest import House


def proved(house: House) -> list[str]:
    with house.store.read() as session:
        return problems(session, house.store.session_info["audit_key"])


def meddle(settings: Settings, *statements: str) -> None:
    """Write past our own code, and past the triggers of the log."""
    connection = sqlite3.connect(settings.database_file, isolation_level=None)
    for table in ("audit", "decision"):
        for act in ("update", "delete"):
            connection.execute(f"DROP TRIGGER {table}_no_{act}")
    for statement in statements:
        assert connection.execute(statement).rowcount != 0
    connection.close()


@pytest.fixture
def clip(house: House) -> Clip:
    return house.clip(State.PUBLISHED)


def test_an_empty_instance_is_whole(house: House) -> None:
    assert proved(house) == []


def test_clips_that_came_by_real_moves_are_whole(house: House) -> None:
    for state in State:
        house.clip(state)
    assert proved(house) == []


def test_another_role_is_no_move_of_a_clip(house: House) -> None:
    with house.store.write() as session:
        person_with_role(session, "ana", Role.REVIEWER, created_by="test")
    assert proved(house) == []


def test_another_share_is_no_move_of_a_clip(house: House) -> None:
    ana = house.user("ana")
    with house.store.write() as session:
        turns.weigh(session, ana.id, 2.0, weighed_by="test")
    assert proved(house) == []


def test_a_state_written_past_the_moves_is_found(
    house: House, settings: Settings, clip: Clip
) -> None:
    meddle(settings, "UPDATE clip SET state = 'rejected'")
    (found,) = proved(house)
    assert f"is rejected at version {clip.version}; the log says published" in found


def test_a_version_written_past_the_moves_is_found(
    house: House, settings: Settings, clip: Clip
) -> None:
    meddle(settings, "UPDATE clip SET version = version + 1")
    (found,) = proved(house)
    assert f"is published at version {clip.version + 1}; the log says published" in found


def test_a_cut_tail_is_found(house: House, settings: Settings, clip: Clip) -> None:
    meddle(settings, "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)")
    (found,) = proved(house)
    assert f"is published at version {clip.version}; the log says approved" in found


def test_a_cut_decision_is_found_twice(house: House, settings: Settings) -> None:
    house.clip(State.REJECTED)
    meddle(settings, "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)")
    found = proved(house)
    assert any(sentence.startswith("Clip ") for sentence in found)
    assert any("has no row in the log" in sentence for sentence in found)


def test_a_decision_without_its_row_is_found(house: House, settings: Settings, clip: Clip) -> None:
    meddle(
        settings,
        "INSERT INTO decision SELECT 'forged', clip_id, 99, verdict, reasons, note, internal_note,"
        " policy_version, sha256, reviewer_id, reviewer_role, waited_s, decided_at, stage, advised"
        " FROM decision",
    )
    assert proved(house) == ["Decision forged has no row in the log."]


def test_a_clip_without_any_row_is_found(house: House, settings: Settings, clip: Clip) -> None:
    columns = [name for name in Clip.model_fields if name not in ("id", "publish_seq")]
    meddle(
        settings,
        f"INSERT INTO clip (id, {', '.join(columns)}) SELECT 'forged', {', '.join(columns)} FROM clip",  # noqa: S608
    )
    (found,) = proved(house)
    assert found.startswith("Clip forged ")
    assert "the log says None" in found


def test_an_edited_row_is_found(house: House, settings: Settings, clip: Clip) -> None:
    meddle(settings, "UPDATE audit SET at = '2020-01-01' WHERE action = 'approve'")
    (found,) = proved(house)
    assert found.startswith("The chain is broken at row ")


def test_a_row_that_cannot_be_read_is_found(house: House, settings: Settings, clip: Clip) -> None:
    meddle(settings, "UPDATE audit SET body = '{' WHERE action = 'approve'")
    assert proved(house) != []


@pytest.mark.parametrize(
    "change",
    [
        "prompt = 'other words'",
        "seed = 99",
        "creator_id = (SELECT id FROM person WHERE name = 'ben')",
        "public_sha256 = 'other'",
        """pictures = '{}'""",
    ],
)
def test_a_column_that_says_other_than_the_log_is_found(
    house: House, settings: Settings, clip: Clip, change: str
) -> None:
    meddle(settings, f"UPDATE clip SET {change}")  # noqa: S608
    assert proved(house) != []


@pytest.mark.parametrize(
    "change",
    [
        "note = 'other words'",
        "internal_note = 'other words'",
        "reasons = '[\"hate\"]'",
        "sha256 = 'other'",
        "reviewer_id = (SELECT id FROM person WHERE name = 'rob')",
    ],
)
def test_a_rewritten_decision_is_found(
    house: House, settings: Settings, clip: Clip, change: str
) -> None:
    meddle(settings, f"UPDATE decision SET {change}")  # noqa: S608
    assert proved(house) != []


# ---- marks --------------------------------------------------------------------------------


@pytest.fixture
def mark(house: House) -> Mark:
    """What Rita noted on a clip that waits, and one that she took away again."""
    clip = house.clip()
    with house.store.write() as session:
        note = Note(-0.0, "a hand too many", [[[0, 1], [0.5, 0.25]]], public=True)
        kept, gone = (marks.add(session, house.user("rita"), clip.id, note) for _ in range(2))
        marks.remove(session, house.user("rita"), clip.id, gone.id)
    return kept


def test_marks_as_they_were_made_are_whole(house: House, mark: Mark) -> None:
    assert proved(house) == []


@pytest.mark.parametrize(
    "change",
    [
        "text = 'other words'",
        "strokes = '[]'",
        "at_s = 0.25",
        "is_public = 0",
        "is_blind = 1",
        "author_id = (SELECT id FROM person WHERE name = 'rob')",
        "author_role = 'lead'",
        "clip_id = (SELECT max(id) FROM clip WHERE id <> mark.clip_id)",
        "made_at = '2020-01-01 00:00:00'",
        "id = 'other'",
    ],
)
def test_a_rewritten_mark_is_found(
    house: House, settings: Settings, mark: Mark, change: str
) -> None:
    house.clip()
    meddle(settings, f"UPDATE mark SET {change}")  # noqa: S608
    assert f"Mark {mark.id} is not what the log says." in proved(house)


def test_a_mark_that_was_taken_out_is_found(house: House, settings: Settings, mark: Mark) -> None:
    meddle(settings, "DELETE FROM mark")
    assert proved(house) == [f"Mark {mark.id} is not what the log says."]


def test_a_mark_that_was_put_in_is_found(house: House, settings: Settings, mark: Mark) -> None:
    meddle(
        settings,
        "INSERT INTO mark SELECT 'forged', clip_id, author_id, author_role, at_s, text, strokes,"
        " is_public, made_at, is_blind FROM mark",
    )
    assert proved(house) == ["Mark forged is not what the log says."]


# ---- files --------------------------------------------------------------------------------


def looked_at(house: House) -> list[str]:
    with house.store.read() as session:
        return file_problems(session, house.media)


def test_untouched_files_are_whole(house: House) -> None:
    for state in State:
        house.clip(state)
    assert looked_at(house) == []


@pytest.mark.parametrize("shelf", ["held", "public"])
@pytest.mark.parametrize("ending", [".mp4", ".jpg", ".webp"])
def test_a_changed_file_is_found(
    house: House, clip: Clip, shelf: Literal["held", "public"], ending: str
) -> None:
    own = clip.public_sha256 if ending == ".mp4" else clip.pictures[ending]
    name = clip.sha256 if shelf == "held" else own
    house.media.path(shelf, name or "", ending).write_bytes(b"other")
    assert looked_at(house) == [f"The {shelf} {ending} of clip {clip.id} was changed."]


def test_a_missing_file_is_found(house: House, clip: Clip) -> None:
    house.media.path("public", clip.public_sha256 or "", ".mp4").unlink()
    assert looked_at(house) == [f"The public .mp4 of clip {clip.id} is missing."]


def test_a_deleted_clip_is_found(house: House, settings: Settings) -> None:
    clip = house.clip(State.QUEUED)
    meddle(settings, f"DELETE FROM clip WHERE id = '{clip.id}'")  # noqa: S608
    assert any(clip.id in sentence for sentence in proved(house))


def test_a_logged_move_against_the_table_is_found(house: House, clip: Clip) -> None:
    """Written with the key, so that the chain itself is whole."""
    import audit

    with house.store.write() as session:
        body = {"from": "published", "to": "queued", "version": clip.version + 1}
        row = audit.append(session, actor="x", action="retry", subject=clip.id, body=body)
    assert f"Row {row.seq} moves clip {clip.id} against the table of moves." in proved(house)


def test_a_published_clip_with_another_approver_than_its_decision_is_found(
    house: House, settings: Settings, clip: Clip
) -> None:
    """Promise 2: the approval that the clip claims must be the one that was decided."""
    meddle(settings, f"UPDATE clip SET approved_by = '{house.user('rob').id}'")  # noqa: S608
    assert proved(house) != []


def test_a_published_clip_with_other_bytes_than_were_decided_on_is_found(
    house: House, settings: Settings, clip: Clip
) -> None:
    meddle(settings, "UPDATE clip SET sha256 = 'other', approved_sha256 = 'other'")
    assert proved(house) != []


def test_a_rewritten_verdict_is_found(house: House, settings: Settings, clip: Clip) -> None:
    meddle(settings, "UPDATE decision SET verdict = 'reject'")
    assert proved(house) != []


def test_a_deleted_decision_is_found(house: House, settings: Settings, clip: Clip) -> None:
    meddle(settings, "DELETE FROM decision")
    assert proved(house) != []
