"""The real app in a process of its own, as people run it, on a free port of this machine.

Knows nothing of what is tested on it.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

ROOT = Path(__file__).parent.parent
_PATIENCE_S = 60.0


class Server:
    """`with Server(folder) as server:` starts `python app.py` and stops it at the end."""

    program: tuple[str, ...] = ("app.py",)

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        with contextlib.closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith("GREENLIGHT_")
            },
            "GREENLIGHT_DATA": str(folder / "data"),
            "GREENLIGHT_PORT": str(self.port),
            "GREENLIGHT_UNDO_S": "0",  # what is approved is published at once, unless a test waits
            # Nobody is asked for a blind opinion by chance, unless a test wants that.
            "GREENLIGHT_OPINION_SHARE": "0",
            "GREENLIGHT_GOLDEN_SHARE": "0",
            "HF_HUB_OFFLINE": "1",
            **environment,
        }
        self.log = folder / "app.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._clients: list[httpx.Client] = []

    def __enter__(self) -> Server:
        try:
            self.start()
        except BaseException:
            self.stop()  # nothing is left running that no test will ever stop
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> float:
        """Start the app and wait until it answers. Returns the seconds that took."""
        began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self.program],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        wait_until(self._answers, f"the app answers ({self.log})")
        return time.monotonic() - began

    def stop(self) -> int:
        """Ask the app to stop, as systemd or a Space does. Returns its exit status."""
        for client in self._clients:
            client.close()
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(timeout=20)

    def manage(self, *arguments: str) -> str:
        """Run `python manage.py …` beside the app and return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=True,
        )
        return done.stdout.strip()

    def client(self, name: str = "", role: str = "", **options: Any) -> httpx.Client:
        """A script's client: with a bearer token for that person, or a stranger without a name."""
        headers = dict(options.pop("headers", {}))
        if name:
            token = self.manage("token", "--name", name, "--role", role)
            headers["Authorization"] = f"Bearer {token}"
        client = httpx.Client(base_url=self.url, headers=headers, timeout=30, **options)
        self._clients.append(client)
        return client

    def admin_link(self) -> str:
        """The one-time link of the first run, as the app printed it."""
        found = re.search(r"http\S+/invite/\S+", self.log.read_text())
        assert found is not None, self.log.read_text()
        return found.group(0)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/healthz", timeout=5).status_code == 200
        return False


def wait_until(happened: Callable[[], Any], what: str, *, patience_s: float = _PATIENCE_S) -> Any:
    """The first true value of `happened`. Fails with `what` when it does not come."""
    give_up = time.monotonic() + patience_s
    pause = 0.02
    while not (value := happened()):
        assert time.monotonic() < give_up, f"waited {patience_s} s for: {what}"
        time.sleep(pause)
        pause = min(pause * 1.5, 0.25)
    return value


def wait_for_state(client: httpx.Client, clip_id: str, *states: str) -> dict[str, Any]:
    """The clip as the API shows it once it is in one of the states."""

    def look() -> dict[str, Any] | None:
        answer = client.get(f"/api/v1/clips/{clip_id}")
        clip: dict[str, Any] = answer.json()
        return clip if answer.status_code == 200 and clip["state"] in states else None

    found: dict[str, Any] = wait_until(look, f"clip {clip_id} is {states}")
    return found
