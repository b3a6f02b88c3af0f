"""What other sites and programs get of published clips, over real HTTP, and nothing of any other."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from tests.server import Server, wait_for_state

PUBLIC = "a green cube moving right in the desert"
HELD = "a purple cone moving left in the snow"
LISTS = ("/feed.xml", "/feed.atom", "/sitemap.xml", "/gallery", "/creator/ana")


@pytest.fixture(scope="module")
def published(server: Server) -> dict[str, Any]:
    ana, rita = server.client("ana", "creator"), server.client("rita", "reviewer")
    clip_id = ana.post("/api/v1/clips", json={"prompt": PUBLIC, "seed": 3}).json()["id"]
    clip = wait_for_state(rita, clip_id, "pending_review")
    decision = {"verdict": "approve", "version": clip["version"]}
    assert rita.post(f"/api/v1/clips/{clip_id}/decision", json=decision).status_code == 200
    return wait_for_state(rita, clip_id, "published")


@pytest.fixture(scope="module")
def held(server: Server) -> dict[str, Any]:
    ana = server.client("ana", "creator")
    clip_id = ana.post("/api/v1/clips", json={"prompt": HELD, "seed": 4}).json()["id"]
    return wait_for_state(ana, clip_id, "pending_review")


@pytest.fixture(scope="module")
def stranger(server: Server) -> httpx.Client:
    return server.client()


def page_of(server: Server, clip: dict[str, Any]) -> str:
    return f"{server.url}/clip/{clip['id']}"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/embed/{id}", "/clip/{id}", "/oembed?url={page}", *LISTS])
def test_everyone_reaches_it(
    path: str, method: str, server: Server, stranger: httpx.Client, published: dict[str, Any]
) -> None:
    asked = path.format(id=published["id"], page=page_of(server, published))
    assert stranger.request(method, asked).status_code == 200


@pytest.mark.parametrize("path", LISTS)
def test_lists_name_a_published_clip(
    path: str, stranger: httpx.Client, published: dict[str, Any]
) -> None:
    assert f"/clip/{published['id']}" in stranger.get(path).text


@pytest.mark.parametrize("who", ["", "ana", "rita"])
@pytest.mark.parametrize("path", LISTS)
def test_no_list_names_a_held_clip_whoever_asks(
    path: str, who: str, server: Server, held: dict[str, Any]
) -> None:
    client = (
        server.client(who, {"ana": "creator", "rita": "reviewer"}[who]) if who else server.client()
    )
    text = client.get(path).text
    assert held["id"] not in text
    assert HELD not in text


@pytest.mark.parametrize("who", ["", "ana", "rita"])
def test_a_held_clip_is_embedded_for_nobody(who: str, server: Server, held: dict[str, Any]) -> None:
    client = (
        server.client(who, {"ana": "creator", "rita": "reviewer"}[who]) if who else server.client()
    )
    assert client.get(f"/embed/{held['id']}").status_code == 404
    assert client.get("/oembed", params={"url": page_of(server, held)}).status_code == 404


def test_a_held_clip_answers_as_one_that_never_was(
    server: Server, stranger: httpx.Client, held: dict[str, Any]
) -> None:
    real = stranger.get("/oembed", params={"url": page_of(server, held)})
    none = stranger.get("/oembed", params={"url": f"{server.url}/clip/{'0' * 16}"})
    assert (real.status_code, real.json()) == (none.status_code, none.json())


def test_any_site_may_frame_the_player(stranger: httpx.Client, published: dict[str, Any]) -> None:
    policy = stranger.get(f"/embed/{published['id']}").headers["content-security-policy"]
    assert "frame-ancestors *" in policy
    assert "default-src 'none'" in policy


def test_no_other_site_may_frame_the_page(
    stranger: httpx.Client, published: dict[str, Any]
) -> None:
    policy = stranger.get(f"/clip/{published['id']}").headers["content-security-policy"]
    assert "frame-ancestors *" not in policy


@pytest.mark.parametrize("path", ["/oembed?url={page}", "/feed.xml", "/feed.atom"])
def test_scripts_of_other_sites_may_read_it(
    path: str, server: Server, stranger: httpx.Client, published: dict[str, Any]
) -> None:
    asked = path.format(page=page_of(server, published))
    answer = stranger.get(asked, headers={"Origin": "https://blog.example"})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")


@pytest.mark.parametrize("path", ["/oembed", "/feed.xml", "/feed.atom"])
def test_nothing_is_sent_to_it(path: str, stranger: httpx.Client) -> None:
    assert stranger.post(path).status_code == 405


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 422),
        ("?url=", 422),
        ("?url=https://elsewhere.example/clip/abc", 422),
        ("?url={page}&format=yaml", 422),
        ("?url={page}&maxwidth=0", 422),
        ("?url={page}&maxwidth=wide", 422),
        ("?url={page}&maxheight=-5", 422),
    ],
)
def test_a_wrong_question_is_refused_in_words(
    query: str, status: int, server: Server, stranger: httpx.Client, published: dict[str, Any]
) -> None:
    answer = stranger.get("/oembed" + query.format(page=page_of(server, published)))
    assert (answer.status_code, sorted(answer.json()["error"])) == (
        status,
        ["code", "fix", "message"],
    )


def test_an_answer_fits_the_room_that_is_asked_for(
    server: Server, stranger: httpx.Client, published: dict[str, Any]
) -> None:
    asked: dict[str, str | int] = {"url": page_of(server, published), "maxwidth": 200}
    answer = stranger.get("/oembed", params=asked).json()
    assert (answer["width"], answer["height"]) == (200, 200)


def test_a_page_leads_to_its_oembed(
    server: Server, stranger: httpx.Client, published: dict[str, Any]
) -> None:
    page = stranger.get(f"/clip/{published['id']}").text
    link = re.findall(r'type="application/json\+oembed" href="([^"]+)"', page)[0]
    assert stranger.get(link.replace("&amp;", "&")).json()["title"] == PUBLIC


@pytest.mark.parametrize("cursor", ["x", "é", "0" * 200, "bm9wZQ"])
def test_a_wrong_cursor_of_the_sitemap_is_refused(cursor: str, stranger: httpx.Client) -> None:
    answer = stranger.get("/sitemap.xml", params={"from": cursor})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_cursor")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/gallery?older=x", 400),
        ("/gallery?newer=x", 400),
        ("/gallery?older=" + "0" * 300, 422),
        ("/gallery?q=" + "a" * 300, 422),
        ("/creator/nobody", 404),
        ("/creator/%00", 404),
        ("/creator/..%2Fgallery", 404),
    ],
)
def test_a_wrong_page_of_the_gallery_is_refused(
    path: str, status: int, stranger: httpx.Client
) -> None:
    assert stranger.get(path).status_code == status


def test_robots_are_told_where_the_sitemap_is(server: Server, stranger: httpx.Client) -> None:
    assert f"Sitemap: {server.url}/sitemap.xml" in stranger.get("/robots.txt").text


def test_the_feed_says_the_bytes_of_the_public_file(
    stranger: httpx.Client, published: dict[str, Any]
) -> None:
    root = ElementTree.fromstring(stranger.get("/feed.xml").content)  # noqa: S314  (our own server)
    lengths = {
        item.findtext("guid"): item.find("enclosure").get("length")  # type: ignore[union-attr]
        for item in root.findall("channel/item")
    }
    mine = next(length for guid, length in lengths.items() if published["id"] in (guid or ""))
    assert int(mine or 0) == len(stranger.get(published["media"]["mp4"]).content)
