"""The public files of a clip follow its row to another shelf, whatever crashes in between."""

from __future__ import annotations

import pytest
from sqlmodel import select

from gallery import reshelving
from gallery.publish import BytesChanged, check_public
from media import MediaStore, Shelf, sha256_of
from moderation import clips
from moderation.models import Clip, PublicFile, Reshelving, State
from moderation.proof import file_problems
from tests.conftest import House

ENDINGS = {".mp4", ".jpg", ".webp"}


def take_down(house: House, clip: Clip) -> None:
    with house.store.write() as session:
        clips.take_down(session, house.user("lea"), clip.id, reason="copyright", note="")


def restore(house: House, clip: Clip) -> None:
    with house.store.write() as session:
        clips.restore(
            session,
            house.user("ada"),
            clip.id,
            note="",
            check_file=lambda found: check_public(found, house.media),
        )


def settle(house: House) -> None:
    reshelving.settle(house.store, house.media)


def on(house: House, shelf: Shelf, clip: Clip) -> dict[str, str]:
    """What of the clip lies there: sha256 by ending."""
    names = {".mp4": clip.public_sha256 or "", **clip.pictures}
    paths = {end: house.media.path(shelf, name, end) for end, name in names.items()}
    return {end: sha256_of(path) for end, path in paths.items() if path.is_file()}


def files(house: House, clip: Clip) -> list[tuple[str, str]]:
    """Those that really lie on a shelf, by name and ending."""
    with house.store.read() as session:
        named = reshelving.public_files(session, clip)
    return [each for each in named if house.media.released(*each).is_file()]


def waiting(house: House) -> list[str]:
    with house.store.read() as session:
        return list(session.exec(select(Reshelving.clip_id)))


@pytest.fixture
def clip(house: House) -> Clip:
    found = house.clip(State.PUBLISHED)
    assert set(on(house, "public", found)) == ENDINGS
    return found


def test_after_a_take_down_nothing_of_it_is_on_the_public_shelf(house: House, clip: Clip) -> None:
    take_down(house, clip)
    settle(house)
    assert (on(house, "public", clip), set(on(house, "down", clip))) == ({}, ENDINGS)


def test_a_restored_clip_has_its_very_bytes_back(house: House, clip: Clip) -> None:
    before = on(house, "public", clip)
    for act in (take_down, restore):
        act(house, clip)
        settle(house)
    assert (on(house, "public", clip), on(house, "down", clip)) == (before, {})


def test_what_its_creator_withdrew_leaves_the_public_shelf_too(house: House, clip: Clip) -> None:
    with house.store.write() as session:
        clips.withdraw(session, house.user("ana"), clip.id)
    settle(house)
    assert on(house, "public", clip) == {}


def test_the_sweep_makes_good_a_crash_between_the_row_and_the_files(
    house: House, clip: Clip
) -> None:
    take_down(house, clip)  # and here the process dies
    assert waiting(house) == [clip.id]
    settle(house)
    assert (on(house, "public", clip), waiting(house)) == ({}, [])


@pytest.mark.parametrize("moved", [1, 2, 3])
def test_the_sweep_makes_good_a_crash_between_two_files(
    house: House, clip: Clip, moved: int
) -> None:
    take_down(house, clip)
    first = files(house, clip)[:moved]
    house.media.shift(first, "public", "down")  # and here the process dies
    settle(house)
    assert (on(house, "public", clip), set(on(house, "down", clip))) == ({}, ENDINGS)


@pytest.mark.parametrize("moved", [0, 1, 2, 3])
def test_a_restoring_that_was_cut_short_shows_the_clip_meanwhile(
    house: House, clip: Clip, moved: int
) -> None:
    take_down(house, clip)
    settle(house)
    restore(house, clip)
    house.media.shift(files(house, clip)[:moved], "down", "public")
    check_public(clip, house.media)  # every file is there for whoever asks
    settle(house)
    assert set(on(house, "public", clip)) == ENDINGS


def test_bytes_that_another_public_clip_has_too_stay(house: House, clip: Clip) -> None:
    other = house.clip(State.PUBLISHED)
    with house.store.write() as session:
        for row in session.exec(select(PublicFile).where(PublicFile.clip_id == other.id)):
            if row.ending == ".jpg":
                row.sha256 = clip.pictures[".jpg"]
    take_down(house, clip)
    settle(house)
    assert set(on(house, "public", clip)) == {".jpg"}


def test_a_take_down_that_was_overtaken_leaves_the_files_public(house: House, clip: Clip) -> None:
    take_down(house, clip)
    restore(house, clip)
    settle(house)
    assert set(on(house, "public", clip)) == ENDINGS


def test_a_disk_that_refuses_is_tried_again(
    house: House, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("read-only file system")

    take_down(house, clip)
    with monkeypatch.context() as broken:
        broken.setattr(MediaStore, "shift", refuse)
        settle(house)
    assert waiting(house) == [clip.id]
    settle(house)
    assert on(house, "public", clip) == {}


def test_one_clip_that_cannot_be_moved_does_not_keep_the_others(
    house: House, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = house.clip(State.PUBLISHED)
    real = MediaStore.shift

    def refuse_one(media: MediaStore, files: list[tuple[str, str]], *shelves: Shelf) -> None:
        if (clip.public_sha256, ".mp4") in files:
            raise OSError("bad block")
        real(media, files, *shelves)

    for each in (clip, other):
        take_down(house, each)
    monkeypatch.setattr(MediaStore, "shift", refuse_one)
    settle(house)
    assert (waiting(house), on(house, "public", other)) == ([clip.id], {})


def test_publishing_for_the_first_time_moves_nothing(house: House, clip: Clip) -> None:
    assert waiting(house) == []


def test_what_was_put_away_is_proved_as_well(house: House, clip: Clip) -> None:
    take_down(house, clip)
    settle(house)
    with house.store.read() as session:
        assert file_problems(session, house.media) == []
        house.media.path("down", clip.public_sha256 or "", ".mp4").write_bytes(b"swapped")
        assert file_problems(session, house.media) == [
            f"The public .mp4 of clip {clip.id} was changed."
        ]


def test_what_was_changed_while_it_was_put_away_does_not_come_back(
    house: House, clip: Clip
) -> None:
    take_down(house, clip)
    settle(house)
    house.media.path("down", clip.public_sha256 or "", ".mp4").write_bytes(b"swapped")
    with pytest.raises(BytesChanged):
        restore(house, clip)
    assert house.get(clip.id).state == State.TAKEN_DOWN
