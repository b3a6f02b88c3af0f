"""Answers of a provider that are no clip, and how far one is read."""

from __future__ import annotations

import pytest

from errors import RemoteNoClip
from pipeline import remote, remote_answer
from tests.pipeline.provider import Answer, Provider, clip
from tests.pipeline.remotes import engine_at, make


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
