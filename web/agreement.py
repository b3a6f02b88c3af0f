"""The routes of agreement between reviewers: the numbers, and the golden clips that leads keep.

Knows nothing of rules, nor of the turns in which blind opinions are given: those come through the
routes of every other clip (desk.py). No `__future__` import, as in api.py.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from accounts.identity import Identity
from accounts.permissions import User
from moderation import golden
from moderation.agreement import agreement
from reviewing import as_verdict
from store import Store
from web.api import Text

Json = dict[str, Any]


class GoldenInput(BaseModel):
    """The answer that is known to be right. Fields that are not known are refused."""

    model_config = ConfigDict(extra="forbid")

    verdict: Text
    reasons: Annotated[list[Text], Field(max_length=20)] = []


def agreement_routes(store: Store, identity: Identity) -> APIRouter:
    router = APIRouter(prefix="/api/v1")

    def current_user(request: Request) -> User:
        return identity.current_user(request)

    Asking = Annotated[User, Depends(current_user)]  # noqa: N806  (a type)

    @router.get("/review/agreement")
    def show_agreement(user: Asking) -> Json:
        """Cohen's kappa by verdict and reason: everybody's for leads, one's own for reviewers."""
        with store.read() as session:
            return agreement(session, user)

    @router.get("/review/golden")
    def list_golden(user: Asking) -> Json:
        """The clips whose answer is known, for those who keep them."""
        with store.read() as session:
            return {"items": golden.listed(session, user), "next": None}

    @router.post("/clips/{clip_id}/golden", status_code=201)
    def make_golden(clip_id: str, known: GoldenInput, user: Asking) -> Json:
        """Have reviewers judge a decided clip unseen, against the answer sent here."""
        user.must("keep golden clips")
        with store.write() as session:
            golden.mark(session, user, clip_id, as_verdict(known.verdict), known.reasons)
            return golden.one(session, user, clip_id)

    @router.delete("/clips/{clip_id}/golden")
    def retire_golden(clip_id: str, user: Asking) -> Json:
        """Ask nobody about it any more; its opinions count no more."""
        with store.write() as session:
            golden.retire(session, user, clip_id)
            return golden.one(session, user, clip_id)

    return router
