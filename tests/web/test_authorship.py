"""What is one's own, over real HTTP: the words of a clip, the profile, everything at once."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from moderation.models import State
from tests.browser.newsroom import Newsroom

WAITING = [{"prompt": f"waiting {n}"} for n in range(3)]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    wishes: list[dict[str, Any]] = [{"state": "published", "prompt": "a published one"}, *WAITING]
    wishes += [{"state": "published", "creator": "ben", "prompt": "ben's own"}]
    wishes += [{"state": State.REJECTED.value, "prompt": "a rejected one"}]
    filled = Newsroom(tmp_path_factory.mktemp("authors"), wishes)
    with filled:
        yield filled


@pytest.fixture(scope="module")
def ana(room: Newsroom) -> httpx.Client:
    client: httpx.Client = room.api("ana")
    return client


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def reword(client: httpx.Client, clip_id: str, **words: Any) -> httpx.Response:
    return client.post(f"/api/v1/clips/{clip_id}/presentation", json=words)


# ---- the words of a clip --------------------------------------------------------------------


def test_a_clip_is_sent_with_its_words(ana: httpx.Client) -> None:
    people = [{"name": "Bea", "role": "music", "link": "https://bea.example"}]
    wish = {"prompt": "a red ball", "title": "Dusk", "licence": "cc-by", "credits": people}
    clip = ana.post("/api/v1/clips", json={**wish, "shares_prompt": False}).json()
    assert (clip["title"], clip["shares_prompt"], clip["credits"]) == ("Dusk", False, people)
    assert clip["licence"]["code"] == "cc-by"
    assert clip["prompt"] == "a red ball"  # its creator's own
    assert clip["model_licence"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"licence": "mit"}, (422, "unknown_licence")),
        ({"licence": 1}, (422, "bad_input")),
        ({"title": "x" * 121}, (422, "text_too_long")),
        ({"title": ["a"]}, (422, "bad_input")),
        ({"title": "\ud800"}, (422, "bad_input")),
        ({"shares_prompt": "no"}, (422, "bad_input")),
        ({"credits": "Bea"}, (422, "bad_input")),
        ({"credits": [{"role": "music"}]}, (422, "bad_input")),
        ({"credits": [{"name": "Bea", "link": "javascript:alert(1)"}]}, (422, "bad_input")),
        ({"credits": [{"name": "Bea", "age": 3}]}, (422, "bad_input")),
        ({"credits": [{"name": "Bea"}] * 101}, (422, "bad_input")),
        ({"credit": "Bea"}, (422, "bad_input")),
    ],
)
def test_words_that_are_none_are_refused(
    room: Newsroom, ana: httpx.Client, words: dict[str, Any], expected: tuple[int, str]
) -> None:
    waiting = room.clips[1]
    for path, more in (("", {"prompt": "a red ball"}), (f"/{waiting}/presentation", {})):
        body = json.dumps({**more, **words})
        answer = ana.post(
            f"/api/v1/clips{path}", content=body, headers={"Content-Type": "application/json"}
        )
        assert code(answer) == expected


def test_words_are_changed_while_a_clip_waits(room: Newsroom, ana: httpx.Client) -> None:
    before = ana.get(f"/api/v1/clips/{room.clips[1]}").json()
    after = reword(ana, room.clips[1], title="Dawn").json()
    assert (after["title"], after["version"]) == ("Dawn", before["version"] + 1)


def test_a_decision_on_older_words_is_a_conflict(room: Newsroom, ana: httpx.Client) -> None:
    rita, clip_id = room.api("rita"), room.clips[2]
    seen = rita.get(f"/api/v1/clips/{clip_id}").json()
    reword(ana, clip_id, title="Something else")
    decision = {"verdict": "approve", "version": seen["version"]}
    answer = rita.post(f"/api/v1/clips/{clip_id}/decision", json=decision)
    assert answer.status_code == 409
    assert rita.get(f"/api/v1/clips/{clip_id}").json()["title"] == "Something else"


def test_words_of_a_published_clip_stay(room: Newsroom, ana: httpx.Client) -> None:
    assert code(reword(ana, room.clips[0], title="Other")) == (409, "words_fixed")


@pytest.mark.parametrize("who", ["", "ben", "rita", "ada"])
def test_words_of_another_s_clip_are_not_there_to_change(room: Newsroom, who: str) -> None:
    client = room.api(who) if who else room.client()
    answer = reword(client, room.clips[1], title="Mine")
    assert answer.status_code == (404 if who else 401)


# ---- the profile ------------------------------------------------------------------------------


def test_a_profile_is_shown_while_something_is_published(room: Newsroom) -> None:
    ben, anyone = room.api("ben"), room.client()
    wanted = {"credit_name": "Ben B.", "bio": "canary-bio", "links": ["https://ben.example"]}
    assert ben.put("/api/v1/me/profile", json=wanted).status_code == 200
    page = anyone.get("/creator/ben").text
    assert "canary-bio" in page
    assert "Ben B." in page
    assert "Ben B." in anyone.get("/feed.xml").text
    assert ben.post(f"/api/v1/clips/{room.clips[4]}/withdraw").status_code == 200
    assert anyone.get("/creator/ben").status_code == 404
    assert "canary-bio" not in anyone.get("/creator/ben").text


@pytest.mark.parametrize("name", ["rita", "RITA"])
def test_a_credit_name_of_somebody_else_is_a_conflict(ana: httpx.Client, name: str) -> None:
    answer = ana.put("/api/v1/me/profile", json={"credit_name": name})
    assert code(answer) == (409, "credit_name_taken")


def test_a_lead_clears_a_profile_and_its_writer_is_told(room: Newsroom, ana: httpx.Client) -> None:
    assert ana.put("/api/v1/me/profile", json={"bio": "rude"}).status_code == 200
    cleared = room.api("lea").post(
        "/api/v1/people/ana/profile/clear", json={"reason": "It was rude."}
    )
    assert cleared.status_code == 200, cleared.text
    mine = ana.get("/api/v1/me/profile").json()
    assert (mine["bio"], mine["cleared"]["reason"]) == ("", "It was rude.")
    kinds = [notice["kind"] for notice in ana.get("/api/v1/notices").json()["items"]]
    assert "profile_cleared" in kinds


@pytest.mark.parametrize(("who", "status"), [("", 401), ("ben", 403), ("rita", 403)])
def test_nobody_else_clears_one(room: Newsroom, who: str, status: int) -> None:
    client = room.api(who) if who else room.client()
    body = {"reason": "Because."}
    assert client.post("/api/v1/people/ana/profile/clear", json=body).status_code == status


@pytest.mark.parametrize("name", ["o'neil", "Ana María", "..", "a.b"])
def test_clearing_reaches_names_of_every_spelling(room: Newsroom, name: str) -> None:
    answer = room.api("lea").post(f"/api/v1/people/{name}/profile/clear", json={"reason": "x"})
    assert answer.status_code == 404


# ---- all of it --------------------------------------------------------------------------------


def test_everything_of_one_s_own_comes_as_a_zip(ana: httpx.Client) -> None:
    answer = ana.get("/api/v1/me/export")
    assert answer.headers["content-type"] == "application/zip"
    assert re.fullmatch(
        r'attachment; filename="greenlight-[\d-]+\.zip"', answer.headers["content-disposition"]
    )
    assert answer.headers["cache-control"] == "private, no-store"
    found = zipfile.ZipFile(io.BytesIO(answer.content))
    assert found.testzip() is None
    assert b"a rejected one" in found.read("clips.jsonl")
    assert b"ben's own" not in found.read("clips.jsonl")


@pytest.mark.parametrize(("who", "status"), [("", 401), ("aud", 403)])
@pytest.mark.parametrize("path", ["/me/export", "/me/withdraw-all"])
def test_whoever_makes_no_clips_has_nothing_to_take(
    room: Newsroom, who: str, path: str, status: int
) -> None:
    client = room.api(who) if who else room.client()
    assert client.get(f"/api/v1{path}").status_code == status


def test_a_count_that_is_not_theirs_withdraws_nothing(ana: httpx.Client) -> None:
    count = ana.get("/api/v1/me/withdraw-all").json()["count"]
    for wrong in (count + 1, 0, -1):
        answer = ana.post("/api/v1/me/withdraw-all", json={"count": wrong})
        assert code(answer) == (409, "count_changed")
    assert ana.get("/api/v1/me/withdraw-all").json()["count"] == count


@pytest.mark.parametrize("body", [{}, {"count": "3"}, {"count": True}, {"confirm": True}])
def test_withdrawing_everything_asks_for_a_number(ana: httpx.Client, body: dict[str, Any]) -> None:
    assert ana.post("/api/v1/me/withdraw-all", json=body).status_code == 422


def test_withdrawing_everything_ends_every_page_and_proves(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    wishes: list[dict[str, Any]] = [{"state": "published"}, {}, {"state": "rejected"}]
    wishes += [{"state": "published", "creator": "ben"}]
    house = Newsroom(tmp_path_factory.mktemp("leaving"), wishes)
    with house:
        client, anyone = house.api("ana"), house.client()
        assert anyone.get(f"/clip/{house.clips[0]}").status_code == 200
        gone = client.post("/api/v1/me/withdraw-all", json={"count": 2}).json()
        assert gone == {"withdrawn": house.clips[:2]}
        assert anyone.get(f"/clip/{house.clips[0]}").status_code == 404
        assert anyone.get(f"/clip/{house.clips[3]}").status_code == 200  # ben's stays
        states = {each["state"] for each in client.get("/api/v1/clips").json()["items"]}
        assert states == {"withdrawn", "rejected"}
        house.manage("verify-log")
