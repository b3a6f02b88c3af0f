"""Blind opinions over HTTP: no route tells whoever is asked what was decided, and no answer of theirs
reaches anybody else. The rules are tested below it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from tests.browser.newsroom import Newsroom
from tests.server import wait_for_state

Json = dict[str, Any]

NAMES = ("ana", "ben", "rita", "rob", "lea", "ada", "aud")
VERDICTS = {"approve": "published", "reject": "rejected", "request_changes": "changes_requested"}


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    wishes = [{"prompt": f"plain clip number {number}"} for number in range(100)]
    shares = {"GREENLIGHT_OPINION_SHARE": "1", "GREENLIGHT_GOLDEN_SHARE": "1"}
    filled = Newsroom(tmp_path_factory.mktemp("agreement"), wishes, GREENLIGHT_UNDO_S="0", **shares)
    with filled:
        yield filled


@pytest.fixture(scope="module")
def people(newsroom: Newsroom) -> dict[str, httpx.Client]:
    return {name: newsroom.api(name) for name in NAMES} | {"": newsroom.client()}


@pytest.fixture(scope="module")
def pending(newsroom: Newsroom) -> list[str]:
    return list(newsroom.clips)


def decide(client: httpx.Client, clip: Json, verdict: str, **more: Any) -> httpx.Response:
    reasons = [] if verdict == "approve" else ["violence"]
    body = {"verdict": verdict, "reasons": reasons, "version": clip["version"]} | more
    return client.post(f"/api/v1/clips/{clip['id']}/decision", json=body)


def show(client: httpx.Client, clip_id: str) -> Json:
    found: Json = client.get(f"/api/v1/clips/{clip_id}").json()
    return found


def code(answer: httpx.Response) -> str:
    found: str = answer.json()["error"]["code"]
    return found


def asked(people: dict[str, httpx.Client], pending: list[str], verdict: str) -> str:
    """A clip that rita decided on with a note, and that rob is asked about blind."""
    lea, rita, rob = people["lea"], people["rita"], people["rob"]
    clip_id, other = pending.pop(), pending.pop()
    note = {"at_s": 0.5, "text": "look at this", "public": True}
    rita.post(f"/api/v1/clips/{clip_id}/marks", json=note)
    words = {"note": "for its creator", "internal_note": "for us"}
    answer = decide(rita, show(rita, clip_id), verdict, **words)
    assert answer.status_code == 200, answer.text
    wait_for_state(lea, clip_id, VERDICTS[verdict])
    decide(rob, show(rob, other), "approve")
    wait_for_state(lea, other, "published")
    return clip_id


@pytest.fixture(params=["approve", "reject"])
def clip_id(
    people: dict[str, httpx.Client], pending: list[str], request: pytest.FixtureRequest
) -> Iterator[str]:
    found = asked(people, pending, request.param)
    yield found
    left = show(people["rob"], found)
    if left["state"] == "pending_review":
        decide(people["rob"], left, "approve")


# ---- what no route tells -------------------------------------------------------------------


def test_the_clip_looks_as_if_it_waited(people: dict[str, httpx.Client], clip_id: str) -> None:
    blind = show(people["rob"], clip_id)
    assert (blind["state"], blind["can"]) == (
        "pending_review",
        ["claim", "decide", "skip", "hand_over"],
    )
    assert [entry["state"] for entry in blind["timeline"]][-1] == "pending_review"
    assert (blind["page"], blind["published_at"], blind["internal_notes"]) == (None, None, [])
    assert show(people["lea"], clip_id)["state"] != "pending_review"


def test_it_stands_in_the_queue_like_any_other(
    people: dict[str, httpx.Client], clip_id: str
) -> None:
    items = people["rob"].get("/api/v1/review").json()["items"]
    (found,) = [item for item in items if item["id"] == clip_id]
    other = next(item for item in items if item["id"] != clip_id)
    assert found.keys() == other.keys()
    assert (found["state"], found["can"]) == (other["state"], other["can"])
    others = people["lea"].get("/api/v1/review").json()["items"]
    assert clip_id not in {item["id"] for item in others}


def test_no_statement_is_told(people: dict[str, httpx.Client], clip_id: str) -> None:
    address = f"/api/v1/clips/{clip_id}/statements"
    (real,) = people["lea"].get(address).json()["items"]
    assert people["rob"].get(address).json()["items"] == []
    assert people["rob"].get(f"{address}/{real['id']}.json").status_code == 404


def test_no_mark_is_told(people: dict[str, httpx.Client], clip_id: str) -> None:
    address = f"/api/v1/clips/{clip_id}/marks"
    assert len(people["lea"].get(address).json()["items"]) == 1
    assert people["rob"].get(address).json()["items"] == []


def test_the_media_are_those_that_were_reviewed(
    people: dict[str, httpx.Client], clip_id: str
) -> None:
    for ending in ("mp4", "jpg", "webp"):
        answer = people["rob"].get(f"/media/{clip_id}.{ending}")
        assert answer.headers["cache-control"] == "private, no-store"
        assert "cross-origin" not in answer.headers.get("cross-origin-resource-policy", "")
        assert answer.status_code == 200
    blind = show(people["rob"], clip_id)
    assert people["rob"].head(f"/media/{clip_id}.mp4").headers["etag"] == f'"{blind["sha256"]}.mp4"'


def test_precedents_leave_it_out(
    people: dict[str, httpx.Client], pending: list[str], clip_id: str
) -> None:
    """Every prompt here is alike, so every decided clip would be a precedent of every other."""
    near = people["rob"].get(f"/api/v1/clips/{pending[0]}/precedents").json()["items"]
    assert clip_id not in {item["id"] for item in near}
    assert people["rob"].get(f"/api/v1/clips/{clip_id}/precedents").status_code == 200


def test_the_file_does_not_tell_its_age(people: dict[str, httpx.Client], clip_id: str) -> None:
    told = people["rob"].head(f"/media/{clip_id}.mp4").headers["last-modified"]
    sent = datetime.fromisoformat(show(people["rob"], clip_id)["created_at"].replace("Z", "+00:00"))
    assert parsedate_to_datetime(told) == sent.replace(microsecond=0)


@pytest.mark.parametrize("act", ["undo", "withdraw", "cancel"])
def test_what_a_waiting_clip_refuses_it_refuses_in_the_same_words(
    people: dict[str, httpx.Client], pending: list[str], clip_id: str, act: str
) -> None:
    blind = people["rob"].post(f"/api/v1/clips/{clip_id}/{act}")
    plain = people["rob"].post(f"/api/v1/clips/{pending[0]}/{act}")
    assert (blind.status_code, blind.json()) == (plain.status_code, plain.json())


def test_it_is_claimed_renewed_skipped_and_released_like_any_other(
    people: dict[str, httpx.Client], clip_id: str
) -> None:
    rob, address = people["rob"], f"/api/v1/clips/{clip_id}"
    claimed = rob.post("/api/v1/review/claim", json={"clip_id": clip_id})
    renewed = rob.post(f"{address}/claim/renew")
    released = rob.post(f"{address}/release")
    skipped = rob.post(f"{address}/skip")
    answers = [claimed, renewed, released, skipped]
    assert [each.status_code for each in answers] == [200] * 4
    assert {each.json()["state"] for each in answers} == {"pending_review"}
    assert (claimed.json()["claim"]["mine"], released.json()["claim"]) == (True, None)


def test_the_next_clip_without_naming_one_may_be_it(
    people: dict[str, httpx.Client], clip_id: str
) -> None:
    claimed = people["rob"].post("/api/v1/review/claim").json()
    assert (claimed["id"], claimed["state"]) == (clip_id, "pending_review")


def test_a_mark_on_it_is_made_and_taken_away(people: dict[str, httpx.Client], clip_id: str) -> None:
    address = f"/api/v1/clips/{clip_id}/marks"
    made = people["rob"].post(address, json={"at_s": 0.2, "text": "mine", "public": True})
    assert made.status_code == 201
    assert len(people["lea"].get(address).json()["items"]) == 1
    assert people["rob"].delete(f"{address}/{made.json()['id']}").status_code == 200


# ---- what the answer does ------------------------------------------------------------------


@pytest.mark.parametrize("verdict", list(VERDICTS))
def test_the_answer_reaches_nobody_else(
    people: dict[str, httpx.Client], clip_id: str, verdict: str
) -> None:
    readers = ["ana", "ben", "lea", "rita", ""]
    addresses = [f"/api/v1/clips/{clip_id}", f"/api/v1/clips/{clip_id}/statements"]
    addresses += [f"/api/v1/clips/{clip_id}/marks", "/api/v1/notices", f"/clip/{clip_id}"]

    def told() -> list[Any]:
        return [people[name].get(address).text for name in readers for address in addresses]

    before = told()
    answer = decide(
        people["rob"], show(people["rob"], clip_id), verdict, note="words nobody is to read"
    )
    assert answer.status_code == 200
    assert answer.json()["check"] == {"kind": "second", "known": None, "same": None}
    assert told() == before


def test_afterwards_it_is_seen_as_it_is(people: dict[str, httpx.Client], clip_id: str) -> None:
    decide(people["rob"], show(people["rob"], clip_id), "approve")
    view = show(people["rob"], clip_id)
    assert view["state"] == show(people["lea"], clip_id)["state"]
    assert "decide" not in view["can"]
    assert code(people["rob"].post(f"/api/v1/clips/{clip_id}/undo")) == "opinion_given"


def test_an_ordinary_decision_is_no_check(
    people: dict[str, httpx.Client], pending: list[str]
) -> None:
    clip = show(people["rob"], pending.pop())
    assert "check" not in decide(people["rob"], clip, "reject").json()


# ---- golden clips and numbers --------------------------------------------------------------


def test_a_golden_clip_is_made_asked_about_and_told(
    people: dict[str, httpx.Client], pending: list[str]
) -> None:
    lea, rob = people["lea"], people["rob"]
    clip_id, other = pending.pop(), pending.pop()
    decide(people["rita"], show(people["rita"], clip_id), "reject")
    known = {"verdict": "reject", "reasons": ["violence"]}
    made = lea.post(f"/api/v1/clips/{clip_id}/golden", json=known)
    assert (made.status_code, made.json()["answers"]) == (201, 0)
    decide(rob, show(rob, other), "approve")
    blind = show(rob, clip_id)
    assert blind["state"] == "pending_review"
    told = decide(rob, blind, "request_changes").json()["check"]
    assert told == {"kind": "golden", "known": known, "same": False}
    retired = lea.delete(f"/api/v1/clips/{clip_id}/golden").json()
    assert (retired["answers"], retired["retired_at"] is not None) == (1, True)


@pytest.mark.parametrize(
    ("name", "status"), [("", 401), ("ana", 403), ("rita", 403), ("aud", 403), ("lea", 200)]
)
def test_golden_clips_are_kept_by_leads(
    people: dict[str, httpx.Client], pending: list[str], name: str, status: int
) -> None:
    client, address = people[name], f"/api/v1/clips/{pending[0]}/golden"
    assert client.get("/api/v1/review/golden").status_code == status
    sent = client.post(address, json={"verdict": "approve"})
    assert sent.status_code == (409 if status == 200 else status)
    assert client.delete(address).status_code == (404 if status == 200 else status)


@pytest.mark.parametrize(
    "body", [{}, {"verdict": "perhaps"}, {"verdict": "approve", "more": 1}, {"reasons": []}, []]
)
def test_an_answer_in_another_shape_is_refused(
    people: dict[str, httpx.Client], pending: list[str], body: Any
) -> None:
    answer = people["lea"].post(f"/api/v1/clips/{pending[0]}/golden", json=body)
    assert (answer.status_code, code(answer)) == (422, "bad_input")


@pytest.mark.parametrize(
    ("name", "status"),
    [("", 401), ("ana", 403), ("rita", 200), ("lea", 200), ("ada", 200), ("aud", 200)],
)
def test_who_reads_the_numbers(people: dict[str, httpx.Client], name: str, status: int) -> None:
    assert people[name].get("/api/v1/review/agreement").status_code == status


def test_a_reviewer_reads_of_themselves_alone(people: dict[str, httpx.Client]) -> None:
    told = people["rita"].get("/api/v1/review/agreement").json()
    assert ([each["name"] for each in told["by_reviewer"]], told["overall"]) == (["rita"], None)
