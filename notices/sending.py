"""What every way of sending shares: how a try fails, and the time after which it is cut.

Knows nothing of what is said. A timeout of a socket starts anew with every byte that drips in; the
deadline here does not.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from types import TracebackType


class NotSent(Exception):
    """One try to send did not succeed. `code` is for the outbox and the settings form;
    `is_final` says that no other try would."""

    def __init__(self, code: str, *, is_final: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.is_final = is_final


class Deadline:
    """`with Deadline(15) as deadline:` cuts every connection it was given to hold after 15 s.

    `cut` may be called from another thread, to end the conversation at once.
    """

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._timer = threading.Timer(seconds, self.cut)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._twin: socket.socket | None = None
        self._is_cut = False

    def __enter__(self) -> Deadline:
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        with self._lock:
            if self._twin is not None:
                self._twin.close()
                self._twin = None

    @property
    def is_over(self) -> bool:
        return self._is_cut or time.monotonic() >= self._ends

    def left_s(self) -> float:
        """Seconds until the end. Raises TimeoutError after it."""
        if self.is_over:
            raise TimeoutError
        return max(0.001, self._ends - time.monotonic())

    def hold(self, connection: socket.socket) -> None:
        """Take care of a connection. Raises TimeoutError when it came too late."""
        # Another handle on the same connection: shutting down a TLS socket itself pulls it away
        # from under the thread that reads it.
        twin = socket.socket(fileno=os.dup(connection.fileno()))
        with self._lock:
            if self._twin is not None:
                self._twin.close()
            self._twin = twin
        if self._is_cut:
            self.cut()
            raise TimeoutError

    def cut(self) -> None:
        self._is_cut = True
        with self._lock:
            if self._twin is not None:
                with contextlib.suppress(OSError):  # the other side was faster
                    self._twin.shutdown(socket.SHUT_RDWR)
