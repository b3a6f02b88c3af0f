"""What the published file says of itself, for its page: read out of the file and kept while it stays
as it is.

Knows nothing of pages. Reading takes a thread of its own: a page waits for it a moment and no
longer, and then says that the file is being read.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLong
from threading import Lock
from typing import Final

from gallery.reading import Said, read_said
from media import MediaStore

WAIT_S: Final = 0.025
_MOST: Final = 4096

_Key = tuple[str, int, int]


class Panels:
    """`certificates`: those that count as ours, in PEM; `wait_s`: how long a page waits."""

    def __init__(
        self, media: MediaStore, certificates: Callable[[], bytes], *, wait_s: float = WAIT_S
    ) -> None:
        self._media = media
        self._certificates = certificates
        self._wait_s = wait_s
        self._readers = ThreadPoolExecutor(1, thread_name_prefix="panel")
        self._lock = Lock()
        self._read: OrderedDict[_Key, Future[Said]] = OrderedDict()

    def said(self, public_sha256: str) -> Said | None:
        """What the file says; None while that is not known yet, or there is no file."""
        path = self._media.path("public", public_sha256, ".mp4")
        try:
            found = path.stat()
        except OSError:
            return None
        # A file that was changed in its place is another one: it is read again.
        key = (path.name, found.st_size, found.st_mtime_ns)
        with self._lock:
            reading = self._read.get(key)
            if reading is None:
                reading = self._read[key] = self._readers.submit(
                    read_said, path, self._certificates()
                )
            self._read.move_to_end(key)
            while len(self._read) > _MOST:
                self._read.popitem(last=False)
        try:
            return reading.result(self._wait_s)
        except TooLong:
            return None
        except OSError:  # put on another shelf meanwhile; the next who asks reads it anew
            with self._lock:
                self._read.pop(key, None)
            return None

    def close(self) -> None:
        self._readers.shutdown(wait=False, cancel_futures=True)
