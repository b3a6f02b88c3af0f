"""Where the bytes of clips live: a folder of content-addressed files, written whole or not at all.

Knows nothing of clips, states or people: who may read a file is decided before it is opened.
Files in `held/` are what reviewers see, files in `public/` what was published.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

Shelf = Literal["held", "public"]


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

    def put(self, draft: Path, shelf: Shelf, sha256: str) -> Path:
        """Move a finished file to its shelf. Safe to repeat: the name is the content."""
        path = self.path(shelf, sha256, draft.suffix)
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(path)
        return path

    def path(self, shelf: Shelf, sha256: str, ending: str) -> Path:
        return self.folder / shelf / sha256[:2] / f"{sha256}{ending}"


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
