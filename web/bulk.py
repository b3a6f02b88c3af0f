"""The routes of deciding in bulk: what could be decided together, deciding it, taking it back.

Knows nothing of rules. No `__future__` import, as in api.py.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, StrictInt

from accounts.identity import Identity
from accounts.permissions import User
from moderation.bulk import BulkRuling, Seen
from reviewing import Reviewing, as_verdict
from web.api import Text

Json = dict[str, Any]


class _Input(BaseModel):
    """Fields that are not known are refused, so a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid")


class SeenInput(_Input):
    id: Text
    version: StrictInt


class BulkInput(_Input):
    ticket: Text
    count: StrictInt
    verdict: Text
    reasons: list[Text]
    clips: list[SeenInput]
    note: Text = ""
    internal_note: Text = ""


def bulk_routes(reviewing: Reviewing, identity: Identity) -> APIRouter:
    router = APIRouter(prefix="/api/v1/review/bulk")

    def current_user(request: Request) -> User:
        return identity.current_user(request)

    Asking = Annotated[User, Depends(current_user)]  # noqa: N806  (a type)

    @router.post("/preview")
    def preview(user: Asking) -> Json:
        """Groups of waiting clips that one decision could fit, each with its ticket. Changes nothing."""
        return reviewing.bulk_preview(user)

    @router.post("")
    def decide(made: BulkInput, user: Asking) -> Json:
        """Decide on clips of one group, all or none. `count`: their number, typed by a person."""
        user.must("review")
        facts = made.model_dump(exclude={"verdict", "clips"})
        clips = [Seen(each.id, each.version) for each in made.clips]
        ruling = BulkRuling(verdict=as_verdict(made.verdict), clips=clips, **facts)
        return reviewing.bulk_decide(user, ruling)

    @router.post("/{bulk_id}/undo")
    def undo(bulk_id: str, user: Asking) -> Json:
        """Take one's bulk decision back, within the seconds that there are for it."""
        return reviewing.bulk_undo(user, bulk_id)

    return router
