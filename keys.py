"""The secrets of one instance: made at the first start, kept in DATA/keys, readable by the owner.

Knows nothing of what they sign. They never enter a log, a page, an address or the repository.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def read_key(folder: Path, name: str, size: int = 32) -> bytes:
    """The key called `name`, made at first use. Two starts at once agree on one key."""
    path = folder / name
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        draft = folder / f".{name}.{secrets.token_hex(4)}"
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(size))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_bytes()
