"""What a search engine reads about a clip: a schema.org VideoObject, as JSON-LD.

Knows nothing of who may see a clip: it is handed one that may be shown. Method: schema.org 29,
https://schema.org/VideoObject; `digitalSourceType` names the IPTC term for media that a trained
model made.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from language import say

SOURCE_TYPE: Final = "https://schema.org/TrainedAlgorithmicMediaDigitalSource"


def video_object(clip: dict[str, Any], language: str, *, address: str) -> dict[str, Any]:
    """The clip in schema.org's terms, for a published clip as a stranger reads it."""
    page = f"{address}/clip/{clip['id']}"
    by = say(language, "page.by", name=clip["creator"])
    return {
        "@context": "https://schema.org",
        "@type": "VideoObject",
        "@id": page,
        "url": page,
        "name": clip["prompt"],
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
            "name": clip["creator"],
            "url": f"{address}/creator/{quote(clip['creator'], safe='')}",
        },
        "publisher": {"@type": "Organization", "name": "Greenlight", "url": address},
    }
