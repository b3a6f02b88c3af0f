"""Sending a file from its beginning to its end, or not at all.

Knows nothing of who may have it. A take-down or a restoring moves a clip's files while somebody asks
for them: what is open is sent whole, under whatever name it has by then.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, Final

from fastapi.responses import FileResponse
from starlette.types import Receive, Scope, Send

from errors import NotFound

_TRIES: Final = 5
_HANDLES: Final = Path("/dev/fd")


def opened(where: Callable[[], Path]) -> BinaryIO:
    """The file that is there; looked for anew when it was moved before it could be opened. Raises
    NotFound."""
    for _ in range(_TRIES):
        try:
            return where().open("rb")
        except (FileNotFoundError, NotADirectoryError):
            continue
    raise NotFound()


class OpenFile(FileResponse):
    """The answer with an open file, which is closed afterwards; ranges work."""

    def __init__(self, file: BinaryIO, *, media_type: str, headers: Mapping[str, str]) -> None:
        # The handle as a path, where a system has such: the file itself may have another by now.
        path = str(_HANDLES / str(file.fileno())) if _HANDLES.is_dir() else str(file.name)
        facts = os.fstat(file.fileno())
        super().__init__(path, headers=headers, media_type=media_type, stat_result=facts)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._file:
            await super().__call__(scope, receive, send)
