"""Clips from a provider: a real server speaks as each of them, a real child asks it."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import psutil
import pytest
from pydantic import SecretStr

from app import running
from errors import (
    BadSetting,
    MakingFailed,
    ModelNotLoaded,
    RemoteBusy,
    RemoteDown,
    RemoteFailed,
    RemoteNoClip,
    RemoteNotOffered,
    RemoteRefused,
    RemoteTokenRefused,
    RemoteTooSlow,
    RemoteUnpaid,
)
from pipeline import remote, remote_answer
from pipeline.made import Cancelled, Made, Progress
from pipeline.presets import find_preset, preset_names
from pipeline.remote import RemoteEngine, open_remote
from pipeline.remote_failure import PROVIDER_NAMES, clean
from pipeline.remote_preset import remote_preset
from pipeline.request import ClipRequest, check_inputs
from settings import Settings, read_settings
from tests.pipeline.provider import (
    FILE,
    HUB_TOKEN,
    MODEL,
    OWN_KEY,
    PROVIDERS,
    Answer,
    Provider,
    clip,
)
from tests.server import ROOT

PROMPT = "a red ball moving left in the night"
RUNNING = {"status": "IN_PROGRESS"}


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Provider]:
    """The server, in place of the Hub for every child, and no temporary folder but the test's."""
    for name in list(os.environ):
        if name.startswith(("HF_", "GREENLIGHT_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    with Provider() as serving:
        monkeypatch.setenv("HF_ENDPOINT", serving.url)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
        yield serving


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


# ---- clips --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROVIDERS)
def test_each_provider_gives_a_clip(provider: Provider, name: str) -> None:
    provider.serves(name, clip())
    made = make(engine_at(provider, name))
    assert made.frames.shape == (12, 64, 96, 3)
    assert made.frames[5, 32, 48].argmax() == 0
    assert made.fps == 12
    assert made.audio is None


def test_the_first_provider_that_has_the_model_is_taken_when_none_is_named(
    provider: Provider,
) -> None:
    provider.serves("novita", clip())
    make(engine_at(provider, "auto"))
    assert provider.sent()[0].path == provider.path_of("novita")


def test_sound_comes_with_the_clip(provider: Provider) -> None:
    provider.serves("fal-ai", clip(sound=True))
    audio = make(engine_at(provider)).audio
    assert audio is not None
    assert audio.rate == 16000
    assert audio.samples.shape == (1, 16000)
    spectrum = np.abs(np.fft.rfft(audio.samples[0]))
    assert abs(int(spectrum.argmax()) - 440) <= 2


def test_a_webm_file_is_a_clip_too(provider: Provider) -> None:
    """Its header does not say how many frames there are."""
    provider.serves("fal-ai", clip(frames=70, kind="webm"))
    made = make(engine_at(provider))
    assert made.frames.shape == (70, 64, 96, 3)
    assert made.frames[69, 32, 48].argmax() == 0


def test_the_words_of_the_request_reach_the_provider(provider: Provider) -> None:
    provider.serves("fal-ai", clip())
    make(engine_at(provider))
    sent = provider.sent()[0]
    assert sent.body == {"prompt": PROMPT, "seed": 7}
    assert sent.query == "_subdomain=queue"


def test_a_provider_polled_for_a_while_gives_a_clip(provider: Provider) -> None:
    provider.serves("fal-ai", clip())
    states = iter(["IN_QUEUE", "IN_PROGRESS", "COMPLETED"])
    provider.fal(
        lambda _asked: Answer({"status": next(states)}),
        Answer({"video": {"url": f"{provider.url}{FILE}"}}),
    )
    assert len(make(engine_at(provider)).frames) == 12


def test_a_clip_that_takes_replicate_more_than_a_minute_is_waited_for(provider: Provider) -> None:
    provider.serves("replicate", clip())
    waiting = {
        "status": "processing",
        "output": None,
        "urls": {"get": "https://api.replicate.com/v1/predictions/p1"},
    }
    states: Iterator[dict[str, Any]] = iter(
        [waiting, {"status": "succeeded", "output": f"{provider.url}{FILE}"}]
    )
    provider.answers[f"POST {provider.path_of('replicate')}"] = Answer(waiting, 201)
    provider.answers["GET /gateway/replicate/v1/predictions/p1"] = lambda _asked: Answer(
        next(states)
    )
    assert len(make(engine_at(provider, "replicate")).frames) == 12


def test_two_clips_one_after_another_are_each_their_own(provider: Provider) -> None:
    engine = engine_at(provider)
    provider.serves("fal-ai", clip(frames=5))
    first = make(engine)
    provider.serves("fal-ai", clip(frames=8, width=64))
    second = make(engine, "another prompt")
    assert (first.frames.shape[:3], second.frames.shape[:3]) == ((5, 64, 96), (8, 64, 64))
    assert [asked.body["prompt"] for asked in provider.sent()] == [PROMPT, "another prompt"]


def test_a_clip_is_made_after_one_that_failed(provider: Provider) -> None:
    provider.serves("fal-ai", clip())
    engine = engine_at(provider)
    provider.fal(Answer(), Answer(), queued="FAILED")
    with pytest.raises(RemoteFailed):
        make(engine)
    provider.serves("fal-ai", clip())
    assert len(make(engine).frames) == 12


def test_progress_tells_of_waiting_and_of_reading_and_of_no_steps(provider: Provider) -> None:
    provider.serves("fal-ai", clip())
    told: list[Progress] = []
    made = make(engine_at(provider), on_progress=told.append)
    assert [progress.phase for progress in told] == ["loading", "decoding"]
    assert {progress.step for progress in told} == {0}
    assert set(made.seconds) == {"loading", "decoding"}


# ---- a restart ----------------------------------------------------------------------------


def test_what_was_paid_for_is_not_asked_for_again(provider: Provider, tmp_path: Path) -> None:
    provider.serves("fal-ai", clip())
    first = make(engine_at(provider), keep=tmp_path)
    provider.answers.clear()
    again = make(engine_at(provider), keep=tmp_path)
    assert np.array_equal(first.frames, again.frames)
    assert len(provider.sent()) == 1


def test_another_request_is_not_answered_with_what_was_kept(
    provider: Provider, tmp_path: Path
) -> None:
    provider.serves("fal-ai", clip())
    make(engine_at(provider), keep=tmp_path)
    make(engine_at(provider), "another prompt", keep=tmp_path)
    assert len(provider.sent()) == 2


def test_a_broken_answer_is_not_kept(provider: Provider, tmp_path: Path) -> None:
    provider.serves("fal-ai", b"no clip")
    with pytest.raises(RemoteNoClip):
        make(engine_at(provider), keep=tmp_path)
    provider.serves("fal-ai", clip())
    assert len(make(engine_at(provider), keep=tmp_path).frames) == 12


# ---- deadline and cancel ------------------------------------------------------------------


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


# ---- failures -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RemoteRefused),
        (401, RemoteTokenRefused),
        (402, RemoteUnpaid),
        (403, RemoteTokenRefused),
        (404, RemoteNotOffered),
        (422, RemoteRefused),
        (429, RemoteBusy),
        (500, RemoteDown),
        (503, RemoteDown),
    ],
)
def test_each_refusal_has_its_own_sentence(
    provider: Provider, status: int, kind: type[MakingFailed]
) -> None:
    provider.serves("fal-ai", clip())
    provider.answers[f"POST {provider.path_of('fal-ai')}"] = Answer({"detail": "why not"}, status)
    with pytest.raises(MakingFailed) as stopped:
        make(engine_at(provider))
    assert type(stopped.value) is kind
    assert stopped.value.message.count("fal") == 1
    assert ("why not" in stopped.value.message) is (kind is RemoteRefused)


@pytest.mark.parametrize(
    "body",
    [
        {"detail": [{"loc": ["body", "prompt"], "msg": "flagged by a content checker"}]},
        {"error": {"message": "flagged by a content checker.", "code": 3}},
        {"message": "flagged by\n\ta content   checker"},
    ],
)
def test_refused_content_is_told_in_the_words_of_the_provider(
    provider: Provider, body: dict[str, Any]
) -> None:
    provider.serves("fal-ai", clip())
    provider.fal(Answer(), Answer(body, 422), queued="COMPLETED")
    with pytest.raises(RemoteRefused) as stopped:
        make(engine_at(provider))
    assert stopped.value.message == ("fal refused to make this clip: flagged by a content checker.")


@pytest.mark.parametrize(
    ("name", "at", "body"),
    [
        (
            "fal-ai",
            "GET /gateway/fal-ai/fal-ai/wan/requests/1/status",
            {"status": "FAILED", "error": "no luck"},
        ),
        (
            "fal-ai",
            "GET /gateway/fal-ai/fal-ai/wan/requests/1/status",
            {"status": "COMPLETED", "error": "no luck", "error_type": "runner"},
        ),
        (
            "wavespeed",
            "GET /gateway/wavespeed/api/v3/1",
            {"data": {"status": "failed", "error": "no luck"}},
        ),
        (
            "replicate",
            "POST /gateway/replicate/v1/models/replicate/wan/predictions",
            {"status": "failed", "output": None, "error": "no luck"},
        ),
        (
            "together",
            "POST /gateway/together/v2/videos",
            {"id": "1", "status": "failed", "error": {"message": "no luck"}},
        ),
    ],
)
def test_a_provider_that_says_failed_is_believed(
    provider: Provider, name: str, at: str, body: dict[str, Any]
) -> None:
    provider.serves(name, clip())
    provider.fal(Answer(), Answer())
    provider.answers[at] = Answer(body)
    with pytest.raises(RemoteFailed, match="could not finish it: no luck"):
        make(engine_at(provider, name))


def test_a_model_that_the_provider_does_not_have_is_told(provider: Provider) -> None:
    provider.offers("novita")
    with pytest.raises(RemoteNotOffered, match=rf"fal does not offer the model {MODEL}\."):
        make(engine_at(provider))


@pytest.mark.parametrize("name", ["fal-ai", "auto"])
@pytest.mark.parametrize("mapping", [{}, None])
def test_a_model_that_no_provider_has_is_told(
    provider: Provider, name: str, mapping: dict[str, Any] | None
) -> None:
    page = {"id": MODEL, "inferenceProviderMapping": mapping}
    provider.answers[f"GET /api/models/{MODEL}"] = Answer(page)
    with pytest.raises(RemoteNotOffered):
        make(engine_at(provider, name))


@pytest.mark.parametrize("status", [401, 404])
def test_a_model_that_the_hub_does_not_have_is_told(provider: Provider, status: int) -> None:
    provider.answers[f"GET /api/models/{MODEL}"] = Answer({"error": "not found"}, status)
    with pytest.raises(RemoteNotOffered, match="Hugging Face does not offer"):
        make(engine_at(provider))


def test_a_hub_that_is_out_of_order_is_told(provider: Provider) -> None:
    provider.answers[f"GET /api/models/{MODEL}"] = Answer({}, 502)
    with pytest.raises(RemoteDown, match="Hugging Face could not be reached"):
        make(engine_at(provider))


def test_a_hub_that_cannot_be_reached_is_told(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Provider() as gone:
        monkeypatch.setenv("HF_ENDPOINT", gone.url)
    with pytest.raises(RemoteDown, match="Hugging Face could not be reached"):
        make(engine_at(provider))


def test_a_provider_that_cannot_be_reached_is_told(provider: Provider) -> None:
    provider.serves("fal-ai", clip())
    with Provider() as gone:
        nowhere = gone.gateway
    engine = RemoteEngine(
        remote_preset(MODEL, "fal-ai"),
        provider="fal-ai",
        token=SecretStr(HUB_TOKEN),
        deadline_s=60,
        endpoint=nowhere,
    )
    with pytest.raises(RemoteDown, match="ConnectError"):
        make(engine)


def test_a_call_that_dies_is_told(provider: Provider) -> None:
    provider.serves("fal-ai", clip())
    provider.fal(provider.polled(RUNNING), Answer())

    def kill() -> bool:
        if provider.is_polled.is_set():
            for pid in children():
                os.kill(pid, signal.SIGKILL)
        return False

    with pytest.raises(MakingFailed, match="the call to the provider ended"):
        make(engine_at(provider), is_cancelled=kill)


# ---- answers that are no clip -------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "the answer was empty"),
        (b"<html>sign in</html>", "neither an mp4 nor a webm"),
        (b"#EXTM3U\nfile:///etc/passwd\n", "neither an mp4 nor a webm"),
        (clip()[:700], "it is broken"),
        (b"\x00\x00\x00\x18ftypmp42" + bytes(200), "it is broken"),
    ],
    ids=["empty", "page", "playlist", "cut", "hollow"],
)
def test_an_answer_that_is_no_clip_is_told(provider: Provider, content: bytes, why: str) -> None:
    provider.serves("fal-ai", content)
    with pytest.raises(RemoteNoClip, match=why):
        make(engine_at(provider))


@pytest.mark.parametrize(
    ("limit", "value", "why"),
    [
        ("MOST_SECONDS", 0.5, "longer than 6 frames of 96 × 64"),
        ("MOST_PIXELS", 96 * 64 * 3, "longer than 3 frames"),
        ("MOST_SIDE", 64, "its picture is 96 × 64"),
        ("MOST_FPS", 8, "it has 12 frames per second"),
    ],
)
def test_a_clip_that_is_too_large_is_refused(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, limit: str, value: float, why: str
) -> None:
    monkeypatch.setattr(remote_answer, limit, value)
    provider.serves("fal-ai", clip())
    with pytest.raises(RemoteNoClip, match=why):
        make(engine_at(provider))


def test_a_file_that_is_too_large_is_not_fetched_to_its_end(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "LIMIT_BYTES", 1024 * 1024)
    provider.serves("fal-ai", clip() + bytes(2 * 1024 * 1024))
    with pytest.raises(RemoteNoClip, match="larger than 1 MiB"):
        make(engine_at(provider))


def test_a_file_that_cannot_be_fetched_is_told(provider: Provider) -> None:
    provider.serves("fal-ai", clip())
    provider.has_file(b"gone", status=410)
    with pytest.raises(RemoteNoClip, match=r"could not be fetched \(HTTP 410\)"):
        make(engine_at(provider))


def test_an_answer_of_an_unknown_kind_is_told(provider: Provider) -> None:
    provider.serves("fal-ai", clip())
    provider.fal(Answer(), Answer({"picture": "x"}), queued="COMPLETED")
    with pytest.raises(RemoteNoClip, match="KeyError"):
        make(engine_at(provider))


# ---- the token ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "front", "header"),
    [
        (HUB_TOKEN, "/gateway/fal-ai", f"Bearer {HUB_TOKEN}"),
        (OWN_KEY, "/gateway", f"Key {OWN_KEY}"),
    ],
)
def test_the_token_goes_to_the_provider_and_to_nobody_else(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, token: str, front: str, header: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_another_that_lies_around")
    provider.serves("fal-ai", clip())
    provider.fal(
        Answer(),
        Answer({"video": {"url": f"{provider.url}{FILE}"}}),
        queued="COMPLETED",
        front=front,
    )
    make(engine_at(provider, token=token))
    for asked in provider.requests:
        is_for_provider = asked.path.startswith("/gateway/")
        assert asked.headers.get("authorization") == (header if is_for_provider else None)


def test_neither_token_nor_prompt_is_in_a_command_line(provider: Provider) -> None:
    provider.serves("fal-ai", clip())
    provider.fal(provider.polled(RUNNING), Answer())
    glance = Glance(provider.is_polled.is_set)
    with pytest.raises(Cancelled):
        make(engine_at(provider), is_cancelled=glance)
    assert glance.seen
    for line in glance.seen.values():
        assert HUB_TOKEN not in line
        assert PROMPT not in line


@pytest.mark.parametrize("token", [HUB_TOKEN, OWN_KEY])
@pytest.mark.parametrize("status", [401, 422])
def test_the_token_is_in_no_error_and_no_log(
    provider: Provider,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    token: str,
    status: int,
) -> None:
    """Even of a provider that repeats it."""
    caplog.set_level(logging.DEBUG)
    provider.serves("novita", clip())
    for path in (provider.path_of("novita"), "/gateway/v3/hf/novita/wan"):
        provider.answers[f"POST {path}"] = lambda asked: Answer(
            {"error": f"not with {asked.headers['authorization']} of yours"}, status
        )
    with pytest.raises(MakingFailed) as stopped:
        make(engine_at(provider, "novita", token=token))
    said = [str(stopped.value), repr(stopped.value), json.dumps(stopped.value.as_json())]
    for text in (*said, str(stopped.value.facts), caplog.text, *capfd.readouterr()):
        assert token not in text
        assert token[3:20] not in text


def test_a_token_that_makes_no_header_is_not_repeated(
    provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    token = "hf_two\nlines_that_no_header_takes"
    provider.serves("fal-ai", clip())
    with pytest.raises(MakingFailed) as stopped:
        make(engine_at(provider, token=token))
    for line in token.split("\n"):
        assert line not in f"{stopped.value}{caplog.text}"


def test_an_engine_does_not_show_its_token(provider: Provider) -> None:
    engine = engine_at(provider)
    assert HUB_TOKEN not in f"{engine!r} {vars(engine)}"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("see https://cdn.example/a.mp4?sig=abc for it.", "see … for it"),
        ("Bearer abcdef123456 is wrong", "… is wrong"),
        ("Invalid token provided", "Invalid token provided"),
        ("no sk-abcdef1234 here", "no … here"),
        ("a\u202eb\x00c", "a b c"),
        ("secret", "…"),
        ("word " * 100, "word " * 39 + "word…"),
    ],
)
def test_the_words_of_a_provider_are_shown_cleaned(said: str, shown: str) -> None:
    assert clean(said, "secret") == shown


# ---- settings and preset ------------------------------------------------------------------


def test_an_engine_with_a_token_is_ready(provider: Provider) -> None:
    engine = engine_at(provider)
    engine.load()
    assert engine.state == "ready"


def test_an_engine_without_a_token_makes_nothing(provider: Provider) -> None:
    engine = engine_at(provider, token="")
    assert engine.state == "failed"
    with pytest.raises(ModelNotLoaded):
        make(engine)


def test_a_first_frame_is_refused(provider: Provider, tmp_path: Path) -> None:
    engine = engine_at(provider)
    with pytest.raises(MakingFailed, match="takes no first frame"):
        engine.generate(
            ask(engine),
            on_progress=lambda _progress: None,
            is_cancelled=lambda: False,
            first_frame=tmp_path / "frame.png",
        )


def test_the_settings_become_an_engine(provider: Provider) -> None:
    provider.serves("wavespeed", clip())
    engine = open_remote(
        read_settings(
            engine="remote",
            model=MODEL,
            provider="wavespeed",
            hf_token=HUB_TOKEN,
            remote_deadline_s=60,
            remote_endpoint=provider.gateway,
        )
    )
    assert len(make(engine).frames) == 12


@pytest.mark.parametrize("model", ["embedded", "nothing", "/srv/models/wan", "a/b/c"])
def test_a_model_that_is_not_of_the_hub_stops_the_start(model: str) -> None:
    settings = read_settings(engine="remote", model=model, hf_token="hf_x")
    with pytest.raises(BadSetting, match="owner/name") as stopped:
        open_remote(settings)
    assert stopped.value.message.startswith(f"GREENLIGHT_MODEL is {model!r}")


def test_the_installed_client_has_all_the_providers_that_can_be_set() -> None:
    from huggingface_hub.inference._providers import PROVIDERS as CLIENT

    able = {name for name, tasks in CLIENT.items() if "text-to-video" in tasks}
    assert able >= set(PROVIDERS)  # a newer client may have more
    named = get_args(Settings.model_fields["provider"].annotation)
    assert set(named) == {*PROVIDERS, "auto"} == set(PROVIDER_NAMES)


def test_of_an_unknown_model_only_the_seed_is_offered() -> None:
    preset = remote_preset(MODEL, "fal-ai")
    assert preset.takes == {"generator"}
    assert (len(preset.sizes), len(preset.num_frames), len(preset.qualities)) == (1, 1, 1)


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("model", preset_names())
def test_of_a_model_of_ours_only_what_the_provider_takes_is_offered(model: str, name: str) -> None:
    ours, preset = find_preset(model), remote_preset(model, name)
    assert preset.takes <= ours.takes
    assert "width" in preset.takes or preset.sizes == ours.sizes[:1]
    assert "num_frames" in preset.takes or preset.num_frames == ours.num_frames[:1]
    assert preset.first_frame is None
    assert not preset.source.endswith("-Diffusers")


@pytest.mark.parametrize("model", preset_names())
def test_a_model_of_ours_is_known_by_its_id_on_the_hub(model: str) -> None:
    source = find_preset(model).source
    assert remote_preset(source, "replicate").qualities == find_preset(model).qualities
    assert remote_preset(source, "replicate").source == source


def test_what_the_provider_takes_is_sent_in_its_words(provider: Provider) -> None:
    provider.serves("together", clip())
    engine = engine_at(provider, "together")
    engine.preset = replace(remote_preset(preset_names()[0], "together"), source=MODEL)
    request = check_inputs(
        engine.preset, prompt=PROMPT, negative_prompt="blur", seed=7, prompt_limit=1000
    )
    engine.generate(request, on_progress=lambda _progress: None, is_cancelled=lambda: False)
    assert provider.sent()[0].body == {
        "model": "together/wan",
        "prompt": PROMPT,
        "negative_prompt": "blur",
        "seed": 7,
        "steps": request.num_inference_steps,
        "guidance_scale": request.guidance_scale,
        "width": request.width,
        "height": request.height,
    }


def test_the_app_has_its_clips_made_by_the_provider(provider: Provider, tmp_path: Path) -> None:
    settings = read_settings(
        data=tmp_path / "data", engine="remote", model=MODEL, hf_token=HUB_TOKEN
    )
    with running(settings) as greenlight:
        assert isinstance(greenlight.engine, RemoteEngine)
