"""What the schema itself refuses, whatever code or person writes: raw SQL against real rows."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, text

from moderation.models import Clip, State, Verdict
from store import utc_now
from tests.conftest import House

PUBLISH = (
    "UPDATE clip SET state = 'published', public_sha256 = 'p',"
    " published_at = '2026-01-01 00:00:00.000000', "
)


def write(house: House, statement: str, **values: object) -> None:
    with house.store.write() as session:
        session.execute(text(statement), values)


@pytest.mark.parametrize("state", [State.APPROVED, State.PUBLISHED, State.TAKEN_DOWN])
def test_no_clip_gets_there_without_an_approver(house: House, state: State) -> None:
    clip = house.clip()
    with pytest.raises(IntegrityError, match="clip_approved_by_another"):
        write(
            house,
            "UPDATE clip SET state = :state, approved_sha256 = sha256, public_sha256 = 'p',"
            " published_at = '2026-01-01 00:00:00.000000' WHERE id = :id",
            state=state.value,
            id=clip.id,
        )


def test_a_clip_approved_by_its_creator_is_not_published(house: House) -> None:
    clip = house.clip()
    with pytest.raises(IntegrityError, match="clip_approved_by_another"):
        write(
            house,
            PUBLISH + "approved_by = creator_id, approved_sha256 = sha256 WHERE id = :id",
            id=clip.id,
        )


def test_a_clip_with_other_bytes_than_the_approved_is_not_published(house: House) -> None:
    clip = house.clip()
    with pytest.raises(IntegrityError, match="clip_approved_by_another"):
        write(
            house,
            PUBLISH + "approved_by = :rita, approved_sha256 = 'other' WHERE id = :id",
            rita=house.user("rita").id,
            id=clip.id,
        )


@pytest.mark.parametrize("missing", ["sha256", "approved_sha256"])
def test_a_clip_without_a_sha256_is_not_published(house: House, missing: str) -> None:
    """NULL = NULL is unknown in SQL, and a CHECK lets pass what is unknown."""
    clip = house.clip(State.PUBLISHED)
    with pytest.raises(IntegrityError):
        write(house, f"UPDATE clip SET {missing} = NULL WHERE id = :id", id=clip.id)  # noqa: S608


def test_the_approver_of_a_published_clip_cannot_become_its_creator(house: House) -> None:
    clip = house.clip(State.PUBLISHED)
    with pytest.raises(IntegrityError, match="clip_approved_by_another"):
        write(house, "UPDATE clip SET creator_id = approved_by WHERE id = :id", id=clip.id)


def test_the_bytes_of_a_published_clip_cannot_be_exchanged(house: House) -> None:
    clip = house.clip(State.PUBLISHED)
    with pytest.raises(IntegrityError, match="clip_approved_by_another"):
        write(house, "UPDATE clip SET sha256 = 'other' WHERE id = :id", id=clip.id)


@pytest.mark.parametrize("missing", ["public_sha256", "published_at"])
def test_a_published_clip_has_its_file_and_its_time(house: House, missing: str) -> None:
    clip = house.clip(State.PUBLISHED)
    with pytest.raises(IntegrityError, match="clip_published_whole"):
        write(house, f"UPDATE clip SET {missing} = NULL WHERE id = :id", id=clip.id)  # noqa: S608


def test_an_unknown_state_is_refused(house: House) -> None:
    clip = house.clip()
    with pytest.raises(IntegrityError, match="clip_state"):
        write(house, "UPDATE clip SET state = 'public' WHERE id = :id", id=clip.id)


@pytest.mark.parametrize("column", ["creator_id", "claimed_by"])
def test_a_clip_names_only_people_who_exist(house: House, column: str) -> None:
    clip = house.clip()
    with pytest.raises(IntegrityError, match="FOREIGN KEY"):
        write(house, f"UPDATE clip SET {column} = 'nobody' WHERE id = :id", id=clip.id)  # noqa: S608


def test_a_version_gets_one_decision(house: House) -> None:
    clip = house.clip()
    house.decide("rita", clip, Verdict.REJECT, "violence")
    again = (
        "INSERT INTO decision SELECT 'second', clip_id, clip_version, 'approve', reasons, note,"
        " internal_note, policy_version, sha256, reviewer_id, reviewer_role, waited_s, decided_at,"
        " stage, advised FROM decision WHERE clip_id = :id"
    )
    with pytest.raises(IntegrityError, match=r"UNIQUE|only ever added"):
        write(house, again, id=clip.id)


def test_an_unknown_verdict_is_refused(house: House) -> None:
    clip = house.clip(State.REJECTED)
    insert = (
        "INSERT INTO decision SELECT 'second', clip_id, clip_version + 1, 'perhaps', reasons, note,"
        " internal_note, policy_version, sha256, reviewer_id, reviewer_role, waited_s, decided_at,"
        " stage, advised FROM decision WHERE clip_id = :id"
    )
    with pytest.raises(IntegrityError, match="decision_verdict"):
        write(house, insert, id=clip.id)


def test_a_published_clip_is_accepted_when_all_is_there(house: House) -> None:
    clip = house.clip()
    write(
        house,
        PUBLISH + "approved_by = :rita, approved_sha256 = sha256 WHERE id = :id",
        rita=house.user("rita").id,
        id=clip.id,
    )
    assert house.get(clip.id).state == "published"


def test_no_error_is_stored_as_null_and_not_as_json(house: House) -> None:
    clip = house.clip(State.QUEUED)

    def is_null(session: Session) -> object:
        return session.scalar(
            text("SELECT error IS NULL FROM clip WHERE id = :id"), {"id": clip.id}
        )

    with house.store.read() as session:
        assert is_null(session) == 1


def test_ids_are_too_many_to_guess(house: House) -> None:
    with house.store.read():
        ids = {
            Clip(
                creator_id="x",
                prompt="",
                preset="",
                model="",
                seed=0,
                num_frames=1,
                width=1,
                height=1,
                fps=1,
                num_inference_steps=1,
                guidance_scale=1,
            ).id
            for _ in range(100)
        }
    assert len(ids) == 100
    assert all(len(each) == 16 for each in ids)


def test_times_of_a_clip_come_back_aware(house: House) -> None:
    clip = house.clip(State.PUBLISHED)
    assert clip.published_at is not None
    assert clip.published_at <= utc_now()
