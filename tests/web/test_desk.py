"""Marks, care and colleagues as scripts meet them: shapes, refusals, and nothing stored by either."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.server import Server, wait_for_state

NOTE = {"at_s": 0.5, "text": "look here", "strokes": [[[0.1, 0.2], [0.3, 0.4]]], "public": True}
WISHES = {"blur": "all", "grey": "flagged", "mute": "flagged", "skips": []}


@pytest.fixture(scope="module")
def ana(server: Server) -> httpx.Client:
    return server.client("ana", "creator")


@pytest.fixture(scope="module")
def rita(server: Server) -> httpx.Client:
    return server.client("rita", "reviewer")


@pytest.fixture(scope="module")
def marks(ana: httpx.Client) -> str:
    """The address of the marks of a clip that waits."""
    wish = {"prompt": "a blue ball staying still in the snow", "num_inference_steps": 1}
    clip_id = ana.post("/api/v1/clips", json=wish).json()["id"]
    wait_for_state(ana, clip_id, "pending_review")
    return f"/api/v1/clips/{clip_id}/marks"


def test_a_mark_is_made_read_and_taken_away(marks: str, rita: httpx.Client) -> None:
    made = rita.post(marks, json=NOTE)
    assert made.status_code == 201
    assert {name: made.json()[name] for name in NOTE} == NOTE
    assert rita.get(marks).json() == {"items": [made.json()], "next": None}
    gone = rita.delete(f"{marks}/{made.json()['id']}")
    assert (gone.status_code, rita.get(marks).json()["items"]) == (200, [])


@pytest.mark.parametrize(
    "body",
    [
        b'{"at_s": NaN, "text": "x"}',
        b'{"at_s": 1e999, "text": "x"}',
        b'{"at_s": "0.5", "text": "x"}',
        b'{"at_s": 0.5, "text": "x", "public": "yes"}',
        b'{"at_s": 0.5, "text": "x", "by": "lead"}',
        b'{"at_s": 0.5, "text": "x", "strokes": [[[0.5, "a"]]]}',
        b'{"at_s": 0.5, "text": "x", "strokes": [[0.5, 0.5]]}',
        b'{"at_s": 0.5, "text": "\\ud800"}',
        b'{"text": "x"}',
        b"[]",
        b"",
    ],
)
def test_a_mark_in_another_shape_is_refused_and_not_kept(
    marks: str, rita: httpx.Client, body: bytes
) -> None:
    answer = rita.post(marks, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert set(answer.json()["error"]) == {"code", "message", "fix"}
    assert rita.get(marks).json()["items"] == []


def test_a_drawing_larger_than_a_body_may_be_is_refused(marks: str, rita: httpx.Client) -> None:
    strokes = [[[0.123456789, 0.987654321]] * 15_000]
    answer = rita.post(marks, json={"at_s": 0.5, "text": "", "strokes": strokes})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_strangers_and_other_creators_find_no_marks(
    server: Server, marks: str, rita: httpx.Client
) -> None:
    for client in (server.client(), server.client("ben", "creator")):
        assert client.get(marks).status_code == 404
        assert client.post(marks, json=NOTE).status_code in (401, 403)
    assert rita.get(marks).json()["items"] == []


def test_care_answers_for_the_asker(rita: httpx.Client) -> None:
    wish = {**WISHES, "blur": "flagged", "skips": ["violence"]}
    shown = rita.put("/api/v1/care", json=wish).json()
    assert {name: shown[name] for name in wish} == wish
    assert set(shown["today"]) == {"clips", "flagged", "sitting_s", "sitting_flagged", "rest"}
    assert rita.get("/api/v1/care").json()["skips"] == ["violence"]


@pytest.mark.parametrize(
    "wish",
    [
        {**WISHES, "blur": "now and then"},
        {**WISHES, "skips": ["spiders"]},
        {**WISHES, "skips": ["x"] * 101},
        {**WISHES, "whose": "rob"},
        {"blur": "all"},
    ],
)
def test_care_in_another_shape_is_refused(rita: httpx.Client, wish: dict[str, Any]) -> None:
    before = rita.get("/api/v1/care").json()
    answer = rita.put("/api/v1/care", json=wish)
    assert answer.status_code == 422
    after = rita.get("/api/v1/care").json()
    assert [after[name] for name in WISHES] == [before[name] for name in WISHES]


@pytest.mark.parametrize("since", ["2020-01-01T00:00:00Z", "today", "2026-11-22T00:00:00"])
def test_a_day_that_is_none_is_refused(rita: httpx.Client, since: str) -> None:
    assert rita.get("/api/v1/care", params={"since": since}).status_code == 422


def test_only_those_who_look_have_a_care(server: Server, ana: httpx.Client) -> None:
    assert ana.get("/api/v1/care").status_code == 403
    assert server.client().get("/api/v1/care").status_code == 401


def test_colleagues_are_those_who_review_and_still_may(server: Server, rita: httpx.Client) -> None:
    server.client("colleague", "lead")
    server.client("former", "reviewer")
    server.manage("revoke", "former")
    names = rita.get("/api/v1/review/people").json()["items"]
    assert "colleague" in names
    assert {"rita", "ana", "former"} & set(names) == set()


def test_creators_are_not_told_who_reviews(ana: httpx.Client) -> None:
    assert ana.get("/api/v1/review/people").status_code == 403
