"""What a creator does with a clip of their own: send, cancel, retry, withdraw; and take-down.

Knows nothing of the pipeline: the request is checked before it comes here (pipeline/request.py),
and queueing the job in the same transaction is a function handed in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlmodel import Session, select

import audit
from accounts import switches
from accounts.permissions import User
from errors import NotFound, OwnClip
from moderation.models import Clip, State
from moderation.transitions import move
from moderation.visibility import visible_clip
from text import check_text

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

Enqueue = Callable[[Session, Clip], None]


def submit(
    session: Session,
    user: User,
    *,
    request: dict[str, Any],
    parent_id: str | None,
    note: str,
    enqueue: Enqueue,
) -> Clip:
    """Accept a checked request: the clip's row, its audit row and its job, all or nothing."""
    user.must("create clips")
    switches.check(session, "generation")
    check_text("note", note, NOTE_LIMIT)
    parent = visible_clip(session, user, parent_id) if parent_id is not None else None
    clip = Clip(creator_id=user.id, parent_id=parent_id, note=note, **request)
    session.add(clip)
    session.flush()
    body = {
        "to": State.QUEUED.value,
        "version": clip.version,
        "parent": parent_id,
        "request": digest(request),
    }
    row = audit.append(session, actor=user.id, action="submit", subject=clip.id, body=body)
    clip.priority = row.seq  # first come, first served: the log's own count is the order
    session.add(clip)
    enqueue(session, clip)
    if parent and parent.creator_id == user.id and parent.state == State.CHANGES_REQUESTED:
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
    )
    enqueue(session, clip)
    return clip


def withdraw(session: Session, user: User, clip_id: str) -> Clip:
    own_clip(session, user, clip_id)
    return move(session, clip_id, "withdraw", actor=user.id, claimed_by=None, claimed_until=None)


def take_down(session: Session, user: User, clip_id: str, *, reason: str, note: str) -> Clip:
    """Hide a published clip at once. `reason`: a code of the policy, or a few words."""
    user.must("take down")
    check_text("reason", reason, REASON_LIMIT)
    check_text("note", note, NOTE_LIMIT)
    body = {"reason": reason, "note": note}
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
    if clip is None or not user.id:
        raise NotFound()
    return clip


def digest(request: Mapping[str, Any]) -> str:
    """sha256 of what was asked for. 8 and 8.0 are one number: the database hands back the latter."""
    asked = [
        float(value) if isinstance(value, int) else value
        for value in map(request.get, REQUEST_FIELDS)
    ]
    return hashlib.sha256(json.dumps(asked, ensure_ascii=False).encode()).hexdigest()
