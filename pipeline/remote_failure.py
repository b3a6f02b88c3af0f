"""What went wrong at a remote provider, as a sentence for the clip's creator.

Knows nothing of how the provider was asked: it reads the report of a call. What a provider
says is repeated shortened, in one line, and without addresses or anything that may be a key.
"""

from __future__ import annotations

import re
from typing import Final

from errors import (
    MakingFailed,
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
from pipeline.remote_child import Report

PROVIDER_NAMES: Final = {
    "auto": "Hugging Face",  # which then chooses one
    "fal-ai": "fal",
    "novita": "Novita",
    "replicate": "Replicate",
    "together": "Together AI",
    "wavespeed": "WaveSpeedAI",
}

_SECRETS: Final = re.compile(
    r"\b[a-z][a-z+.-]*://\S+"  # addresses: signed ones open what they point to
    r"|\b(?:bearer|basic|key|token)[\s:=]+(?=\S*\d)\S{8,}"
    r"|\b(?:hf|sk|pk|r8|key|api)[_-][\w-]{6,}"
    r"|[\w+/=-]{32,}",
    re.IGNORECASE,
)


def explain(
    report: Report, *, provider: str, model: str, waited_s: float, token: str
) -> MakingFailed:
    """The error that the report of a call stands for."""
    outcome, status, where = report["outcome"], report["status"], report["where"]
    name = PROVIDER_NAMES["auto" if where == "hub" else provider]
    why = clean(report["says"], token)
    if outcome == "refused":
        return _refused(name, model=model, status=status, where=where, why=why)
    if outcome == "not_offered":
        return RemoteNotOffered(provider=name, model=model)
    if outcome == "unreachable":
        return RemoteDown(provider=name, why=why)
    if outcome == "too_slow":
        return RemoteTooSlow(provider=name, waited_s=round(waited_s))
    if outcome == "died":
        return MakingFailed(kind="the call to the provider ended")
    if outcome == "failed":
        return RemoteFailed(provider=name, why=why or "it did not say why")
    return RemoteNoClip(provider=name, why=why)


def _refused(name: str, *, model: str, status: int, where: str, why: str) -> MakingFailed:
    if where == "file":
        return RemoteNoClip(provider=name, why=f"its file could not be fetched (HTTP {status})")
    # The Hub tells strangers of a model that is missing or private that they may not see it.
    if status == 404 or (where == "hub" and status in (401, 403)):
        return RemoteNotOffered(provider=name, model=model)
    if status in (401, 403):
        return RemoteTokenRefused(provider=name, status=status)
    if status == 402:
        return RemoteUnpaid(provider=name)
    if status == 429:
        return RemoteBusy(provider=name)
    if status >= 500 or status == 408:
        return RemoteDown(provider=name, why=f"HTTP {status}")
    return RemoteRefused(provider=name, why=why or f"it gave no reason (HTTP {status})")


def clean(text: str, token: str, *, longest: int = 200) -> str:
    """A provider's words: one line of readable letters, nothing secret, no full stop."""
    if token:
        text = text.replace(token, "…")
    text = _SECRETS.sub("…", text)
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    text = " ".join(text.split())
    if len(text) > longest:
        text = text[: longest - 1].rstrip() + "…"
    return text.rstrip(".")
