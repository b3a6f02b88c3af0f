"""Reports and take-down over real HTTP: what is taken, what is refused, and that a clip which is taken
down is gone from every address at once and comes back as it was."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from moderation.models import State
from settings import read_settings
from tests.attacks.test_strangers import Events
from tests.browser.newsroom import Newsroom
from web.reports import address_of

PROMPT = "zebra-canary on a hill"
GONE = {404, 410}
XSS = "<img src=x onerror=alert(1)></textarea>${alert(1)}"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    wishes = [
        {"state": "published", "prompt": PROMPT},
        {"state": "published", "prompt": "a clip to be reported"},
        {"state": "pending_review", "prompt": "held-canary"},
    ]
    filled = Newsroom(tmp_path_factory.mktemp("reported"), wishes)
    with filled:
        yield filled


@pytest.fixture(scope="module")
def stranger(room: Newsroom) -> httpx.Client:
    return room.client()


def send(room: Newsroom, client: httpx.Client, place: int = 1, **said: Any) -> httpx.Response:
    body = {"reason": "violence", **said}
    return client.post(f"/api/v1/clips/{room.clips[place]}/report", json=body)


def one_case(room: Newsroom, place: int = 1) -> dict[str, Any]:
    items = room.api("rob").get("/api/v1/reports").json()["items"]
    found: dict[str, Any] = next(each for each in items if each["clip_id"] == room.clips[place])
    return found


# ---- reporting ----------------------------------------------------------------------------


def test_a_report_is_taken_and_says_no_more_than_that(
    room: Newsroom, stranger: httpx.Client
) -> None:
    answers = [send(room, stranger, text=XSS, at_s=0.5) for _ in range(2)]
    assert [(each.status_code, each.json()) for each in answers] == [(202, {"received": True})] * 2
    case = one_case(room)
    assert (case["count"], case["reports"][0]["text"]) == (1, XSS)
    assert case["clip"]["media"]["mp4"] == f"/media/{room.clips[1]}.mp4"


@pytest.mark.parametrize("name", ["", "ben", "ana", "rita"])
def test_a_held_clip_is_the_same_nothing_as_one_that_never_was(room: Newsroom, name: str) -> None:
    client = room.api(name) if name else room.client()
    said = {"reason": "hate"}
    held, missing = (
        [
            client.post(f"/api/v1/clips/{clip_id}/report", json=said),
            client.post(f"/clip/{clip_id}/report", data=said),
        ]
        for clip_id in (room.clips[2], "0" * 16)
    )
    assert [each.status_code for each in held] == [404, 404]
    assert [each.content for each in held] == [each.content for each in missing]
    assert client.get(f"/clip/{room.clips[2]}/report").status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"reason": "nonsense"}', 422),
        (b'{"reason": 5}', 422),
        (b'{"reason": null}', 422),
        (b'{"reason": "hate", "extra": 1}', 422),
        (b'{"reason": "hate", "\\ud800": 1}', 422),
        (b'{"reason": "\\ud800"}', 422),
        (b'{"reason": "hate", "text": "\\ud800"}', 422),
        (b'{"reason": "hate", "text": "\\u0000"}', 422),
        (b'{"reason": "hate", "text": ["x"]}', 422),
        (b'{"reason": "hate", "text": "' + b"x" * 10_000 + b'"}', 422),
        (b'{"reason": "hate", "at_s": -1}', 422),
        (b'{"reason": "hate", "at_s": NaN}', 422),
        (b'{"reason": "hate", "at_s": Infinity}', 422),
        (b'{"reason": "hate", "at_s": 1e400}', 422),
        (b'{"reason": "hate", "at_s": 1' + b"0" * 400 + b"}", 422),
        (b'{"reason": "hate", "at_s": "1"}', 422),
        (b'{"reason": "hate", "at_s": true}', 422),
        (b'{"reason": "hate", "at_s": 99}', 422),
        (b'{"reason": "hate", "until_s": 0.5}', 422),
        (b'{"reason": "hate", "at_s": 0.5, "until_s": 0.1}', 422),
    ],
    ids=lambda value: str(value)[:60],
)
def test_bad_input_is_refused_in_words(
    room: Newsroom, stranger: httpx.Client, body: bytes, status: int
) -> None:
    kind = {"Content-Type": "application/json"}
    path = f"/api/v1/clips/{room.clips[1]}/report"
    answer = stranger.post(path, content=body, headers=kind)
    assert (answer.status_code, sorted(answer.json()["error"])) == (
        status,
        ["code", "fix", "message"],
    )


@pytest.mark.parametrize("path", ["dismiss", "escalate"])
@pytest.mark.parametrize("body", [{"note": 5}, {"note": "x" * 3000}, {"extra": 1}, {"note": "\0"}])
def test_bad_input_from_the_desk_is_refused_in_words(
    room: Newsroom, path: str, body: dict[str, Any]
) -> None:
    answer = room.api("lea").post(f"/api/v1/reports/{room.clips[1]}/{path}", json=body)
    assert (answer.status_code, sorted(answer.json()["error"])) == (422, ["code", "fix", "message"])


def test_an_auditor_reads_the_queue_and_is_offered_nothing(room: Newsroom) -> None:
    room.client().post(f"/api/v1/clips/{room.clips[1]}/report", json={"reason": "hate"})
    items = room.api("aud").get("/api/v1/reports").json()["items"]
    assert items
    assert {tuple(each["can"]) for each in items} == {()}


@pytest.mark.parametrize(("name", "status"), [("", 401), ("ben", 403)])
def test_the_queue_is_for_those_who_review(room: Newsroom, name: str, status: int) -> None:
    client = room.api(name) if name else room.client()
    path = f"/api/v1/reports/{room.clips[1]}"
    answers = [
        client.get("/api/v1/reports"),
        client.post(f"{path}/dismiss", json={"note": "x"}),
        client.post(f"{path}/escalate"),
    ]
    assert [each.status_code for each in answers] == [status] * 3


# ---- the form -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "words"), [("en", "What is wrong?"), ("fr", "Qu’est-ce qui ne va pas")]
)
def test_the_form_stands_on_the_clip_s_page_and_alone(
    room: Newsroom, stranger: httpx.Client, language: str, words: str
) -> None:
    for path in (f"/clip/{room.clips[1]}", f"/clip/{room.clips[1]}/report"):
        page = stranger.get(path, headers={"Accept-Language": language})
        assert (page.status_code, words in page.text) == (200, True)
        assert f'action="/clip/{room.clips[1]}/report"' in page.text


def test_the_player_on_other_sites_leads_to_the_form(
    room: Newsroom, stranger: httpx.Client
) -> None:
    page = stranger.get(f"/embed/{room.clips[1]}").text
    assert f"{room.url}/clip/{room.clips[1]}/report" in page


def test_the_form_thanks_and_says_what_happens_next(room: Newsroom, stranger: httpx.Client) -> None:
    said = {"reason": "other", "text": "It is\r\nmine.", "at_s": "0,25", "until_s": ""}
    answer = stranger.post(f"/clip/{room.clips[1]}/report", data=said)
    assert (answer.status_code, "A person looks at it" in answer.text) == (202, True)
    texts = [(each["text"], each["at_s"]) for each in one_case(room)["reports"]]
    assert ("It is\nmine.", 0.25) in texts


@pytest.mark.parametrize(
    "said",
    [
        {"reason": "other", "text": " ", "at_s": "1"},
        {"reason": "hate", "text": XSS, "at_s": "soon"},
        {"text": XSS},
        {"reason": "hate", "text": XSS, "surprise": "1"},
    ],
)
def test_a_form_that_was_filled_in_wrongly_comes_back_with_its_words(
    room: Newsroom, stranger: httpx.Client, said: dict[str, str]
) -> None:
    answer = stranger.post(f"/clip/{room.clips[1]}/report", data=said)
    assert (answer.status_code, 'role="alert"' in answer.text) == (422, True)
    assert XSS not in answer.text  # escaped
    assert "&lt;img src=x" in answer.text or said["text"] != XSS


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/clips/{}/report", "/clip/{}/report"])
def test_no_other_site_reports_for_its_visitors(
    room: Newsroom, stranger: httpx.Client, path: str, headers: dict[str, str]
) -> None:
    answer = stranger.post(path.format(room.clips[1]), data={"reason": "hate"}, headers=headers)
    assert answer.status_code == 403


# ---- whose address ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("forwarded", "behind", "address"),
    [
        ("", True, "10.0.0.9"),
        ("8.8.8.8", False, "10.0.0.9"),  # anybody can write that
        ("8.8.8.8", True, "8.8.8.8"),
        ("1.1.1.1, 8.8.8.8", True, "8.8.8.8"),  # the first was written by whoever asks
        ("8.8.8.8, 10.1.2.3, 127.0.0.1", True, "8.8.8.8"),
        ("nonsense, 2606:4700::1111", True, "2606:4700::1111"),
        ("nonsense", True, "10.0.0.9"),
    ],
)
def test_an_address_is_the_one_that_our_proxies_saw(
    forwarded: str, behind: bool, address: str
) -> None:
    scope = {
        "type": "http",
        "headers": [(b"x-forwarded-for", forwarded.encode())],
        "client": ("10.0.0.9", 5),
    }
    assert address_of(Request(scope), behind_proxies=behind) == address


# ---- taking down --------------------------------------------------------------------------


def addresses(room: Newsroom, clip_id: str) -> list[tuple[str, str, dict[str, str]]]:
    """Every way to ask for one clip: method, address, headers."""
    page = f"{room.url}/clip/{clip_id}"
    found: list[tuple[str, str, dict[str, str]]] = [
        (method, path, {})
        for method in ("GET", "HEAD")
        for path in (
            f"/clip/{clip_id}",
            f"/embed/{clip_id}",
            f"/clip/{clip_id}/report",
            f"/oembed?url={page}",
            f"/oembed?url={page}&format=xml",
            f"/oembed?url={room.url}/embed/{clip_id}",
            *(f"/media/{clip_id}{end}" for end in (".mp4", ".jpg", ".webp", ".mp4?download=1")),
        )
    ]
    found += [("GET", f"/media/{clip_id}.mp4", {"Range": "bytes=0-99"})]
    return [*found, ("GET", f"/api/v1/clips/{clip_id}", {})]


LISTS = (
    "/gallery",
    "/gallery?q=zebra-canary",
    "/creator/ana",
    "/feed.xml",
    "/feed.atom",
    "/sitemap.xml",
    "/api/v1/gallery",
    "/api/v1/gallery?q=zebra-canary",
    "/api/v1/gallery?creator=ana",
)


def everything(room: Newsroom, client: httpx.Client, clip_id: str) -> dict[str, Any]:
    """What comes of every address: status, bytes and tag."""
    found: dict[str, Any] = {}
    for method, path, headers in addresses(room, clip_id):
        answer = client.request(method, path, headers=headers)
        content = answer.content
        if path.startswith("/api"):  # its version goes up with every change of state
            content = str({**answer.json(), "version": 0}).encode()
        told = (answer.status_code, hashlib.sha256(content).hexdigest(), answer.headers.get("etag"))
        found[f"{method} {path} {headers}"] = told
    for path in LISTS:
        found[path] = clip_id in client.get(path).text
    return found


def test_a_take_down_is_everywhere_at_once_and_a_restoring_brings_all_of_it_back(
    room: Newsroom, stranger: httpx.Client
) -> None:
    clip_id, lead = room.clips[0], room.api("lea")
    assert send(room, stranger, 0).status_code == 202
    before = everything(room, stranger, clip_id)
    assert {found[0] for found in before.values() if isinstance(found, tuple)} == {200, 206}
    assert all(before[path] for path in LISTS)
    tag = before[f"GET /media/{clip_id}.mp4 {{}}"][2]
    public = read_settings(data=room.folder / "data").media_folder / "public"
    files = {path.name for path in public.rglob("*") if path.is_file()}

    began = time.monotonic()
    down = lead.post(f"/api/v1/clips/{clip_id}/takedown", json={"reason": "violence", "note": ""})
    took_s = time.monotonic() - began

    assert (down.status_code, down.json()["state"]) == (200, State.TAKEN_DOWN)
    after = everything(room, stranger, clip_id)
    left = {at: found for at, found in after.items() if isinstance(found, tuple)}
    assert {at: found[0] for at, found in left.items() if found[0] not in GONE} == {}
    assert [path for path in LISTS if after[path]] == []
    cached = stranger.get(f"/media/{clip_id}.mp4", headers={"If-None-Match": str(tag)})
    assert cached.status_code == 404
    stone = stranger.get(f"/clip/{clip_id}")
    assert (stone.status_code, "Violence" in stone.text, PROMPT in stone.text) == (410, True, False)
    events = Events(room.api("ben"))
    told = [
        str(events.call(event, [clip_id] * events.inputs_of(event), {"id": clip_id}))
        for event in events.ids()
    ]
    assert [each for each in told if PROMPT in each] == []
    assert send(room, stranger, 0).status_code == 404
    lying = {path.name for path in public.rglob("*") if path.is_file()}
    assert len(files - lying) == 3  # a store that is served directly shows nothing of it either
    assert took_s < 1

    back = lead.post(f"/api/v1/clips/{clip_id}/restore", json={"note": "a mistake"})
    assert back.status_code == 200
    assert everything(room, stranger, clip_id) == before
    assert {path.name for path in public.rglob("*") if path.is_file()} == files
    cached = stranger.get(f"/media/{clip_id}.mp4", headers={"If-None-Match": str(tag)})
    assert cached.status_code == 304


@pytest.mark.parametrize(("reason", "status"), [("", 422), (" ", 422), ("x" * 201, 422)])
def test_a_take_down_without_a_reason_is_refused(room: Newsroom, reason: str, status: int) -> None:
    answer = room.api("lea").post(
        f"/api/v1/clips/{room.clips[1]}/takedown", json={"reason": reason}
    )
    assert (answer.status_code, sorted(answer.json()["error"])) == (
        status,
        ["code", "fix", "message"],
    )


def test_a_flood_is_told_when_to_come_back(room: Newsroom) -> None:
    """Last, because it uses up what this machine's address may send."""
    ben = room.api("ben")
    answers = [send(room, ben) for _ in range(21)]
    assert {each.status_code for each in answers[:20]} <= {202, 429}
    assert answers[-1].status_code == 429
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 3600
    assert one_case(room)["count"] <= 4
