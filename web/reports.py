"""The routes of reports: the form on its page, the JSON API, and the queue of those who review.

Knows nothing of rules. No `__future__` import, as in api.py.
"""

import ipaddress
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt

from accounts.identity import Identity
from accounts.permissions import User
from actions import Actions
from errors import BadInput, GreenlightError, TooMany
from gallery import report_pages
from language import choose
from moderation.cases import Seen
from moderation.reports import Complaint
from web.api import Text

Json = dict[str, Any]
Number = StrictFloat | StrictInt
_FRESH = {"Cache-Control": "no-store", "Vary": "Accept-Language", "X-Robots-Tag": "noindex"}
_FIELDS = frozenset({"reason", "text", "at_s", "until_s"})


class _Input(BaseModel):
    """Fields that are not known are refused, so a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid")


class ReportInput(_Input):
    reason: Text
    text: Text = ""
    at_s: Number | None = None
    until_s: Number | None = None


class DismissInput(_Input):
    note: Text
    # What was looked at: refused where a reason has come since, or the case is another.
    case_id: Text = ""
    reasons: Annotated[list[Text], Field(max_length=200)] = []


class EscalateInput(_Input):
    note: Text = ""


def report_routes(actions: Actions, identity: Identity) -> APIRouter:
    router = APIRouter()
    reporting = actions.reporting
    on_spaces = actions.settings.on_spaces

    def current_user(request: Request) -> User:
        return identity.current_user(request)

    Asking = Annotated[User, Depends(current_user)]  # noqa: N806  (a type)

    # ---- anyone ---------------------------------------------------------------------------

    @router.post("/api/v1/clips/{clip_id}/report", status_code=202)
    def report(clip_id: str, said: ReportInput, request: Request, user: Asking) -> Json:
        """Tell those who review that a published clip should not be one. The answer is the same
        however often it is said."""
        complaint = Complaint(**said.model_dump())
        address = address_of(request, behind_proxies=on_spaces)
        reporting.report(user, clip_id, complaint, address=address)
        return {"received": True}

    @router.api_route("/clip/{clip_id}/report", methods=["GET", "HEAD"], response_class=Response)
    def show_form(clip_id: str, request: Request) -> HTMLResponse:
        """The form alone, for those who come from another site's player."""
        language = choose(request.headers.get("accept-language", ""))
        clip, choices = reporting.form(clip_id, language)
        return HTMLResponse(report_pages.form_page(clip, choices, language), headers=_FRESH)

    @router.post("/clip/{clip_id}/report", include_in_schema=False)
    async def take_form(clip_id: str, request: Request) -> HTMLResponse:
        fields = dict((await request.form()).items())
        return await run_in_threadpool(take, clip_id, request, fields)

    def take(clip_id: str, request: Request, fields: dict[str, Any]) -> HTMLResponse:
        language = choose(request.headers.get("accept-language", ""))
        user, address = current_user(request), address_of(request, behind_proxies=on_spaces)
        try:
            reporting.report(user, clip_id, _complaint(fields), address=address)
        except (BadInput, TooMany) as error:
            return refused(clip_id, language, fields, error)
        return HTMLResponse(report_pages.thanks_page(clip_id, language), 202, _FRESH)

    def refused(
        clip_id: str, language: str, fields: dict[str, Any], error: GreenlightError
    ) -> HTMLResponse:
        """The form again, with what was written in it; 404 as ever where there is no such clip."""
        clip, choices = reporting.form(clip_id, language)
        written = {name: value for name, value in fields.items() if isinstance(value, str)}
        page = report_pages.form_page(clip, choices, language, error=error, written=written)
        wait = error.facts.get("retry_after_s")
        headers = _FRESH if wait is None else {**_FRESH, "Retry-After": str(wait)}
        return HTMLResponse(page, error.status, headers)

    # ---- those who review -----------------------------------------------------------------

    @router.get("/api/v1/reports")
    def queue(user: Asking, cursor: Annotated[str | None, Query(max_length=200)] = None) -> Json:
        """Open cases: the gravest reason first, then the oldest. Not those of one's own clips."""
        return reporting.queue(user, cursor)

    @router.post("/api/v1/reports/{clip_id}/dismiss")
    def dismiss(clip_id: str, made: DismissInput, user: Asking) -> Json:
        """The clip stays. `note` is for colleagues."""
        seen = Seen(made.case_id, tuple(made.reasons))
        return reporting.dismiss(user, clip_id, made.note, seen)

    @router.post("/api/v1/reports/{clip_id}/escalate")
    def escalate(clip_id: str, user: Asking, made: EscalateInput | None = None) -> Json:
        """Leave a case to the leads."""
        return reporting.escalate(user, clip_id, made.note if made else "")

    return router


def address_of(request: Request, *, behind_proxies: bool) -> str:
    """Whose address a request came from. `behind_proxies`: on a Space, where every request comes
    through Hugging Face's; then it is the last public address that they wrote down. What stands
    before that in the header, whoever asks could have written."""
    told = request.headers.get("x-forwarded-for", "") if behind_proxies else ""
    for part in reversed(told.split(",")):
        try:
            found = ipaddress.ip_address(part.strip())
        except ValueError:
            continue
        if found.is_global:
            return str(found)
    return request.client.host if request.client else ""


def _complaint(fields: dict[str, Any]) -> Complaint:
    """What a form says. Raises BadInput for anything that the page's own form cannot send."""
    for name, value in fields.items():
        if name not in _FIELDS or not isinstance(value, str):
            rule = f"the form has the texts {', '.join(sorted(_FIELDS))}"
            raise BadInput(field=name[:40], value="sent", rule=rule, step="Use the form itself.")
    # Browsers send line ends as two characters each.
    text = fields.get("text", "").replace("\r\n", "\n")
    times = {name: _number(name, fields.get(name, "")) for name in ("at_s", "until_s")}
    return Complaint(reason=fields.get("reason", ""), text=text, **times)


def _number(field: str, value: str) -> float | None:
    """A decimal comma is one too: phones offer no other in some languages."""
    if not value.strip():
        return None
    try:
        return float(value.replace(",", "."))
    except ValueError as error:
        rule = "it is a number of seconds"
        raise BadInput(field=field, value=value, rule=rule, step="Write it as 1.5.") from error
