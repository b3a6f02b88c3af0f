"""The media gate: the only route that emits the bytes of a clip.

Knows nothing of who may see what; it asks moderation/visibility.py, and answers 404 to everyone
else. Range and If-None-Match work; nothing is cached by anyone before a clip is published, and
afterwards every use asks again, so that a take-down holds at once.
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from accounts.identity import Identity
from actions import Actions
from errors import NotFound
from media import MediaStore
from moderation.models import State
from moderation.visibility import visible_clip

TYPES: Final = {".mp4": "video/mp4", ".jpg": "image/jpeg", ".webp": "image/webp"}


def media_routes(actions: Actions, identity: Identity, media: MediaStore) -> APIRouter:
    router = APIRouter()

    @router.api_route("/media/{name}", methods=["GET", "HEAD"])
    def send_media(name: str, request: Request) -> Response:
        """Bytes of one clip: `.mp4`, `.jpg` (poster) or `.webp` (strip of eight frames)."""
        clip_id, dot, kind = name.partition(".")
        ending = dot + kind
        user = identity.current_user(request)
        with actions.store.read() as session:
            clip = visible_clip(session, user, clip_id)
        if ending not in TYPES or clip.sha256 is None:
            raise NotFound()
        published = clip.state == State.PUBLISHED
        # Published: the signed file and copies of the pictures, as they were checked then.
        sha256 = clip.public_sha256 if published else clip.sha256
        path = media.path("public" if published else "held", sha256 or "", ending)
        if not path.is_file():
            raise NotFound()
        etag = f'"{sha256}{ending}"'
        headers = {
            "ETag": etag,
            "Vary": "Cookie, Authorization",
            "Cache-Control": "public, no-cache" if published else "private, no-store",
        }
        if published:
            headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        if _listed(request.headers.get("if-none-match", "")) & {etag, "*"}:
            return Response(status_code=304, headers=headers)
        return FileResponse(path, media_type=TYPES[ending], headers=headers)

    return router


def _listed(header: str) -> set[str]:
    return {tag.strip().removeprefix("W/") for tag in header.split(",")}
