"""A crawler that follows every address it is given, from the front page on and from every address of
a clip that is known, with a clip in every state: it comes upon what is published now, and no word or
byte of anything else. It starts again after each change of what is public.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import pytest

from accounts import switches
from accounts.people import find_person
from gallery.programmes.models import Place, Programme
from media import MediaStore
from moderation.models import Clip, State
from settings import read_settings
from store import Store, open_store, utc_now
from tests.browser.newsroom import Newsroom

_SEEDS = (
    "/",
    "/gallery",
    "/gallery?q=canary",
    "/creator/ana",
    "/feed.xml",
    "/feed.atom",
    "/sitemap.xml",
    "/stats",
    "/verify",
    "/robots.txt",
    "/healthz",
    "/login",
    "/config",
    "/api/v1/gallery",
    "/api/v1/gallery?q=canary",
    "/api/v1/gallery?creator=ana",
    "/api/v1/gallery?order=curated",
    "/gallery?order=curated",
    "/programmes",
    "/programme/all-states",
    "/programme/all-states/play",
    "/programme/hidden",
    "/programme/hidden/play",
    "/programme.js",
    "/api/v1/programmes",
    "/api/v1/programmes?all=1",
    "/api/v1/programmes/all-states",
    "/api/v1/programmes/hidden",
    "/api/v1/programmes/hidden/suggestions",
    "/api/v1/stats",
    "/api/v1/policy",
    "/api/v1/model",
    "/api/v1/openapi.json",
    "/api/v1/review",
    "/api/v1/review/health",
    "/api/v1/review/people",
    "/api/v1/reports",
    "/api/v1/clips?mine=1",
    "/api/v1/notices",
    "/api/v1/hub",
    "/gradio_api/info",
)
_OF_A_CLIP = (
    "/clip/{id}",
    "/clip/{id}/report",
    "/embed/{id}",
    "/oembed?url={url}/clip/{id}",
    "/oembed?url={url}/embed/{id}&format=xml",
    "/media/{id}.mp4",
    "/media/{id}.jpg",
    "/media/{id}.webp",
    "/media/{id}.preview.jpg",
    "/media/{sha256}.mp4",
    "/files/{sha256}.mp4",
    "/files/{public}.mp4",
    "/files/{poster}.jpg",
    "/verify?url={url}/clip/{id}",
    "/media/{id}.mp4?download=1&facts=1",
    "/api/v1/clips/{id}",
    "/api/v1/clips/{id}/statements",
    "/api/v1/clips/{id}/precedents",
    "/api/v1/clips/{id}/marks",
    "/gradio_api/file={path}",
    "/file={path}",
)
_LINK = re.compile(
    r"""(?:href|src|poster|content|url)=["']([^"']+)|<loc>([^<]+)|"(/[a-z][^"\s]*)\""""
)
_MOST = 2000
"""Addresses that one crawl asks for; a trap that makes new ones for ever would fail the test."""


class Crawler:
    """Reads everything that one client is given."""

    def __init__(
        self, room: Newsroom, client: httpx.Client, clips: list[Clip], media: Path
    ) -> None:
        self.client = client
        self.url = room.url
        self.asked: set[str] = set()
        self.texts: dict[str, str] = {}
        self.files: dict[str, str] = {}
        self._seeds = list(_SEEDS)
        for clip in clips:
            path = MediaStore(media).path("held", clip.sha256 or "0" * 64, ".mp4")
            facts = {"id": clip.id, "sha256": clip.sha256, "url": room.url, "path": path}
            facts |= {"public": clip.public_sha256, "poster": clip.pictures.get(".jpg")}
            self._seeds += [shape.format(**facts) for shape in _OF_A_CLIP]

    def crawl(self) -> Crawler:
        waiting = list(self._seeds)
        while waiting:
            address = waiting.pop()
            if address in self.asked:
                continue
            self.asked.add(address)
            assert len(self.asked) < _MOST, "the crawl does not end"
            answer = self.client.get(address)
            assert answer.status_code < 500, address
            if answer.status_code != 200:
                self.texts[address] = answer.text
                continue
            kind = answer.headers.get("content-type", "")
            if kind.startswith(("video/", "image/")):
                self.files[address] = hashlib.sha256(answer.content).hexdigest()
                continue
            self.texts[address] = answer.text
            waiting += self._links(answer.text)
        return self

    def _links(self, text: str) -> Iterator[str]:
        for found in _LINK.finditer(text):
            link = html.unescape(next(group for group in found.groups() if group))
            parts = urlsplit(link)
            inside = link.startswith(self.url) or (not parts.netloc and parts.path.startswith("/"))
            if inside and not parts.path.startswith(
                ("/assets", "/static", "/gradio_api", "/invite")
            ):
                yield parts._replace(scheme="", netloc="", fragment="").geturl()

    def canaries(self) -> set[str]:
        """The states of the clips whose words stand anywhere in what came."""
        every = "\n".join(self.texts.values())
        return set(re.findall(r"canary-([a-z_]+)", every + quote(every)))


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    wishes = [{"state": state.value, "prompt": f"canary-{state.value}"} for state in State]
    folder = tmp_path_factory.mktemp("crawled")
    filled = Newsroom(folder, wishes)
    store = open_store(read_settings(data=folder / "data"))
    with store.write() as session:
        for what in ("generation", "publishing"):  # each clip stays where it is
            switches.pause(session, what, message=None, paused_by="test")
    _curate(store, filled.clips)
    store.close()
    with filled:
        yield filled


def _curate(store: Store, ids: list[str]) -> None:
    """An open programme that holds a clip in every state, whatever came of them since they were
    put in, and a draft, whose own words are a canary."""
    with store.write() as session:
        lea = find_person(session, "lea")
        for slug, status, title in (
            ("all-states", "open", "all"),
            ("hidden", "draft", "canary-draft"),
        ):
            opened_at = utc_now() if status == "open" else None
            programme = Programme(
                slug=slug, title=title, text="", curator=title, made_by=lea.id,
                status=status, open_seq=1 if opened_at else None, opened_at=opened_at,
            )  # fmt: skip
            session.add(programme)
            session.flush()
            session.add_all(
                Place(programme_id=programme.id, place=place, clip_id=clip_id, words=f"w{clip_id}")
                for place, clip_id in enumerate(ids, 1)
            )


@pytest.fixture(scope="module")
def clips(room: Newsroom) -> list[Clip]:
    store = open_store(read_settings(data=room.folder / "data"))
    with store.read() as session:
        found = [session.get_one(Clip, clip_id) for clip_id in room.clips]
    store.close()
    return found


def crawler(room: Newsroom, clips: list[Clip], name: str) -> Crawler:
    client = room.api(name) if name else room.client()
    media = read_settings(data=room.folder / "data").media_folder
    return Crawler(room, client, clips, media).crawl()


def find(clips: list[Clip], state: State) -> Clip:
    return next(clip for clip in clips if clip.prompt == f"canary-{state.value}")


def assert_only_public(crawled: Crawler, clips: list[Clip], public: set[str]) -> None:
    assert crawled.canaries() == public
    hidden = [clip for clip in clips if clip.prompt.removeprefix("canary-") not in public]
    for clip in hidden:
        names = [clip.id, clip.public_sha256, *clip.pictures.values()]
        assert [at for at in crawled.files for name in names if name and name in at] == []
        told = [at for at, text in crawled.texts.items() if clip.sha256 and clip.sha256 in text]
        assert told == []
        assert [at for at, text in crawled.texts.items() if f"w{clip.id}" in text] == []
    held = {clip.sha256 for clip in clips}
    assert held & set(crawled.files.values()) == set()  # what is public is the signed file


@pytest.mark.parametrize("name", ["", "ben"])
def test_only_what_is_published_is_found(room: Newsroom, clips: list[Clip], name: str) -> None:
    assert_only_public(crawler(room, clips, name), clips, {"published"})


def test_the_crawl_comes_upon_every_kind_of_page(room: Newsroom, clips: list[Clip]) -> None:
    shown = find(clips, State.PUBLISHED)
    crawled = crawler(room, clips, "")
    public = [path.format(id=shown.id) for path in ("/clip/{id}", "/embed/{id}", "/media/{id}.mp4")]
    public += ["/programmes", "/programme/all-states", "/programme/all-states/play"]
    assert {path for path in public if path in crawled.texts or path in crawled.files} == set(
        public
    )


@pytest.mark.parametrize("name", ["ana", "rita", "lea", "aud", "ada"])
def test_public_pages_say_the_same_to_everybody(
    room: Newsroom, clips: list[Clip], name: str
) -> None:
    """Those who may see held clips do so in the app, never on a page that they could pass on."""
    client = room.api(name)
    public = ["/gallery", "/creator/ana", "/feed.xml", "/feed.atom", "/sitemap.xml", "/stats"]
    public += ["/api/v1/gallery", "/api/v1/stats", "/gallery?order=curated", "/programmes"]
    public += ["/programme/all-states", "/programme/all-states/play", "/api/v1/programmes"]
    text = "\n".join(client.get(address).text for address in public)
    assert set(re.findall(r"canary-([a-z_]+)", text)) == {"published"}
    held = [clip.id for clip in clips if clip.prompt != "canary-published"]
    pages = [f"/{kind}/{clip_id}" for kind in ("clip", "embed") for clip_id in held]
    down = find(clips, State.TAKEN_DOWN).id  # says that something was there, and nothing of it
    answers = {address: client.get(address).status_code for address in pages}
    assert answers == {address: 410 if down in address else 404 for address in pages}


def test_each_change_of_what_is_public_holds_everywhere_at_once(
    room: Newsroom, clips: list[Clip]
) -> None:
    lead, maker = room.api("lea"), room.api("ana")
    shown, down = find(clips, State.PUBLISHED), find(clips, State.TAKEN_DOWN)

    def act(client: httpx.Client, clip: Clip, name: str, **body: str) -> None:
        answer = client.post(f"/api/v1/clips/{clip.id}/{name}", json=body or None)
        assert answer.status_code == 200, answer.text

    act(maker, find(clips, State.APPROVED), "withdraw")
    assert room.api("ada").post("/api/v1/resume", json={"what": "publishing"}).status_code == 200
    act(lead, shown, "takedown", reason="copyright")
    assert_only_public(crawler(room, clips, ""), clips, set())
    act(lead, down, "restore", note="a mistake")
    assert_only_public(crawler(room, clips, ""), clips, {"taken_down"})
    act(lead, shown, "restore", note="a mistake")
    assert_only_public(crawler(room, clips, ""), clips, {"published", "taken_down"})
    act(maker, down, "withdraw")
    assert_only_public(crawler(room, clips, ""), clips, {"published"})
