"""The app's side of the process that looks at clips (child.py): asked, bounded, and ended for sure.

Knows nothing of what the checks look for. A thread that hangs cannot be ended, and native code
that reads a video can hang; a process can be killed, and the next clip gets a fresh one.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any, Final, cast

log = logging.getLogger("greenlight.screening")

CHECKS: Final = ("prompt", "likeness", "picture", "flashing", "nudity")
LIMIT_S: Final = 20.0
"""Longest look at one clip; bench/screening.py says what the largest ones take."""

_ROOT: Final = Path(__file__).resolve().parent.parent.parent
_COMMAND: Final = (sys.executable, "-m", "moderation.screening.child")
_LONGEST_PROMPT: Final = 10_000  # so that asking never has to wait for the pipe
_PIECE: Final = 64 * 1024

Answer = dict[str, Any]
"""`check`, and what it has to say: `signals`, `hashes`, or why it is `missing`."""


class LookingProcess:
    """One process at a time, started when it is first needed and again after it was ended."""

    def __init__(self, *, limit_s: float = LIMIT_S, command: Sequence[str] = _COMMAND) -> None:
        self._limit_s = limit_s
        self._command = command
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def look(self, clip: Path, prompt: str) -> list[Answer]:
        """One answer for each check, within the limit, and never an exception."""
        ends_at = time.monotonic() + self._limit_s
        answers: dict[str, Answer] = {}
        cause = "the screener was busy"
        if self._lock.acquire(timeout=self._limit_s):
            try:
                for answer in self._ask(clip, prompt, ends_at):
                    answers[answer["check"]] = answer
            except TimeoutError:
                cause = f"the screener took longer than {self._limit_s:g} s"
                self._end()
            except (OSError, ValueError, KeyError) as error:
                cause = f"the screener stopped ({type(error).__name__})"
                self._end()
            finally:
                self._lock.release()
        missing = [check for check in CHECKS if check not in answers]
        if missing:
            log.error("%s was not screened for %s: %s", clip.name, ", ".join(missing), cause)
        return [answers.get(check, {"check": check, "missing": cause}) for check in CHECKS]

    def close(self) -> None:
        with self._lock:
            self._end()

    def _ask(self, clip: Path, prompt: str, ends_at: float) -> Iterator[Answer]:
        """Answers as they come. Raises TimeoutError, or another OSError when the process is gone."""
        child = self._running()
        child_in, child_out = cast(IO[bytes], child.stdin), cast(IO[bytes], child.stdout)
        asked = {"clip": str(clip), "prompt": prompt[:_LONGEST_PROMPT], "limit_s": self._limit_s}
        child_in.write(json.dumps(asked, ensure_ascii=False).encode() + b"\n")
        said = b""
        with selectors.DefaultSelector() as selector:
            selector.register(child_out, selectors.EVENT_READ)
            for _ in CHECKS:
                while b"\n" not in said:
                    if not selector.select(max(0.0, ends_at - time.monotonic())):
                        raise TimeoutError
                    piece = os.read(child_out.fileno(), _PIECE)
                    if not piece:
                        raise BrokenPipeError
                    said += piece
                line, _, said = said.partition(b"\n")
                yield json.loads(line)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is not None and self._child.poll() is None:
            return self._child
        self._end()
        self._child = subprocess.Popen(  # noqa: S603  (a program of ours)
            self._command,
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,  # a Ctrl-C at the terminal is for the app to deal with
        )
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            with child:  # closes the pipes and waits
                child.kill()


@cache
def shared_process() -> LookingProcess:
    """The one of this process; whoever screens in it does so in turn."""
    process = LookingProcess()
    atexit.register(process.close)
    return process
