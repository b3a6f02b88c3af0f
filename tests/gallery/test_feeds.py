"""Feeds and sitemap: well-formed, complete, and true to what people wrote."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from gallery.feeds import atom, rss, sitemap, sitemap_index
from tests.gallery.said import said

ADDRESS = "https://clips.example"
ATOM, MEDIA = "{http://www.w3.org/2005/Atom}", "{http://search.yahoo.com/mrss/}"
DC = "{http://purl.org/dc/elements/1.1/}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
VIDEO = "{http://www.google.com/schemas/sitemap-video/1.1}"
NASTY = 'a <b>ball</b> & "more" ]]> it\'s'


def clip(clip_id: str = "abc", **facts: object) -> dict[str, Any]:
    return {
        "id": clip_id,
        "prompt": "a red ball",
        "creator": "ana",
        "published_at": "2026-11-22T10:00:00.000Z",
        "duration_s": 2.0,
        "width": 1280,
        "height": 720,
        "fps": 24.0,
        "media": {"mp4": f"/media/{clip_id}.mp4", "poster": f"/media/{clip_id}.jpg"},
        **said(),
        **facts,
    }


def tree(body: bytes) -> Element:
    return ElementTree.fromstring(body)  # noqa: S314  (our own words)


def feed(write: Callable[..., bytes], *clips: dict[str, Any]) -> Element:
    return tree(write(clips, ADDRESS, sizes={each["id"]: 1234 for each in clips}))


def test_every_clip_is_an_item_in_order() -> None:
    items = feed(rss, clip("new"), clip("old")).findall("channel/item")
    assert [item.findtext("link") for item in items] == [
        f"{ADDRESS}/clip/new",
        f"{ADDRESS}/clip/old",
    ]


def test_an_item_says_who_made_it() -> None:
    assert feed(rss, clip()).findtext(f"channel/item/{DC}creator") == "ana"


def test_an_item_s_day_is_of_its_publication() -> None:
    said = feed(rss, clip()).findtext("channel/item/pubDate") or ""
    assert parsedate_to_datetime(said).isoformat() == "2026-11-22T10:00:00+00:00"


def test_an_enclosure_says_the_bytes_of_the_file() -> None:
    found = feed(rss, clip()).find("channel/item/enclosure")
    assert found is not None
    assert found.attrib == {
        "url": f"{ADDRESS}/media/abc.mp4",
        "type": "video/mp4",
        "length": "1234",
    }


def test_media_rss_has_player_credit_and_picture() -> None:
    content = feed(rss, clip()).find(f"channel/item/{MEDIA}content")
    assert content is not None
    assert {child.tag for child in content} == {
        f"{MEDIA}{name}" for name in ("title", "credit", "copyright", "thumbnail", "player")
    }


def test_rss_names_its_own_address() -> None:
    link = feed(rss).find(f"channel/{ATOM}link")
    assert link is not None
    assert (link.get("rel"), link.get("href")) == ("self", f"{ADDRESS}/feed.xml")


@pytest.mark.parametrize("write", [rss, atom])
def test_a_feed_without_clips_is_a_feed(write: Callable[..., bytes]) -> None:
    feed(write)


def test_rss_repeats_a_prompt_as_it_was_typed() -> None:
    assert feed(rss, clip(prompt=NASTY)).findtext("channel/item/title") == NASTY


def test_atom_repeats_a_prompt_as_it_was_typed() -> None:
    assert feed(atom, clip(prompt=NASTY)).findtext(f"{ATOM}entry/{ATOM}title") == NASTY


def test_an_entry_of_atom_has_what_the_standard_asks() -> None:
    entry = feed(atom, clip()).find(f"{ATOM}entry")
    assert entry is not None
    assert {f"{ATOM}{name}" for name in ("id", "title", "updated", "author")} <= {
        child.tag for child in entry
    }


def test_atom_itself_has_what_the_standard_asks() -> None:
    root = feed(atom, clip())
    assert root.findtext(f"{ATOM}updated") == "2026-11-22T10:00:00.000Z"
    assert root.findtext(f"{ATOM}id") == f"{ADDRESS}/"


def test_a_long_prompt_is_cut_in_a_title() -> None:
    title = feed(rss, clip(prompt="red " * 200)).findtext("channel/item/title") or ""
    assert (len(title), title[-1]) == (120, "…")


def test_the_sitemap_names_page_file_and_player_of_a_clip() -> None:
    url = tree(sitemap([clip()], ADDRESS, first=False)).find(f"{MAP}url")
    assert url is not None
    assert url.findtext(f"{MAP}loc") == f"{ADDRESS}/clip/abc"
    assert url.findtext(f"{VIDEO}video/{VIDEO}content_loc") == f"{ADDRESS}/media/abc.mp4"
    assert url.findtext(f"{VIDEO}video/{VIDEO}player_loc") == f"{ADDRESS}/embed/abc"


@pytest.mark.parametrize(("first", "count"), [(True, 5), (False, 1)])
def test_the_first_part_of_the_sitemap_names_the_fixed_pages_too(first: bool, count: int) -> None:
    assert len(tree(sitemap([clip()], ADDRESS, first=first))) == count


def test_the_index_names_every_part_by_its_cursor() -> None:
    locations = [each.findtext(f"{MAP}loc") for each in tree(sitemap_index(["a", "b"], ADDRESS))]
    assert locations == [f"{ADDRESS}/sitemap.xml?from=a", f"{ADDRESS}/sitemap.xml?from=b"]
