"""The routes of what is one's own: the words of a clip, the profile, all works at once.

Knows nothing of rules. Everyone reaches what is theirs only; the one route that names a person is
for leads. No `__future__` import, as in api.py.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse
from pydantic import Field, StrictInt

from accounts.identity import Identity
from accounts.permissions import User
from accounts.profiles import Wanted
from actions import Json
from authorship import Authorship
from store import utc_now
from web.api import Input, SaidInput, Text


class ProfileInput(Input):
    credit_name: Text = ""
    bio: Text = ""
    links: Annotated[list[Text], Field(max_length=100, default_factory=list)]


class ClearInput(Input):
    reason: Text


class WithdrawInput(Input):
    count: StrictInt


def authorship_routes(authorship: Authorship, identity: Identity) -> APIRouter:
    router = APIRouter(prefix="/api/v1")

    def current_user(request: Request) -> User:
        return identity.current_user(request)

    Asking = Annotated[User, Depends(current_user)]  # noqa: N806  (a type)

    @router.post("/clips/{clip_id}/presentation")
    def reword(clip_id: str, words: SaidInput, user: Asking) -> Json:
        """Change title, licence, credits, or whether the prompt is shared; what is left out stays.

        Until somebody decided on the clip; sharing of the prompt can be ended at any time."""
        return authorship.reword(user, clip_id, words.said())

    @router.get("/me/profile")
    def profile(user: Asking) -> Json:
        """What one says of oneself on one's public page."""
        return authorship.profile(user)

    @router.put("/me/profile")
    def write_profile(wanted: ProfileInput, user: Asking) -> Json:
        """Set all of it."""
        return authorship.write_profile(user, Wanted(**wanted.model_dump()))

    @router.post("/people/{name}/profile/clear")
    def clear_profile(name: str, why: ClearInput, user: Asking) -> Json:
        """Take somebody's lines and links off their page: leads and admins, with a reason."""
        return authorship.clear_profile(user, name, why.reason)

    @router.get("/me/export", response_class=StreamingResponse)
    def export(user: Asking) -> StreamingResponse:
        """Everything of one's own as a zip: files, decisions, statements, appeals, credits."""
        name = f"greenlight-{utc_now().date().isoformat()}.zip"
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
        }
        return StreamingResponse(authorship.export(user), 200, headers, "application/zip")

    @router.get("/me/withdraw-all")
    def withdrawable(user: Asking) -> Json:
        """How many clips would be withdrawn."""
        return authorship.withdrawable(user)

    @router.post("/me/withdraw-all")
    def withdraw_all(confirmed: WithdrawInput, user: Asking) -> Json:
        """Withdraw all of one's clips that wait or are public; `count` is what was confirmed."""
        return authorship.withdraw_all(user, confirmed.count)

    return router
