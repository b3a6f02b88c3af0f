"""Clips from a provider: a real server speaks as each of them, a real child asks it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app import running
from errors import BadSetting, MakingFailed, ModelNotLoaded, RemoteFailed, RemoteNoClip
from pipeline.made import Progress
from pipeline.remote import RemoteEngine, open_remote
from settings import read_settings
from tests.pipeline.provider import FILE, HUB_TOKEN, MODEL, PROVIDERS, Answer, Provider, clip
from tests.pipeline.remotes import PROMPT, ask, engine_at, make

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


# ---- settings ----------------------------------------------------------------------------------


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


def test_the_app_has_its_clips_made_by_the_provider(provider: Provider, tmp_path: Path) -> None:
    settings = read_settings(
        data=tmp_path / "data", engine="remote", model=MODEL, hf_token=HUB_TOKEN
    )
    with running(settings) as greenlight:
        assert isinstance(greenlight.engine, RemoteEngine)
