"""What the API says of itself: the OpenAPI document, with what really comes back on success and on
failure.

Knows nothing of what a route does. FastAPI describes every answer as JSON and every failure as its
own; ours have one shape (errors.py), and several routes send something else than JSON.
"""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi

from settings import VERSION

_SENT: Final = {
    "/api/v1/review/events": "text/event-stream",
    "/feed.atom": "application/atom+xml",
    "/feed.xml": "application/rss+xml",
    "/sitemap.xml": "application/xml",
    "/gallery.js": "text/javascript",
    "/programme.js": "text/javascript",
    "/gallery": "text/html",
    "/creator/{name}": "text/html",
    "/logout": "text/html",
    "/files/{name}": "*/*",
    "/media/{name}": "*/*",
    "/oembed": "*/*",  # JSON or XML, as asked for
}
"""Routes whose answer is no JSON and of no class that FastAPI knows the type of."""

_ERROR: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "fix"],
            "properties": {
                "code": {"type": "string", "description": "for programs; does not change"},
                "message": {"type": "string", "description": "what is wrong, for a person"},
                "fix": {"type": "string", "description": "what to do next"},
            },
        }
    },
}


def describe(routers: list[APIRouter]) -> dict[str, Any]:
    """The OpenAPI document of every route of these."""
    routes = [route for router in routers for route in router.routes]
    document = get_openapi(title="Greenlight", version=VERSION, routes=routes)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Error"] = _ERROR
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _say_what_comes(path, operation["responses"])
    return document


def _say_what_comes(path: str, responses: dict[str, Any]) -> None:
    responses.pop("422", None)
    if path in _SENT:
        for answer in responses.values():
            answer["content"] = {_SENT[path]: {}}
    content: dict[str, Any] = {
        "application/json": {"schema": {"$ref": "#/components/schemas/Error"}}
    }
    if not path.startswith("/api/"):
        content["text/html"] = {}  # a page, for whoever asks for one
    responses["default"] = {"description": "Why not, and what to do next", "content": content}
