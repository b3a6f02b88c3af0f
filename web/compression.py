"""Pages and public lists, compressed on their way out: Brotli, or gzip for those who do not read it.

Knows nothing of what is in them. Media are compressed already and event streams must not wait, so
neither comes here; and nothing where words of a request stand beside a secret, whose length the
compression would tell. None of these answers has an ETag that would need to differ.
"""

from __future__ import annotations

import re
from typing import Final

from brotli_asgi import BrotliMiddleware
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_COMPRESSED: Final = re.compile(
    r"/|/gallery|/creator/[^/]+|/(clip|embed)/[^/]+|/stats|/verify"
    r"|/oembed|/feed\.(xml|atom)|/sitemap\.xml|/api/v1/(gallery|stats|policy|openapi\.json)"
)
_LEAST_BYTES: Final = 500
_QUALITY: Final = 4  # of 11; more takes longer than it saves on a page


class Compression:
    """ASGI middleware, inside of the guard."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._compressed = BrotliMiddleware(app, quality=_QUALITY, minimum_size=_LEAST_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _COMPRESSED.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return

        async def varied(message: Message) -> None:
            if message["type"] == "http.response.start":  # also where it was not compressed
                headers = MutableHeaders(scope=message)
                if "Accept-Encoding" not in headers.get("vary", ""):
                    headers.add_vary_header("Accept-Encoding")
            await send(message)

        await self._compressed(scope, receive, varied)
