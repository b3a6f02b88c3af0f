"""oEmbed: what another site asks to show one of our clips in its own page.

Knows nothing of who may see a clip: it is handed one that may be shown. Method: the oEmbed
specification, https://oembed.com (version 1.0, type video).
"""

from __future__ import annotations

import html
import re
from typing import Any, Final
from urllib.parse import urlsplit
from xml.etree import ElementTree

from errors import BadInput
from gallery.credit import creator_page, credit_line, heading

CACHE_AGE_S: Final = 300
"""How long a consumer may keep the answer. Playing asks us each time, so a take-down holds at once."""

_PAGE: Final = re.compile(r"/(?:clip|embed)/([^/]+)/?")
_COMFORTABLE: Final = 480
"""Clips of few pixels are offered at the smallest multiple of their size that is this wide or high."""


def clip_id_in(url: str, address: str) -> str:
    """The id of the clip whose page `url` is. Raises BadInput for any other address; that the clip
    exists is not said."""
    try:
        asked, own = urlsplit(url), urlsplit(address)
        page = _PAGE.fullmatch(asked.path)
        ours = asked.scheme in ("http", "https") and asked.netloc.lower() == own.netloc.lower()
    except ValueError:
        page, ours = None, False
    if page is None or not ours:
        raise BadInput(
            field="url",
            value=url,
            rule=f"the page of a clip, {address}/clip/…",
            step="Copy the address from the clip's page.",
        )
    return page[1]


def shown_size(width: int, height: int) -> tuple[int, int]:
    """The size in pixels at which a clip of this size is offered to other pages."""
    times = max(1, -(-_COMFORTABLE // max(width, height)))
    return width * times, height * times


def fitted(
    width: int, height: int, most_wide: int | None, most_high: int | None
) -> tuple[int, int]:
    """The largest size of the same shape within the limits, at least one pixel."""
    scale = min(1.0, (most_wide or width) / width, (most_high or height) / height)
    return max(1, int(width * scale)), max(1, int(height * scale))


def embed_code(clip: dict[str, Any], address: str, width: int, height: int) -> str:
    """The element that shows the clip in another page. It can run no code of ours there."""
    source = html.escape(f"{address}/embed/{clip['id']}")
    title = html.escape(heading(clip, "en"))
    return (
        f'<iframe src="{source}" width="{width}" height="{height}" title="{title}" loading="lazy"'
        ' style="border:0" sandbox="allow-popups allow-popups-to-escape-sandbox"'
        ' allow="fullscreen; picture-in-picture" allowfullscreen></iframe>'
    )


def oembed(
    clip: dict[str, Any],
    address: str,
    *,
    most_wide: int | None = None,
    most_high: int | None = None,
) -> dict[str, Any]:
    """The answer for a clip, with its sizes in pixels within the limits that were asked for."""
    width, height = fitted(*shown_size(clip["width"], clip["height"]), most_wide, most_high)
    return {
        "version": "1.0",
        "type": "video",
        "title": heading(clip, "en"),
        "author_name": credit_line(clip, "en"),
        "author_url": creator_page(clip, address),
        # Not of the specification, which allows more: under which licence it is shown.
        "license": clip["licence"]["names"]["en"],
        **({"license_url": licence} if (licence := clip["licence"]["url"]) else {}),
        "provider_name": "Greenlight",
        "provider_url": address,
        "cache_age": CACHE_AGE_S,
        "thumbnail_url": f"{address}{clip['media']['poster']}",
        "thumbnail_width": clip["width"],
        "thumbnail_height": clip["height"],
        "width": width,
        "height": height,
        "html": embed_code(clip, address, width, height),
    }


def as_xml(answer: dict[str, Any]) -> bytes:
    """The same answer as XML."""
    root = ElementTree.Element("oembed")
    for name, value in answer.items():
        ElementTree.SubElement(root, name).text = str(value)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written
