"""The child that asks a provider: its deadline, the wish to cancel, and what is left of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from errors import RemoteTooSlow
from pipeline.made import Cancelled
from tests.pipeline.provider import MODEL, Answer, Provider, clip
from tests.pipeline.remotes import RUNNING, Glance, children, engine_at, make
from tests.server import ROOT


def test_a_provider_that_never_finishes_is_given_up_at_the_deadline(provider: Provider) -> None:
    provider.serves("fal-ai", clip())
    provider.fal(Answer(RUNNING), Answer())
    glance = Glance()
    with pytest.raises(RemoteTooSlow, match="within 2 seconds"):
        make(engine_at(provider, deadline_s=2), is_cancelled=glance)
    assert glance.seen
    assert children() == {}


def test_a_provider_that_never_answers_is_given_up_at_the_deadline(provider: Provider) -> None:
    provider.offers("novita")
    provider.answers[f"POST {provider.path_of('novita')}"] = provider.hold
    began = time.monotonic()
    with pytest.raises(RemoteTooSlow):
        make(engine_at(provider, "novita", deadline_s=2))
    assert time.monotonic() - began < 4


def test_a_cancelled_clip_ends_its_child_within_a_fraction_of_a_second(
    provider: Provider,
) -> None:
    provider.serves("fal-ai", clip())
    provider.fal(provider.polled(RUNNING), Answer())
    asked_at: list[float] = []

    def is_wanted() -> bool:
        if provider.is_polled.is_set():
            asked_at.append(time.monotonic())
        return provider.is_polled.is_set()

    glance = Glance(is_wanted)
    with pytest.raises(Cancelled):
        make(engine_at(provider), is_cancelled=glance)
    assert time.monotonic() - asked_at[0] < 0.9
    assert len(glance.seen) == 1
    assert not any(psutil.pid_exists(pid) for pid in glance.seen)


def test_a_child_that_hangs_is_ended_too(provider: Provider) -> None:
    provider.serves("fal-ai", clip())
    provider.fal(provider.polled(RUNNING), Answer())
    stopped: list[int] = []

    def stop() -> bool:
        if provider.is_polled.is_set():
            stopped.extend(children())
            os.kill(stopped[0], signal.SIGSTOP)
            os.waitid(os.P_PID, stopped[0], os.WSTOPPED)
        return bool(stopped)

    with pytest.raises(Cancelled):
        make(engine_at(provider), is_cancelled=stop)
    assert not psutil.pid_exists(stopped[0])


def test_a_clip_that_was_cancelled_before_is_never_asked_for(provider: Provider) -> None:
    provider.serves("fal-ai", clip())
    with pytest.raises(Cancelled):
        make(engine_at(provider), is_cancelled=lambda: True)
    assert provider.requests == []


def test_a_clip_can_be_cancelled_while_its_file_is_read(provider: Provider) -> None:
    provider.serves("fal-ai", clip())
    told: list[str] = []
    with pytest.raises(Cancelled):
        make(
            engine_at(provider),
            on_progress=lambda progress: told.append(progress.phase),
            is_cancelled=lambda: "decoding" in told,
        )


def test_the_wish_to_cancel_is_looked_for_ten_times_a_second(provider: Provider) -> None:
    provider.offers("novita")
    provider.answers[f"POST {provider.path_of('novita')}"] = provider.hold
    looks: list[None] = []

    def look() -> bool:
        looks.append(None)
        return False

    with pytest.raises(RemoteTooSlow):
        make(engine_at(provider, "novita", deadline_s=2), is_cancelled=look)
    assert len(looks) >= 20


def test_nothing_is_left_behind(provider: Provider, tmp_path: Path) -> None:
    provider.serves("fal-ai", clip())
    make(engine_at(provider))
    provider.fal(provider.polled(RUNNING), Answer())
    with pytest.raises(Cancelled):
        make(engine_at(provider), is_cancelled=provider.is_polled.is_set)
    assert list((tmp_path / "temporary").iterdir()) == []


def test_the_child_ends_with_the_app(provider: Provider, tmp_path: Path) -> None:
    provider.offers("novita")
    provider.answers[f"POST {provider.path_of('novita')}"] = provider.hold
    program = (
        "from pydantic import SecretStr\n"
        "from pipeline.remote import RemoteEngine\n"
        "from pipeline.remote_preset import remote_preset\n"
        "from pipeline.request import check_inputs\n"
        f"preset = remote_preset({MODEL!r}, 'novita')\n"
        "engine = RemoteEngine(preset, provider='novita', token=SecretStr('hf_x'),\n"
        f"    deadline_s=60, endpoint={provider.gateway!r})\n"
        "request = check_inputs(preset, prompt='p', seed=1, prompt_limit=9)\n"
        "engine.generate(request, on_progress=print, is_cancelled=lambda: False)\n"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    app = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=environment)
    with app:
        assert provider.is_polled.wait(60)
        asking = psutil.Process(app.pid).children()
        app.send_signal(signal.SIGKILL)
    assert len(asking) == 1
    gone, alive = psutil.wait_procs(asking, timeout=10)
    assert (len(gone), alive) == (1, [])
