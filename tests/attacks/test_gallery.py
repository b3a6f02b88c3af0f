"""What somebody tried on the gallery once and got through with, so that nobody does again."""

from __future__ import annotations

import asyncio
import base64
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import httpx
import pytest
from starlette.requests import Request

from accounts import people, profiles
from accounts.models import Role
from accounts.profiles import CreditNameTaken, Wanted
from actions import Actions
from errors import BadInput, StorageFull
from gallery.provenance import Signer
from media import MediaStore
from moderation import clips
from moderation.models import Clip, State
from settings import read_settings
from tests.browser.newsroom import Newsroom, Wish
from tests.conftest import House
from text import check_line, check_link
from web.verify import Checking

PUBLIC = State.PUBLISHED.value
OLDEST = base64.urlsafe_b64encode(b"1").decode().rstrip("=")
UNSEEN = ["an\u200ba", "a\u00adna", "ana\u2060", "ana\u3164", "ana\u034f", "ana\ufe0f", "\uff21na"]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    wishes: list[Wish] = [{"state": PUBLIC, "prompt": f"clip {n}"} for n in range(3)]
    wishes += [
        {"state": PUBLIC, "style": "secret", "shares_prompt": False},
        {"state": PUBLIC, "style": "open"},
    ]
    filled = Newsroom(tmp_path_factory.mktemp("attacked"), wishes)
    with filled:
        yield filled


# ---- whose name and words they are --------------------------------------------------------


@pytest.mark.parametrize("asked", ["", f"?older={OLDEST}", f"?newer={OLDEST}"])
def test_no_page_of_a_creator_without_clips_says_their_words(room: Newsroom, asked: str) -> None:
    said = {"credit_name": "Benedict", "bio": "I film dusk."}
    assert room.api("ben").put("/api/v1/me/profile", json=said).is_success
    assert room.client().get(f"/creator/ben{asked}").status_code == 404


def test_a_page_beyond_the_last_is_still_its_creators(room: Newsroom) -> None:
    assert room.client().get(f"/creator/ana?older={OLDEST}").status_code == 200


@pytest.mark.parametrize("name", UNSEEN)
def test_nobody_is_credited_by_a_name_that_looks_the_same(house: House, name: str) -> None:
    house.user("ana")
    with house.store.write() as session, pytest.raises(CreditNameTaken):
        profiles.write(session, house.user("ben"), Wanted(credit_name=name))


@pytest.mark.parametrize("name", ["ana\u3164", "ana\ufe0f"])
def test_nobody_joins_under_a_name_that_looks_the_same(house: House, name: str) -> None:
    with house.store.write() as session:
        found, _ = people.person_with_role(session, name, Role.CREATOR, created_by="test")
        assert found.id == house.user("ana").id


@pytest.mark.parametrize("line", ["\u3164", "\u2800", "\u200b", "\ufe0f\u115f"])
def test_a_line_of_nothing_to_see_is_refused(line: str) -> None:
    with pytest.raises(BadInput):
        check_line("title", line, 120)


def test_a_link_with_something_unseen_in_it_is_refused() -> None:
    with pytest.raises(BadInput):
        check_link("links", "https://films.example/\u200bana")


# ---- prompts that are not shared ----------------------------------------------------------


@pytest.mark.parametrize("order", ["newest", "rotating"])
def test_a_style_is_no_way_to_ask_for_a_word_of_the_prompt(room: Newsroom, order: str) -> None:
    asked = f"/api/v1/gallery?order={order}&style="
    assert room.client().get(f"{asked}secret").json()["items"] == []
    found = room.client().get(f"{asked}open").json()["items"]
    assert [clip["id"] for clip in found] == [room.clips[4]]


def test_no_style_of_a_prompt_that_is_not_shared_is_offered(room: Newsroom) -> None:
    assert room.client().get("/api/v1/gallery/choices").json()["style"] == ["open"]


def test_a_deleted_clip_keeps_no_word_of_its_prompt(house: House) -> None:
    clip = house.clip(State.WITHDRAWN)
    with house.store.write() as session:
        session.get_one(Clip, clip.id).style = "secret"
    with house.store.write() as session:
        clips.delete(session, house.user("ana"), clip.id, remove=lambda _: None)
    assert house.get(clip.id).style == ""


# ---- verifying ----------------------------------------------------------------------------


def slow(room: Newsroom, source: str) -> socket.socket:
    """A file that never ends, sent from one of this machine's own addresses."""
    connection = socket.create_connection(("127.0.0.1", room.port), source_address=(source, 0))
    connection.sendall(
        b"POST /api/v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
    )
    return connection


def test_one_who_sends_slowly_keeps_nobody_else_out(room: Newsroom) -> None:
    link = {"url": f"{room.url}/clip/{room.clips[0]}"}
    with ExitStack() as open_ones:
        for _ in range(4):
            open_ones.enter_context(closing(slow(room, "127.0.0.2")))
        other = httpx.HTTPTransport(local_address="127.0.0.3")
        with httpx.Client(base_url=room.url, transport=other, timeout=60) as client:
            assert client.post("/api/v1/verify", json=link).json()["verdict"] == "published"


def test_a_file_to_verify_that_finds_no_room_on_the_disk_is_said_so(
    house: House, tmp_path: Path
) -> None:
    class Full(MediaStore):
        @contextmanager
        def working(self, name: str) -> Iterator[Path]:
            with super().working(name) as folder:
                (folder / "sent.mp4").symlink_to("/dev/full")
                yield folder

    settings = read_settings(data=tmp_path)
    actions = cast(Actions, SimpleNamespace(settings=settings, store=house.store))
    checking = Checking(actions, Full(tmp_path / "media"), Signer(tmp_path / "keys", "test"))
    form = httpx.Request("POST", "http://x/", files={"file": ("a.mp4", b"x" * 100_000)})

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": form.read(), "more_body": False}

    kind = (b"content-type", form.headers["content-type"].encode())
    scope = {"type": "http", "method": "POST", "path": "/", "headers": [kind], "client": None}
    with pytest.raises(StorageFull):
        asyncio.run(checking.answer(Request(scope, receive)))
