"""What a stranger and another creator can get of a clip that is not published: nothing.

Over real HTTP, against the real app with the embedded model.
"""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.server import Server, wait_for_state

SECRET = "a purple star hidden in the snow zebra-canary"


@pytest.fixture(scope="module")
def people(server: Server) -> dict[str, httpx.Client]:
    return {
        "ana": server.client("ana", "creator"),
        "ben": server.client("ben", "creator"),
        "rita": server.client("rita", "reviewer"),
        "ada": server.client("ada", "admin"),
        "stranger": server.client(),
    }


@pytest.fixture(scope="module")
def held(people: dict[str, httpx.Client]) -> dict[str, Any]:
    """A clip of Ana's that waits for review."""
    answer = people["ana"].post("/api/v1/clips", json={"prompt": SECRET})
    assert answer.status_code == 202, answer.text
    return wait_for_state(people["ana"], answer.json()["id"], "pending_review")


@pytest.fixture(scope="module")
def paths(held: dict[str, Any], server: Server) -> list[str]:
    """Every address at which this clip, or its files on the disk, could be asked for."""
    clip_id, sha256 = held["id"], held["sha256"]
    files = [str(path) for path in (server.folder / "data").rglob(f"{sha256}*")]
    assert len(files) == 3
    return [
        f"/media/{clip_id}.mp4",
        f"/media/{clip_id}.jpg",
        f"/media/{clip_id}.webp",
        f"/media/{clip_id}",
        f"/media/{clip_id}.mp4/",
        f"/media/{clip_id}.MP4",
        f"/media/{sha256}.mp4",
        f"/media/..%2f{clip_id}.mp4",
        f"/clip/{clip_id}",
        f"/embed/{clip_id}",
        f"/oembed?url={server.url}/clip/{clip_id}",
        f"/api/v1/clips/{clip_id}",
        *[f"/gradio_api/file={path}" for path in files],
        *[f"/file={path}" for path in files],
        *[f"/gradio_api/stream{path}" for path in files],
        *[f"/static/{path}" for path in files],
        *[f"/assets/..{path}" for path in files],
    ]


@pytest.mark.parametrize("name", ["stranger", "ben"])
def test_every_address_of_a_held_clip_answers_404(
    name: str, people: dict[str, httpx.Client], paths: list[str]
) -> None:
    answers = {path: people[name].get(path).status_code for path in paths}
    assert answers == dict.fromkeys(paths, 404)


@pytest.mark.parametrize("name", ["stranger", "ben"])
def test_head_tells_no_more_than_get(
    name: str, people: dict[str, httpx.Client], paths: list[str]
) -> None:
    """405 where a route has no HEAD at all, which is so for every clip, held or not."""
    assert {people[name].head(path).status_code for path in paths} <= {404, 405}


@pytest.mark.parametrize("name", ["ana", "rita", "ada"])
def test_creator_reviewers_and_admins_get_its_bytes(
    name: str, people: dict[str, httpx.Client], held: dict[str, Any]
) -> None:
    answer = people[name].get(held["media"]["mp4"])
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "private, no-store")


def test_missing_and_forbidden_are_the_same_answer(
    people: dict[str, httpx.Client], held: dict[str, Any]
) -> None:
    forbidden = people["ben"].get(f"/api/v1/clips/{held['id']}")
    missing = people["ben"].get("/api/v1/clips/0123456789abcdef")
    assert (forbidden.status_code, forbidden.content) == (missing.status_code, missing.content)


@pytest.mark.parametrize("name", ["stranger", "ben"])
def test_no_list_or_page_carries_its_prompt(
    name: str, people: dict[str, httpx.Client], held: dict[str, Any]
) -> None:
    client = people[name]
    pages = ["/", "/config", "/api/v1/gallery", "/api/v1/gallery?q=zebra", "/api/v1/stats"]
    pages += ["/gallery", "/gallery?q=zebra", "/feed.xml", "/feed.atom", "/sitemap.xml"]
    pages += ["/api/v1/clips?mine=1", "/api/v1/review", "/healthz", "/gradio_api/info"]
    # A page of results repeats the word that was searched for, so another one tells.
    found = [page for page in pages if "hidden in the snow" in client.get(page).text]
    assert found == []


@pytest.mark.parametrize(
    "act",
    ["cancel", "retry", "withdraw", "claim/renew", "release", "takedown", "restore", "decision"],
)
def test_another_creator_can_do_nothing_to_it(
    act: str, people: dict[str, httpx.Client], held: dict[str, Any]
) -> None:
    body = {
        "decision": {"verdict": "approve", "version": held["version"]},
        "takedown": {"reason": "x"},
        "restore": {"reason": "x"},
    }.get(act)
    answer = people["ben"].post(f"/api/v1/clips/{held['id']}/{act}", json=body)
    now = people["ana"].get(f"/api/v1/clips/{held['id']}").json()
    assert (answer.status_code in (403, 404), now["state"]) == (True, "pending_review")


def test_no_answer_to_a_creator_names_another_ones_clip(
    people: dict[str, httpx.Client], held: dict[str, Any]
) -> None:
    parent = people["ben"].post("/api/v1/clips", json={"prompt": "mine", "parent_id": held["id"]})
    assert parent.status_code == 404


# ---- Gradio's own doors -------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/upload",
        "/gradio_api/file=/etc/hostname",
        "/gradio_api/proxy=http://127.0.0.1/",
        "/gradio_api/component_server",
        "/gradio_api/call/send",
        "/gradio_api/run/send",
        "/gradio_api/api/send",
        "/gradio_api/deep_link",
        "/gradio_api/stream/x/y/z/playlist.m3u8",
        "/gradio_api/process_recording",
        "/gradio_api/vibe-code",
        "/gradio_api/runs",
        "/gradio_api/openapi.json",
        "/monitoring",
        "/monitoring/summary",
        "/openapi.json",
        "/docs",
    ],
)
@pytest.mark.parametrize("name", ["stranger", "ada"])
def test_gradios_file_upload_and_side_routes_are_closed(
    name: str, path: str, people: dict[str, httpx.Client]
) -> None:
    got = people[name].get(path).status_code, people[name].post(path, json={}).status_code
    assert got == (404, 404)


class Events:
    """Calls Gradio's events as its browser side does, with whatever data one likes."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.config: dict[str, Any] = client.get("/config").json()

    def ids(self) -> list[int]:
        return [each["id"] for each in self.config["dependencies"] if each["backend_fn"]]

    def inputs_of(self, event: int) -> int:
        return len(next(e for e in self.config["dependencies"] if e["id"] == event)["inputs"])

    def call(self, event: int, data: list[Any], event_data: Any = None) -> dict[str, Any]:
        """The event's last message: `process_completed` with `success` and `output`."""
        body = {
            "fn_index": event,
            "data": data,
            "session_hash": f"t{event}",
            "event_data": event_data,
        }
        joined = self.client.post("/gradio_api/queue/join", json=body)
        if joined.status_code != 200:
            return {"success": False, "output": joined.text}
        with self.client.stream(
            "GET", "/gradio_api/queue/data", params={"session_hash": f"t{event}"}
        ) as stream:
            for text in stream.iter_lines():
                if text.startswith("data:"):
                    said: dict[str, Any] = json.loads(text[5:])
                    if said["msg"] in ("process_completed", "unexpected_error"):
                        return said
        return {"success": False, "output": "no answer"}


@pytest.fixture(params=["stranger", "ben"])
def events(request: pytest.FixtureRequest, people: dict[str, httpx.Client]) -> Events:
    return Events(people[request.param])


def test_no_event_tells_or_changes_anything_of_a_held_clip(
    events: Events, held: dict[str, Any], people: dict[str, httpx.Client]
) -> None:
    told = [
        str(events.call(event, [held["id"]] * events.inputs_of(event), {"id": held["id"]}))
        for event in events.ids()
    ]
    now = people["ana"].get(f"/api/v1/clips/{held['id']}").json()
    assert not any("zebra" in each or held["sha256"] in each for each in told)
    assert (now["state"], now["version"]) == ("pending_review", held["version"])


def test_no_admin_event_serves_anybody_else(
    events: Events, people: dict[str, httpx.Client]
) -> None:
    for event in events.ids():
        events.call(event, ["admin", "mallory", "x"][: events.inputs_of(event)])
    assert people["stranger"].get("/healthz").json()["paused"] == []
    admin = Events(people["ada"])
    shown = [str(admin.call(each, [None] * admin.inputs_of(each))) for each in admin.ids()]
    assert not any("mallory" in each for each in shown)


# ---- other sites --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.test"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://127.0.0.1.evil.test:80"},
    ],
)
def test_a_request_from_another_site_is_refused(headers: dict[str, str], server: Server) -> None:
    answer = httpx.post(f"{server.url}/login", json={"name": "a", "password": "b"}, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "cross_origin")
