"""Feeds of the newest clips, RSS 2.0 with Media RSS and Atom, and the sitemap.

Knows nothing of who may see a clip: it is handed published ones. Methods: RSS 2.0
(https://www.rssboard.org/rss-specification), Media RSS 1.5.1, Atom (RFC 4287), the sitemap
protocol 0.9 with Google's video extension 1.1. The trees are built by the standard library, which
escapes what people wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from gallery.credit import creator_page, credit_line, headline, rights
from gallery.oembed import shown_size
from language import say

SITEMAP_PART: Final = 5000
"""Clips in one file of the sitemap; the protocol allows 50,000 addresses and 50 MB."""

_ATOM: Final = "http://www.w3.org/2005/Atom"
_MEDIA: Final = "http://search.yahoo.com/mrss/"
_DC: Final = "http://purl.org/dc/elements/1.1/"
_SITEMAP: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
_OWN_ROLES: Final = "urn:greenlight:role"
_VIDEO: Final = "http://www.google.com/schemas/sitemap-video/1.1"

for _prefix, _space in (("atom", _ATOM), ("media", _MEDIA), ("dc", _DC), ("video", _VIDEO)):
    ElementTree.register_namespace(_prefix, _space)


def rss(clips: Sequence[dict[str, Any]], address: str, *, sizes: dict[str, int]) -> bytes:
    """`sizes`: the id of each clip → bytes of its public file, which an enclosure has to say."""
    root = Element("rss", {"version": "2.0"})
    channel = SubElement(root, "channel")
    _put(channel, "title", "Greenlight")
    _put(channel, "link", f"{address}/")
    _put(channel, "description", say("en", "feed.description"))
    _put(channel, "language", "en")
    if clips:
        _put(channel, "lastBuildDate", format_datetime(_moment(clips[0]), usegmt=True))
    link = {"href": f"{address}/feed.xml", "rel": "self", "type": "application/rss+xml"}
    SubElement(channel, f"{{{_ATOM}}}link", link)
    for clip in clips:
        item = SubElement(channel, "item")
        page, media = f"{address}/clip/{clip['id']}", clip["media"]
        _put(item, "title", headline(clip, "en"))
        _put(item, "link", page)
        _put(item, "guid", page)
        _put(item, "pubDate", format_datetime(_moment(clip), usegmt=True))
        _put(item, f"{{{_DC}}}creator", clip["credit"])
        for other in clip["credits"]:
            _put(item, f"{{{_DC}}}contributor", other["name"])
        _put(item, f"{{{_DC}}}rights", rights(clip, "en"))
        _put(item, "description", _description(clip))
        file = {"url": f"{address}{media['mp4']}", "type": "video/mp4"}
        SubElement(item, "enclosure", {**file, "length": str(sizes[clip["id"]])})
        content = SubElement(
            item,
            f"{{{_MEDIA}}}content",
            {
                **file,
                "fileSize": str(sizes[clip["id"]]),
                "medium": "video",
                "duration": str(round(clip["duration_s"])),
                "width": str(clip["width"]),
                "height": str(clip["height"]),
                "framerate": f"{clip['fps']:g}",
            },
        )
        _put(content, f"{{{_MEDIA}}}title", headline(clip, "en"), type="plain")
        _put(content, f"{{{_MEDIA}}}credit", clip["credit"], role="author")
        for other in clip["credits"]:
            # A role of one's own words is none of the scheme that is meant where none is named.
            role = {"role": other["role"], "scheme": _OWN_ROLES} if other["role"] else {}
            _put(content, f"{{{_MEDIA}}}credit", other["name"], **role)
        _licence(content, clip)
        picture = {"url": f"{address}{media['poster']}", **_size(clip)}
        SubElement(content, f"{{{_MEDIA}}}thumbnail", picture)
        wide, high = shown_size(clip["width"], clip["height"])
        player = {"url": f"{address}/embed/{clip['id']}", "width": str(wide), "height": str(high)}
        SubElement(content, f"{{{_MEDIA}}}player", player)
    return _written(root)


def atom(clips: Sequence[dict[str, Any]], address: str, *, sizes: dict[str, int]) -> bytes:
    root = Element(f"{{{_ATOM}}}feed")
    _put(root, f"{{{_ATOM}}}title", "Greenlight")
    _put(root, f"{{{_ATOM}}}subtitle", say("en", "feed.description"))
    _put(root, f"{{{_ATOM}}}id", f"{address}/")
    _put(root, f"{{{_ATOM}}}updated", clips[0]["published_at"] if clips else "1970-01-01T00:00:00Z")
    _link(root, f"{address}/feed.atom", rel="self", type="application/atom+xml")
    _link(root, f"{address}/", rel="alternate", type="text/html")
    for clip in clips:
        entry = SubElement(root, f"{{{_ATOM}}}entry")
        page = f"{address}/clip/{clip['id']}"
        _put(entry, f"{{{_ATOM}}}title", headline(clip, "en"))
        _put(entry, f"{{{_ATOM}}}id", page)
        _put(entry, f"{{{_ATOM}}}published", clip["published_at"])
        _put(entry, f"{{{_ATOM}}}updated", clip["published_at"])
        author = SubElement(entry, f"{{{_ATOM}}}author")
        _put(author, f"{{{_ATOM}}}name", clip["credit"])
        _put(author, f"{{{_ATOM}}}uri", creator_page(clip, address))
        for other in clip["credits"]:
            person = SubElement(entry, f"{{{_ATOM}}}contributor")
            _put(person, f"{{{_ATOM}}}name", other["name"])
            if other["link"]:
                _put(person, f"{{{_ATOM}}}uri", other["link"])
        _put(entry, f"{{{_ATOM}}}rights", rights(clip, "en"))
        _put(entry, f"{{{_ATOM}}}summary", _description(clip))
        if clip["licence"]["url"]:
            _link(entry, clip["licence"]["url"], rel="license")
        _link(entry, page, rel="alternate", type="text/html")
        file = f"{address}{clip['media']['mp4']}"
        _link(entry, file, rel="enclosure", type="video/mp4", length=str(sizes[clip["id"]]))
        SubElement(
            entry,
            f"{{{_MEDIA}}}thumbnail",
            {"url": f"{address}{clip['media']['poster']}", **_size(clip)},
        )
    return _written(root)


def sitemap(
    clips: Sequence[dict[str, Any]], address: str, *, first: bool, programmes: Sequence[str] = ()
) -> bytes:
    """One part of the sitemap; the first one also names the pages that are always there, and the
    open programmes by their slugs."""
    root = Element(f"{{{_SITEMAP}}}urlset")
    if first:
        pages = ["/", "/gallery", "/programmes", "/stats"]
        for path in [*pages, *(f"/programme/{slug}" for slug in programmes)]:
            _put(SubElement(root, f"{{{_SITEMAP}}}url"), f"{{{_SITEMAP}}}loc", f"{address}{path}")
    for clip in clips:
        url = SubElement(root, f"{{{_SITEMAP}}}url")
        _put(url, f"{{{_SITEMAP}}}loc", f"{address}/clip/{clip['id']}")
        _put(url, f"{{{_SITEMAP}}}lastmod", clip["published_at"])
        video = SubElement(url, f"{{{_VIDEO}}}video")
        _put(video, f"{{{_VIDEO}}}thumbnail_loc", f"{address}{clip['media']['poster']}")
        _put(video, f"{{{_VIDEO}}}title", headline(clip, "en"))
        _put(video, f"{{{_VIDEO}}}description", _description(clip))
        _put(video, f"{{{_VIDEO}}}content_loc", f"{address}{clip['media']['mp4']}")
        _put(video, f"{{{_VIDEO}}}player_loc", f"{address}/embed/{clip['id']}")
        _put(video, f"{{{_VIDEO}}}duration", str(max(1, round(clip["duration_s"]))))
        _put(video, f"{{{_VIDEO}}}publication_date", clip["published_at"])
        _put(video, f"{{{_VIDEO}}}uploader", clip["credit"])
    return _written(root, default=_SITEMAP)


def sitemap_index(cursors: Sequence[str], address: str) -> bytes:
    """The list of the sitemap's parts, by the cursors at which they begin."""
    root = Element(f"{{{_SITEMAP}}}sitemapindex")
    for cursor in cursors:
        part = SubElement(root, f"{{{_SITEMAP}}}sitemap")
        _put(part, f"{{{_SITEMAP}}}loc", f"{address}/sitemap.xml?from={cursor}")
    return _written(root, default=_SITEMAP)


def _licence(content: Element, clip: dict[str, Any]) -> None:
    licence = clip["licence"]
    address = {"url": licence["url"]} if licence["url"] else {}
    _put(content, f"{{{_MEDIA}}}copyright", rights(clip, "en"), **address)
    if licence["url"]:
        page = {"type": "text/html", "href": licence["url"]}
        _put(content, f"{{{_MEDIA}}}license", licence["names"]["en"], **page)


def _description(clip: dict[str, Any]) -> str:
    by = say("en", "page.by", name=credit_line(clip, "en"))
    return f"{headline(clip, 'en')}, {by}. {say('en', 'page.made_with_ai')}."


def _moment(clip: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(clip["published_at"].replace("Z", "+00:00"))


def _size(clip: dict[str, Any]) -> dict[str, str]:
    return {"width": str(clip["width"]), "height": str(clip["height"])}


def _put(parent: Element, name: str, text: str, **attributes: str) -> None:
    SubElement(parent, name, attributes).text = text


def _link(parent: Element, href: str, **attributes: str) -> None:
    SubElement(parent, f"{{{_ATOM}}}link", {"href": href, **attributes})


def _written(root: Element, default: str | None = None) -> bytes:
    written: bytes = ElementTree.tostring(
        root, encoding="utf-8", xml_declaration=True, default_namespace=default
    )
    return written
