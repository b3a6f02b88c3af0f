"""The bell over HTTP, on the real app: who may ask for what, and a decision that arrives outside."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from sqlmodel import update

from moderation import clips
from moderation.models import Clip, State
from notices import inbox
from notices.models import Notice
from tests.conftest import House
from tests.notices.receivers import MailReceiver, WebReceiver
from tests.server import Server, wait_for_state, wait_until
from web.notices import as_json

SECRET = "a purple star hidden in the snow zebra-canary"
WISH = {"prompt": SECRET, "num_inference_steps": 1}

Body = dict[str, Any]


@pytest.fixture(scope="module")
def people(telling: Server) -> dict[str, httpx.Client]:
    return {
        "ana": telling.client("ana", "creator"),
        "ben": telling.client("ben", "creator"),
        "rita": telling.client("rita", "reviewer"),
        "stranger": telling.client(),
    }


@pytest.fixture(scope="module")
def rejected(people: dict[str, httpx.Client]) -> dict[str, Any]:
    """A clip of Ana's that was made and then rejected."""
    clip_id = people["ana"].post("/api/v1/clips", json=WISH).json()["id"]
    clip = wait_for_state(people["ana"], clip_id, "pending_review")
    decide(people["rita"], clip, "reject")
    return clip


def decide(reviewer: httpx.Client, clip: dict[str, Any], verdict: str) -> None:
    reasons = [] if verdict == "approve" else ["technical_fault"]
    body = {"verdict": verdict, "reasons": reasons, "version": clip["version"]}
    answer = reviewer.post(f"/api/v1/clips/{clip['id']}/decision", json=body)
    assert answer.status_code == 200, answer.text


def notices(client: httpx.Client) -> dict[str, Any]:
    answer = client.get("/api/v1/notices")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def put(client: httpx.Client, **wanted: Any) -> httpx.Response:
    body = {"email": None, "webhook": None, "kinds": ["rejected", "published"], **wanted}
    return client.put("/api/v1/notices/address", json=body)


# ---- the list -----------------------------------------------------------------------------


def test_a_creator_reads_what_became_of_a_clip(
    people: dict[str, httpx.Client], rejected: dict[str, Any]
) -> None:
    told = notices(people["ana"])["items"]
    mine = [notice for notice in told if notice["clip_id"] == rejected["id"]]
    assert [(notice["kind"], notice["text_key"]) for notice in mine] == [
        ("rejected", "notice.rejected"),
        ("waiting", "notice.waiting"),
    ]
    assert set(mine[0]) == {
        "id",
        "at",
        "kind",
        "clip_id",
        "prompt",
        "seen",
        "quiet",
        "text_key",
    }
    assert (mine[0]["prompt"], mine[0]["quiet"], mine[1]["quiet"]) == (SECRET, False, True)


def test_another_person_reads_nothing_of_it(
    people: dict[str, httpx.Client], rejected: dict[str, Any]
) -> None:
    for name in ("ben", "rita"):
        assert notices(people[name]) == {"items": [], "unseen": 0, "next": None}


def test_another_person_marks_nothing_as_seen(
    people: dict[str, httpx.Client], rejected: dict[str, Any]
) -> None:
    before = notices(people["ana"])
    ids = [notice["id"] for notice in before["items"]]
    for body in ({"ids": ids}, {}):
        assert people["ben"].post("/api/v1/notices/seen", json=body).json() == {"unseen": 0}
    assert notices(people["ana"]) == before


def test_what_was_seen_is_not_counted_any_more(
    people: dict[str, httpx.Client], rejected: dict[str, Any]
) -> None:
    clip_id = people["ana"].post("/api/v1/clips", json=WISH).json()["id"]
    decide(people["rita"], wait_for_state(people["ana"], clip_id, "pending_review"), "reject")
    before = notices(people["ana"])
    assert before["unseen"] > 0
    newest = before["items"][0]["id"]
    one = people["ana"].post("/api/v1/notices/seen", json={"ids": [newest]}).json()["unseen"]
    assert one == before["unseen"] - 1
    assert people["ana"].post("/api/v1/notices/seen").json() == {"unseen": 0}
    assert all(notice["seen"] for notice in notices(people["ana"])["items"])


def test_a_cursor_that_nobody_gave_out_is_refused(people: dict[str, httpx.Client]) -> None:
    answer = people["ana"].get("/api/v1/notices?cursor=nonsense")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_cursor")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("POST", "/seen", {}),
        ("GET", "/address", None),
        ("PUT", "/address", {"email": "x@y.example", "webhook": None, "kinds": []}),
        ("POST", "/address/code", None),
        ("POST", "/address/confirm", {"code": "123456"}),
        ("POST", "/address/secret", None),
        ("POST", "/address/test", None),
    ],
)
def test_a_stranger_is_asked_to_sign_in(
    people: dict[str, httpx.Client], method: str, path: str, body: object
) -> None:
    answer = people["stranger"].request(method, f"/api/v1/notices{path}", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "sign_in_needed")


@pytest.mark.parametrize(
    "body",
    [
        {"email": None, "webhook": None},
        {"email": None, "webhook": None, "kinds": [], "person_id": "ben"},
        {"email": 1, "webhook": None, "kinds": []},
        {"email": None, "webhook": None, "kinds": ["everything"]},
        {"email": "nobody", "webhook": None, "kinds": []},
        {"email": None, "webhook": "ftp://hooks.example/", "kinds": []},
    ],
)
def test_an_address_that_is_none_is_refused(
    people: dict[str, httpx.Client], body: dict[str, Any]
) -> None:
    assert people["ben"].put("/api/v1/notices/address", json=body).status_code == 422
    assert people["ben"].get("/api/v1/notices/address").json()["email"] is None


def test_another_site_cannot_change_an_address(telling: Server) -> None:
    link = telling.manage("invite", "--role", "creator", "--name", "Cookie")
    with httpx.Client(base_url=telling.url) as browser:
        browser.post(link, json={}).raise_for_status()
        body: Body = {"email": "x@y.example", "webhook": None, "kinds": []}
        foreign = {"Origin": "https://evil.example"}
        answer = browser.put("/api/v1/notices/address", json=body, headers=foreign)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "cross_origin")
        assert browser.get("/api/v1/notices/address").json()["email"] is None


def test_the_description_of_the_api_names_these_routes(people: dict[str, httpx.Client]) -> None:
    paths = people["ana"].get("/api/v1/openapi.json").json()["paths"]
    assert {path for path in paths if path.startswith("/api/v1/notices")} == {
        "/api/v1/notices",
        "/api/v1/notices/seen",
        "/api/v1/notices/address",
        "/api/v1/notices/address/code",
        "/api/v1/notices/address/confirm",
        "/api/v1/notices/address/secret",
        "/api/v1/notices/address/test",
    }


# ---- the prompt ---------------------------------------------------------------------------


def shown_prompt(house: House, clip: Clip) -> str | None:
    with house.store.read() as session:
        user = house.user("ana")
        found, _ = inbox.page(session, user.id)
        shown = as_json(session, user, found)
    prompt: str | None = next(each["prompt"] for each in shown if each["clip_id"] == clip.id)
    return prompt


def test_the_prompt_is_read_when_the_list_is_shown(house: House) -> None:
    clip = house.clip(State.REJECTED)
    assert shown_prompt(house, clip) == clip.prompt


def test_a_deleted_clip_shows_no_prompt(house: House) -> None:
    clip = house.clip(State.REJECTED)
    with house.store.write() as session:
        clips.delete(session, house.user("ana"), clip.id, remove=lambda _: None)
    assert shown_prompt(house, clip) is None


def test_a_clip_that_is_not_there_any_more_shows_no_prompt(house: House) -> None:
    clip = house.clip(State.REJECTED)
    with house.store.write() as session:
        session.execute(update(Notice).values(clip_id="0" * 16))
        session.flush()
    assert shown_prompt(house, Clip(**{**clip.model_dump(), "id": "0" * 16})) is None


def test_a_person_who_may_not_see_the_clip_is_shown_no_prompt(house: House) -> None:
    """It cannot happen today; the list asks all the same."""
    clip = house.clip(State.REJECTED)
    with house.store.write() as session:
        session.execute(update(Notice).values(person_id=house.user("ben").id))
    with house.store.read() as session:
        user = house.user("ben")
        found, _ = inbox.page(session, user.id)
        shown = as_json(session, user, found)
    assert {each["clip_id"] for each in shown} == {clip.id}
    assert {each["prompt"] for each in shown} == {None}


# ---- the way outside ----------------------------------------------------------------------


def test_a_decision_arrives_by_mail_and_by_webhook(
    people: dict[str, httpx.Client], post_office: MailReceiver, web: WebReceiver
) -> None:
    ana = people["ana"]
    # 1. Say where, and prove it.
    saved = put(ana, email="ana@a.example", webhook=web.url)
    assert saved.status_code == 200, saved.text
    assert saved.json()["webhook_secret"].startswith("glw_")
    assert saved.json()["email_confirmed"] is False
    wait_until(lambda: post_office.mails, "the code arrives")
    found = re.search(r"^\s+(\d{6})\s*$", post_office.mails[0].get_content(), re.MULTILINE)
    assert found is not None
    wrong = ana.post("/api/v1/notices/address/confirm", json={"code": "x"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (422, "wrong_code")
    given = ana.post("/api/v1/notices/address/confirm", json={"code": found.group(1)})
    assert given.json()["email_confirmed"] is True
    assert "webhook_secret" not in given.json()
    # 2. Be told.
    clip_id = ana.post("/api/v1/clips", json=WISH).json()["id"]
    clip = wait_for_state(ana, clip_id, "pending_review")
    decide(people["rita"], clip, "approve")
    wait_until(lambda: len(post_office.mails) > 1 and web.posts, "both arrive")
    mail, post = post_office.mails[1], web.posts[0]
    assert mail["Subject"] == "Greenlight: Your clip is published"
    assert (post.headers["Content-Type"], clip_id in post.body.decode()) == (
        "application/json",
        True,
    )
    # 3. And nothing of what the clip shows.
    assert "zebra" not in mail.as_string() + mail.get_content() + post.body.decode()


def test_nobody_confirms_the_address_of_another(
    people: dict[str, httpx.Client], post_office: MailReceiver
) -> None:
    before = len(post_office.mails)
    assert put(people["rita"], email="rita@r.example").status_code == 200
    wait_until(lambda: len(post_office.mails) > before, "the code arrives")
    found = re.search(r"^\s+(\d{6})\s*$", post_office.mails[-1].get_content(), re.MULTILINE)
    assert found is not None
    body = {"code": found.group(1)}
    answer = people["ben"].post("/api/v1/notices/address/confirm", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "nothing_to_confirm")
    assert people["rita"].get("/api/v1/notices/address").json()["email_confirmed"] is False


def test_a_language_is_taken_from_the_browser(
    people: dict[str, httpx.Client], post_office: MailReceiver
) -> None:
    before = len(post_office.mails)
    body: Body = {"email": "ben@b.example", "webhook": None, "kinds": []}
    french = {"Accept-Language": "fr-CH, en;q=0.5"}
    people["ben"].put("/api/v1/notices/address", json=body, headers=french).raise_for_status()
    wait_until(lambda: len(post_office.mails) > before, "the code arrives")
    assert post_office.mails[-1]["Subject"] == "Greenlight : votre code"


def test_too_many_codes_are_refused_with_the_time_to_wait(
    telling: Server, post_office: MailReceiver
) -> None:
    eve = telling.client("eve", "creator")
    answers = [put(eve, email=f"victim{number}@v.example") for number in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[-1].headers["retry-after"]) > 3000


def test_paused_notices_stay_inside_and_stand_in_the_list(
    telling: Server, people: dict[str, httpx.Client], web: WebReceiver
) -> None:
    telling.manage("pause", "notices")
    try:
        posts = len(web.posts)
        clip_id = people["ana"].post("/api/v1/clips", json=WISH).json()["id"]
        decide(people["rita"], wait_for_state(people["ana"], clip_id, "pending_review"), "reject")
        assert notices(people["ana"])["items"][0]["kind"] == "rejected"
        assert len(web.posts) == posts
        assert httpx.get(f"{telling.url}/healthz").json()["paused"] == ["notices"]
    finally:
        telling.manage("resume", "notices")
    wait_until(lambda: len(web.posts) > posts, "what waited goes out")


def say_nothing(receiver: WebReceiver, _: object) -> None:
    receiver.closing.wait(60)


def test_the_app_stops_quickly_while_it_is_sending(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Its own app, because it is stopped; the message goes out after the next start."""
    with WebReceiver() as slow:
        server = Server(tmp_path_factory.mktemp("stopping"), GREENLIGHT_WEBHOOKS="any")
        with server:
            ana = server.client("ana", "creator")
            slow.answers.append(say_nothing)
            put(ana, webhook=slow.url).raise_for_status()
            ana.post("/api/v1/notices/address/test").raise_for_status()
            wait_until(lambda: slow.posts, "it is being sent")
            assert server.stop() == 0
