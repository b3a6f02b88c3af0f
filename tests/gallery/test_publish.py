"""Making a clip public: exactly the approved bytes, signed, and safe to repeat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from errors import Conflict
from gallery.provenance import REVIEW_LABEL, Signer, read_manifest
from gallery.publish import (
    BytesChanged,
    Studio,
    check_public,
    make_public,
    sign_reviewed,
)
from gallery.xmp import boxes
from media import sha256_of
from moderation import desk
from moderation.models import Clip, PublicFile, State
from settings import Settings
from tests.conftest import House

PICTURES = ("poster", "strip")


@pytest.fixture
def signer(settings: Settings) -> Signer:
    return Signer(settings.keys_folder, "Greenlight/test")


def files(
    house: House, signer: Signer, clip_id: str, *, marks_corner: bool = False
) -> dict[str, PublicFile]:
    """The rows of a clip's public files by their kind, and the files on the shelf."""
    with house.store.read() as session:
        clip = session.get_one(Clip, clip_id)
        rows = sign_reviewed(session, clip, Studio(house.media, signer, marks_corner))
    return {row.kind: row for row in rows}


def sign(house: House, signer: Signer, clip_id: str) -> str:
    return files(house, signer, clip_id)["video"].sha256


def publish(house: House, clip_id: str, made: dict[str, PublicFile]) -> bool:
    with house.store.write() as session:
        video = made["video"].sha256 if made else "other"
        return make_public(session, clip_id, video, list(made.values()))


def content(path: Path, kind: bytes) -> bytes:
    """What is in the box of that kind."""
    at, size = next((at, size) for found, at, size in boxes(path) if found == kind)
    return path.read_bytes()[at + 8 : at + size]


def path_of(house: House, row: PublicFile) -> Path:
    return house.media.path("public", row.sha256, row.ending)


def change(house: House, clip: Clip, **values: Any) -> None:
    with house.store.write() as session:
        session.execute(update(Clip).where(col(Clip.id) == clip.id).values(**values))


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
    made = files(house, signer, clip.id)
    found = {made[kind].ending: sha256_of(path_of(house, made[kind])) for kind in PICTURES}
    assert found == clip.pictures


def test_every_public_file_is_named_by_its_own_bytes(house: House, signer: Signer) -> None:
    made = files(house, signer, house.clip(State.APPROVED).id)
    found = {kind: sha256_of(path_of(house, row)) for kind, row in made.items()}
    assert found == {kind: row.sha256 for kind, row in made.items()}
    assert set(made) == {"video", "light", "poster", "poster_webp", "strip"}


def test_no_prompt_that_its_author_keeps_is_in_any_public_file(
    house: House, signer: Signer
) -> None:
    clip = house.clip(State.APPROVED)
    change(house, clip, shares_prompt=False)
    made = files(house, signer, clip.id)
    told = [kind for kind, row in made.items() if b"red ball" in path_of(house, row).read_bytes()]
    assert told == []


def test_a_shared_prompt_is_not_in_the_file_either(house: House, signer: Signer) -> None:
    """Its creator may stop sharing it, and a file that somebody has stays as it is."""
    clip = house.clip(State.APPROVED)
    video = path_of(house, files(house, signer, clip.id)["video"])
    report = read_manifest(video)
    assert report["manifests"][report["active_manifest"]]["title"] == "Untitled"
    assert clip.prompt.encode() not in video.read_bytes()


def test_a_title_stands_in_the_file(house: House, signer: Signer) -> None:
    clip = house.clip(State.APPROVED)
    change(house, clip, title="Ball & Night")
    video = path_of(house, files(house, signer, clip.id)["video"])
    report = read_manifest(video)
    assert report["manifests"][report["active_manifest"]]["title"] == "Ball & Night"
    assert b"Ball &amp; Night" in video.read_bytes()  # in the XMP
    assert b"red ball" not in video.read_bytes()


def test_the_credit_is_as_it_was_chosen(house: House, signer: Signer) -> None:
    clip = house.clip(State.APPROVED)
    others = [{"name": "Zoë", "role": "words", "link": "https://zoe.example"}]
    change(house, clip, credits=others)
    video = path_of(house, files(house, signer, clip.id)["video"])
    report = read_manifest(video)
    manifest = report["manifests"][report["active_manifest"]]
    said = {entry["label"]: entry["data"] for entry in manifest["assertions"]}[REVIEW_LABEL]
    assert (said["creator"], said["credits"]) == ("ana", others)
    assert "<rdf:li>ana</rdf:li><rdf:li>Zoë</rdf:li>".encode() in video.read_bytes()


def test_the_pictures_of_the_public_file_are_the_reviewed_ones(
    house: House, signer: Signer
) -> None:
    clip = house.clip(State.APPROVED)
    held = house.media.path("held", clip.sha256 or "", ".mp4")
    public = house.media.path("public", sign(house, signer, clip.id), ".mp4")
    assert content(public, b"mdat") == content(held, b"mdat")


def test_a_mark_in_the_corner_is_told_of_in_the_manifest(house: House, signer: Signer) -> None:
    clip = house.clip(State.APPROVED)
    row = files(house, signer, clip.id, marks_corner=True)["video"]
    report = read_manifest(path_of(house, row))
    manifest = report["manifests"][report["active_manifest"]]
    said = {entry["label"]: entry["data"] for entry in manifest["assertions"]}
    actions = [each["action"] for each in said["c2pa.actions.v2"]["actions"]]
    assert report["validation_state"] == "Valid"
    assert actions == ["c2pa.created", "c2pa.edited"]
    assert said[REVIEW_LABEL]["reviewed_sha256"] == clip.sha256


def test_public_files_that_were_left_alone_are_fine(house: House) -> None:
    check_public(house.clip(State.PUBLISHED), house.media)


@pytest.mark.parametrize("ending", [".mp4", ".jpg", ".webp"])
def test_a_changed_public_file_is_refused(house: House, ending: str) -> None:
    clip = house.clip(State.PUBLISHED)
    name = clip.public_sha256 if ending == ".mp4" else clip.pictures[ending]
    house.media.path("public", name or "", ending).write_bytes(b"other")
    with pytest.raises(BytesChanged):
        check_public(clip, house.media)


def test_pictures_of_earlier_versions_are_found_beside_their_video(house: House) -> None:
    clip = house.clip(State.PUBLISHED)
    for ending, sha256 in clip.pictures.items():
        own = house.media.path("public", sha256, ending)
        own.rename(house.media.path("public", clip.public_sha256 or "", ending))
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
    assert publish(house, clip.id, files(house, signer, clip.id))


def test_publishing_flips_the_clip(house: House, signer: Signer) -> None:
    clip = house.clip(State.APPROVED)
    made = files(house, signer, clip.id)
    assert publish(house, clip.id, made)
    after = house.get(clip.id)
    assert (after.state, after.public_sha256) == ("published", made["video"].sha256)
    assert after.published_at is not None


def test_publishing_twice_changes_nothing(house: House, signer: Signer) -> None:
    clip = house.clip(State.APPROVED)
    publish(house, clip.id, files(house, signer, clip.id))
    before = house.get(clip.id)
    assert not publish(house, clip.id, {})
    assert house.get(clip.id) == before


def test_a_clip_that_was_taken_down_meanwhile_stays_down(house: House) -> None:
    clip = house.clip(State.TAKEN_DOWN)
    assert not publish(house, clip.id, {})
    assert house.get(clip.id).state == "taken_down"


def test_no_drafts_are_left(house: House, signer: Signer) -> None:
    clip = house.clip(State.APPROVED)
    sign(house, signer, clip.id)
    assert not [path for path in (house.media.folder / "work").iterdir() if "publish" in path.name]
