"""The real app beside a Hub: what is approved arrives there, also after kill -9, and leaves again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.hub.wire import Answer, HubServer
from tests.server import Server, wait_for_state, wait_until

REPO = "owner/gallery"


@pytest.fixture(scope="module")
def hub() -> Iterator[HubServer]:
    with HubServer() as server:
        yield server


@pytest.fixture(scope="module")
def server(hub: HubServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    environment = {
        "GREENLIGHT_HUB_REPO": REPO,
        "GREENLIGHT_HUB_ENDPOINT": hub.url,
        "GREENLIGHT_HF_TOKEN": hub.token,
        "HF_HUB_OFFLINE": "0",
    }
    with Server(tmp_path_factory.mktemp("hub"), **environment) as running:
        yield running


def test_a_clip_goes_there_after_a_kill_and_leaves_again(server: Server, hub: HubServer) -> None:
    ana, rita = server.client("ana", "creator"), server.client("rita", "reviewer")
    lea = server.client("lea", "lead")
    prompt = "a red ball moving left in the night"
    made = ana.post("/api/v1/clips", json={"prompt": prompt, "num_inference_steps": 2}).json()
    clip = wait_for_state(ana, made["id"], "pending_review")
    killed = kill_at_the_commit(server, hub)
    rita.post("/api/v1/review/claim", json={"clip_id": clip["id"]})
    verdict = {"verdict": "approve", "reasons": [], "note": "", "version": clip["version"]}
    assert rita.post(f"/api/v1/clips/{clip['id']}/decision", json=verdict).status_code == 200
    wait_until(killed, "the app is killed during its commit")
    server.start()
    path = f"clips/00000/{clip['id']}.mp4"
    wait_until(lambda: lea.get("/api/v1/hub").json()["places"][0]["there"] == 1, "it is there")
    public = lea.get(f"/media/{clip['id']}.mp4").content
    assert hub.content(REPO, path) == public
    assert len(hub.rows(REPO)) == 1

    down = {"reason": "law", "note": ""}
    assert lea.post(f"/api/v1/clips/{clip['id']}/takedown", json=down).status_code == 200
    wait_until(lambda: not hub.serves(REPO, "main", path), "it is gone")
    wait_until(lambda: lea.get("/api/v1/hub").json()["removals"] == [], "and that is known")
    assert hub.repos[REPO].large.get(clip["sha256"]) is None


def test_strangers_and_creators_are_told_nothing_of_it(server: Server) -> None:
    assert server.client().get("/api/v1/hub").status_code == 401
    assert server.client("ben", "creator").get("/api/v1/hub").status_code == 403


def test_the_token_is_in_no_answer_and_no_log(server: Server, hub: HubServer) -> None:
    ada = server.client("ada", "admin")
    pages = [ada.get(path).text for path in ("/", "/config", "/healthz", "/api/v1/hub")]
    assert hub.token not in "".join(pages) + server.log.read_text()


def kill_at_the_commit(server: Server, hub: HubServer) -> Callable[[], bool]:
    gone: list[bool] = []

    def kill() -> None:
        server.kill()
        gone.append(True)

    hub.answers["commit"].append(Answer(act=kill))
    return lambda: bool(gone)
