"""Where the bytes of clips live: a folder of content-addressed files, written whole or not at all.

Knows nothing of clips, states or people: who may read a file is decided before it is opened.
Files in `held/` are what reviewers see, files in `public/` what was published, files in `frames/`
pictures that clips begin with, which nobody is ever shown, files in `down/` what was public and is
no more. Of a clip that is being made there is also a `preview` and what a restart goes on from
(`kept`); both go when it is made.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

Shelf = Literal["held", "public", "frames", "down"]


class MediaStore:
    """Files on a local disk under `folder`, named `<shelf>/<sha256[:2]>/<sha256>.<ending>`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "work").mkdir(parents=True, exist_ok=True)

    def work_folder(self, name: str) -> Path:
        """An empty folder for one job's drafts; what a crashed try left there is removed."""
        folder = self.folder / "work" / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    @contextmanager
    def working(self, name: str) -> Iterator[Path]:
        """A work folder for as long as the block runs; drafts that went nowhere go with it."""
        folder = self.work_folder(name)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def preview(self, clip_id: str) -> Path:
        """Where the latest look at a clip in the making lies, if there is one."""
        return self.folder / "work" / "previews" / f"{clip_id}.jpg"

    def kept(self, clip_id: str) -> Path:
        """A folder that outlives the process, for what the making of one clip goes on from."""
        return self.folder / "work" / "kept" / clip_id

    def in_the_making(self) -> set[str]:
        """Ids of the clips of which a preview or a kept folder lies here."""
        work = self.folder / "work"
        previews = {path.stem for path in (work / "previews").glob("*")}
        return previews | {path.name for path in (work / "kept").glob("*")}

    def forget_making(self, clip_id: str) -> None:
        """The clip is made, or never will be: nothing of its making stays."""
        self.preview(clip_id).unlink(missing_ok=True)
        shutil.rmtree(self.kept(clip_id), ignore_errors=True)

    def put(self, draft: Path, shelf: Shelf, sha256: str) -> Path:
        """Move a finished file to its shelf. Safe to repeat: the name is the content."""
        path = self.path(shelf, sha256, draft.suffix)
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(path)
        return path

    def shift(self, files: Iterable[tuple[str, str]], source: Shelf, target: Shelf) -> None:
        """Move files, each named by sha256 and ending, to another shelf. Safe to repeat: what is
        there already stays, and what is on neither is left to whoever looks for it."""
        folders: set[Path] = set()
        for sha256, ending in files:
            old, new = self.path(source, sha256, ending), self.path(target, sha256, ending)
            if old.is_file():
                new.parent.mkdir(parents=True, exist_ok=True)
                old.replace(new)
                folders |= {new.parent, old.parent}
        for folder in folders:
            _sync(folder)

    def released(self, sha256: str, ending: str) -> Path:
        """Where a file that was published lies: on the public shelf, or put away from it. Whether
        anybody may have it, its clip's state says; files follow a moment later."""
        public = self.path("public", sha256, ending)
        return public if public.is_file() else self.path("down", sha256, ending)

    def path(self, shelf: Shelf, sha256: str, ending: str) -> Path:
        return self.folder / shelf / sha256[:2] / f"{sha256}{ending}"

    def picture(self, sha256: str, ending: str, *, beside: str) -> Path:
        """Where a picture that was published lies: under its own name; those of earlier versions
        lie `beside` their video, under its name."""
        path, older = self.released(sha256, ending), self.released(beside, ending)
        return older if older.is_file() and not path.is_file() else path

    def address_of(self, shelf: Shelf, sha256: str, ending: str) -> str | None:
        """An address at which a store elsewhere hands the file out for a few seconds, to whoever has
        it. None: a local disk has none, and the bytes go through us. Asked for published files
        only, each time anew."""
        return None


def _sync(folder: Path) -> None:
    """Have the names in a folder on the disk before anything relies on them."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
