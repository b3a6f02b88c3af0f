"""What another site is told to show a clip in its page."""

from __future__ import annotations

import html
import re
from typing import Any
from xml.etree import ElementTree

import pytest

from errors import BadInput
from gallery.oembed import as_xml, clip_id_in, embed_code, fitted, oembed, shown_size
from tests.gallery.said import said

ADDRESS = "https://clips.example"
CLIP: dict[str, Any] = {
    "id": "0123456789abcdef",
    "prompt": "a red ball",
    "creator": "ana",
    "width": 1280,
    "height": 720,
    "media": {"mp4": "/media/0123456789abcdef.mp4", "poster": "/media/0123456789abcdef.jpg"},
    **said(),
}


@pytest.mark.parametrize(
    "url",
    [
        "https://clips.example/clip/abc",
        "http://clips.example/clip/abc",
        "https://CLIPS.example/clip/abc/",
        "https://clips.example/clip/abc?from=feed#top",
        "https://clips.example/embed/abc",
    ],
)
def test_the_page_of_a_clip_is_recognised(url: str) -> None:
    assert clip_id_in(url, ADDRESS) == "abc"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "clip/abc",
        "/clip/abc",
        "https://elsewhere.example/clip/abc",
        "https://clips.example.evil/clip/abc",
        "https://clips.example@evil.example/clip/abc",
        "https://clips.example:444/clip/abc",
        "ftp://clips.example/clip/abc",
        "javascript://clips.example/clip/abc",
        "https://clips.example/media/abc.mp4",
        "https://clips.example/clip/abc/def",
        "https://clips.example/clip/",
        "https://[clips.example/clip/abc",
    ],
)
def test_any_other_address_is_refused_with_the_rule(url: str) -> None:
    with pytest.raises(BadInput, match="the page of a clip, https://clips"):
        clip_id_in(url, ADDRESS)


@pytest.mark.parametrize(
    ("size", "shown"),
    [((128, 128), (512, 512)), ((480, 832), (480, 832)), ((1920, 1080), (1920, 1080))],
)
def test_small_clips_are_offered_at_a_multiple_of_their_size(
    size: tuple[int, int], shown: tuple[int, int]
) -> None:
    assert shown_size(*size) == shown


@pytest.mark.parametrize(
    ("most_wide", "most_high", "expected"),
    [
        (None, None, (1280, 720)),
        (640, None, (640, 360)),
        (None, 360, (640, 360)),
        (640, 180, (320, 180)),
        (5000, 5000, (1280, 720)),
        (1, 1, (1, 1)),
    ],
)
def test_the_asked_limits_keep_the_shape(
    most_wide: int | None, most_high: int | None, expected: tuple[int, int]
) -> None:
    assert fitted(1280, 720, most_wide, most_high) == expected


def test_an_answer_has_what_the_specification_asks_of_a_video() -> None:
    answer = oembed(CLIP, ADDRESS)
    assert (answer["version"], answer["type"]) == ("1.0", "video")
    assert {"html", "width", "height"} <= answer.keys()


def test_a_thumbnail_comes_with_its_size() -> None:
    answer = oembed(CLIP, ADDRESS)
    assert answer["thumbnail_url"] == f"{ADDRESS}/media/{CLIP['id']}.jpg"
    assert (answer["thumbnail_width"], answer["thumbnail_height"]) == (1280, 720)


def test_the_frame_is_as_large_as_the_answer_says() -> None:
    answer = oembed(CLIP, ADDRESS, most_wide=320)
    assert 'width="320" height="180"' in answer["html"]


@pytest.mark.parametrize("prompt", ['"><script>alert(1)</script>', "it's & that's", "a <b> c"])
def test_a_prompt_cannot_leave_its_attribute(prompt: str) -> None:
    code = embed_code({**CLIP, "prompt": prompt}, ADDRESS, 320, 180)
    assert html.unescape(re.findall(r'title="([^"]*)"', code)[0]) == prompt
    assert code.count("<") == 2


def test_the_frame_may_run_no_script() -> None:
    assert "allow-scripts" not in embed_code(CLIP, ADDRESS, 320, 180)


def test_the_xml_says_the_same_as_the_json() -> None:
    answer = oembed({**CLIP, "prompt": "a <b> & c"}, ADDRESS)
    root = ElementTree.fromstring(as_xml(answer))  # noqa: S314  (our own words)
    assert {child.tag: child.text for child in root} == {k: str(v) for k, v in answer.items()}
