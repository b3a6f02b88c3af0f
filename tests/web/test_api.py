"""The JSON API as scripts meet it: shapes, refusals, and nothing stored by a bad request."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import pytest

from tests.server import Server, wait_for_state


@pytest.fixture(scope="module")
def ana(server: Server) -> httpx.Client:
    return server.client("ana", "creator")


@pytest.fixture(scope="module")
def rita(server: Server) -> httpx.Client:
    return server.client("rita", "reviewer")


def made(
    client: httpx.Client, prompt: str = "a blue ball staying still in the snow"
) -> dict[str, Any]:
    answer = client.post("/api/v1/clips", json={"prompt": prompt, "num_inference_steps": 2})
    assert answer.status_code == 202, answer.text
    return wait_for_state(client, answer.json()["id"], "pending_review")


# ---- bad input ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"prompt": ""}, 422, "empty"),
        ({"prompt": " \n "}, 422, "empty"),
        ({"prompt": "x" * 1001}, 422, "1001 characters; the longest allowed is 1000"),
        ({"prompt": "a\x00b"}, 422, "U+0000"),
        ({"prompt": 7}, 422, "prompt"),
        ({}, 422, "prompt"),
        ({"prompt": "x", "promt": "y"}, 422, "promt"),
        ({"prompt": "x", "num_frames": 16}, 422, "16: the model embedded makes clips of 17"),
        ({"prompt": "x", "num_frames": -1}, 422, "-1"),
        ({"prompt": "x", "width": 63}, 422, "'63 × 128': the model embedded makes 128 × 128"),
        ({"prompt": "x", "width": 0}, 422, "0 × 128"),
        ({"prompt": "x", "height": 10_000_000}, 422, "128 × 10000000"),
        ({"prompt": "x", "num_inference_steps": 33}, 422, "1 to 32"),
        ({"prompt": "x", "guidance_scale": 0.5}, 422, "1 to 10"),
        ({"prompt": "x", "seed": -1}, 422, "-1"),
        ({"prompt": "x", "seed": 2**31}, 422, "2147483648"),
        ({"prompt": "x", "seed": 1.5}, 422, "seed"),
        ({"prompt": "x", "preset": "sora"}, 422, "'sora' does not exist"),
        ({"prompt": "x", "note": "n" * 2001}, 422, "2001 characters"),
        ({"prompt": "x", "parent_id": "nothing"}, 404, "nothing at this address"),
        ([], 422, "the body"),
    ],
)
def test_a_bad_request_names_the_value_and_the_rule_and_stores_nothing(
    body: Any, status: int, said: str, ana: httpx.Client
) -> None:
    before = ana.get("/api/v1/clips?mine=1").json()["items"]
    answer = ana.post("/api/v1/clips", json=body)
    error = answer.json()["error"]
    assert (answer.status_code, set(error)) == (status, {"code", "message", "fix"})
    assert said in error["message"]
    assert error["fix"]
    assert ana.get("/api/v1/clips?mine=1").json()["items"] == before


@pytest.mark.parametrize("text", [b"{", b'{"prompt": NaN}', b"\xff\xfe", b"", b"prompt=x"])
def test_what_is_no_json_is_refused(text: bytes, ana: httpx.Client) -> None:
    headers = {"Content-Type": "application/json"}
    answer = ana.post("/api/v1/clips", content=text, headers=headers)
    assert (answer.status_code, "error" in answer.json()) in [(400, True), (422, True)]


def test_a_huge_body_is_refused_before_it_is_read(ana: httpx.Client) -> None:
    answer = ana.post("/api/v1/clips", content=b"x" * 300_000)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_a_huge_body_of_unknown_length_is_refused(ana: httpx.Client) -> None:
    answer = ana.post("/api/v1/clips", content=(b"x" * 10_000 for _ in range(40)))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize("cursor", ["x", "%00", "a" * 500, "eA"])
def test_a_made_up_cursor_is_refused(cursor: str, ana: httpx.Client) -> None:
    answer = ana.get(f"/api/v1/gallery?cursor={cursor}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_cursor")


# ---- the reading --------------------------------------------------------------------------


def test_a_prompt_is_read_before_it_is_sent(ana: httpx.Client) -> None:
    answer = ana.post("/api/v1/reading", json={"prompt": "a purpel ball in the snow"})
    reading = answer.json()
    assert (answer.status_code, reading["lexicon"]) == (200, True)
    assert [each["label"]["fr"] for each in reading["known"]] == ["balle", "dans la neige"]
    assert reading["unknown"] == [{"word": "purpel", "meant": "purple"}]
    assert "red" in [each["value"] for each in reading["assumed"]]
    assert reading["clashes"] == []


@pytest.mark.parametrize(
    "body", [{"prompt": "x" * 1001}, {"prompt": "a\x00b"}, {"prompt": 7}, {}, {"promt": "x"}, []]
)
def test_what_cannot_be_sent_cannot_be_read_either(body: Any, ana: httpx.Client) -> None:
    sent, read = (ana.post(f"/api/v1/{route}", json=body) for route in ("clips", "reading"))
    assert (read.status_code, read.json()) == (422, sent.json())


def test_a_huge_body_is_not_read(ana: httpx.Client) -> None:
    answer = ana.post("/api/v1/reading", content=b"x" * 300_000)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_a_prompt_that_was_only_read_is_kept_nowhere(server: Server, ana: httpx.Client) -> None:
    assert ana.post("/api/v1/reading", json={"prompt": "quagga-quokka"}).status_code == 200
    files = [path for path in server.folder.rglob("*") if path.is_file()]
    assert server.log in files
    assert [path for path in files if b"quagga" in path.read_bytes()] == []


# ---- who may ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/clips"),
        ("POST", "/api/v1/reading"),
        ("GET", "/api/v1/clips?mine=1"),
        ("GET", "/api/v1/review"),
        ("POST", "/api/v1/review/claim"),
        ("POST", "/api/v1/pause"),
        ("POST", "/api/v1/resume"),
    ],
)
def test_a_stranger_is_asked_to_sign_in(method: str, path: str, server: Server) -> None:
    body = {"prompt": "x"} if path.endswith(("clips", "reading")) else {}
    answer = server.client().request(method, path, json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "sign_in_needed")


@pytest.mark.parametrize("path", ["/api/v1/review/claim", "/api/v1/pause", "/api/v1/resume"])
def test_a_creator_may_not_review_or_administer(path: str, ana: httpx.Client) -> None:
    answer = ana.post(path, json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_allowed")


def test_an_auditor_sees_the_queue_and_cannot_decide(server: Server, ana: httpx.Client) -> None:
    auditor, clip = server.client("aud", "auditor"), made(ana)
    seen = [each["id"] for each in auditor.get("/api/v1/review").json()["items"]]
    decision = {"verdict": "approve", "version": clip["version"]}
    answer = auditor.post(f"/api/v1/clips/{clip['id']}/decision", json=decision)
    assert (clip["id"] in seen, answer.status_code) == (True, 403)


def test_an_auditor_cannot_ask_how_a_prompt_is_read(server: Server) -> None:
    answer = server.client("aud", "auditor").post("/api/v1/reading", json={"prompt": "x"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_allowed")


def test_nobody_decides_on_their_own_clip(server: Server) -> None:
    lea = server.client("lea", "lead")
    clip = made(lea)
    for act, body in (
        ("decision", {"verdict": "approve", "version": clip["version"]}),
        ("claim/renew", None),
    ):
        answer = lea.post(f"/api/v1/clips/{clip['id']}/{act}", json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "own_clip")
    claimed = lea.post("/api/v1/review/claim", json={"clip_id": clip["id"]})
    assert claimed.status_code == 403


def test_a_revoked_token_stops_at_the_next_request(server: Server) -> None:
    gone = server.client("gone", "reviewer")
    before = gone.get("/api/v1/review").status_code
    server.manage("revoke", "gone")
    assert (before, gone.get("/api/v1/review").status_code) == (200, 401)


# ---- the review ---------------------------------------------------------------------------


def test_of_two_reviewers_at_once_one_decides(
    server: Server, ana: httpx.Client, rita: httpx.Client
) -> None:
    rob, clip = server.client("rob", "reviewer"), made(ana)
    start = threading.Barrier(2)
    answers: dict[str, httpx.Response] = {}

    def decide(client: httpx.Client, verdict: str) -> None:
        body = {"verdict": verdict, "version": clip["version"], "reasons": ["hate"]}
        start.wait()
        answers[verdict] = client.post(f"/api/v1/clips/{clip['id']}/decision", json=body)

    threads = [
        threading.Thread(target=decide, args=each) for each in ((rita, "reject"), (rob, "approve"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers.values()) == [200, 409]
    conflict = next(each for each in answers.values() if each.status_code == 409).json()["error"]
    assert conflict["code"] == "already_decided"


def test_a_decision_on_a_version_that_is_gone_is_a_conflict(
    ana: httpx.Client, rita: httpx.Client
) -> None:
    clip = made(ana)
    body = {"verdict": "approve", "version": clip["version"] - 1}
    answer = rita.post(f"/api/v1/clips/{clip['id']}/decision", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "stale_version")


def test_somebody_elses_claim_is_respected(
    server: Server, ana: httpx.Client, rita: httpx.Client
) -> None:
    rob, clip = server.client("rob", "reviewer"), made(ana)
    rita.post("/api/v1/review/claim", json={"clip_id": clip["id"]})
    answer = rob.post("/api/v1/review/claim", json={"clip_id": clip["id"]})
    assert (answer.status_code, "rita is looking" in answer.json()["error"]["message"]) == (
        409,
        True,
    )
    rita.post(f"/api/v1/clips/{clip['id']}/release")
    assert rob.post("/api/v1/review/claim", json={"clip_id": clip["id"]}).status_code == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"verdict": "reject"}, "reason_missing"),
        ({"verdict": "request_changes", "reasons": []}, "reason_missing"),
        ({"verdict": "reject", "reasons": ["ugly"]}, "unknown_reason"),
        ({"verdict": "maybe"}, "bad_input"),
        ({"verdict": "approve", "note": "x" * 100_000}, "text_too_long"),
    ],
)
def test_a_bad_decision_is_refused_and_the_clip_still_waits(
    body: dict[str, Any], code: str, ana: httpx.Client, rita: httpx.Client
) -> None:
    clip = made(ana)
    body = {"version": clip["version"], **body}
    answer = rita.post(f"/api/v1/clips/{clip['id']}/decision", json=body)
    after = rita.get(f"/api/v1/clips/{clip['id']}").json()
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)
    assert (after["state"], after["version"]) == ("pending_review", clip["version"])


def test_a_rejected_creator_reads_why_but_not_who(ana: httpx.Client, rita: httpx.Client) -> None:
    clip = made(ana)
    body = {
        "verdict": "reject",
        "version": clip["version"],
        "reasons": ["technical_fault"],
        "note": "It flickers.",
        "internal_note": "third today",
    }
    rita.post(f"/api/v1/clips/{clip['id']}/decision", json=body)
    answer = ana.get(f"/api/v1/clips/{clip['id']}")
    last = answer.json()["timeline"][-1]
    assert (last["by"], last["note"], last["reasons"][0]["code"]) == (
        "reviewer",
        "It flickers.",
        "technical_fault",
    )
    assert "third today" not in answer.text
    assert "rita" not in answer.text


# ---- switches and documents ---------------------------------------------------------------


def test_what_is_paused_answers_503_with_the_operators_words(
    server: Server, ana: httpx.Client
) -> None:
    ada = server.client("ada", "admin")
    words = "Back at noon."
    ada.post("/api/v1/pause", json={"what": "generation", "message": words})
    refused = ana.post("/api/v1/clips", json={"prompt": "x"})
    paused = ana.get("/healthz").json()["paused"]
    ada.post("/api/v1/resume", json={"what": "generation"})
    assert (refused.status_code, refused.json()["error"]["message"]) == (503, words)
    assert paused == ["generation"]
    assert ana.get("/healthz").json()["paused"] == []


def test_the_openapi_document_describes_every_route_of_the_api(ana: httpx.Client) -> None:
    paths = ana.get("/api/v1/openapi.json").json()["paths"]
    assert {
        "/api/v1/clips",
        "/api/v1/reading",
        "/api/v1/review",
        "/api/v1/clips/{clip_id}/decision",
    } <= set(paths)


def test_statistics_are_public_and_name_nobody(server: Server) -> None:
    numbers = server.client().get("/api/v1/stats").json()
    assert {
        "approved",
        "rejected",
        "changes_requested",
        "published",
        "waiting",
        "wait_s",
        "fewer_than",
        "shares",
        "reasons",
    } <= set(numbers)
    assert "rita" not in str(numbers)


def test_a_creator_cancels_their_own_clip(ana: httpx.Client) -> None:
    wish = {"prompt": "a red ball", "num_inference_steps": 32}
    clip_id = ana.post("/api/v1/clips", json=wish).json()["id"]
    assert ana.post(f"/api/v1/clips/{clip_id}/cancel").status_code == 200
    assert wait_for_state(ana, clip_id, "cancelled", "pending_review")["state"] == "cancelled"


def test_an_empty_state_lists_all_of_ones_own_clips(ana: httpx.Client) -> None:
    everything = ana.get("/api/v1/clips?mine=1").json()["items"]
    assert ana.get("/api/v1/clips?mine=1&state=").json()["items"] == everything


def test_an_unknown_state_is_refused_with_the_known_ones(ana: httpx.Client) -> None:
    answer = ana.get("/api/v1/clips?mine=1&state=lost")
    assert (answer.status_code, "one of queued" in answer.json()["error"]["message"]) == (422, True)
