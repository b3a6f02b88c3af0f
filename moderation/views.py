"""A clip as JSON, field by field for whoever asks.

Knows nothing of routes. Whether the asker may see the clip at all is decided before it comes here
(visibility.py); here it is decided how much.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, col, func, select

from accounts.models import Person
from accounts.permissions import User
from moderation.desk import decisions, holder
from moderation.history import timeline
from moderation.models import Clip, State
from moderation.transitions import allowed
from store import as_text, utc_now

_RECENT = 20


def clip_json(session: Session, user: User, clip: Clip) -> dict[str, Any]:
    """Strangers read what a published clip shows; its creator and reviewers read the rest too."""
    own = bool(user.id) and user.id == clip.creator_id
    insider = own or user.may("see held clips")
    view = _public_fields(session, clip)
    if insider:
        view |= _creator_fields(session, clip)
    if user.may("see held clips"):
        view |= _reviewer_fields(session, user, clip)
    view["can"] = _possible(user, clip, own=own)
    return view


def clips_json(session: Session, user: User, clips: Sequence[Clip]) -> list[dict[str, Any]]:
    return [clip_json(session, user, clip) for clip in clips]


def _public_fields(session: Session, clip: Clip) -> dict[str, Any]:
    creator = session.get(Person, clip.creator_id)
    return {
        "id": clip.id,
        "state": clip.state,
        "version": clip.version,
        "prompt": clip.prompt,
        "creator": creator.name if creator else "",
        "created_at": as_text(clip.created_at),
        "published_at": as_text(clip.published_at) if clip.published_at else None,
        "model": clip.model,
        "preset": clip.preset,
        "seed": clip.seed,
        "num_frames": clip.num_frames,
        "width": clip.width,
        "height": clip.height,
        "fps": clip.fps,
        "duration_s": round(clip.num_frames / clip.fps, 3),
        "media": _media(clip),
        "sha256": clip.sha256,
        "public_sha256": clip.public_sha256 if clip.state == State.PUBLISHED else None,
        "page": f"/clip/{clip.id}" if clip.state == State.PUBLISHED else None,
        "progress": None,
        "queue": None,
        "timeline": [],
    }


def _creator_fields(session: Session, clip: Clip) -> dict[str, Any]:
    return {
        "negative_prompt": clip.negative_prompt,
        "num_inference_steps": clip.num_inference_steps,
        "guidance_scale": clip.guidance_scale,
        "parent_id": clip.parent_id,
        "note": clip.note,
        "error": clip.error,
        "progress": _progress(clip),
        "queue": _queue(session, clip),
        "timeline": timeline(session, clip),
    }


def _reviewer_fields(session: Session, user: User, clip: Clip) -> dict[str, Any]:
    held_by = holder(clip, utc_now())
    person = session.get(Person, held_by) if held_by else None
    claim = None
    if person is not None and clip.claimed_until is not None:
        until = as_text(clip.claimed_until)
        claim = {"holder": person.name, "mine": held_by == user.id, "until": until}
    notes = [made.internal_note for made in decisions(session, clip.id) if made.internal_note]
    return {
        "claim": claim,
        "screening": clip.screening,
        # What reviewers tell each other about a clip is not for its maker, also if a reviewer.
        "internal_notes": [] if user.id == clip.creator_id else notes,
        "own": user.id == clip.creator_id,
    }


def _media(clip: Clip) -> dict[str, str] | None:
    if clip.sha256 is None:
        return None
    return {
        "mp4": f"/media/{clip.id}.mp4",
        "poster": f"/media/{clip.id}.jpg",
        "strip": f"/media/{clip.id}.webp",
    }


def _progress(clip: Clip) -> dict[str, Any] | None:
    if clip.state == State.QUEUED:
        return {"phase": "queued", "step": 0, "steps": clip.num_inference_steps, "fraction": 0.0}
    if clip.state not in (State.GENERATING, State.SCREENING):
        return None
    steps = max(1, clip.num_inference_steps)
    fraction = 1.0 if clip.state == State.SCREENING else min(0.95, 0.9 * clip.step / steps + 0.02)
    return {
        "phase": clip.phase or "text",
        "step": clip.step,
        "steps": steps,
        "fraction": round(fraction, 3),
    }


def _queue(session: Session, clip: Clip) -> dict[str, Any] | None:
    """Place in line, 1 is next, and the wait that recent clips of the same size suggest."""
    if clip.state != State.QUEUED:
        return None
    ahead = session.exec(
        select(func.count()).where(Clip.state == State.QUEUED.value, Clip.priority < clip.priority)
    ).one()
    same = (Clip.model == clip.model) & (Clip.num_inference_steps == clip.num_inference_steps)
    recent = session.exec(
        select(Clip.made_s)
        .where(same, col(Clip.made_s).is_not(None))
        .order_by(col(Clip.created_at).desc())
        .limit(_RECENT)
    ).all()
    usual = statistics.median([value for value in recent if value is not None]) if recent else None
    eta_s = round(usual * (ahead + 1), 1) if usual is not None else None
    return {"position": ahead + 1, "eta_s": eta_s}


def _possible(user: User, clip: Clip, *, own: bool) -> list[str]:
    """What the asker may do with the clip now; each act checks again when it is done."""
    acts = []
    if own:
        acts += [act for act in ("cancel", "retry", "withdraw") if allowed(act, clip.state)]
        if clip.state == State.GENERATING and clip.cancel_requested:
            acts.remove("cancel")
    elif user.may("review") and clip.state == State.PENDING_REVIEW:
        acts += ["claim", "decide"]
    if user.may("take down"):
        acts += ["takedown"] if allowed("take_down", clip.state) else []
        acts += ["restore"] if allowed("restore", clip.state) else []
    return acts
