"""The review policy, the statements of reasons and the public numbers, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.server import Server, wait_for_state

Json = dict[str, Any]

NEW = {
    "code": "too_loud",
    "en": {"label": "Too loud", "text": "The clip is too loud.", "next": "Make it quieter."},
    "fr": {"label": "Trop fort", "text": "Le clip est trop fort.", "next": "Baissez le son."},
}


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An instance of its own: these tests change its policy."""
    with Server(tmp_path_factory.mktemp("policy")) as server:
        yield server


@pytest.fixture(scope="module")
def stranger(gallery: Server) -> httpx.Client:
    return gallery.client()


@pytest.fixture(scope="module")
def ana(gallery: Server) -> httpx.Client:
    return gallery.client("ana", "creator")


@pytest.fixture(scope="module")
def rita(gallery: Server) -> httpx.Client:
    return gallery.client("rita", "reviewer")


@pytest.fixture(scope="module")
def ada(gallery: Server) -> httpx.Client:
    return gallery.client("ada", "admin")


@pytest.fixture(scope="module")
def rejected(ana: httpx.Client, rita: httpx.Client) -> Json:
    return decided(ana, rita, "reject", "violence")


def decided(ana: httpx.Client, rita: httpx.Client, verdict: str, *codes: str) -> Json:
    """A clip of Ana's after Rita's decision."""
    wish = {"prompt": "a red ball moving left in the night", "num_inference_steps": 1}
    sent = ana.post("/api/v1/clips", json=wish).json()
    clip = wait_for_state(ana, sent["id"], "pending_review")
    assert rita.post("/api/v1/review/claim", json={"clip_id": clip["id"]}).status_code == 200
    made = {"verdict": verdict, "version": clip["version"], "reasons": list(codes), "note": "Hm."}
    answer = rita.post(f"/api/v1/clips/{clip['id']}/decision", json=made)
    assert answer.status_code == 200, answer.text
    after: Json = ana.get(f"/api/v1/clips/{clip['id']}").json()
    return after


def draft(client: httpx.Client, *more: Json) -> Json:
    """What an editor sends: the version in force, and more reasons."""
    policy = client.get("/api/v1/policy").json()
    reasons = [as_sent(each, retired=False) for each in policy["reasons"]]
    reasons += [as_sent(each, retired=True) for each in policy["retired"]]
    return {"version": policy["version"], "reasons": [*reasons, *more]}


def as_sent(reason: Json, *, retired: bool) -> Json:
    return {**{name: reason[name] for name in ("code", "en", "fr")}, "retired": retired}


def statement_of(client: httpx.Client, clip: Json, query: str = "") -> httpx.Response:
    statement_id = clip["timeline"][-1]["statement"]
    return client.get(f"/api/v1/clips/{clip['id']}/statements/{statement_id}.json{query}")


# ---- the policy ----------------------------------------------------------------------------


def test_anyone_can_read_the_policy(stranger: httpx.Client) -> None:
    first = stranger.get("/api/v1/policy?version=1").json()
    assert (first["version"], len(first["reasons"])) == ("1", 10)
    assert {"code", "label", "text", "next", "en", "fr"} <= set(first["reasons"][0])


def test_it_is_read_in_the_language_of_the_reader(stranger: httpx.Client) -> None:
    french = stranger.get("/api/v1/policy?version=1", headers={"Accept-Language": "fr"}).json()
    assert french["reasons"][0]["label"] == "Contenu sexuel"


@pytest.mark.parametrize("version", ["99", "0", "-1", "99999999999999999999"])
def test_a_version_that_never_was_is_404(stranger: httpx.Client, version: str) -> None:
    answer = stranger.get(f"/api/v1/policy?version={version}")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "unknown_policy"


def test_a_version_that_is_no_number_is_refused(stranger: httpx.Client) -> None:
    assert stranger.get("/api/v1/policy?version=one").status_code == 422


def test_an_admin_publishes_and_the_desk_goes_by_it(
    ana: httpx.Client, rita: httpx.Client, ada: httpx.Client, stranger: httpx.Client
) -> None:
    sent = draft(ada, NEW)
    answer = ada.put("/api/v1/policy", json=sent)
    assert answer.status_code == 200, answer.text
    assert answer.json()["version"] == str(int(sent["version"]) + 1)
    assert stranger.get("/api/v1/policy").json()["reasons"][-1]["code"] == "too_loud"
    clip = decided(ana, rita, "reject", "too_loud")
    entry = clip["timeline"][-1]
    assert (entry["policy_version"], entry["reasons"][0]["label"]) == (
        answer.json()["version"],
        "Too loud",
    )


def test_a_preview_tells_the_changes_and_publishes_nothing(ada: httpx.Client) -> None:
    before = ada.get("/api/v1/policy").json()
    more = {**NEW, "code": "preview_only"}
    told = ada.post("/api/v1/policy/preview", json=draft(ada, more)).json()
    assert [(each["kind"], each["code"]) for each in told["changes"]] == [("added", "preview_only")]
    assert ada.get("/api/v1/policy").json() == before


@pytest.mark.parametrize("who", ["stranger", "ana", "rita"])
@pytest.mark.parametrize(("method", "path"), [("PUT", ""), ("POST", "/preview")])
def test_nobody_but_an_admin_may(
    who: str, method: str, path: str, ada: httpx.Client, request: pytest.FixtureRequest
) -> None:
    client: httpx.Client = request.getfixturevalue(who)
    sent = draft(ada, {**NEW, "code": "not_mine"})
    answer = client.request(method, f"/api/v1/policy{path}", json=sent)
    assert answer.status_code == (401 if who == "stranger" else 403)


def test_an_edit_of_an_older_version_is_a_conflict(ada: httpx.Client) -> None:
    sent = {**draft(ada, {**NEW, "code": "too_late"}), "version": "0"}
    answer = ada.put("/api/v1/policy", json=sent)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "stale_policy")


def test_a_decision_for_a_reason_that_was_reworded_meanwhile_is_a_conflict(
    ana: httpx.Client, rita: httpx.Client, ada: httpx.Client
) -> None:
    seen = rita.get("/api/v1/policy").json()["version"]
    sent = draft(ada)
    reworded = next(each for each in sent["reasons"] if each["code"] == "not_in_brief")
    reworded["en"] = {**reworded["en"], "text": "The clip is about something else."}
    assert ada.put("/api/v1/policy", json=sent).status_code == 200
    wish = {"prompt": "a red ball moving left in the night", "num_inference_steps": 1}
    clip = wait_for_state(ana, ana.post("/api/v1/clips", json=wish).json()["id"], "pending_review")
    made = {"verdict": "reject", "version": clip["version"], "reasons": ["not_in_brief"]}
    where = f"/api/v1/clips/{clip['id']}/decision"
    answer = rita.post(where, json={**made, "policy_version": seen})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "reasons_changed")
    newest = rita.get("/api/v1/policy").json()["version"]
    assert rita.post(where, json={**made, "policy_version": newest}).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"version": "one"},
        {"version": 1},
        {"reasons": []},
        {"reasons": "all"},
        {"reasons": [NEW]},
        {"reasons": [{"code": "x"}]},
        {"reasons": [{**NEW, "retired": "no"}]},
        {"reasons": [{**NEW, "en": {"label": "Loud"}}]},
        {"more": 1},
    ],
)
def test_a_bad_draft_is_refused_and_nothing_changes(ada: httpx.Client, change: Json) -> None:
    before = ada.get("/api/v1/policy").json()
    answer = ada.put("/api/v1/policy", json={**draft(ada), **change})
    assert (answer.status_code, set(answer.json()["error"])) == (422, {"code", "message", "fix"})
    assert ada.get("/api/v1/policy").json() == before


# ---- statements ----------------------------------------------------------------------------


def test_a_creator_reads_the_statements_of_their_clip(ana: httpx.Client, rejected: Json) -> None:
    (said,) = ana.get(f"/api/v1/clips/{rejected['id']}/statements").json()["items"]
    assert (said["outcome"], said["reasons"][0]["code"], said["note"]) == (
        "rejected",
        "violence",
        "Hm.",
    )
    assert said["by"]["role"] == "reviewer"
    assert said["by"]["pseudonym"]
    assert set(said["words"]) == {"en", "fr"}


def test_one_statement_can_be_had_as_a_file(ana: httpx.Client, rejected: Json) -> None:
    answer = statement_of(ana, rejected)
    assert (answer.status_code, answer.json()["clip_id"]) == (200, rejected["id"])


def test_it_can_be_had_in_the_shape_of_the_digital_services_act(
    ana: httpx.Client, rejected: Json
) -> None:
    said = statement_of(ana, rejected, "?format=dsa").json()
    assert said["category"] == "STATEMENT_CATEGORY_VIOLENCE"
    assert said["automated_decision"] == "AUTOMATED_DECISION_NOT_AUTOMATED"


def test_the_shape_of_the_act_follows_the_readers_language(
    ana: httpx.Client, rejected: Json
) -> None:
    statement_id = rejected["timeline"][-1]["statement"]
    said = ana.get(
        f"/api/v1/clips/{rejected['id']}/statements/{statement_id}.json?format=dsa",
        headers={"Accept-Language": "fr"},
    ).json()
    assert said["incompatible_content_ground"].startswith("Règles de relecture")


def test_another_shape_is_refused(ana: httpx.Client, rejected: Json) -> None:
    assert statement_of(ana, rejected, "?format=xml").status_code == 422


def test_a_statement_that_never_was_is_404(ana: httpx.Client, rejected: Json) -> None:
    path = f"/api/v1/clips/{rejected['id']}/statements/0123456789abcdef.json"
    assert ana.get(path).status_code == 404


def test_a_statement_is_found_under_its_own_clip_only(
    ana: httpx.Client, rita: httpx.Client, rejected: Json
) -> None:
    other = decided(ana, rita, "reject", "hate")
    path = f"/api/v1/clips/{other['id']}/statements/{rejected['timeline'][-1]['statement']}.json"
    assert ana.get(path).status_code == 404


@pytest.mark.parametrize("query", ["", "?format=dsa"])
def test_a_stranger_and_another_creator_find_nothing(
    gallery: Server, stranger: httpx.Client, rejected: Json, query: str
) -> None:
    ben = gallery.client("ben", "creator")
    for client in (stranger, ben):
        assert statement_of(client, rejected, query).status_code == 404
        assert client.get(f"/api/v1/clips/{rejected['id']}/statements").status_code == 404


def test_a_reviewer_reads_it_too(rita: httpx.Client, rejected: Json) -> None:
    assert statement_of(rita, rejected).status_code == 200


def test_the_public_page_of_a_clip_tells_no_statement(
    ana: httpx.Client, rita: httpx.Client, stranger: httpx.Client
) -> None:
    clip = decided(ana, rita, "approve")
    wait_for_state(ana, clip["id"], "published")
    assert stranger.get(f"/api/v1/clips/{clip['id']}").json()["timeline"] == []
    assert stranger.get(f"/api/v1/clips/{clip['id']}/statements").status_code == 404


# ---- numbers -------------------------------------------------------------------------------


def test_anyone_can_read_the_numbers(stranger: httpx.Client, rejected: Json) -> None:
    said = stranger.get("/api/v1/stats").json()
    assert set(said["wait_s"]) == {"p50", "p90"}
    assert said["fewer_than"] == 5


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_page_of_numbers_is_open(stranger: httpx.Client, method: str) -> None:
    answer = stranger.request(method, "/stats")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


def test_the_page_is_written_in_the_readers_language(stranger: httpx.Client) -> None:
    page = stranger.get("/stats", headers={"Accept-Language": "fr-CA"})
    assert '<html lang="fr">' in page.text
    assert set(page.headers["vary"].split(", ")) == {"Accept-Language", "Accept-Encoding"}


@pytest.mark.parametrize("path", ["/stats/", "/stats/x", "/stats.json"])
def test_no_address_beside_it_is_open(stranger: httpx.Client, path: str) -> None:
    assert stranger.get(path).status_code == 404
