"""The route that tells leads how far the Hub is in step with the gallery.

Knows nothing of the Hub. No `__future__` import, as in api.py.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from accounts.identity import Identity
from accounts.permissions import User
from hub.report import report
from language import choose
from store import Store

Json = dict[str, Any]


def hub_routes(store: Store, identity: Identity) -> APIRouter:
    router = APIRouter(prefix="/api/v1")

    def current_user(request: Request) -> User:
        return identity.current_user(request)

    Asking = Annotated[User, Depends(current_user)]  # noqa: N806  (a type)

    @router.get("/hub")
    def show_hub(request: Request, user: Asking) -> Json:
        """Where clips are published besides here, what is in the way, and what is not gone yet."""
        language = choose(request.headers.get("accept-language", ""))
        with store.read() as session:
            return report(session, user, language)

    return router
