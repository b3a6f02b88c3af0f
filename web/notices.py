"""The routes of the bell: what a person is told, and where else they want to be told.

Knows nothing of how anything is sent (notices/). Everyone reaches their own notices and address
only: no route takes a person's id. No `__future__` import, as in api.py.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, col, select

from accounts.identity import Identity
from accounts.permissions import User
from errors import SignInNeeded, WrongCode
from gallery.browse import read_cursor, write_cursor
from language import choose
from moderation.models import Clip
from moderation.visibility import can_see
from notices import address, inbox
from notices.models import QUIET, Kind, Notice
from notices.outbox import CODE_LIFE
from settings import Settings
from store import Store, as_text
from web.api import Text

Json = dict[str, Any]


class _Input(BaseModel):
    """Fields that are not known are refused, so a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid")


class SeenInput(_Input):
    ids: Annotated[list[Text], Field(max_length=inbox.IDS_LIMIT)] | None = None


class AddressInput(_Input):
    email: Text | None
    webhook: Text | None
    kinds: Annotated[list[Text], Field(max_length=len(Kind))]


class CodeInput(_Input):
    code: Text


def notice_routes(store: Store, identity: Identity, settings: Settings, key: bytes) -> APIRouter:
    """`key`: what codes and secrets are derived from (notices/proofs.py)."""
    router = APIRouter(prefix="/api/v1/notices")

    def signed_in(request: Request) -> User:
        user = identity.current_user(request)
        if user.role is None:
            raise SignInNeeded()
        return user

    Asking = Annotated[User, Depends(signed_in)]  # noqa: N806  (a type)

    @router.get("")
    def list_notices(user: Asking, cursor: str | None = None) -> Json:
        """What happened to one's clips, newest first, and how much of it is new."""
        before = read_cursor(cursor) if cursor is not None else None
        with store.read() as session:
            found, is_more = inbox.page(session, user.id, before=before)
            return {
                "items": as_json(session, user, found),
                "unseen": inbox.unseen(session, user.id),
                "next": write_cursor(found[-1].at, found[-1].id) if is_more else None,
            }

    @router.post("/seen")
    def mark_seen(user: Asking, which: SeenInput | None = None) -> Json:
        """Mark notices as seen: those named, or all."""
        with store.write() as session:
            inbox.mark_seen(session, user.id, which.ids if which else None)
            return {"unseen": inbox.unseen(session, user.id)}

    @router.get("/address")
    def show_address(user: Asking) -> Json:
        """Where else one is told, of what, and what could not be delivered."""
        with store.read() as session:
            return address.as_json(session, user.id, settings)

    @router.put("/address")
    def change_address(wanted: AddressInput, user: Asking, request: Request) -> Json:
        """Set all of it. A new e-mail address is sent a code; the secret of a new webhook is in
        this answer and in no other."""
        language = choose(request.headers.get("accept-language", ""))
        wish = address.Wanted(wanted.email, wanted.webhook, wanted.kinds)
        with store.write() as session:
            secret = address.change(
                session, user.id, wish, settings=settings, key=key, language=language
            )
            session.flush()
            shown = address.as_json(session, user.id, settings)
        return shown | ({"webhook_secret": secret} if secret else {})

    @router.post("/address/code")
    def send_code(user: Asking) -> Json:
        """Send the code to the e-mail address once more."""
        with store.write() as session:
            address.send_code(session, user.id, settings)
            return address.as_json(session, user.id, settings)

    @router.post("/address/confirm")
    def confirm(given: CodeInput, user: Asking) -> Json:
        """Prove the e-mail address with the code that came by mail."""
        with store.write() as session:  # commits a wrong try too, so that it counts
            is_right = address.confirm(session, user.id, given.code, key)
            shown = address.as_json(session, user.id, settings)
        if not is_right:
            raise WrongCode(minutes=int(CODE_LIFE.total_seconds()) // 60)
        return shown

    @router.post("/address/secret")
    def new_secret(user: Asking) -> Json:
        """A new secret for one's webhook; the old one is good no more."""
        with store.write() as session:
            secret = address.new_secret(session, user.id, key)
            return address.as_json(session, user.id, settings) | {"webhook_secret": secret}

    @router.post("/address/test", status_code=202)
    def send_test(user: Asking) -> Json:
        """Send oneself a message, to see whether it arrives."""
        with store.write() as session:
            return {"sent_to": address.send_test(session, user.id)}

    return router


def as_json(session: Session, user: User, notices: Sequence[Notice]) -> list[Json]:
    """The prompt is read now, and only where the asker may still see the clip."""
    ids = {notice.clip_id for notice in notices}
    clips = session.exec(select(Clip).where(col(Clip.id).in_(ids)))
    prompts = {clip.id: clip.prompt for clip in clips if can_see(user, clip)}
    return [
        {
            "id": notice.id,
            "at": as_text(notice.at),
            "kind": notice.kind,
            "clip_id": notice.clip_id,
            "prompt": prompts.get(notice.clip_id),
            "seen": notice.seen_at is not None,
            "quiet": notice.kind in {kind.value for kind in QUIET},
            "text_key": f"notice.{notice.kind}",
        }
        for notice in notices
    ]
