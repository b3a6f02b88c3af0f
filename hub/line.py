"""The app's end of the talk with the Hub: a process that is started, asked, and killed when late.

Knows nothing of what the commands do (call.py) or of why they are given (keeper.py).
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, cast

_ROOT: Final = Path(__file__).resolve().parent.parent
_PIECE: Final = 64 * 1024


class HubFailed(Exception):
    """The Hub did not do it. `code` names a sentence in the catalogues, `hub.trouble.<code>`."""

    def __init__(self, code: str, *, status: int = 0, wait_s: float = 0.0) -> None:
        super().__init__(code)
        self.code, self.status, self.wait_s = code, status, wait_s


class Line:
    """One process, for as long as a batch takes. Use it with `with`."""

    def __init__(self, *, endpoint: str, token: str, repo: str, deadline_s: float) -> None:
        self._deadline_s = deadline_s
        self._child = subprocess.Popen(
            [sys.executable, "-m", "hub.call"],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # What a library says may hold what it was asked with; what we need is in the answers.
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,  # a Ctrl-C at the terminal is for the app to deal with
        )
        self._rest = b""
        self._first = {"endpoint": endpoint, "token": token, "repo": repo}

    def __enter__(self) -> Line:
        try:
            self._exchange(self._first)  # by the pipe: others here can read a command line
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def ask(self, command: str, **what: Any) -> dict[str, Any]:
        """Raises HubFailed, also when no answer comes in time; the process is of no use then."""
        return self._exchange({"do": command, **what})

    def cut(self) -> None:
        """From another thread: whoever waits for an answer gets none."""
        self._child.kill()

    def close(self) -> None:
        self._child.kill()
        with self._child:
            pass  # waits, and closes the pipes

    def _exchange(self, asked: dict[str, Any]) -> dict[str, Any]:
        try:
            cast(IO[bytes], self._child.stdin).write(json.dumps(asked).encode() + b"\n")
        except OSError as error:
            raise HubFailed("died") from error
        answer: dict[str, Any] = json.loads(self._read_line())
        if "failure" in answer:
            raise HubFailed(answer["failure"], status=answer["status"], wait_s=answer["wait_s"])
        return answer

    def _read_line(self) -> bytes:
        source = cast(IO[bytes], self._child.stdout)
        ends_at = time.monotonic() + self._deadline_s
        with selectors.DefaultSelector() as selector:
            selector.register(source, selectors.EVENT_READ)
            while b"\n" not in self._rest:
                left = ends_at - time.monotonic()
                if left <= 0 or not selector.select(left):
                    self._child.kill()
                    raise HubFailed("too_slow")
                piece = os.read(source.fileno(), _PIECE)
                if not piece:
                    raise HubFailed("died")
                self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return line
