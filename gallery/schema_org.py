"""What a search engine reads about a clip: a schema.org VideoObject, as JSON-LD.

Knows nothing of who may see a clip: it is handed one that may be shown. Method: schema.org 29,
https://schema.org/VideoObject; `digitalSourceType` names the IPTC term for media that a trained
model made.
"""

from __future__ import annotations

from typing import Any, Final

from gallery.credit import creator_page, credit_line, heading, rights
from language import say

SOURCE_TYPE: Final = "https://schema.org/TrainedAlgorithmicMediaDigitalSource"


def video_object(clip: dict[str, Any], language: str, *, address: str) -> dict[str, Any]:
    """The clip in schema.org's terms, for a published clip as a stranger reads it."""
    page = f"{address}/clip/{clip['id']}"
    by = say(language, "page.by", name=credit_line(clip, language))
    facts = {
        "@context": "https://schema.org",
        "@type": "VideoObject",
        "@id": page,
        "url": page,
        "name": heading(clip, language),
        "description": f"{by}. {say(language, 'page.made_with_ai')}.",
        "thumbnailUrl": [f"{address}{clip['media']['poster']}"],
        "uploadDate": clip["published_at"],
        "duration": f"PT{clip['duration_s']:g}S",
        "contentUrl": f"{address}{clip['media']['mp4']}",
        "embedUrl": f"{address}/embed/{clip['id']}",
        "encodingFormat": "video/mp4",
        "width": clip["width"],
        "height": clip["height"],
        "sha256": clip["public_sha256"],
        "digitalSourceType": SOURCE_TYPE,
        "creator": {
            "@type": "Person",
            "name": clip["credit"],
            "url": creator_page(clip, address),
        },
        "creditText": credit_line(clip, language),
        "copyrightNotice": rights(clip, language),
        "publisher": {"@type": "Organization", "name": "Greenlight", "url": address},
    }
    if clip["licence"]["url"]:
        facts["license"] = clip["licence"]["url"]
    if clip["credits"]:
        facts["contributor"] = [_contributor(each) for each in clip["credits"]]
    return facts


def _contributor(credit: dict[str, str]) -> dict[str, Any]:
    """Somebody who made it too; in a role, where one is named."""
    person = {"@type": "Person", "name": credit["name"]}
    if credit["link"]:
        person["url"] = credit["link"]
    if not credit["role"]:
        return person
    return {"@type": "Role", "roleName": credit["role"], "contributor": person}


def item_list(programme: dict[str, Any], *, address: str) -> dict[str, Any]:
    """A programme as an ItemList: the pages of its clips, in order."""
    return {
        "@context": "https://schema.org",
        "@type": "ItemList",
        "@id": f"{address}/programme/{programme['slug']}",
        "url": f"{address}/programme/{programme['slug']}",
        "name": programme["title"],
        "description": programme["text"],
        "numberOfItems": len(programme["items"]),
        "itemListOrder": "https://schema.org/ItemListOrderAscending",
        "itemListElement": [
            {
                "@type": "ListItem",
                "position": position,
                "url": f"{address}/clip/{item['clip']['id']}",
            }
            for position, item in enumerate(programme["items"], 1)
        ],
    }
