"""What a creator does with a clip of their own: send, cancel, retry, withdraw, delete; and take-down.

Knows nothing of the pipeline: the request is checked before it comes here (pipeline/request.py),
and queueing the job in the same transaction is a function handed in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlmodel import Session, col, select, update

import audit
from accounts import switches
from accounts.permissions import User
from errors import BadInput, Conflict, NotFound, OwnClip
from moderation import cases, presentation
from moderation.deadlines import OVER, is_late
from moderation.models import Clip, State
from moderation.presentation import SAID_NOTHING, Presentation, Said
from moderation.report_models import Outcome
from moderation.transitions import move
from moderation.visibility import visible_clip
from store import utc_now
from text import check_text, is_visible

NOTE_LIMIT: Final = 2000
REASON_LIMIT: Final = 200
REQUEST_FIELDS: Final = (
    "prompt",
    "negative_prompt",
    "preset",
    "model",
    "seed",
    "num_frames",
    "width",
    "height",
    "fps",
    "num_inference_steps",
    "guidance_scale",
)
"""What was asked for: fixed at submit, and logged as a digest, so that a prompt that is changed
afterwards shows, and the log itself carries nobody's words."""

DELETABLE: Final = frozenset(
    {State.CANCELLED, State.FAILED, State.REJECTED, State.WITHDRAWN, State.SUPERSEDED}
)
"""Where a clip has ended for its creator. One that waits or is public is withdrawn first."""

FINAL_FROM: Final = frozenset(
    {State.PENDING_REVIEW, State.CHANGES_REQUESTED, State.PUBLISHED, State.WITHDRAWN}
)
"""A draft that was seen and that nobody rejected."""

Enqueue = Callable[[Session, Clip], None]


class TakeDownUnexplained(BadInput):
    code = "takedown_unexplained"
    says = "A take-down needs a reason; this one has none."
    fix_says = "Send a code from /api/v1/policy, or say it in a few words."


def submit(
    session: Session,
    user: User,
    *,
    request: dict[str, Any],
    parent_id: str | None,
    note: str,
    enqueue: Enqueue,
    batch_id: str | None = None,
    style: str = "",
    said: Said = SAID_NOTHING,
) -> Clip:
    """Accept a checked request: the clip's row, its audit row and its job, all or nothing.

    `style`: the one of the preset's that its prompt asks for, for those who look for such clips.
    What is not said of it is as it was of the clip that it comes from, if that is one's own.
    """
    user.must("create clips")
    switches.check(session, "generation")
    check_text("note", note, NOTE_LIMIT)
    parent = visible_clip(session, user, parent_id) if parent_id is not None else None
    is_own = parent is not None and parent.creator_id == user.id
    before = presentation.of(parent) if parent is not None and is_own else Presentation()
    words = presentation.told(said, before).as_columns()
    clip = Clip(
        creator_id=user.id,
        parent_id=parent_id,
        note=note,
        batch_id=batch_id,
        style=style,
        **request,
        **words,
    )
    session.add(clip)
    session.flush()
    body = {
        "to": State.QUEUED.value,
        "version": clip.version,
        "parent": parent_id,
        "request": digest(request),
        "words": presentation.digest(words),
    }
    audit.append(session, actor=user.id, action="submit", subject=clip.id, body=body)
    enqueue(session, clip)
    if parent and is_own and parent.state == State.CHANGES_REQUESTED:
        move(session, parent.id, "supersede", actor=user.id, body={"by": clip.id})
    return clip


def cancel(session: Session, user: User, clip_id: str) -> Clip:
    """Stop the making. A running clip is asked to stop and ends within one denoising step."""
    clip = own_clip(session, user, clip_id)
    if clip.state == State.GENERATING:
        if clip.cancel_requested:
            return clip
        clip.cancel_requested = True
        session.add(clip)
        audit.append(session, actor=user.id, action="ask_cancel", subject=clip.id)
        return clip
    return move(session, clip_id, "cancel", actor=user.id)


def draft_for_final(session: Session, user: User, clip_id: str) -> Clip:
    """One's own draft, whose final is about to be sent: if it waits for review, it leaves the queue.

    Raises Conflict where there is nothing to render again: not made yet, or rejected.
    """
    clip = own_clip(session, user, clip_id)
    if clip.state not in FINAL_FROM:
        raise Conflict(state=clip.state, action="rendering a final")
    if clip.state == State.PENDING_REVIEW:
        body = {"because": "final"}
        free = {"claimed_by": None, "claimed_until": None, **OVER}
        move(session, clip_id, "withdraw", actor=user.id, body=body, **free)
    return clip


def retry(session: Session, user: User, clip_id: str, *, enqueue: Enqueue) -> Clip:
    clip = own_clip(session, user, clip_id)
    switches.check(session, "generation")
    clip = move(
        session,
        clip_id,
        "retry",
        actor=user.id,
        attempt=clip.attempt + 1,
        cancel_requested=False,
        error=None,
        phase="",
        step=0,
        used_s=None,
    )
    enqueue(session, clip)
    return clip


def withdraw(session: Session, user: User, clip_id: str) -> Clip:
    """Take a clip out of the review or the gallery, at any time. One that nobody decided on in time
    costs its creator nothing (sharing/allowance.py counts by `used_s`)."""
    clip = own_clip(session, user, clip_id)
    free: dict[str, Any] = {"claimed_by": None, "claimed_until": None, **OVER}
    body = cases.end(session, clip_id, Outcome.WITHDRAWN, actor=user.id)
    if is_late(clip, utc_now()):
        free["used_s"], body = 0.0, {"because": "late"}
    return move(session, clip_id, "withdraw", actor=user.id, body=body, **free)


def delete(session: Session, user: User, clip_id: str, *, remove: Callable[[Clip], None]) -> None:
    """Take the words and files of an ended clip away for good; what happened stays in the log.

    `remove` deletes the files, before the row is committed: if that fails, nothing is said to be gone.
    """
    clip = own_clip(session, user, clip_id)
    if clip.state not in DELETABLE:
        raise Conflict(state=clip.state, action="deleting")
    audit.append(session, actor=user.id, action="delete", subject=clip.id)
    values: dict[str, Any] = dict.fromkeys(("prompt", "negative_prompt", "style", "note"), "")
    values |= {"error": None, "screening": [], "hashes": [], "first_frame": None}
    values |= {"deleted_at": utc_now(), **Presentation().as_columns()}
    remove(clip)
    session.execute(update(Clip).where(col(Clip.id) == clip_id).values(**values))
    session.refresh(clip)


def take_down(session: Session, user: User, clip_id: str, *, reason: str, note: str) -> Clip:
    """Hide a published clip at once, and close the case of its reports, if there is one. `reason`:
    a code of the policy, or a few words."""
    user.must("take down")
    check_text("reason", reason, REASON_LIMIT)
    check_text("note", note, NOTE_LIMIT)
    if not is_visible(reason):
        raise TakeDownUnexplained()
    body = {"reason": reason.strip(), "note": note}
    body |= cases.end(session, clip_id, Outcome.TAKEN_DOWN, actor=user.id)
    return move(session, clip_id, "take_down", actor=user.id, body=body)


def restore(
    session: Session, user: User, clip_id: str, *, note: str, check_file: Callable[[Clip], None]
) -> Clip:
    """Show a clip again that was taken down. `check_file` refuses when its file was changed."""
    user.must("take down")
    switches.check(session, "publishing")
    clip = visible_clip(session, user, clip_id)
    if clip.creator_id == user.id:
        raise OwnClip()
    if clip.state == State.TAKEN_DOWN:
        check_file(clip)
    check_text("note", note, NOTE_LIMIT)
    return move(session, clip_id, "restore", actor=user.id, body={"note": note})


def own_clip(session: Session, user: User, clip_id: str) -> Clip:
    """The clip, if it is the user's own. Raises NotFound for anybody else's."""
    query = select(Clip).where(Clip.id == clip_id, Clip.creator_id == user.id)
    clip = session.exec(query).first()
    if clip is None or not user.id or clip.deleted_at:
        raise NotFound()
    return clip


def digest(request: Mapping[str, Any]) -> str:
    """sha256 of what was asked for. 8 and 8.0 are one number: the database hands back the latter."""
    asked = [
        float(value) if isinstance(value, int) else value
        for value in map(request.get, REQUEST_FIELDS)
    ]
    if request.get("first_frame"):  # added last, so that clips without one keep their digest
        asked.append(request["first_frame"])
    return hashlib.sha256(json.dumps(asked, ensure_ascii=False).encode()).hexdigest()
