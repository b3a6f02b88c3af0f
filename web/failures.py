"""Every failure as an answer: JSON for programs, a page for people, never a stack trace.

Knows nothing of what failed beyond its error class.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from errors import BadInput, GreenlightError, NotFound, NotJson, StorageFull
from gallery.pages import failure_page

log = logging.getLogger("greenlight.web")


def failure_handlers() -> dict[Any, Callable[[Request, Any], Response]]:
    """Exception class → handler, for FastAPI's `exception_handlers`."""
    return {
        GreenlightError: answer,
        RequestValidationError: lambda request, error: answer(request, _as_bad_input(error)),
        HTTPException: _answer_http,
        OperationalError: _answer_storage,
        Exception: _answer_unknown,
    }


def answer(request: Request, error: GreenlightError) -> Response:
    headers = {"Vary": "Accept"}
    if "retry_after_s" in error.facts:
        headers["Retry-After"] = str(error.facts["retry_after_s"])
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    is_page = request.method in ("GET", "POST") and not request.url.path.startswith(
        ("/api", "/media", "/files")
    )
    if is_page and "text/html" in request.headers.get("accept", ""):
        page = failure_page(error, request.headers.get("accept-language", ""))
        return HTMLResponse(page, error.status, headers)
    return JSONResponse({"error": error.as_json()}, error.status, headers)


def _as_bad_input(error: RequestValidationError) -> GreenlightError:
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return NotJson(why=str(first.get("ctx", {}).get("error", "it cannot be read")))
    place = [str(part) for part in first["loc"] if part not in ("body", "query", "path")]
    shown = repr(first.get("input"))
    return BadInput(
        field=".".join(place) or "the body",
        value=shown if len(shown) <= 80 else shown[:79] + "…",
        rule=first["msg"].lower(),
        step="See /api/v1/openapi.json for what this route takes.",
    )


def _answer_http(request: Request, error: HTTPException) -> Response:
    if error.status_code == 404:
        return answer(request, NotFound())
    if error.status_code == 400:
        return answer(request, NotJson(why=str(error.detail)))
    body = {
        "code": f"http_{error.status_code}",
        "message": f"{error.detail}.",
        "fix": "See /api/v1/openapi.json for what this address takes.",
    }
    return JSONResponse({"error": body}, error.status_code, error.headers)


def _answer_storage(request: Request, error: OperationalError) -> Response:
    log.error("The database refused", exc_info=error)
    return answer(request, StorageFull())


def _answer_unknown(request: Request, error: Exception) -> Response:
    log.error("A request failed", exc_info=error)
    return answer(request, GreenlightError())
