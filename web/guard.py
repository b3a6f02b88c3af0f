"""The guard: the first thing every request meets. Closed unless it is on the list here.

Knows nothing of clips and people. It closes every Gradio route that could carry a file or run
code, refuses requests made by other sites, limits the body, and sets the security headers.
Gradio itself reflects any Origin with credentials and serves whatever lies in its cache, so none
of that is left to it.
"""

from __future__ import annotations

import contextlib
import re
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from errors import BodyTooLarge, CrossOrigin, GreenlightError, NotFound
from web.failures import answer

_OPEN: Final = re.compile(
    r"/"
    r"|/healthz|/favicon\.ico|/robots\.txt|/stats|/oembed|/feed\.(xml|atom)|/sitemap\.xml|/verify"
    r"|/gallery(\.js)?|/creator/[^/]+|/clip/[^/]+(/report)?|/embed/[^/]+|/media/[^/]+|/files/[^/]+"
    r"|/api/v1/people/[^/]+/profile/clear|/api/v1(/[\w-]+)+(\.json)?|/invite/[^/]+|/login|/logout"
    r"|/programme(s|\.js|/[\w-]+(/play)?)"
    r"|/login/huggingface|/login/callback"  # routes of Gradio's sign-in, there on a Space only
    # Gradio's page and what its browser side needs to run events. No file, upload, proxy,
    # component_server, call, run or monitoring route is among them.
    r"|/config|/theme\.css|/(assets|static|svelte)(/[\w.@-]+)+|/manifest\.json"
    r"|/gradio_api/(info|startup-events|app_id|queue/join|queue/data|heartbeat/[^/]+|reset|cancel)"
)
_FOR_ANY_SITE: Final = re.compile(r"/oembed|/feed\.(xml|atom)")
"""Read by the scripts of other sites: the same for everyone, and nothing is done by asking."""
_PICTURES: Final = "/api/v1/frames"
_VERIFIED: Final = frozenset({"/verify", "/api/v1/verify"})
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_APP_FRAMES: Final = "frame-ancestors 'self' https://huggingface.co https://*.hf.space"


class Guard:
    """ASGI middleware. `hosts`: host[:port] names that count as our own in an Origin header.

    Limits in bytes: `picture_limit` for the one route that takes a picture, `verify_limit` for those
    that take a file to check, `body_limit` elsewhere.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: frozenset[str],
        body_limit: int,
        picture_limit: int,
        verify_limit: int,
        https: bool,
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._body_limit = body_limit
        self._picture_limit = picture_limit
        self._verify_limit = verify_limit
        self._https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # no websocket is used; one that is tried gets no answer
        guarded = self._with_headers(scope, send)
        try:
            self._check(scope)
        except GreenlightError as error:
            await answer(Request(scope), error)(scope, receive, guarded)
            return
        self._drop_false_host(scope)
        limit = self._limit(scope)
        body = _LimitedBody(receive, limit)

        async def unless_too_large(message: Message) -> None:
            if not body.is_too_large:  # else the app's own words on its broken read are dropped
                await guarded(message)

        with contextlib.suppress(BodyTooLarge):  # by our own receive, not caught on its way back
            await self._app(scope, body.receive, unless_too_large)
        if body.is_too_large:
            large = BodyTooLarge(limit_kb=limit // 1024)
            await JSONResponse({"error": large.as_json()}, large.status)(scope, receive, guarded)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        if not _OPEN.fullmatch(scope["path"]) or ".." in scope["path"]:
            raise NotFound()
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > self._limit(scope):
            raise BodyTooLarge(limit_kb=self._limit(scope) // 1024)
        if headers.get("authorization", "").lower().startswith("bearer "):
            return  # a script with its own secret: no browser adds that by itself
        if scope["method"] in _SAFE and _FOR_ANY_SITE.fullmatch(scope["path"]):
            return
        origin = headers.get("origin")
        own = self._hosts | {headers.get("host", "").lower()}
        if origin is not None and origin.lower().partition("://")[2] not in own:
            raise CrossOrigin()
        foreign = headers.get("sec-fetch-site") in ("cross-site", "same-site")
        if scope["method"] not in _SAFE and origin is None and foreign:
            raise CrossOrigin()

    def _limit(self, scope: Scope) -> int:
        if scope["path"] in _VERIFIED:
            return self._verify_limit
        return self._picture_limit if scope["path"] == _PICTURES else self._body_limit

    def _drop_false_host(self, scope: Scope) -> None:
        """Gradio builds its page's addresses from X-Forwarded-Host, which anyone can write."""
        headers = Headers(scope=scope)
        if headers.get("x-forwarded-host", "").lower() not in self._hosts:
            kept = [pair for pair in scope["headers"] if pair[0] != b"x-forwarded-host"]
            scope["headers"] = kept

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        path = scope["path"]
        private = path in ("/", "/config") or path.startswith(
            ("/api/", "/media/", "/files/", "/gradio_api/")
        )

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
                headers.setdefault("Content-Security-Policy", _APP_FRAMES)
                headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
                if private:
                    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
                    headers.setdefault("Cache-Control", "private, no-store")
                if self._https:
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
            await send(message)

        return guarded


class _LimitedBody:
    """Counts a streamed body, which declares no length, and stops it at the limit."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._seen = 0
        self.is_too_large = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._seen += len(message.get("body", b""))
        if self._seen > self._limit:
            self.is_too_large = True
            raise BodyTooLarge(limit_kb=self._limit // 1024)
        return message
