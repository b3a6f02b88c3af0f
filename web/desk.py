"""The routes of those who sit at the desk: claims and decisions, marks, care for oneself, colleagues.

Knows nothing of rules. No `__future__` import, as in api.py.
"""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt

from accounts import people
from accounts.identity import Identity
from accounts.permissions import MAY, User
from moderation import care, marks
from moderation.desk import Ruling
from reviewing import Reviewing, as_verdict
from store import Store
from web.api import Text

Json = dict[str, Any]
Number = StrictFloat | StrictInt


class _Input(BaseModel):
    """Fields that are not known are refused, so a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid")


class ClaimInput(_Input):
    clip_id: Text | None = None


class DecisionInput(_Input):
    verdict: Text
    version: StrictInt
    reasons: Annotated[list[Text], Field(max_length=20)] = []
    note: Text = ""
    internal_note: Text = ""
    policy_version: Text | None = None  # that the reasons were chosen from


class HandOverInput(_Input):
    to: Text


class TakedownInput(_Input):
    reason: Text
    note: Text = ""


class RestoreInput(_Input):
    reason: Text = ""
    note: Text = ""


class MarkInput(_Input):
    at_s: Number
    text: Text = ""
    # Lengths are checked with the rest of it, in words for people (moderation/marks.py).
    strokes: list[list[list[Number]]] = []
    public: StrictBool = False


class CareInput(_Input):
    blur: Text
    grey: Text
    mute: Text
    skips: Annotated[list[Text], Field(max_length=care.CODES_LIMIT)]


def desk_routes(reviewing: Reviewing, store: Store, identity: Identity) -> APIRouter:
    router = APIRouter(prefix="/api/v1")

    def current_user(request: Request) -> User:
        return identity.current_user(request)

    Asking = Annotated[User, Depends(current_user)]  # noqa: N806  (a type)

    # ---- clips ----------------------------------------------------------------------------

    @router.get("/review")
    def review_queue(user: Asking) -> Json:
        """What waits for review, in order, with who is looking."""
        return reviewing.queue(user)

    @router.post("/review/claim")
    def claim(user: Asking, wanted: ClaimInput | None = None) -> Json:
        """Take one clip, or the next free one."""
        return reviewing.claim(user, wanted.clip_id if wanted else None)

    @router.get("/review/health")
    def review_health(user: Asking) -> Json:
        """How the review is doing, for leads: what waits, what is overdue, who holds what."""
        return reviewing.health(user)

    @router.get("/clips/{clip_id}/precedents")
    def precedents(clip_id: str, user: Asking) -> Json:
        """The nearest clips that were decided on, at most five, with what became of them."""
        return reviewing.precedents(user, clip_id)

    @router.post("/clips/{clip_id}/claim/renew")
    def renew(clip_id: str, user: Asking) -> Json:
        """A sign of life: the claim runs on. Refused when it has ended."""
        return reviewing.renew(user, clip_id)

    @router.post("/clips/{clip_id}/skip")
    def skip(clip_id: str, user: Asking) -> Json:
        """Leave a clip to others; it comes back when nothing else waits."""
        return reviewing.skip(user, clip_id)

    @router.post("/clips/{clip_id}/handover")
    def hand_over(clip_id: str, wanted: HandOverInput, user: Asking) -> Json:
        """Give a clip to a colleague by name."""
        return reviewing.hand_over(user, clip_id, wanted.to)

    @router.post("/clips/{clip_id}/undo")
    def undo(clip_id: str, user: Asking) -> Json:
        """Take one's decision back, within the seconds that there are for it."""
        return reviewing.undo(user, clip_id)

    @router.post("/clips/{clip_id}/release")
    def release(clip_id: str, user: Asking) -> Json:
        return reviewing.release(user, clip_id)

    @router.post("/clips/{clip_id}/decision")
    def decide(clip_id: str, made: DecisionInput, user: Asking) -> Json:
        """Decide on the version that was seen: one decision per version, by somebody else."""
        facts = made.model_dump(exclude={"verdict"})
        user.must("review")
        return reviewing.decide(user, clip_id, Ruling(verdict=as_verdict(made.verdict), **facts))

    @router.post("/clips/{clip_id}/takedown")
    def take_down(clip_id: str, why: TakedownInput, user: Asking) -> Json:
        return reviewing.take_down(user, clip_id, reason=why.reason, note=why.note)

    @router.post("/clips/{clip_id}/restore")
    def restore(clip_id: str, why: RestoreInput, user: Asking) -> Json:
        return reviewing.restore(user, clip_id, note=why.note)

    # ---- marks ----------------------------------------------------------------------------

    @router.get("/clips/{clip_id}/marks")
    def list_marks(clip_id: str, user: Asking) -> Json:
        """What was noted on moments of a clip: all for reviewers, for its creator what is public
        and goes with a decision."""
        with store.read() as session:
            return {"items": marks.of_clip(session, user, clip_id), "next": None}

    @router.post("/clips/{clip_id}/marks", status_code=201)
    def add_mark(clip_id: str, made: MarkInput, user: Asking) -> Json:
        """Note something at one moment of a clip that waits: words, lines on the frame, or both."""
        note = marks.Note(**made.model_dump())
        with store.write() as session:
            mark = marks.add(session, user, clip_id, note)
            shown = marks.of_clip(session, user, clip_id)
        return next(each for each in shown if each["id"] == mark.id)

    @router.delete("/clips/{clip_id}/marks/{mark_id}")
    def remove_mark(clip_id: str, mark_id: str, user: Asking) -> Json:
        """Take a mark of one's own away again."""
        with store.write() as session:
            marks.remove(session, user, clip_id, mark_id)
        return {"removed": mark_id}

    # ---- care -----------------------------------------------------------------------------

    @router.get("/care")
    def show_care(user: Asking, since: AwareDatetime | None = None) -> Json:
        """How one wants to be shown clips, and how many it were today (since the start of it)."""
        return _care(user, since)

    @router.put("/care")
    def change_care(wanted: CareInput, user: Asking, since: AwareDatetime | None = None) -> Json:
        """Set all of it."""
        with store.write() as session:
            care.change(session, user, care.Kindness(**wanted.model_dump()))
        return _care(user, since)

    @router.post("/clips/{clip_id}/look")
    def look(clip_id: str, user: Asking, since: AwareDatetime | None = None) -> Json:
        """Note that one had a clip shown, for one's own count of the day."""
        with store.write() as session:
            care.looked(session, user, clip_id)
        return _care(user, since)

    def _care(user: User, since: datetime | None) -> Json:
        with store.read() as session:
            return care.as_json(session, user, since=since)

    # ---- colleagues -----------------------------------------------------------------------

    @router.get("/review/people")
    def reviewers(user: Asking) -> Json:
        """Who else reviews here, to hand a clip over to."""
        user.must("review")
        with store.read() as session:
            found = people.everyone(session)
        names = [each.name for each in found if _reviews(each.role, each.locked_at)]
        return {"items": [name for name in names if name != user.name], "next": None}

    return router


def _reviews(role: str, locked_at: datetime | None) -> bool:
    return locked_at is None and role in {each.value for each in MAY["review"]}
