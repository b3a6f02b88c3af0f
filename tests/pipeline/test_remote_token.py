"""The token of a provider: who is sent it, and that nobody else ever reads it."""

from __future__ import annotations

import json
import logging

import pytest

from errors import MakingFailed
from pipeline.made import Cancelled
from tests.pipeline.provider import FILE, HUB_TOKEN, OWN_KEY, Answer, Provider, clip
from tests.pipeline.remotes import PROMPT, RUNNING, Glance, engine_at, make


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
