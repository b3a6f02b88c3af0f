"""The routes of programmes: JSON for scripts and curators, pages that need no script, and the one
small script that a screening has.

Knows nothing of rules. Pages and public lists are the same for everybody; only the JSON of one
programme says more to curators. No `__future__` import, as in api.py.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict, Field, StrictInt

from accounts.identity import Identity
from accounts.permissions import User
from curating import Curating
from gallery import pages
from gallery.programmes.keeping import MOST_CLIPS, Content, Entry
from gallery.programmes.picker import MOST
from gallery.question import Question
from web.api import Text

Json = dict[str, Any]

_FRESH = {"Cache-Control": "no-cache", "Vary": "Accept-Language"}
"""Kept by nobody without asking again, so that what is closed or taken down is gone at once."""
_Cursor = Annotated[str | None, Query(max_length=200)]


class _Input(BaseModel):
    """Fields that are not known are refused, so a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid")


class EntryInput(_Input):
    id: Text
    words: Text = ""


# Longer lists are refused with words for people (gallery/programmes/keeping.py).
_Entries = Annotated[list[EntryInput], Field(max_length=5 * MOST_CLIPS)]


class NewProgramme(_Input):
    title: Text
    text: Text = ""
    curator: Text | None = None  # else whoever asks
    clips: _Entries = []
    slug: Text = ""


class ChangedProgramme(_Input):
    title: Text
    text: Text
    curator: Text
    clips: _Entries
    version: StrictInt


class VersionInput(_Input):
    version: StrictInt


def programme_routes(curating: Curating, identity: Identity, address: str) -> APIRouter:
    router = APIRouter()

    def current_user(request: Request) -> User:
        return identity.current_user(request)

    Asking = Annotated[User, Depends(current_user)]  # noqa: N806  (a type)

    # ---- everyone -------------------------------------------------------------------------

    @router.get("/api/v1/programmes")
    def programmes(
        user: Asking, cursor: _Cursor = None, every: Annotated[bool, Query(alias="all")] = False
    ) -> Json:
        """Open programmes, newest first; `all=1`, for curators: drafts and closed ones too."""
        return curating.everything(user, cursor) if every else curating.opened(cursor)

    @router.get("/api/v1/programmes/{slug}")
    def programme(slug: str, user: Asking) -> Json:
        """One open programme, with its clips in order; to curators also `entries` and `version`."""
        return curating.programme(user, slug)

    @router.api_route("/programmes", methods=["GET", "HEAD"], response_class=HTMLResponse)
    def programmes_page(request: Request, older: _Cursor = None) -> HTMLResponse:
        """The open programmes as a page."""
        language = request.headers.get("accept-language", "")
        found = curating.opened(older)
        page = pages.programmes_page(found, language, address=address, is_first=older is None)
        return HTMLResponse(page, headers=_FRESH)

    @router.api_route("/programme/{slug}", methods=["GET", "HEAD"], response_class=HTMLResponse)
    def programme_page(slug: str, request: Request) -> HTMLResponse:
        """One open programme as a page."""
        language = request.headers.get("accept-language", "")
        page = pages.programme_page(curating.public(slug), language, address=address)
        return HTMLResponse(page, headers=_FRESH)

    @router.api_route(
        "/programme/{slug}/play", methods=["GET", "HEAD"], response_class=HTMLResponse
    )
    def screening_page(slug: str, request: Request) -> HTMLResponse:
        """A screening of one open programme; without a script its clips with players."""
        language = request.headers.get("accept-language", "")
        page = pages.screening_page(curating.public(slug), language, address=address)
        return HTMLResponse(page, headers=_FRESH)

    @router.api_route("/programme.js", methods=["GET", "HEAD"])
    def script() -> Response:
        headers = {"Cache-Control": "public, max-age=3600"}
        return Response(pages.screening_script(), media_type="text/javascript", headers=headers)

    # ---- curators -------------------------------------------------------------------------

    @router.post("/api/v1/programmes", status_code=201)
    def make(wanted: NewProgramme, user: Asking) -> Json:
        """Make a draft. The permission comes first, so that nobody else learns any limits."""
        user.must("curate")
        return curating.make(user, _content(wanted, user), slug=wanted.slug)

    @router.put("/api/v1/programmes/{slug}")
    def change(slug: str, wanted: ChangedProgramme, user: Asking) -> Json:
        """Write all of it anew; `version`: the one that was edited."""
        user.must("curate")
        return curating.change(user, slug, _content(wanted, user), version=wanted.version)

    @router.post("/api/v1/programmes/{slug}/open")
    def open_up(slug: str, seen: VersionInput, user: Asking) -> Json:
        """Show it to everybody, as it was at that version."""
        return curating.open_up(user, slug, version=seen.version)

    @router.post("/api/v1/programmes/{slug}/close")
    def close(slug: str, user: Asking) -> Json:
        """Hide it from everybody but curators."""
        return curating.close(user, slug)

    @router.delete("/api/v1/programmes/{slug}")
    def delete(slug: str, version: int, user: Asking) -> Json:
        """Delete a draft that never was open, at the version that was seen."""
        return curating.remove(user, slug, version=version)

    @router.get("/api/v1/programmes/{slug}/suggestions")
    def suggestions(
        slug: str,
        user: Asking,
        n: Annotated[int, Query(ge=1, le=MOST)] = 8,
        model: str = "",
        style: str = "",
        shape: str = "",
        length: str = "",
    ) -> Json:
        """Clips that give every creator a share of the places: one each per round, those with the
        fewest places so far first. While programmes are filled by it alone and all have clips left,
        no creator has more than one place more than another."""
        user.must("curate")
        wanted = Question(model=model, style=style, shape=shape, length=length)
        return curating.suggestions(user, slug, wanted, n)

    return router


def _content(wanted: NewProgramme | ChangedProgramme, user: User) -> Content:
    curator = user.name if wanted.curator is None else wanted.curator
    entries = tuple(Entry(each.id, each.words) for each in wanted.clips)
    return Content(wanted.title, wanted.text, curator, entries)
