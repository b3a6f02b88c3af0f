"""What is put on the public shelf goes from it again where nothing was published."""

from __future__ import annotations

import hashlib
from pathlib import Path

from gallery import shelving
from moderation.models import PublicFile, State
from tests.conftest import House


def draft(house: House, text: str) -> tuple[Path, str]:
    path = house.media.work_folder(f"draft-{text}") / "a.mp4"
    path.write_text(text, encoding="utf-8")
    return path, hashlib.sha256(text.encode()).hexdigest()


def lies(house: House, text: str) -> bool:
    name = hashlib.sha256(text.encode()).hexdigest()
    return house.media.path("public", name, ".mp4").is_file()


def row(house: House, clip_id: str, text: str) -> None:
    name = hashlib.sha256(text.encode()).hexdigest()
    with house.store.write() as session:
        session.add(PublicFile(clip_id=clip_id, kind="light", sha256=name, ending=".mp4"))


def test_files_of_a_try_that_published_nothing_go(house: House) -> None:
    shelving.put(house.media, "one", [draft(house, "a")])
    shelving.settle(house.media, house.store, "one")
    assert not lies(house, "a")


def test_files_that_were_published_stay(house: House) -> None:
    clip = house.clip(State.PUBLISHED)
    shelving.put(house.media, "one", [draft(house, "a")])
    row(house, clip.id, "a")
    shelving.settle(house.media, house.store, "one")
    assert lies(house, "a")


def test_a_published_file_that_another_clips_take_down_moved_comes_back(house: House) -> None:
    clip = house.clip(State.PUBLISHED)
    shelving.put(house.media, "one", [draft(house, "a")])
    name = hashlib.sha256(b"a").hexdigest()
    house.media.shift([(name, ".mp4")], "public", "down")
    row(house, clip.id, "a")
    shelving.settle(house.media, house.store, "one")
    assert lies(house, "a")


def test_a_file_that_another_try_has_put_too_stays_until_that_is_over(house: House) -> None:
    shelving.put(house.media, "one", [draft(house, "a")])
    shelving.put(house.media, "two", [draft(house, "a")])
    shelving.settle(house.media, house.store, "one")
    assert lies(house, "a")
    shelving.settle(house.media, house.store, "two")
    assert not lies(house, "a")


def test_a_start_ends_every_try_that_was_cut_off(house: House) -> None:
    for name in ("one", "two"):
        shelving.put(house.media, name, [draft(house, name)])
    shelving.settle_all(house.media, house.store)
    assert (lies(house, "one"), lies(house, "two")) == (False, False)
    assert list((house.media.folder / "work" / "shelving").iterdir()) == []


def test_a_deleted_clip_takes_its_files_along_and_nobody_elses(house: House) -> None:
    gone, stays = house.clip(State.WITHDRAWN), house.clip(State.PUBLISHED)
    for text in ("own", "shared"):
        shelving.put(house.media, text, [draft(house, text)])
    with house.store.write() as session:
        for clip_id, kind, text in (
            (gone.id, "video", "own"),
            (gone.id, "light", "shared"),
            (stays.id, "light", "shared"),
        ):
            name = hashlib.sha256(text.encode()).hexdigest()
            session.add(PublicFile(clip_id=clip_id, kind=kind, sha256=name, ending=".mp4"))
    shelving.settle_all(house.media, house.store)
    with house.store.write() as session:
        shelving.forget(session, house.media, gone)
    assert (lies(house, "own"), lies(house, "shared")) == (False, True)
