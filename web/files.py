"""Public files under the sha256 of their own bytes: `/files/<sha256>.<ending>`.

Knows nothing of who may see what; it asks moderation/visibility.py as a stranger, each time anew.
The bytes behind such an address never change, so whoever has them may keep them: the reader's own
browser, and caches in between only where the operator says that they empty them
(GREENLIGHT_FILES_CACHE). At our own address a take-down is a 404 at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session, col, select

from accounts.permissions import STRANGER
from actions import Actions
from errors import NotFound
from media import MediaStore
from moderation.models import Clip, FileKind, PublicFile, State
from moderation.visibility import can_see
from web.sending import OpenFile, opened

TYPES: Final = {".mp4": "video/mp4", ".jpg": "image/jpeg", ".webp": "image/webp"}
_YEAR_S: Final = 365 * 24 * 3600
_PICTURES: Final = (FileKind.POSTER.value, FileKind.STRIP.value)


def file_routes(actions: Actions, media: MediaStore) -> APIRouter:
    router = APIRouter()
    kept = f"{actions.settings.files_cache}, max-age={_YEAR_S}, immutable"

    @router.api_route("/files/{name}", methods=["GET", "HEAD"])
    def send_file(name: str, request: Request) -> Response:
        """A file of a clip that is published now: its video, pictures or light preview."""
        sha256, dot, kind = name.partition(".")
        ending = dot + kind
        with actions.store.read() as session:
            found = _published(session, sha256, ending)
        if found is None or ending not in TYPES:
            raise NotFound()
        row, clip = found
        elsewhere = media.address_of("public", sha256, ending)
        if elsewhere is not None:
            return hand_over(elsewhere)

        def where() -> Path:
            if row.kind in _PICTURES:
                return media.picture(sha256, ending, beside=clip.public_sha256 or "")
            return media.released(sha256, ending)

        file = opened(where)
        headers = {
            "Cache-Control": kept,
            "Cross-Origin-Resource-Policy": "cross-origin",
            "ETag": f'"{sha256}"',
        }
        if has_it(request, headers["ETag"]):
            file.close()
            return Response(status_code=304, headers=headers)
        return OpenFile(file, media_type=TYPES[ending], headers=headers)

    return router


def hand_over(elsewhere: str) -> Response:
    """Send the reader on to where the store itself hands a published file out, for now only: the
    next use asks us again."""
    return RedirectResponse(elsewhere, 307, {"Cache-Control": "private, no-store"})


def has_it(request: Request, tag: str) -> bool:
    """Whether the reader holds these bytes already, as If-None-Match says."""
    listed = request.headers.get("if-none-match", "").split(",")
    return bool({each.strip().removeprefix("W/") for each in listed} & {tag, "*"})


def _published(session: Session, sha256: str, ending: str) -> tuple[PublicFile, Clip] | None:
    """The same bytes can belong to several clips; one that is public is enough."""
    query = (
        select(PublicFile, Clip)
        .join(Clip, col(Clip.id) == PublicFile.clip_id)
        .where(PublicFile.sha256 == sha256, PublicFile.ending == ending)
        .where(Clip.state == State.PUBLISHED.value)
        .limit(1)
    )
    found = session.exec(query).first()
    if found is None or not can_see(STRANGER, found[1]):
        return None
    return found[0], found[1]
