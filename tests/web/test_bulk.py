"""Deciding in bulk over HTTP: who may, what is refused and how that is said, and taking it back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlmodel import select

from audit import AuditRow
from settings import read_settings
from store import open_store
from tests.browser.newsroom import Newsroom
from tests.moderation.lots import signal

PREVIEW = "/api/v1/review/bulk/preview"
BULK = "/api/v1/review/bulk"
Json = dict[str, Any]
People = dict[str, httpx.Client]


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """Five black clips that wait, and a plain one."""
    black = {"screening": [signal("black", 1.0)]}
    wishes: list[Json] = [*(dict(black) for _ in range(5)), {"prompt": "a plain clip"}]
    folder = tmp_path_factory.mktemp("bulk")
    filled = Newsroom(folder, wishes, GREENLIGHT_UNDO_S="60")
    with filled:
        yield filled


@pytest.fixture(scope="module")
def people(newsroom: Newsroom) -> People:
    return {name: newsroom.api(name) for name in newsroom.tokens} | {"": newsroom.client()}


@pytest.fixture
def group(people: People) -> Json:
    (found,) = people["rita"].post(PREVIEW).json()["groups"]
    return dict(found)


def body(group: Json, **changed: Any) -> Json:
    clips = [{"id": clip["id"], "version": clip["version"]} for clip in group["clips"]]
    facts = {"ticket": group["ticket"], "count": len(clips), "verdict": "reject", "clips": clips}
    return {**facts, "reasons": group["reasons"], **changed}


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def waiting(people: People) -> int:
    return len(people["rita"].get("/api/v1/review").json()["items"])


def refused(newsroom: Newsroom, clip_id: str) -> list[str]:
    """What stood in the way of decisions on a clip, as the log has it."""
    store = open_store(read_settings(data=newsroom.folder / "data"))
    with store.read() as session:
        rows = select(AuditRow.body).where(AuditRow.subject == clip_id)
        found = session.exec(rows.where(AuditRow.action == "refused_decision")).all()
    store.close()
    return [body["because"] for body in found]


def test_a_preview_shows_exactly_the_clips_that_go_together(
    newsroom: Newsroom, group: Json
) -> None:
    assert [clip["id"] for clip in group["clips"]] == newsroom.clips[:5]
    assert set(group["clips"][0]) == {
        "id",
        "version",
        "prompt",
        "creator",
        "width",
        "height",
        "media",
        "flagged",
        "classes",
        "seen",
    }


@pytest.mark.parametrize(("name", "status"), [("", 401), ("ana", 403), ("aud", 403)])
def test_only_reviewers_see_a_preview(people: People, name: str, status: int) -> None:
    assert people[name].post(PREVIEW).status_code == status


@pytest.mark.parametrize(
    ("name", "status"), [("", 401), ("ana", 403), ("ben", 403), ("aud", 403), ("rob", 409)]
)
def test_nobody_else_decides_on_what_a_reviewer_was_shown(
    people: People, group: Json, name: str, status: int
) -> None:
    assert people[name].post(BULK, json=body(group)).status_code == status
    assert waiting(people) == 6


@pytest.mark.parametrize(
    "changed",
    [
        {"count": 4},
        {"count": 6},
        {"count": "5"},
        {"count": 5.0},
        {"count": True},
        {"count": None},
        {"verdict": "approve"},
        {"verdict": "delete"},
        {"reasons": ["hate"]},
        {"reasons": []},
        {"reasons": ["made_up"]},
        {"note": "ring\x07"},
        {"note": "a" * 100_000},
        {"internal_note": "a" * 100_000},
        {"clips": [], "count": 0},
        {"clips": ["x"], "count": 1},
        {"clips": [{"id": "x", "version": 1}], "count": 1},
        {"all": True},
    ],
)
def test_a_bulk_in_another_shape_is_refused_and_decides_nothing(
    people: People, group: Json, changed: Json
) -> None:
    answer = people["rita"].post(BULK, json=body(group, **changed))
    assert answer.status_code == 422
    assert waiting(people) == 6


def test_a_wrong_number_is_told_with_the_right_one(people: People, group: Json) -> None:
    answer = people["rita"].post(BULK, json=body(group, count=4)).json()["error"]
    assert answer["message"] == "count is 4: the number of clips that you chose, 5."


def test_a_clip_that_was_not_in_the_preview_is_refused(
    newsroom: Newsroom, people: People, group: Json
) -> None:
    plain = people["rita"].get(f"/api/v1/clips/{newsroom.clips[5]}").json()
    smuggled = [*body(group)["clips"], {"id": plain["id"], "version": plain["version"]}]
    answer = people["rita"].post(BULK, json=body(group, clips=smuggled, count=6))
    assert told(answer) == (422, "bad_input")
    assert "a clip of the preview" in answer.json()["error"]["message"]
    assert waiting(people) == 6


def test_another_version_than_was_shown_is_refused(people: People, group: Json) -> None:
    clips = body(group)["clips"]
    clips[0]["version"] += 1
    answer = people["rita"].post(BULK, json=body(group, clips=clips))
    assert (told(answer), waiting(people)) == ((422, "bad_input"), 6)


@pytest.mark.parametrize("ticket", ["", "x", "QUJDRA==", "\u00e9"])
def test_a_ticket_that_nobody_issued_is_refused(people: People, group: Json, ticket: str) -> None:
    answer = people["rita"].post(BULK, json=body(group, ticket=ticket))
    assert (told(answer), waiting(people)) == ((409, "preview_over"), 6)


def test_a_clip_that_somebody_claimed_meanwhile_refuses_all_and_is_logged(
    newsroom: Newsroom, people: People, group: Json
) -> None:
    held = newsroom.clips[2]
    people["rob"].post("/api/v1/review/claim", json={"clip_id": held})
    answer = people["rita"].post(BULK, json=body(group))
    people["rob"].post(f"/api/v1/clips/{held}/release")
    assert told(answer) == (409, "bulk_moved_on")
    assert held in answer.json()["error"]["message"]
    assert waiting(people) == 6
    assert refused(newsroom, held) == ["claimed"]


def test_a_bulk_is_decided_and_taken_back_by_the_same_person(people: People, group: Json) -> None:
    made = people["rita"].post(BULK, json=body(group, note="Try another seed.")).json()
    assert [clip["state"] for clip in made["clips"]] == ["rejected"] * 5
    assert made["undo_until"] > made["decided_at"]
    assert waiting(people) == 1
    undo = f"{BULK}/{made['id']}/undo"
    others = [people[name].post(undo).status_code for name in ("", "ana", "aud", "rob")]
    assert others == [401, 403, 403, 403]
    undone = people["rita"].post(undo).json()
    assert ([clip["state"] for clip in undone["clips"]], undone["left"]) == (
        ["pending_review"] * 5,
        [],
    )
    assert waiting(people) == 6


def test_a_bulk_that_never_was_is_not_taken_back(people: People) -> None:
    assert people["rita"].post(f"{BULK}/nothing/undo").status_code == 404


def test_the_routes_are_described(people: People) -> None:
    paths = people[""].get("/api/v1/openapi.json").json()["paths"]
    assert {PREVIEW, BULK, f"{BULK}/{{bulk_id}}/undo"} <= set(paths)
