"""A small disk of its own in memory, which a test can fill, empty, and take away.

Knows nothing of what lies on it. Mounting needs root; where that cannot be had the tests that need
such a disk say so and are left out.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest


class SmallDisk:
    """A file system of `mib` mebibytes, mounted at `folder`."""

    def __init__(self, folder: Path, mib: int) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        _mount("-t", "tmpfs", "-o", f"size={mib}m,mode=700", "tmpfs", str(folder))
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """To the last byte."""
        block = b"\0" * 65536
        with self._ballast.open("ab", buffering=0) as file:
            try:
                while file.write(block):
                    pass
            except OSError:
                return

    def make_room(self) -> None:
        """What fill() took. Safe to repeat."""
        self._ballast.unlink(missing_ok=True)

    def freeze(self) -> None:
        """Let nothing be written any more. Only while nobody has a file open for writing."""
        _mount("-o", "remount,ro", str(self.folder))

    def thaw(self) -> None:
        _mount("-o", "remount,rw", str(self.folder))

    def close(self) -> None:
        """Also while somebody still looks at it."""
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)


def can_mount() -> bool:
    """Whether this user may; asked by doing it."""
    if os.geteuid() != 0:
        return False
    tried = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False)
    return tried.returncode == 0


needs_root = pytest.mark.skipif(
    not can_mount(), reason="a small disk of its own must be mounted, which needs root"
)


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)
