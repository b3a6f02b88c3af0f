"""A start is quick: the app answers while the model still loads."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.server import Server, wait_until


def test_the_app_answers_within_ten_seconds_and_the_model_follows(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        # Started again, because a start right after an install also compiles every library.
        server.stop()
        assert server.start() < 10
        health = httpx.get(f"{server.url}/healthz").json()
        assert health["status"] == "ok"
        assert health["model_state"] in ("loading", "ready")
        wait_until(
            lambda: httpx.get(f"{server.url}/healthz").json()["model_state"] == "ready", "the model"
        )
