"""The routes of looking for clips: the gallery and a creator's works as pages, the same as JSON, and
the one small script that the pages have.

Knows nothing of how clips are found. No `__future__` import, as in api.py.
"""

from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from finding import Finding
from gallery import pages
from gallery.kept import Kept, Made
from gallery.question import Question
from gallery.wall import Wall
from language import choose

_FRESH = {"Cache-Control": "no-cache"}
"""Kept by nobody without asking again, so that a take-down holds at once."""
_Cursor = Annotated[str | None, Query(max_length=200)]


async def _question(  # async, so that it costs no thread
    q: str = "",
    creator: str = "",
    model: str = "",
    style: str = "",
    shape: str = "",
    length: str = "",
    order: str = "newest",
) -> Question:
    """`shape`: landscape, portrait, square. `length`: short (under 4 s), medium (4 to 8 s), long.
    `order`: newest, rotating."""
    return Question(q, creator, model, style, shape, length, order or "newest")


_Asked = Annotated[Question, Depends(_question)]


def gallery_routes(
    finding: Finding, profile_of: Callable[[str], dict[str, Any] | None], address: str
) -> APIRouter:
    """`profile_of`: what somebody says of themselves, by their name."""
    router = APIRouter()
    kept = Kept()

    @router.get("/api/v1/gallery")
    def gallery(question: _Asked, cursor: str | None = None) -> dict[str, Any]:
        """Published clips, newest first or by the rotation."""
        return finding.page(question, cursor)

    @router.get("/api/v1/gallery/choices")
    def choices() -> dict[str, Any]:
        """The values that a filter of the gallery can have, because a published clip has them."""
        return finding.choices()

    @router.api_route("/gallery", methods=["GET", "HEAD"])
    def gallery_page(
        question: _Asked, request: Request, older: _Cursor = None, newer: _Cursor = None
    ) -> Response:
        """The gallery as a page that needs no script."""

        def make() -> Wall:
            return finding.wall(question, older=older, newer=newer)

        return answer(request, (question, older, newer), make)

    @router.api_route("/creator/{name}", methods=["GET", "HEAD"])
    def creator_page(
        name: str, request: Request, older: _Cursor = None, newer: _Cursor = None
    ) -> Response:
        """What one creator has published, and how much of it was shown."""

        def make() -> Wall:
            return finding.creator_wall(name, older=older, newer=newer)

        return answer(request, (name, older, newer), make)

    @router.api_route("/gallery.js", methods=["GET", "HEAD"])
    def script() -> Response:
        headers = {"Cache-Control": "public, max-age=3600"}
        return Response(pages.wall_script(), media_type="text/javascript", headers=headers)

    def answer(request: Request, asked: Any, make: Callable[[], Wall]) -> Response:
        language = choose(request.headers.get("accept-language", ""))

        def render() -> Made:
            wall = make()
            path = f"/creator/{quote(wall.creator, safe='')}" if wall.creator else "/gallery"
            profile = profile_of(wall.creator) if wall.creator else None
            page = pages.wall_page(wall, language, address=address, path=path, profile=profile)
            return Made(page.encode(), wall.first)

        made = kept.get((language, asked), finding.edition(), render)
        finding.counts.shown(made.first)
        headers = _FRESH | {"Vary": "Accept-Language"}
        return Response(made.body, media_type="text/html; charset=utf-8", headers=headers)

    return router
