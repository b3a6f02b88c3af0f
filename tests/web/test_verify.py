"""Verifying a clip over real HTTP: what a stranger is told of every kind of file and link."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from errors import TooMany
from moderation.models import State
from settings import read_settings
from store import open_store
from tests.browser.newsroom import Newsroom
from tests.server import wait_for_state
from web.verify import Pace

PATIENT = {"timeout": 60}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    wishes = [{"state": "pending_review", "prompt": f"clip {n}"} for n in range(4)]
    folder = tmp_path_factory.mktemp("verified")
    limits = {"GREENLIGHT_VERIFY_LIMIT_MB": "1", "GREENLIGHT_VERIFY_PER_HOUR": "10000"}
    filled = Newsroom(folder, wishes, GREENLIGHT_UNDO_S="0", **limits)
    with filled:
        rita = filled.api("rita")
        for clip_id in filled.clips[:3]:
            clip = rita.get(f"/api/v1/clips/{clip_id}").json()
            decision = {"verdict": "approve", "version": clip["version"]}
            assert rita.post(f"/api/v1/clips/{clip_id}/decision", json=decision).is_success
            wait_for_state(rita, clip_id, "published")
        yield filled


@pytest.fixture(scope="module")
def signed(room: Newsroom) -> list[bytes]:
    """The public files of the three that were published; then one is taken down, one withdrawn."""
    stranger = room.client()
    found = [stranger.get(f"/media/{clip_id}.mp4").content for clip_id in room.clips[:3]]
    down = {"reason": "copyright", "note": "secret words"}
    assert room.api("lea").post(f"/api/v1/clips/{room.clips[1]}/takedown", json=down).is_success
    assert room.api("ana").post(f"/api/v1/clips/{room.clips[2]}/withdraw").is_success
    return found


@pytest.fixture(scope="module")
def held(room: Newsroom) -> bytes:
    content: bytes = room.api("ana").get(f"/media/{room.clips[3]}.mp4").content
    return content


def ask(room: Newsroom, content: bytes | None = None, link: str = "") -> httpx.Response:
    with httpx.Client(base_url=room.url, **PATIENT) as client:  # type: ignore[arg-type]
        if content is not None:
            return client.post("/api/v1/verify", files={"file": ("a.mp4", content, "video/mp4")})
        return client.post("/api/v1/verify", json={"url": link})


def verdict(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["verdict"]


def test_a_published_file_is_known_and_stands_in_the_log(
    room: Newsroom, signed: list[bytes]
) -> None:
    said = ask(room, signed[0]).json()
    assert (said["verdict"], said["clip"]) == ("published", f"{room.url}/clip/{room.clips[0]}")
    assert said["in_log"] == {"decision": True, "reviewed_sha256": True, "audit_head": True}
    assert (said["is_ours"], said["is_self_signed"]) == (True, True)


def test_of_a_file_that_was_taken_down_only_the_tombstone_speaks(
    room: Newsroom, signed: list[bytes]
) -> None:
    answer = ask(room, signed[1])
    said = answer.json()
    assert (said["verdict"], said["clip"], said["decision_id"]) == ("taken_down", None, None)
    assert said["taken_down_since"]
    assert "secret words" not in answer.text


def test_a_withdrawn_file_is_only_what_its_signature_says(
    room: Newsroom, signed: list[bytes]
) -> None:
    said = ask(room, signed[2]).json()
    assert (said["verdict"], said["clip"]) == ("signed_here", None)


@pytest.mark.parametrize("place", [9, 60, 3900, -200, -20])
def test_a_file_of_ours_with_one_other_byte_is_told_so(
    place: int, room: Newsroom, signed: list[bytes]
) -> None:
    """In the brands, which no signature covers, in the manifest, the index, the pictures, the XMP."""
    content = bytearray(signed[0])
    content[place] ^= 0x01
    assert verdict(ask(room, bytes(content))) in ("changed", "damaged")


def test_a_held_file_answers_as_one_that_never_was(room: Newsroom, held: bytes) -> None:
    other = held[:-1] + bytes([held[-1] ^ 1])
    found, none = ask(room, held).json(), ask(room, other).json()
    del found["sha256"], none["sha256"]
    assert found == none
    assert found["verdict"] == "unsigned"


@pytest.mark.parametrize("shape", ["/clip/{id}", "/embed/{id}", "/media/{id}.mp4"])
def test_a_link_of_ours_is_looked_up_here(shape: str, room: Newsroom, signed: list[bytes]) -> None:
    links = [room.url + shape.format(id=clip_id) for clip_id in room.clips]
    found = [ask(room, link=link) for link in links]
    assert verdict(found[0]) == "published"
    assert verdict(found[1]) == "taken_down"
    assert [each.status_code for each in found[2:]] == [404, 404]
    assert found[3].json() == ask(room, link=room.url + shape.format(id="0" * 16)).json()


@pytest.mark.parametrize(
    "link",
    [
        "ftp://clips.example/a.mp4",
        "file:///etc/passwd",
        "http://127.0.0.1:22/a.mp4",
        "http://localhost/a.mp4",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/a.mp4",
        "http://10.0.0.1/a.mp4",
        "https://name:word@clips.example/a.mp4",
        "https://clips.example/" + "x" * 10_000,
        "javascript:alert(1)",
        "http://",
        "not a link",
        "http://[::1",
        "",
        " ",
    ],
)
def test_a_link_to_anywhere_else_is_refused_in_words(link: str, room: Newsroom) -> None:
    answer = ask(room, link=link)
    assert answer.status_code == 422
    assert sorted(answer.json()["error"]) == ["code", "fix", "message"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"url": 7}', "application/json", 422),
        (b"{" * 10_000, "application/json", 400),
        (b"rubbish", "multipart/form-data; boundary=x", 422),
        (b"rubbish", "multipart/form-data", 422),
        (b"rubbish", "text/plain", 422),
        (b"", "multipart/form-data; boundary=x", 422),
        (b"[" + b"0," * 100_000, "application/json", 413),
        (b"url=" + b"x" * 100_000, "application/x-www-form-urlencoded", 413),
    ],
)
def test_a_broken_request_is_refused_in_words(
    body: bytes, kind: str, status: int, room: Newsroom
) -> None:
    answer = httpx.post(
        f"{room.url}/api/v1/verify", content=body, headers={"Content-Type": kind}, timeout=60
    )
    assert answer.status_code == status, answer.text
    assert sorted(answer.json()["error"]) == ["code", "fix", "message"]


@pytest.mark.parametrize(
    "content",
    [b"", b"x", b"GIF89a" + b"x" * 100, b"\x00\x00\x00\x20ftyp"[:7], b"\xff\xd8\xff" * 99],
)
def test_what_is_no_mp4_is_refused(content: bytes, room: Newsroom) -> None:
    assert ask(room, content).status_code == 422


@pytest.mark.parametrize(
    "content",
    [
        b"\x00\x00\x00\x20ftypisom" + b"\xff" * 4000,
        b"\x00\x00\x00\x10ftypisom\x00\x00\x00\x00" + b"\xff\xff\xff\xffmoov" + b"\x00" * 50,
        b"\x00\x00\x00\x10ftypisom\x00\x00\x00\x00" + b"\x00\x00\x00\x01mdat" + b"\xff" * 8,
        b"\x00\x00\x00\x10ftypisom\x00\x00\x00\x00" + b"\x00\x00\x00\x08moov" * 5000,
    ],
)
def test_a_hostile_mp4_is_only_unknown(content: bytes, room: Newsroom) -> None:
    assert verdict(ask(room, content)) in ("unsigned", "damaged")


def test_a_file_beyond_the_limit_is_refused(room: Newsroom) -> None:
    assert ask(room, b"\x00\x00\x00\x20ftyp" + bytes(2 * 1024**2)).status_code == 413


def test_a_person_without_a_script_reads_what_was_found(
    room: Newsroom, signed: list[bytes]
) -> None:
    files = {"file": ("a.mp4", signed[0], "video/mp4")}
    page = httpx.post(f"{room.url}/verify", files=files, data={"url": ""}, timeout=60)
    assert page.status_code == 200
    assert "This clip is published here" in page.text
    french = {"Accept-Language": "fr", "Accept": "text/html"}
    wrong = httpx.post(f"{room.url}/verify", data={"url": "ftp://x"}, headers=french, timeout=60)
    assert (wrong.status_code, "Rien n’a été vérifié" in wrong.text) == (422, True)


def test_the_form_shows_a_link_as_text(room: Newsroom) -> None:
    page = httpx.get(f"{room.url}/verify", params={"url": '"><script>alert(1)</script>'}).text
    assert "<script" not in page


def test_another_site_cannot_have_it_done(room: Newsroom) -> None:
    asked = {"Origin": "https://evil.example"}
    answer = httpx.post(f"{room.url}/verify", data={"url": "x"}, headers=asked)
    assert answer.status_code == 403


def test_nothing_of_what_was_sent_is_left(room: Newsroom, signed: list[bytes]) -> None:
    ask(room, signed[0])
    work = Path(read_settings(data=room.folder / "data").media_folder) / "work"
    assert [path.name for path in work.glob("verify-*")] == []


def test_two_are_looked_at_at_a_time(room: Newsroom) -> None:
    """Two that are slow to send keep a third out, and make room when they go."""
    import socket

    def slow() -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", room.port))
        connection.sendall(
            b"POST /api/v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
        )
        return connection

    def is_busy() -> bool:
        return ask(room, link="ftp://x").status_code == 503

    with closing(slow()), closing(slow()):
        busy = threading.Event()
        for _ in range(50):
            if is_busy():
                busy.set()
                break
        assert busy.is_set()
    assert any(not is_busy() for _ in range(50))


def test_an_address_may_ask_some_times_and_no_more() -> None:
    pace = Pace(tries=3, window_s=60)
    for _ in range(3):
        pace.count("1.2.3.4")
    pace.count("5.6.7.8")
    with pytest.raises(TooMany):
        pace.count("1.2.3.4")


def test_the_room_is_as_these_tests_take_it(room: Newsroom, signed: list[bytes]) -> None:
    store = open_store(read_settings(data=room.folder / "data"))
    from moderation.models import Clip

    with store.read() as session:
        states = [session.get_one(Clip, clip_id).state for clip_id in room.clips]
    store.close()
    assert (len(signed), states) == (
        3,
        [State.PUBLISHED, State.TAKEN_DOWN, State.WITHDRAWN, State.PENDING_REVIEW],
    )
