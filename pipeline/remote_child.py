"""The process that carries out one call to a provider, watched from the app's side.

Knows nothing of what the call says (remote_call.py) or of what its report means. The process is
killed at the deadline and when the caller is cancelled, and leaves when the app is gone.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final, cast

from pipeline.made import Cancelled

Report = dict[str, Any]
"""`outcome`, and with it `says`, `status` (of HTTP) and `where` (hub, provider, file), or empty."""

_ROOT: Final = Path(__file__).resolve().parent.parent
_LOOK_EVERY_S: Final = 0.05
_LONGEST_REPORT: Final = 64 * 1024
_TAIL: Final = 2000


def carry_out(
    call: dict[str, Any], *, deadline_s: float, is_cancelled: Callable[[], bool]
) -> Report:
    """Start the process, hand it the call, and wait for its report. Raises Cancelled.

    What the call holds, the token too, goes through a pipe: others on this machine can read a
    command line.
    """
    with tempfile.TemporaryFile() as noise:
        child = subprocess.Popen(
            [sys.executable, "-m", "pipeline.remote_call"],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=noise,
            bufsize=0,
            start_new_session=True,  # a Ctrl-C at the terminal is for the app to deal with
        )
        with child:
            try:
                said = _follow(child, call, deadline_s, is_cancelled)
            finally:
                child.kill()
        if said is None:
            return _report("too_slow")
        try:
            report = json.loads(said)
        except ValueError:
            noise.seek(0)
            return _report("died", noise.read().decode(errors="replace")[-_TAIL:])
    return {**_report(""), **report}


def _follow(
    child: subprocess.Popen[bytes],
    call: dict[str, Any],
    deadline_s: float,
    is_cancelled: Callable[[], bool],
) -> bytes | None:
    """What the process says until it ends; None at the deadline. Raises Cancelled."""
    # Both are pipes; the types do not know it.
    child_in, child_out = cast(IO[bytes], child.stdin), cast(IO[bytes], child.stdout)
    ends_at = time.monotonic() + deadline_s
    with contextlib.suppress(BrokenPipeError):  # it died at once, and will say nothing
        child_in.write(json.dumps(call).encode() + b"\n")
    said = b""
    with selectors.DefaultSelector() as selector:
        selector.register(child_out, selectors.EVENT_READ)
        while len(said) < _LONGEST_REPORT:
            if is_cancelled():
                raise Cancelled
            if time.monotonic() >= ends_at:
                return None
            if selector.select(_LOOK_EVERY_S):
                piece = os.read(child_out.fileno(), _LONGEST_REPORT)
                if not piece:
                    break
                said += piece
    return said


def _report(outcome: str, says: str = "") -> Report:
    return {"outcome": outcome, "says": says, "status": 0, "where": ""}
