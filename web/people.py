"""Coming in and going out: invitation pages, sign-in, sign-out.

Knows nothing of how people are stored. Opening an invitation shows a page and uses nothing up,
because mail scanners and link previews open links too; only pressing the button accepts it.
"""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from accounts import people
from accounts.identity import COOKIE, Identity
from accounts.models import Person
from actions import Actions
from errors import BadInput, NotJson, SignInNeeded, UnknownPerson, WrongPassword
from gallery import pages
from text import check_text
from web.way_back import FRONT, way_back

_FIELD_LIMIT: Final = 1000


def people_routes(actions: Actions, identity: Identity) -> APIRouter:
    router = APIRouter()
    store = actions.store

    def welcome(request: Request, person: Person, *, back: str = FRONT) -> Response:
        if _wants_page(request):
            response: Response = RedirectResponse(way_back(back), status_code=303)
        else:
            response = JSONResponse({"name": person.name, "role": person.role})
        response.set_cookie(**identity.cookie(person))
        return response

    @router.get("/invite/{token}", response_class=HTMLResponse)
    def show_invite(token: str, request: Request) -> HTMLResponse:
        with store.read() as session:
            invite = people.open_invite(session, token)
        profile = identity.hugging_face_profile(request)
        page = pages.invite_page(
            invite,
            request.headers.get("accept-language", ""),
            on_spaces=actions.settings.on_spaces,
            signed_in_as=profile["preferred_username"] if profile else "",
            path=request.url.path,
        )
        return HTMLResponse(
            page, headers={"Cache-Control": "no-store", "Referrer-Policy": "same-origin"}
        )

    @router.post("/invite/{token}")
    async def accept_invite(token: str, request: Request) -> Response:
        form = await _fields(request)
        return await run_in_threadpool(accept, token, request, form)

    def accept(token: str, request: Request, form: dict[str, str]) -> Response:
        profile = identity.hugging_face_profile(request)
        if actions.settings.on_spaces and profile is None:
            raise SignInNeeded()
        with store.write() as session:
            person = people.accept(
                session,
                token,
                name=profile["preferred_username"] if profile else form.get("name"),
                password=form.get("password"),
                subject=str(profile["sub"]) if profile else None,
            )
        return welcome(request, person)

    @router.get("/login", response_class=HTMLResponse)
    def show_login(
        request: Request, wanted: Annotated[str, Query(alias="next")] = FRONT
    ) -> Response:
        """`next`: the page to come back to; anything but a page of ours is the front page."""
        back = way_back(wanted)
        if actions.settings.on_spaces:
            target = "/login/huggingface?" + urlencode({"_target_url": back})
            return RedirectResponse(target, status_code=303)
        return HTMLResponse(pages.login_page(request.headers.get("accept-language", ""), back=back))

    @router.post("/login")
    async def login(request: Request) -> Response:
        form = await _fields(request)
        return await run_in_threadpool(check_login, request, form)

    def check_login(request: Request, form: dict[str, str]) -> Response:
        name, password = form.get("name", "").strip(), form.get("password", "")
        back = way_back(form.get("next", FRONT))
        if not name or not password:
            missing = "password" if name else "name"
            raise BadInput(
                field=missing, value="", rule="it is needed to sign in", step="Fill it in."
            )
        address = request.client.host if request.client else ""
        with store.write() as session:
            people.count_try(session, name, address)
            try:
                person: Person | None = people.find_person(session, name)
            except UnknownPerson:
                person = None
        try:
            people.check_password(person, password)
        except WrongPassword as error:
            if _wants_page(request):
                language = request.headers.get("accept-language", "")
                page = pages.login_page(language, back=back, wrong=True, name=name)
                return HTMLResponse(page, error.status)
            raise
        if person is None:
            raise WrongPassword()
        with store.write() as session:
            people.forget_tries(session, name, address)
        return welcome(request, person, back=back)

    @router.get("/logout")
    def no_logout_by_link() -> Response:
        """A link or picture on another site must not sign anybody out."""
        return RedirectResponse("/", status_code=303)

    @router.post("/logout")
    def logout(request: Request) -> Response:
        if "session" in request.scope:  # on a Space: the sign-in with Hugging Face ends here
            request.session.clear()
        response = RedirectResponse("/", status_code=303)
        response.delete_cookie(COOKIE, path="/")
        return response

    return router


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


async def _fields(request: Request) -> dict[str, str]:
    """The fields of a JSON object or a form, as text. Raises NotJson or BadInput."""
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            found: Any = await request.json()
        except (ValueError, RecursionError) as error:
            raise NotJson(why=str(error)) from error
        if not isinstance(found, dict):
            raise NotJson(why="it is no object")
    else:
        found = dict(await request.form())
    for field, value in found.items():
        if value is not None and not isinstance(value, str):
            raise BadInput(field=field, value=value, rule="it is a text", step="Send a text.")
        check_text(field, value or "", _FIELD_LIMIT)
    return {field: value for field, value in found.items() if value is not None}
