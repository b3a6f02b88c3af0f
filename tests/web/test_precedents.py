"""Precedents over HTTP, on the running app: for reviewers, with the screener's own hashes."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.server import Server, wait_for_state

PROMPT = "a purple heart going up in the desert"


@pytest.fixture(scope="module")
def ana(server: Server) -> httpx.Client:
    return server.client("ana", "creator")


@pytest.fixture(scope="module")
def rita(server: Server) -> httpx.Client:
    return server.client("rita", "reviewer")


@pytest.fixture(scope="module")
def pair(ana: httpx.Client, rita: httpx.Client) -> tuple[dict[str, Any], dict[str, Any]]:
    """A clip that was rejected, and one with the same prompt and seed that waits."""
    first = _made(ana)
    ruling = {"verdict": "reject", "reasons": ["violence"], "version": first["version"]}
    answer = rita.post(f"/api/v1/clips/{first['id']}/decision", json=ruling)
    assert answer.status_code == 200, answer.text
    return first, _made(ana)


def _made(client: httpx.Client) -> dict[str, Any]:
    wish = {"prompt": PROMPT, "seed": 77, "num_inference_steps": 2}
    answer = client.post("/api/v1/clips", json=wish)
    assert answer.status_code == 202, answer.text
    return wait_for_state(client, answer.json()["id"], "pending_review")


def test_a_reviewer_reads_what_was_decided_on_such_a_clip(
    rita: httpx.Client, pair: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    rejected, waiting = pair
    items = rita.get(f"/api/v1/clips/{waiting['id']}/precedents").json()["items"]
    (found,) = [item for item in items if item["id"] == rejected["id"]]
    said = (found["verdict"], found["reasons"], found["outcome"], found["why"], found["alike"])
    assert said == ("reject", ["violence"], "rejected", "both", 1.0)


def test_screening_says_that_the_clip_looks_like_a_rejected_one(
    rita: httpx.Client, pair: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    _, waiting = pair
    signals = rita.get(f"/api/v1/clips/{waiting['id']}").json()["screening"]
    (like,) = [signal for signal in signals if signal["check"] == "like_rejected"]
    assert (like["score"], like["reason"]) == (1.0, "violence")


def test_its_creator_reads_neither_precedents_nor_signals(
    ana: httpx.Client, pair: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    _, waiting = pair
    answer = ana.get(f"/api/v1/clips/{waiting['id']}/precedents")
    assert answer.status_code == 403
    assert "screening" not in ana.get(f"/api/v1/clips/{waiting['id']}").json()


def test_a_stranger_is_asked_to_sign_in(
    server: Server, pair: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    answer = httpx.get(f"{server.url}/api/v1/clips/{pair[1]['id']}/precedents")
    assert answer.status_code == 401
