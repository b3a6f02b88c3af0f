"""The secrets of one instance: made at the first start, kept in DATA/keys, readable by the owner.

Knows nothing of what they are for. They never enter a log, a page, an address or the repository.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def read_key(folder: Path, name: str) -> bytes:
    """The random key called `name`, 32 bytes, made at first use."""
    return keep(folder, name, lambda: secrets.token_bytes(32))


def keep(folder: Path, name: str, make: Callable[[], bytes]) -> bytes:
    """The secret called `name`, made once. Of two that make it at once, both get the same one."""
    path = folder / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = folder / f".{name}.{secrets.token_hex(4)}"
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # whole or not at all, and never over one that is there
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_bytes()
