"""What is for everyone outside the app: a clip's page and its player for other sites, oEmbed,
feeds, the sitemap, the public numbers, the liveness probe.

Knows nothing of how they look (gallery/). Every answer is the one that a stranger gets, whoever
asks, so even its own creator finds nothing of a clip here before it is published.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from accounts.permissions import STRANGER
from actions import Actions, Json
from gallery import feeds, pages, report_pages
from gallery.oembed import as_xml, clip_id_in, oembed
from gallery.panel import Panels
from gallery.tombstone import Tombstone
from language import choose

_FRESH = {"Cache-Control": "no-cache"}
"""Kept by nobody without asking again, so that a take-down holds at once."""
_ANY_SITE = {"Access-Control-Allow-Origin": "*"}
_EMBED_POLICY = (
    "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline';"
    " base-uri 'none'; form-action 'none'; frame-ancestors *"
)
_Pixels = Annotated[int | None, Query(ge=1, le=100_000)]


def share_routes(actions: Actions, panels: Panels) -> APIRouter:
    router = APIRouter()
    address = actions.settings.address

    @router.api_route("/clip/{clip_id}", methods=["GET", "HEAD"], response_class=HTMLResponse)
    def share_page(clip_id: str, request: Request) -> HTMLResponse:
        """The public page of a published clip; 410 where it was taken down."""
        language = request.headers.get("accept-language", "")
        stone = actions.tombstone(clip_id)
        if stone is not None:
            return _gone(stone, language)
        clip = actions.clip(STRANGER, clip_id)
        if request.method == "GET":
            actions.finding.counts.opened(clip_id)
        report = report_pages.form(actions.reporting.choices(choose(language)))
        said = panels.said(clip["public_sha256"] or "")
        page = pages.clip_page(clip, language, address=address, report=report, said=said)
        return HTMLResponse(page, headers=_FRESH | {"Vary": "Accept-Language"})

    def _gone(
        stone: Tombstone, language: str, headers: dict[str, str] | None = None
    ) -> HTMLResponse:
        page = pages.tombstone_page(stone, language)
        return HTMLResponse(page, 410, _FRESH | {"Vary": "Accept-Language"} | (headers or {}))

    @router.api_route("/embed/{clip_id}", methods=["GET", "HEAD"], response_class=HTMLResponse)
    def embed_page(clip_id: str, request: Request) -> HTMLResponse:
        """The player of a published clip, for a frame in any other site; 410 as above."""
        language = request.headers.get("accept-language", "")
        policy = {"Content-Security-Policy": _EMBED_POLICY, "Vary": "Accept-Language"}
        stone = actions.tombstone(clip_id)
        if stone is not None:
            return _gone(stone, language, policy)
        clip = actions.clip(STRANGER, clip_id)
        page = pages.embed_page(clip, language, address=address)
        return HTMLResponse(page, headers=_FRESH | policy)

    @router.api_route("/oembed", methods=["GET", "HEAD"])
    def show_oembed(
        url: str,
        maxwidth: _Pixels = None,
        maxheight: _Pixels = None,
        style: Annotated[Literal["json", "xml"], Query(alias="format")] = "json",
    ) -> Response:
        """How another site shows the clip whose page `url` is."""
        clip = actions.clip(STRANGER, clip_id_in(url, address))
        found = oembed(clip, address, most_wide=maxwidth, most_high=maxheight)
        if style == "xml":
            return Response(as_xml(found), media_type="text/xml", headers=_FRESH | _ANY_SITE)
        return JSONResponse(found, headers=_FRESH | _ANY_SITE)

    @router.api_route("/feed.xml", methods=["GET", "HEAD"])
    def rss_feed() -> Response:
        """The newest clips, as RSS with Media RSS."""
        newest, sizes = actions.newest()
        body = feeds.rss(newest, address, sizes=sizes)
        return Response(body, media_type="application/rss+xml", headers=_FRESH | _ANY_SITE)

    @router.api_route("/feed.atom", methods=["GET", "HEAD"])
    def atom_feed() -> Response:
        """The newest clips, as Atom."""
        newest, sizes = actions.newest()
        body = feeds.atom(newest, address, sizes=sizes)
        return Response(body, media_type="application/atom+xml", headers=_FRESH | _ANY_SITE)

    @router.api_route("/sitemap.xml", methods=["GET", "HEAD"])
    def sitemap(
        begin: Annotated[str | None, Query(alias="from", max_length=200)] = None,
    ) -> Response:
        """Every published clip, for search engines; an index of the parts when there are many."""
        cursors = actions.sitemap_parts()
        if begin is None and len(cursors) > 1:
            body = feeds.sitemap_index(cursors, address)
            return Response(body, media_type="application/xml", headers=_FRESH)
        clips = actions.sitemap_part(begin)
        first = begin in (None, *cursors[:1])
        programmes = actions.curating.slugs() if first else ()
        body = feeds.sitemap(clips, address, first=first, programmes=programmes)
        return Response(body, media_type="application/xml", headers=_FRESH)

    @router.api_route("/stats", methods=["GET", "HEAD"], response_class=HTMLResponse)
    def stats_page(request: Request) -> HTMLResponse:
        """The public numbers about the gate."""
        language = request.headers.get("accept-language", "")
        page = pages.stats_page(actions.statistics(), language, address=address)
        return HTMLResponse(page, headers=_FRESH | {"Vary": "Accept-Language"})

    @router.api_route("/healthz", methods=["GET", "HEAD"])
    def health() -> Json:
        return actions.health()

    @router.get("/robots.txt", response_class=PlainTextResponse)
    def robots() -> str:
        open_to_all = ["/gallery", "/creator/", "/clip/", "/embed/", "/media/", "/stats"]
        open_to_all += ["/files/", "/verify"]
        open_to_all += ["/programmes", "/programme/"]
        closed = ("/api/", "/invite/", "/login", "/gradio_api/")
        lines = ["User-agent: *", *(f"Allow: {each}" for each in open_to_all)]
        lines += [f"Disallow: {each}" for each in closed] + [f"Sitemap: {address}/sitemap.xml"]
        return "\n".join(lines) + "\n"

    return router
