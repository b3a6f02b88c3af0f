"""A prompt that its creator does not share stands in no public answer, nor in any that another
creator gets: a canary word in it is looked for in everything that one can come upon.
"""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from gallery.provenance import read_manifest
from media import MediaStore
from moderation.models import Clip, State
from settings import read_settings
from store import open_store
from tests.attacks.test_crawler import Crawler
from tests.browser.newsroom import Newsroom
from tests.server import Server, wait_for_state

WORD = "xylocanary"
LISTS = ("/gallery", "/creator/ana", "/feed.xml", "/feed.atom", "/sitemap.xml", "/api/v1/gallery")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    prompt = f"{WORD} moving left"
    public = {"state": State.PUBLISHED.value, "prompt": prompt}
    wishes = [
        {**public, "shares_prompt": False},
        {**public, "shares_prompt": False, "title": "A title"},
        {**public, "shares_prompt": True, "title": "Shared so far"},
    ]
    filled = Newsroom(tmp_path_factory.mktemp("unshared"), wishes)
    with filled:
        yield filled


@pytest.fixture(scope="module")
def clips(room: Newsroom) -> list[Clip]:
    store = open_store(read_settings(data=room.folder / "data"))
    with store.read() as session:
        found = [session.get_one(Clip, clip_id) for clip_id in room.clips]
    store.close()
    return found


def met(room: Newsroom, clips: list[Clip], who: str) -> set[str]:
    """The addresses at which the word stands, for somebody who follows every link there is."""
    client: httpx.Client = room.api(who) if who else room.client()
    media = read_settings(data=room.folder / "data").media_folder
    crawled = Crawler(room, client, clips, media).crawl()
    return {address for address, text in crawled.texts.items() if WORD in text.lower()}


@pytest.fixture(scope="module", autouse=True)
def ended(room: Newsroom) -> None:
    """The third clip stops sharing its prompt while it is public."""
    answer = room.api("ana").post(
        f"/api/v1/clips/{room.clips[2]}/presentation", json={"shares_prompt": False}
    )
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("who", ["", "ben"])
def test_it_is_found_nowhere(room: Newsroom, clips: list[Clip], who: str) -> None:
    assert met(room, clips, who) == set()


@pytest.mark.parametrize("who", ["ana", "rita", "ada"])
@pytest.mark.parametrize("path", LISTS)
def test_what_can_be_passed_on_has_it_for_nobody(room: Newsroom, who: str, path: str) -> None:
    assert WORD not in room.api(who).get(path).text


@pytest.mark.parametrize("path", ["/gallery?q=", "/api/v1/gallery?q="])
def test_no_search_finds_the_clip_by_it(room: Newsroom, path: str) -> None:
    text = room.client().get(path + WORD).text
    assert [clip_id for clip_id in room.clips if clip_id in text] == []


def test_a_search_finds_the_clip_by_its_title(room: Newsroom) -> None:
    found = room.client().get("/api/v1/gallery?q=so+far").json()["items"]
    assert [clip["id"] for clip in found] == [room.clips[2]]


def test_the_name_of_a_download_has_it_for_nobody(room: Newsroom) -> None:
    for who in ("", "ben", "ana", "rita"):
        client = room.api(who) if who else room.client()
        answer = client.head(f"/media/{room.clips[1]}.mp4?download=1")
        assert answer.headers["content-disposition"].startswith('attachment; filename="a-title-')


def test_a_remix_tells_its_maker_nothing_of_it(room: Newsroom) -> None:
    wish = {"prompt": "something else", "parent_id": room.clips[0]}
    sent = room.api("ben").post("/api/v1/clips", json=wish)
    assert sent.status_code == 202, sent.text
    assert WORD not in sent.text
    assert sent.json()["parent"]["prompt"] == ""


def test_its_creator_and_reviewers_read_it_in_the_app(room: Newsroom) -> None:
    for who in ("ana", "rita"):
        assert WORD in room.api(who).get(f"/api/v1/clips/{room.clips[0]}").json()["prompt"]


def test_it_is_not_in_the_signed_file(server: Server) -> None:
    """Nor where it is shared, because that can end and the file stays as it is."""
    ana, rita = server.client("ana", "creator"), server.client("rita", "reviewer")
    wish = {"prompt": "an orange pyramid in the snow", "seed": 9, "licence": "cc0"}
    clip_id = ana.post("/api/v1/clips", json=wish).json()["id"]
    clip = wait_for_state(rita, clip_id, "pending_review")
    decision = {"verdict": "approve", "version": clip["version"]}
    assert rita.post(f"/api/v1/clips/{clip_id}/decision", json=decision).status_code == 200
    shown = wait_for_state(rita, clip_id, "published")
    media = MediaStore(read_settings(data=server.folder / "data").media_folder)
    path = media.path("public", shown["public_sha256"], ".mp4")
    assert b"orange pyramid" not in path.read_bytes()
    manifest = read_manifest(path)
    assert manifest["manifests"][manifest["active_manifest"]]["title"] == "Untitled"
