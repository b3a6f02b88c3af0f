"""What a provider refuses or fails at, each in a sentence of its own."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from pydantic import SecretStr

from errors import (
    MakingFailed,
    RemoteBusy,
    RemoteDown,
    RemoteFailed,
    RemoteNotOffered,
    RemoteRefused,
    RemoteTokenRefused,
    RemoteUnpaid,
)
from pipeline.remote import RemoteEngine
from pipeline.remote_failure import clean
from pipeline.remote_preset import remote_preset
from tests.pipeline.provider import HUB_TOKEN, MODEL, Answer, Provider, clip
from tests.pipeline.remotes import RUNNING, children, engine_at, make


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
