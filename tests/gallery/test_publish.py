"""Making a clip public: exactly the approved bytes, signed, and safe to repeat."""

from __future__ import annotations

import pytest

from errors import Conflict
from gallery.provenance import REVIEW_LABEL, Signer, read_manifest
from gallery.publish import BytesChanged, check_public, make_public, sign_reviewed
from media import sha256_of
from moderation import desk
from moderation.models import Clip, State
from settings import Settings
from tests.conftest import House


@pytest.fixture
def signer(settings: Settings) -> Signer:
    return Signer(settings.keys_folder, "Greenlight/test")


def sign(house: House, signer: Signer, clip_id: str) -> str:
    with house.store.read() as session:
        clip = session.get_one(Clip, clip_id)
        return sign_reviewed(session, clip, media=house.media, signer=signer)


def publish(house: House, clip_id: str, public_sha256: str) -> bool:
    with house.store.write() as session:
        return make_public(session, clip_id, public_sha256)


def test_the_signed_file_stands_on_the_public_shelf(house: House, signer: Signer) -> None:
    done = sign(house, signer, house.clip(State.APPROVED).id)
    assert sha256_of(house.media.path("public", done, ".mp4")) == done


def test_the_signed_file_is_bound_to_its_decision(house: House, signer: Signer) -> None:
    clip = house.clip(State.APPROVED)
    report = read_manifest(house.media.path("public", sign(house, signer, clip.id), ".mp4"))
    manifest = report["manifests"][report["active_manifest"]]
    said = {entry["label"]: entry["data"] for entry in manifest["assertions"]}[REVIEW_LABEL]
    with house.store.read() as session:
        (decision,) = desk.decisions(session, clip.id)
    assert (said["decision_id"], said["reviewed_sha256"]) == (decision.id, clip.sha256)


def test_the_reviewed_file_stays_as_it_is(house: House, signer: Signer) -> None:
    clip = house.clip(State.APPROVED)
    sign(house, signer, clip.id)
    assert sha256_of(house.media.path("held", clip.sha256 or "", ".mp4")) == clip.sha256


def test_changed_bytes_are_refused(house: House, signer: Signer) -> None:
    clip = house.clip(State.APPROVED)
    held = house.media.path("held", clip.sha256 or "", ".mp4")
    held.write_bytes(held.read_bytes()[:-1] + b"!")
    with pytest.raises(BytesChanged, match=f"it should be {clip.sha256}"):
        sign(house, signer, clip.id)
    assert not (house.media.folder / "public").exists()


@pytest.mark.parametrize("ending", [".jpg", ".webp"])
def test_a_changed_picture_is_refused(house: House, signer: Signer, ending: str) -> None:
    clip = house.clip(State.APPROVED)
    house.media.path("held", clip.sha256 or "", ending).write_bytes(b"another picture")
    with pytest.raises(BytesChanged, match=f"The {ending} of clip {clip.id}"):
        sign(house, signer, clip.id)
    assert not (house.media.folder / "public").exists()


def test_a_file_that_is_gone_is_refused(house: House, signer: Signer) -> None:
    clip = house.clip(State.APPROVED)
    house.media.path("held", clip.sha256 or "", ".mp4").unlink()
    with pytest.raises((BytesChanged, FileNotFoundError)):
        sign(house, signer, clip.id)


def test_the_pictures_are_published_with_the_clip(house: House, signer: Signer) -> None:
    clip = house.clip(State.APPROVED)
    done = sign(house, signer, clip.id)
    found = {e: sha256_of(house.media.path("public", done, e)) for e in (".jpg", ".webp")}
    assert found == clip.pictures


def test_public_files_that_were_left_alone_are_fine(house: House) -> None:
    check_public(house.clip(State.PUBLISHED), house.media)


@pytest.mark.parametrize("ending", [".mp4", ".jpg", ".webp"])
def test_a_changed_public_file_is_refused(house: House, ending: str) -> None:
    clip = house.clip(State.PUBLISHED)
    house.media.path("public", clip.public_sha256 or "", ending).write_bytes(b"other")
    with pytest.raises(BytesChanged):
        check_public(clip, house.media)


def test_only_an_approved_clip_is_signed(house: House, signer: Signer) -> None:
    signed = []
    for state in State:
        clip = house.clip(state)
        try:
            sign(house, signer, clip.id)
        except (BytesChanged, Conflict, FileNotFoundError):
            continue
        signed.append(state)
    assert signed == [State.APPROVED]


def test_signing_can_be_repeated_after_a_crash(house: House, signer: Signer) -> None:
    clip = house.clip(State.APPROVED)
    sign(house, signer, clip.id)
    assert publish(house, clip.id, sign(house, signer, clip.id))


def test_publishing_flips_the_clip(house: House, signer: Signer) -> None:
    clip = house.clip(State.APPROVED)
    done = sign(house, signer, clip.id)
    assert publish(house, clip.id, done)
    after = house.get(clip.id)
    assert (after.state, after.public_sha256) == ("published", done)
    assert after.published_at is not None


def test_publishing_twice_changes_nothing(house: House, signer: Signer) -> None:
    clip = house.clip(State.APPROVED)
    done = sign(house, signer, clip.id)
    publish(house, clip.id, done)
    before = house.get(clip.id)
    assert not publish(house, clip.id, "other")
    assert house.get(clip.id) == before


def test_a_clip_that_was_taken_down_meanwhile_stays_down(house: House) -> None:
    clip = house.clip(State.TAKEN_DOWN)
    assert not publish(house, clip.id, "other")
    assert house.get(clip.id).state == "taken_down"


def test_no_drafts_are_left(house: House, signer: Signer) -> None:
    clip = house.clip(State.APPROVED)
    sign(house, signer, clip.id)
    assert not [path for path in (house.media.folder / "work").iterdir() if "publish" in path.name]
