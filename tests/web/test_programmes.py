"""Programmes over real HTTP: the API's strictness, the pages, and who finds what."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app import Greenlight
from tests.browser.newsroom import Newsroom
from tests.conftest import House
from tests.gallery.programmes.bills import opened as programme_of
from tests.gallery.shelves import publish
from web.share import share_routes

Json = dict[str, Any]

NASTY = "</script><img src=x onerror=alert(1)>{{ 7 * 7 }}"
PAGES = ("/programme/{slug}", "/programme/{slug}/play", "/api/v1/programmes/{slug}")
ACTS = (
    ("POST", "/api/v1/programmes", {"title": "Mine"}),
    (
        "PUT",
        "/api/v1/programmes/{slug}",
        {"title": "Mine", "text": "", "curator": "Me", "clips": [], "version": 1},
    ),
    ("POST", "/api/v1/programmes/{slug}/open", {"version": 1}),
    ("POST", "/api/v1/programmes/{slug}/close", None),
    ("DELETE", "/api/v1/programmes/{slug}?version=1", None),
    ("GET", "/api/v1/programmes?all=1", None),
    ("GET", "/api/v1/programmes/{slug}/suggestions", None),
)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    wishes = [
        {"state": "published", "creator": creator, "prompt": f"a clip of {creator} {number}"}
        for number in range(2)
        for creator in ("ana", "ben")
    ]
    filled = Newsroom(tmp_path_factory.mktemp("programmes"), wishes)
    with filled:
        yield filled


@pytest.fixture(scope="module")
def lea(room: Newsroom) -> httpx.Client:
    client: httpx.Client = room.api("lea")
    return client


@pytest.fixture(scope="module")
def stranger(room: Newsroom) -> httpx.Client:
    return room.client()


def make(client: httpx.Client, ids: list[str], **fields: Any) -> Json:
    wish = {"title": "Night", "text": "Of dark.", "clips": [{"id": each} for each in ids], **fields}
    answer = client.post("/api/v1/programmes", json=wish)
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


def opened(client: httpx.Client, ids: list[str], **fields: Any) -> Json:
    made = make(client, ids, **fields)
    where = f"/api/v1/programmes/{made['slug']}/open"
    answer = client.post(where, json={"version": made["version"]})
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def change(client: httpx.Client, made: Json, **fields: Any) -> httpx.Response:
    wish = {name: made[name] for name in ("title", "text", "curator", "version")}
    wish["clips"] = [{"id": each["id"], "words": each["words"]} for each in made["entries"]]
    return client.put(f"/api/v1/programmes/{made['slug']}", json={**wish, **fields})


# ---- who finds what -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "ana", "rita", "aud"])
def test_a_draft_is_404_on_every_surface(
    room: Newsroom, lea: httpx.Client, stranger: httpx.Client, name: str
) -> None:
    made = make(lea, room.clips, title="Unseen")
    client = room.api(name) if name else stranger
    answers = {client.get(page.format(slug=made["slug"])).status_code for page in PAGES}
    never = {client.get(page.format(slug="never-was")).status_code for page in PAGES}
    assert answers == never == {404}
    lists = ("/programmes", "/sitemap.xml", "/api/v1/programmes", "/gallery?order=curated")
    assert not [path for path in lists if made["slug"] in client.get(path).text]


def test_pages_of_a_draft_are_404_for_its_curator_too(room: Newsroom, lea: httpx.Client) -> None:
    made = make(lea, room.clips)
    assert [lea.get(page.format(slug=made["slug"])).status_code for page in PAGES] == [
        404,
        404,
        200,
    ]


def test_a_programme_that_is_closed_is_gone_at_once(
    room: Newsroom, lea: httpx.Client, stranger: httpx.Client
) -> None:
    made = opened(lea, room.clips)
    before = [stranger.get(page.format(slug=made["slug"])).status_code for page in PAGES]
    curated = stranger.get("/gallery?order=curated").text
    lea.post(f"/api/v1/programmes/{made['slug']}/close")
    after = [stranger.get(page.format(slug=made["slug"])).status_code for page in PAGES]
    assert (before, after) == ([200] * 3, [404] * 3)
    assert curated != stranger.get("/gallery?order=curated").text


@pytest.mark.parametrize("name", ["", "ana", "rita", "aud"])
@pytest.mark.parametrize(("method", "path", "body"), ACTS)
def test_nobody_but_curators_may(
    room: Newsroom, lea: httpx.Client, name: str, method: str, path: str, body: Json | None
) -> None:
    made = make(lea, room.clips)
    client = room.api(name) if name else room.client()
    answer = client.request(method, path.format(slug=made["slug"]), json=body)
    assert answer.status_code == (403 if name else 401)
    assert set(answer.json()["error"]) == {"code", "message", "fix"}


# ---- strict input -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"title": 7},
        {"title": ""},
        {"title": "x" * 121},
        {"title": "x", "slug": "Not Good"},
        {"title": "x", "more": 1},
        {"title": "x", "clips": ["0" * 16]},
        {"title": "x", "clips": [{"id": "0" * 16}]},
        {"title": "x", "clips": [{"id": "\ud800"}]},
        {"title": "x", "clips": [{"id": "0" * 16, "more": 1}]},
        {"title": "x", "clips": [{"id": str(n)} for n in range(201)]},
        {"title": "x", "clips": [{"id": str(n)} for n in range(1001)]},
        {"title": "x\x00"},
    ],
)
def test_a_bad_wish_is_refused(lea: httpx.Client, wish: Json) -> None:
    answer = lea.post(
        "/api/v1/programmes", content=json.dumps(wish), headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, set(answer.json()["error"])) == (422, {"code", "message", "fix"})


def test_a_stale_write_is_a_conflict(room: Newsroom, lea: httpx.Client) -> None:
    made = make(lea, room.clips)
    assert change(lea, made, title="First").status_code == 200
    answer = change(lea, made, title="Second")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "stale_programme")
    assert lea.get(f"/api/v1/programmes/{made['slug']}").json()["title"] == "First"


def test_a_taken_address_is_a_conflict(room: Newsroom, lea: httpx.Client) -> None:
    make(lea, [], slug="mine")
    answer = lea.post("/api/v1/programmes", json={"title": "x", "slug": "mine"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "slug_taken")


def test_a_draft_is_deleted_and_what_was_open_is_not(room: Newsroom, lea: httpx.Client) -> None:
    draft, shown = make(lea, room.clips), opened(lea, room.clips)
    answers = [
        lea.delete(f"/api/v1/programmes/{each['slug']}?version={each['version']}").status_code
        for each in (draft, shown)
    ]
    assert answers == [200, 409]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/programmes?cursor=x", 400),
        ("/api/v1/programmes?cursor=" + "x" * 10_000, 422),
        ("/api/v1/programmes?all=1&cursor=x", 400),
        ("/programmes?older=x", 400),
        ("/programme/NO", 404),
        ("/programme/x/more", 404),
        ("/programme/x/play/", 404),
        ("/api/v1/gallery?order=curated&cursor=MQ", 400),
    ],
)
def test_a_bad_address_is_a_clear_refusal(lea: httpx.Client, path: str, status: int) -> None:
    assert lea.get(path).status_code == status


@pytest.mark.parametrize("query", ["n=0", "n=51", "n=x", "shape=round"])
def test_a_bad_wish_for_proposals_is_refused(room: Newsroom, lea: httpx.Client, query: str) -> None:
    made = make(lea, room.clips)
    where = f"/api/v1/programmes/{made['slug']}/suggestions?{query}"
    assert lea.get(where).status_code == 422


def test_proposals_name_clips_that_are_not_in_it_yet(room: Newsroom, lea: httpx.Client) -> None:
    made = make(lea, room.clips[:1])
    found = lea.get(f"/api/v1/programmes/{made['slug']}/suggestions?n=10").json()["items"]
    assert {each["id"] for each in found} == set(room.clips[1:])


# ---- pages --------------------------------------------------------------------------------


def test_the_page_says_its_order_words_and_figures(
    room: Newsroom, lea: httpx.Client, stranger: httpx.Client
) -> None:
    made = opened(lea, room.clips[::-1])
    page = stranger.get(f"/programme/{made['slug']}").text
    links = re.findall(r'<h2><a href="/clip/([0-9a-f]+)">', page)
    assert links == room.clips[::-1]
    assert "Creators: 2." in page
    assert "Made with AI" in page
    assert f'<link rel="canonical" href="{room.url}/programme/{made["slug"]}">' in page
    assert f'<meta property="og:image" content="{room.url}/media/{room.clips[-1]}.jpg">' in page


def test_its_facts_are_an_item_list(
    room: Newsroom, lea: httpx.Client, stranger: httpx.Client
) -> None:
    made = opened(lea, room.clips)
    page = stranger.get(f"/programme/{made['slug']}").text
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    facts = json.loads(found[1])
    assert (facts["@type"], facts["numberOfItems"]) == ("ItemList", 4)
    elements = [(each["position"], each["url"]) for each in facts["itemListElement"]]
    assert elements == [(at, f"{room.url}/clip/{each}") for at, each in enumerate(room.clips, 1)]


@pytest.mark.parametrize("path", ["/programmes", "/programme/{slug}", "/programme/{slug}/play"])
def test_words_of_a_curator_are_text_and_never_code(
    room: Newsroom, lea: httpx.Client, stranger: httpx.Client, path: str
) -> None:
    clips = [{"id": room.clips[0], "words": NASTY}]
    made = opened(lea, [], title=NASTY, text=NASTY, curator=NASTY[:80], clips=clips)
    page = stranger.get(path.format(slug=made["slug"])).text
    assert "<img src=x" not in page
    assert "&lt;/script&gt;&lt;img src=x" in page
    assert "</script><img" not in page


@pytest.mark.parametrize("path", ["/programmes", "/programme/{slug}", "/programme/{slug}/play"])
def test_pages_can_be_read_in_french_and_asked_for_without_a_body(
    room: Newsroom, lea: httpx.Client, stranger: httpx.Client, path: str
) -> None:
    where = path.format(slug=opened(lea, room.clips)["slug"])
    french = stranger.get(where, headers={"Accept-Language": "fr"})
    assert '<html lang="fr">' in french.text
    assert (french.headers["vary"], french.headers["cache-control"]) == (
        "Accept-Language",
        "no-cache",
    )
    assert stranger.head(where).status_code == 200


def test_a_screening_is_a_list_of_players_without_a_script(
    room: Newsroom, lea: httpx.Client, stranger: httpx.Client
) -> None:
    made = opened(lea, room.clips)
    page = stranger.get(f"/programme/{made['slug']}/play").text
    assert re.findall(r'<video[^>]* src="/media/([0-9a-f]+)\.mp4"', page) == room.clips
    assert re.findall(r"<script[^>]*>", page) == ['<script src="/programme.js" defer>']
    assert '<section class="cinema" hidden' in page
    assert stranger.get("/programme.js").headers["content-type"].startswith("text/javascript")


def test_the_sitemap_names_open_programmes(
    room: Newsroom, lea: httpx.Client, stranger: httpx.Client
) -> None:
    made = opened(lea, room.clips)
    named = re.findall(r"<loc>([^<]+)</loc>", stranger.get("/sitemap.xml").text)
    assert {f"{room.url}/programmes", f"{room.url}/programme/{made['slug']}"} <= set(named)


def test_a_sitemap_in_parts_names_them_in_its_first_one(
    line: Greenlight, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actions.SITEMAP_PART", 2)
    house = House(line.store, line.media)
    ids = publish(house, *["a ball"] * 5)
    slug = programme_of(house, *ids)["slug"]
    app = FastAPI()
    app.include_router(share_routes(line.actions, line.panels))
    with TestClient(app) as client:
        index = client.get("/sitemap.xml").text
        parts = re.findall(r"<loc>[^<]*(/sitemap\.xml[^<]+)</loc>", index)
        found = [f"/programme/{slug}<" in client.get(part).text for part in parts]
    assert found == [True, False, False]
