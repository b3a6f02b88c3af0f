"""The media gate: the only route that emits the bytes of a clip.

Knows nothing of who may see what; it asks moderation/visibility.py, and answers 404 to everyone
else. Range and If-None-Match work; nothing is cached by anyone before a clip is published, and
afterwards every use asks again, so that a take-down holds at once. The look at a clip in the
making is its creator's alone.
"""

from __future__ import annotations

import re
import shutil
from email.utils import format_datetime
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask

from accounts.identity import Identity
from accounts.permissions import STRANGER
from actions import Actions
from errors import NotFound
from media import MediaStore
from moderation import presentation
from moderation.clips import own_clip
from moderation.models import Clip, State
from moderation.visibility import visible_clip
from web.files import TYPES, hand_over, has_it
from web.sending import OpenFile, opened

_NEVER_KEPT: Final = "private, no-store"


def media_routes(actions: Actions, identity: Identity, media: MediaStore) -> APIRouter:
    router = APIRouter()

    @router.get("/media/{clip_id}.preview.jpg")
    def send_preview(clip_id: str, request: Request) -> Response:
        """The latest look at a clip in the making; nothing (204) while there is none: it is gone
        with the last step, maybe between the page's hearing of it and its asking."""
        user = identity.current_user(request)
        with actions.store.read() as session:
            own_clip(session, user, clip_id)
        try:
            picture = media.preview(clip_id).read_bytes()
        except OSError:
            return Response(status_code=204, headers={"Cache-Control": _NEVER_KEPT})
        return Response(picture, media_type=TYPES[".jpg"], headers={"Cache-Control": _NEVER_KEPT})

    @router.api_route("/media/{name}", methods=["GET", "HEAD"])
    def send_media(name: str, request: Request, download: int = 0, facts: int = 0) -> Response:
        """Bytes of one clip: `.mp4`, `.jpg` (poster) or `.webp` (strip of eight frames).

        `download=1` names the file for keeping; `facts=1` writes into one's own how it was made.
        """
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

        def where() -> Path:
            if not published:
                return media.path("held", sha256 or "", ending)
            if ending in clip.pictures:
                return media.picture(clip.pictures[ending], ending, beside=sha256 or "")
            return media.released(sha256 or "", ending)

        if published and not download:
            own = sha256 if ending == ".mp4" else clip.pictures.get(ending)
            elsewhere = media.address_of("public", own or "", ending)
            if elsewhere is not None:
                return hand_over(elsewhere)
        file = opened(where)
        headers = {
            "Vary": "Cookie, Authorization",
            "Cache-Control": "public, no-cache" if published else _NEVER_KEPT,
        }
        if download:
            headers["Content-Disposition"] = f'attachment; filename="{_file_name(clip)}{ending}"'
            if facts and ending == ".mp4" and user.id == clip.creator_id:
                headers["Cache-Control"] = _NEVER_KEPT
                file.close()
                return _with_facts(actions, clip, headers)
        headers["ETag"] = etag = f'"{sha256}{ending}"'
        if published:
            headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        else:  # and not the age of the file, which whoever judges it blind is not told
            headers["Last-Modified"] = format_datetime(clip.created_at, usegmt=True)
        if has_it(request, etag):
            file.close()
            return Response(status_code=304, headers=headers)
        return OpenFile(file, media_type=TYPES[ending], headers=headers)

    return router


def _with_facts(actions: Actions, clip: Clip, headers: dict[str, str]) -> Response:
    """The creator's own copy, with the prompt and settings in its metadata; the pixels are the
    same. It is written for this answer alone and deleted after it."""
    copy = actions.copy_with_facts(clip)
    gone = BackgroundTask(shutil.rmtree, copy.parent, ignore_errors=True)
    return FileResponse(copy, media_type=TYPES[".mp4"], headers=headers, background=gone)


def _file_name(clip: Clip) -> str:
    """Readable and safe everywhere: the first plain words of the title, or of the prompt where it
    is shared, and the id. A file's name is passed on, so it is the same for everyone."""
    said = clip.title or presentation.prompt_for(STRANGER, clip)
    words = re.findall(r"[A-Za-z0-9]+", said)[:6]
    return "-".join([*words, clip.id])[:80].lower()
