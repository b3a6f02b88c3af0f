"""The shelves of files: named by content, written whole, drafts cleared."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from media import MediaStore, sha256_of

SHA = "ab" + "0" * 62


@pytest.fixture
def media(tmp_path: Path) -> MediaStore:
    return MediaStore(tmp_path / "media")


def draft(media: MediaStore, content: bytes = b"bytes", ending: str = ".mp4") -> Path:
    path = media.work_folder("job") / f"clip{ending}"
    path.write_bytes(content)
    return path


def test_a_file_is_named_by_its_shelf_and_its_content(media: MediaStore) -> None:
    path = media.put(draft(media), "held", SHA)
    assert path == media.folder / "held" / "ab" / f"{SHA}.mp4"
    assert path.read_bytes() == b"bytes"


def test_the_draft_is_moved_and_not_copied(media: MediaStore) -> None:
    made = draft(media)
    media.put(made, "held", SHA)
    assert not made.exists()


def test_a_held_file_is_not_on_the_public_shelf(media: MediaStore) -> None:
    media.put(draft(media), "held", SHA)
    assert not media.path("public", SHA, ".mp4").exists()


def test_putting_a_file_twice_is_the_same_as_once(media: MediaStore) -> None:
    media.put(draft(media), "held", SHA)
    path = media.put(draft(media), "held", SHA)
    assert [found for found in media.folder.rglob("*") if found.is_file()] == [path]


def test_the_endings_of_one_clip_stand_side_by_side(media: MediaStore) -> None:
    paths = [media.put(draft(media, ending=e), "held", SHA) for e in (".mp4", ".jpg", ".webp")]
    assert len({path.parent for path in paths}) == 1
    assert len(set(paths)) == 3


def test_a_work_folder_starts_empty(media: MediaStore) -> None:
    draft(media)
    assert list(media.work_folder("job").iterdir()) == []


def test_work_folders_of_two_jobs_do_not_meet(media: MediaStore) -> None:
    made = draft(media)
    media.work_folder("other")
    assert made.exists()


def test_a_missing_draft_is_an_error(media: MediaStore) -> None:
    with pytest.raises(FileNotFoundError):
        media.put(media.folder / "work" / "missing.mp4", "held", SHA)


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1])
def test_the_sha256_is_that_of_the_whole_file(tmp_path: Path, size: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * size)
    assert sha256_of(path) == hashlib.sha256(b"x" * size).hexdigest()
