"""The routes of the shared pipeline, over real HTTP: drafts, variants, deletes, looks, downloads."""

from __future__ import annotations

import io
import json
from typing import Any

import av
import httpx
import pytest

from tests.server import Server, wait_for_state, wait_until

PROMPT = "a red ball moving left in the night"


@pytest.fixture(scope="module")
def ana(server: Server) -> httpx.Client:
    return server.client("ana", "creator")


@pytest.fixture(scope="module")
def ben(server: Server) -> httpx.Client:
    return server.client("ben", "creator")


@pytest.fixture(scope="module")
def rita(server: Server) -> httpx.Client:
    return server.client("rita", "reviewer")


def send(client: httpx.Client, **wish: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/clips", json={"prompt": PROMPT, **wish})
    assert answer.status_code == 202, answer.text
    sent: dict[str, Any] = answer.json()
    return sent


@pytest.fixture(scope="module")
def draft(ana: httpx.Client) -> dict[str, Any]:
    return wait_for_state(ana, send(ana, seed=11, num_inference_steps=2)["id"], "pending_review")


def post(client: httpx.Client, clip_id: str, verb: str) -> httpx.Response:
    return client.post(f"/api/v1/clips/{clip_id}/{verb}")


# ---- drafts and variants ------------------------------------------------------------------


def test_a_draft_offers_its_final(draft: dict[str, Any]) -> None:
    assert "final" in draft["can"]


def test_a_final_cannot_be_rendered_from_a_final(ana: httpx.Client) -> None:
    whole = wait_for_state(ana, send(ana)["id"], "pending_review")
    answer = post(ana, whole["id"], "final")
    assert (answer.status_code, "is no draft" in answer.text) == (422, True)


def test_nobody_renders_the_final_of_another(
    ben: httpx.Client, rita: httpx.Client, draft: dict[str, Any]
) -> None:
    assert {post(each, draft["id"], "final").status_code for each in (ben, rita)} == {404}


def test_the_final_takes_the_draft_s_place_in_the_review_queue(ana: httpx.Client) -> None:
    first = wait_for_state(ana, send(ana, seed=3, num_inference_steps=2)["id"], "pending_review")
    answer = post(ana, first["id"], "final")
    assert answer.status_code == 202
    made = wait_for_state(ana, answer.json()["id"], "pending_review")
    assert (made["seed"], made["num_inference_steps"]) == (3, 8)
    assert made["parent"]["id"] == first["id"]
    assert ana.get(f"/api/v1/clips/{first['id']}").json()["state"] == "withdrawn"


def test_variants_are_answered_with_the_id_of_each(ana: httpx.Client) -> None:
    sent = send(ana, variants=2, num_inference_steps=1)
    batches = {ana.get(f"/api/v1/clips/{each}").json()["batch_id"] for each in sent["variants"]}
    assert len(sent["variants"]) == 2
    assert batches == {sent["batch_id"]}


@pytest.mark.parametrize("variants", [0, 5, -1])
def test_too_many_variants_are_refused(ana: httpx.Client, variants: int) -> None:
    answer = ana.post("/api/v1/clips", json={"prompt": PROMPT, "variants": variants})
    assert (answer.status_code, str(variants) in answer.text) == (422, True)


# ---- what a form asks ---------------------------------------------------------------------


def test_what_the_model_can_do_is_told_to_anyone(server: Server) -> None:
    told = server.client().get("/api/v1/model").json()
    assert (told["name"], told["state"], told["sizes"]) == ("embedded", "ready", [[128, 128]])


def test_the_allowance_is_one_s_own(ben: httpx.Client) -> None:
    told = ben.get("/api/v1/allowance").json()
    assert (told["slots"]["limit"], told["waits_for"]) == (8, None)


@pytest.mark.parametrize("route", ["allowance", "surprise"])
def test_a_stranger_has_none(server: Server, route: str) -> None:
    assert server.client().get(f"/api/v1/{route}").status_code == 401


def test_a_surprise_is_a_prompt_that_the_model_understands_whole(ana: httpx.Client) -> None:
    for _ in range(20):
        prompt = ana.get("/api/v1/surprise").json()["prompt"]
        reading = ana.post("/api/v1/reading", json={"prompt": prompt}).json()
        assert (reading["unknown"], reading["clashes"]) == ([], []), prompt


def test_a_first_frame_is_refused_by_a_model_that_takes_none(ana: httpx.Client) -> None:
    answer = ana.post("/api/v1/frames", content=b"\x89PNG", headers={"Content-Type": "image/png"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "no_first_frame")


def test_a_picture_may_be_larger_than_other_bodies(ana: httpx.Client) -> None:
    picture = b"\x89PNG" + bytes(1024 * 1024)
    answer = ana.post("/api/v1/frames", content=picture, headers={"Content-Type": "image/png"})
    assert answer.status_code == 422


def test_a_picture_beyond_its_own_limit_is_refused(ana: httpx.Client) -> None:
    answer = ana.post("/api/v1/frames", content=bytes(11 * 1024 * 1024))
    assert answer.status_code == 413


# ---- delete -------------------------------------------------------------------------------


def ended(client: httpx.Client) -> dict[str, Any]:
    clip = wait_for_state(
        client, send(client, num_inference_steps=1, note="mine")["id"], "pending_review"
    )
    assert post(client, clip["id"], "withdraw").status_code == 200
    return clip


def test_a_deleted_clip_is_gone_for_its_creator_and_for_reviewers(
    server: Server, ana: httpx.Client, rita: httpx.Client
) -> None:
    clip = ended(ana)
    held = server.folder / "data/media/held" / clip["sha256"][:2] / f"{clip['sha256']}.mp4"
    assert held.is_file()
    assert post(ana, clip["id"], "delete").json() == {"deleted": clip["id"]}
    for each in (ana, rita):
        assert each.get(f"/api/v1/clips/{clip['id']}").status_code == 404
        assert each.get(clip["media"]["mp4"]).status_code == 404
    assert clip["id"] not in ana.get("/api/v1/clips?mine=1").text
    assert not held.exists()


def test_the_log_is_whole_after_a_delete(server: Server, ana: httpx.Client) -> None:
    post(ana, ended(ana)["id"], "delete")
    assert "The log is whole" in server.manage("verify-log")


def test_a_clip_that_waits_for_review_is_not_deleted(ana: httpx.Client) -> None:
    clip = wait_for_state(ana, send(ana, num_inference_steps=1)["id"], "pending_review")
    assert post(ana, clip["id"], "delete").status_code == 409


def test_nobody_deletes_another_s_clip(
    ana: httpx.Client, ben: httpx.Client, rita: httpx.Client
) -> None:
    clip = ended(ana)
    assert {post(each, clip["id"], "delete").status_code for each in (ben, rita)} == {404}


# ---- one's own list -----------------------------------------------------------------------


def test_one_s_clips_are_found_by_words_and_states(
    ana: httpx.Client, draft: dict[str, Any]
) -> None:
    def found(**asked: str) -> set[str]:
        page = ana.get("/api/v1/clips", params={"mine": "1", **asked}).json()
        return {clip["id"] for clip in page["items"]}

    assert draft["id"] not in found(q="heart")
    assert draft["id"] in found(q="BALL night", state="pending_review,withdrawn")
    assert draft["id"] not in found(state="published,failed")


def test_an_unknown_state_is_refused_by_name(ana: httpx.Client) -> None:
    assert "'gone'" in ana.get("/api/v1/clips?mine=1&state=failed,gone").text


# ---- looks and downloads ------------------------------------------------------------------


def test_the_look_at_a_clip_in_the_making_is_its_creator_s_alone(
    server: Server, ana: httpx.Client, ben: httpx.Client, rita: httpx.Client
) -> None:
    clip_id = send(ana, num_inference_steps=1)["id"]
    wait_for_state(ana, clip_id, "pending_review")
    picture = server.folder / "data/media/work/previews" / f"{clip_id}.jpg"
    picture.parent.mkdir(mode=0o700, exist_ok=True)  # as the app makes it
    picture.write_bytes(b"\xff\xd8 a look")
    asked = f"/media/{clip_id}.preview.jpg"
    assert [each.get(asked).status_code for each in (ben, rita, server.client())] == [404] * 3
    shown = ana.get(asked)
    assert (shown.status_code, shown.headers["cache-control"]) == (200, "private, no-store")
    picture.unlink()
    assert ana.get(asked).status_code == 204


def test_a_download_has_a_name_to_keep_it_by(ana: httpx.Client, draft: dict[str, Any]) -> None:
    answer = ana.get(draft["media"]["mp4"], params={"download": 1})
    name = f"a-red-ball-moving-left-in-{draft['id']}.mp4"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'


def test_a_download_can_say_in_the_file_how_it_was_made(
    ana: httpx.Client, draft: dict[str, Any]
) -> None:
    answer = ana.get(draft["media"]["mp4"], params={"download": 1, "facts": 1})
    with av.open(io.BytesIO(answer.content)) as container:
        metadata = dict(container.metadata)
        shape = container.streams.video[0].width
    assert (metadata["title"], shape) == (PROMPT, 128)
    assert json.loads(metadata["comment"])["seed"] == 11


def test_a_reviewer_s_download_carries_no_prompt(rita: httpx.Client, draft: dict[str, Any]) -> None:
    answer = rita.get(draft["media"]["mp4"], params={"download": 1, "facts": 1})
    assert PROMPT.encode() not in answer.content


def test_a_stranger_downloads_nothing_that_is_held(server: Server, draft: dict[str, Any]) -> None:
    answer = server.client().get(draft["media"]["mp4"], params={"download": 1, "facts": 1})
    assert answer.status_code == 404


def test_copies_for_downloads_are_gone_after_the_answer(
    server: Server, ana: httpx.Client, draft: dict[str, Any]
) -> None:
    ana.get(draft["media"]["mp4"], params={"download": 1, "facts": 1})
    work = server.folder / "data/media/work"
    wait_until(lambda: not list(work.glob("copy-*")), "the copy is deleted")


def test_an_operator_gives_somebody_a_larger_share(server: Server, ben: httpx.Client) -> None:
    assert ben.get("/api/v1/me").status_code == 200
    said = server.manage("share", "ben", "2")
    row = next(line for line in server.manage("users").splitlines() if " ben " in line)
    server.manage("share", "ben", "1")
    assert (said, " 2 " in row) == ("ben has a share of 2 now.", True)
