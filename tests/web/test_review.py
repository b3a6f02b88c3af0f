"""The review over HTTP: who may do what, and what a refusal says. The rules are tested below it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.server import Server, wait_for_state

PROMPT = "a blue star rising in the snow"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("review"), GREENLIGHT_UNDO_S="60") as server:
        yield server


@pytest.fixture(scope="module")
def people(house: Server) -> dict[str, httpx.Client]:
    roles = {
        "ana": "creator",
        "ben": "creator",
        "rita": "reviewer",
        "rob": "reviewer",
        "lea": "lead",
        "aud": "auditor",
    }
    return {name: house.client(name, role) for name, role in roles.items()} | {"": house.client()}


@pytest.fixture
def clip(people: dict[str, httpx.Client]) -> Json:
    wish = {"prompt": PROMPT, "num_inference_steps": 1}
    sent = people["ana"].post("/api/v1/clips", json=wish).json()
    wait_for_state(people["ana"], sent["id"], "pending_review")
    found: Json = people["rita"].get(f"/api/v1/clips/{sent['id']}").json()
    return found


def decide(client: httpx.Client, clip: Json, decision: str, **more: Any) -> httpx.Response:
    reasons = [] if decision == "approve" else ["technical_fault"]
    body = {"verdict": decision, "reasons": reasons, "version": clip["version"]} | more
    return client.post(f"/api/v1/clips/{clip['id']}/decision", json=body)


def code(answer: httpx.Response) -> str:
    found: str = answer.json()["error"]["code"]
    return found


def test_a_reviewer_reads_by_when_it_is_due(clip: Json) -> None:
    assert (clip["stage"], clip["overdue"], clip["due_at"] < clip["late_at"]) == (
        "first",
        False,
        True,
    )


def test_a_decision_is_taken_back_over_http(people: dict[str, httpx.Client], clip: Json) -> None:
    decided = decide(people["rita"], clip, "reject").json()
    back = people["rita"].post(f"/api/v1/clips/{clip['id']}/undo").json()
    assert ("undo" in decided["can"], back["state"]) == (True, "pending_review")


def test_an_approved_clip_waits_until_it_can_no_longer_be_taken_back(
    people: dict[str, httpx.Client], clip: Json
) -> None:
    assert decide(people["rita"], clip, "approve").json()["state"] == "approved"
    assert people[""].get(f"/clip/{clip['id']}").status_code == 404


@pytest.mark.parametrize(
    ("name", "status"), [("", 401), ("ana", 403), ("ben", 403), ("aud", 403), ("rob", 403)]
)
def test_nobody_else_takes_it_back(
    people: dict[str, httpx.Client], clip: Json, name: str, status: int
) -> None:
    decide(people["rita"], clip, "reject")
    assert people[name].post(f"/api/v1/clips/{clip['id']}/undo").status_code == status


def test_an_appeal_goes_to_somebody_else_and_is_answered(
    people: dict[str, httpx.Client], clip: Json
) -> None:
    decide(people["rita"], clip, "reject")
    words = {"text": "It is <b>snow</b>, not noise."}
    appealed = people["ana"].post(f"/api/v1/clips/{clip['id']}/appeal", json=words).json()
    again = decide(people["rita"], appealed, "approve", note="I was wrong.")
    seen = people["rob"].get(f"/api/v1/clips/{clip['id']}").json()
    wordless = decide(people["rob"], appealed, "approve")
    upheld = decide(people["rob"], appealed, "approve", note="You are right.")
    assert (again.status_code, code(again)) == (403, "decided_before")
    assert seen["appeal"]["text"] == words["text"]
    assert (wordless.status_code, code(wordless)) == (422, "answer_missing")
    assert upheld.json()["state"] == "approved"


@pytest.mark.parametrize(("name", "status"), [("", 401), ("ben", 404), ("rita", 404)])
def test_nobody_appeals_for_another(
    people: dict[str, httpx.Client], clip: Json, name: str, status: int
) -> None:
    decide(people["rita"], clip, "reject")
    answer = people[name].post(f"/api/v1/clips/{clip['id']}/appeal", json={"text": "Please."})
    assert answer.status_code == status


def test_a_claim_is_renewed_by_its_holder_alone(
    people: dict[str, httpx.Client], clip: Json
) -> None:
    people["rita"].post("/api/v1/review/claim", json={"clip_id": clip["id"]})
    renew = f"/api/v1/clips/{clip['id']}/claim/renew"
    answers = [people[name].post(renew).status_code for name in ("rita", "rob", "ana", "")]
    assert answers == [200, 409, 403, 401]


def test_a_clip_is_handed_to_a_colleague(people: dict[str, httpx.Client], clip: Json) -> None:
    people["rita"].post("/api/v1/review/claim", json={"clip_id": clip["id"]})
    people["rita"].post(f"/api/v1/clips/{clip['id']}/handover", json={"to": "rob"})
    taken = decide(people["rita"], clip, "approve")
    assert (taken.status_code, code(taken)) == (409, "claimed")


def test_a_skipped_clip_is_still_in_the_queue(people: dict[str, httpx.Client], clip: Json) -> None:
    assert people["rita"].post(f"/api/v1/clips/{clip['id']}/skip").status_code == 200
    listed = people["rita"].get("/api/v1/review").json()["items"]
    assert clip["id"] in {each["id"] for each in listed}


@pytest.mark.parametrize(
    ("name", "status"),
    [("", 401), ("ana", 403), ("rita", 403), ("lea", 200), ("aud", 200)],
)
def test_how_the_review_is_doing_is_for_leads(
    people: dict[str, httpx.Client], name: str, status: int
) -> None:
    assert people[name].get("/api/v1/review/health").status_code == status


def test_a_lead_reads_who_decided_and_holds_what(
    people: dict[str, httpx.Client], clip: Json
) -> None:
    people["rob"].post("/api/v1/review/claim", json={"clip_id": clip["id"]})
    told = people["lea"].get("/api/v1/review/health").json()
    by_name = {each["name"]: each for each in told["by_reviewer"]}
    assert by_name["rob"]["holding"] >= 1
    assert told["waiting"] >= 1
    assert told["oldest_s"] >= 0


@pytest.mark.parametrize(
    ("more", "status", "said"),
    [
        ({"reasons": ["made_up"]}, 422, "unknown_reason"),
        ({"reasons": []}, 422, "reason_missing"),
        ({"version": 999}, 409, "stale_version"),
        ({"note": "a" * 100_000}, 422, "text_too_long"),
        ({"note": "ring\x07"}, 422, "bad_input"),
        ({"internal_note": "a" * 100_000}, 422, "text_too_long"),
        ({"verdict": "perhaps"}, 422, "bad_input"),
        ({"version": "1"}, 422, "bad_input"),
        ({"more": 1}, 422, "bad_input"),
    ],
)
def test_a_bad_decision_is_refused_and_changes_nothing(
    people: dict[str, httpx.Client], clip: Json, more: Json, status: int, said: str
) -> None:
    answer = decide(people["rita"], clip, "reject", **more)
    now = people["rita"].get(f"/api/v1/clips/{clip['id']}").json()
    assert (answer.status_code, code(answer)) == (status, said)
    assert (now["state"], now["version"]) == ("pending_review", clip["version"])


def test_words_come_back_exactly_as_they_were_typed(
    people: dict[str, httpx.Client], clip: Json
) -> None:
    note = '  <script>alert(1)</script> & "so"\n\ttoo é 🎬  '
    decide(people["rita"], clip, "reject", note=note)
    shown = people["ana"].get(f"/api/v1/clips/{clip['id']}").json()["timeline"][-1]
    assert shown["note"] == note
