"""Engines at a provider's server, and what their clips are asked for and watched with.

Knows nothing of what is tested.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import psutil
from pydantic import SecretStr

from pipeline.made import Made, Progress
from pipeline.remote import RemoteEngine
from pipeline.remote_preset import remote_preset
from pipeline.request import ClipRequest, check_inputs
from tests.pipeline.provider import HUB_TOKEN, MODEL, Provider

PROMPT = "a red ball moving left in the night"
RUNNING = {"status": "IN_PROGRESS"}


def engine_at(
    provider: Provider, name: str = "fal-ai", *, token: str = HUB_TOKEN, deadline_s: float = 60
) -> RemoteEngine:
    return RemoteEngine(
        remote_preset(MODEL, name),
        provider=name,
        token=SecretStr(token),
        deadline_s=deadline_s,
        endpoint=provider.gateway,
    )


def ask(engine: RemoteEngine, prompt: str = PROMPT) -> ClipRequest:
    return check_inputs(engine.preset, prompt=prompt, seed=7, prompt_limit=1000)


def make(
    engine: RemoteEngine,
    prompt: str = PROMPT,
    *,
    on_progress: Callable[[Progress], None] = lambda _progress: None,
    is_cancelled: Callable[[], bool] = lambda: False,
    keep: Path | None = None,
) -> Made:
    request = ask(engine, prompt)
    return engine.generate(request, on_progress=on_progress, is_cancelled=is_cancelled, keep=keep)


def children() -> dict[int, str]:
    """The calls that run now: process id and command line."""
    found = {}
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it ended meanwhile
            line = " ".join(child.cmdline())
            if "pipeline.remote_call" in line:
                found[child.pid] = line
    return found


class Glance:
    """An `is_cancelled` that looks at the child while it runs; says yes when `when` does."""

    def __init__(self, when: Callable[[], bool] = lambda: False) -> None:
        self.when = when
        self.seen: dict[int, str] = {}

    def __call__(self) -> bool:
        self.seen |= children()
        return self.when()
