"""The share page of a clip, the public numbers, the liveness probe: plain routes outside the API.

Knows nothing of how a page looks (gallery/pages.py).
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse

from accounts.permissions import STRANGER
from actions import Actions, Json
from gallery import pages


def share_routes(actions: Actions) -> APIRouter:
    router = APIRouter()

    @router.api_route("/clip/{clip_id}", methods=["GET", "HEAD"], response_class=HTMLResponse)
    def share_page(clip_id: str, request: Request) -> HTMLResponse:
        """The public page of a published clip. It is the same page for everyone, so even its own
        creator finds nothing here before it is published."""
        clip = actions.clip(STRANGER, clip_id)
        language = request.headers.get("accept-language", "")
        page = pages.clip_page(clip, language, address=actions.settings.address)
        return HTMLResponse(page, headers={"Cache-Control": "no-cache", "Vary": "Accept-Language"})

    @router.api_route("/stats", methods=["GET", "HEAD"], response_class=HTMLResponse)
    def stats_page(request: Request) -> HTMLResponse:
        """The public numbers about the gate."""
        language = request.headers.get("accept-language", "")
        page = pages.stats_page(actions.statistics(), language, address=actions.settings.address)
        return HTMLResponse(page, headers={"Cache-Control": "no-cache", "Vary": "Accept-Language"})

    @router.api_route("/healthz", methods=["GET", "HEAD"])
    def health() -> Json:
        return actions.health()

    @router.get("/robots.txt", response_class=PlainTextResponse)
    def robots() -> str:
        return "User-agent: *\nAllow: /clip/\nAllow: /media/\nAllow: /stats\nDisallow: /api/\nDisallow: /invite/\n"

    return router
