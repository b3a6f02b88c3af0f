"""A clip as JSON, field by field for whoever asks.

Knows nothing of routes. Whether the asker may see the clip at all is decided before it comes here
(visibility.py); here it is decided how much. The forecast of a clip under way is put in by
whoever knows the pipeline's times (sharing/forecast.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session, col, select

from accounts import profiles
from accounts.models import Person
from accounts.permissions import User
from moderation import care, golden, marks, presentation, rewording
from moderation.appeals import appeal_json, may_appeal
from moderation.blind import as_seen
from moderation.claims import holder
from moderation.clips import DELETABLE
from moderation.deadlines import STAGE_OF, is_late, is_overdue
from moderation.desk import decisions
from moderation.four_eyes import barred
from moderation.history import timeline
from moderation.models import REVIEWED, Clip, FileKind, PublicFile, State
from moderation.transitions import allowed
from moderation.visibility import can_see
from store import as_text, utc_now

Lighter = Mapping[str, Mapping[str, str]]
"""Clip's id → name → address of the lighter copies of its public file."""


def clip_json(session: Session, user: User, clip: Clip) -> dict[str, Any]:
    return clips_json(session, user, [clip])[0]


def clips_json(session: Session, user: User, clips: Sequence[Clip]) -> list[dict[str, Any]]:
    """Strangers read what a published clip shows; its creator and reviewers read the rest too."""
    makers = {clip.creator_id for clip in clips}
    # Held until the end: the session finds each of them without asking the database again.
    people = session.exec(select(Person).where(col(Person.id).in_(makers))).all()
    credited = profiles.credit_names(session, makers)
    lighter = _lighter(session, clips)
    shown = [
        _clip_json(session, user, clip, credited.get(clip.creator_id), lighter) for clip in clips
    ]
    del people
    return shown


def _clip_json(
    session: Session, user: User, clip: Clip, credit: str | None, lighter: Lighter
) -> dict[str, Any]:
    own = bool(user.id) and user.id == clip.creator_id
    insider = own or user.may("see held clips")
    view = _public_fields(session, user, clip, credit, lighter)
    if insider:
        view |= _creator_fields(session, user, clip)
    if user.may("see held clips"):
        view |= _reviewer_fields(session, user, clip)
    view["can"] = _possible(session, user, clip, own=own)
    return view


def _public_fields(
    session: Session, user: User, clip: Clip, credit: str | None, lighter: Lighter
) -> dict[str, Any]:
    creator = session.get(Person, clip.creator_id)
    name = creator.name if creator else ""
    asked = {each: getattr(clip, each) for each in ("num_frames", "width", "height", "fps")}
    shape = {**asked, **(clip.made_as or {})}
    return {
        "id": clip.id,
        "state": clip.state,
        "version": clip.version,
        "prompt": presentation.prompt_for(user, clip),
        **presentation.as_json(clip),
        "creator": name,
        "credit": credit or name,
        "created_at": as_text(clip.created_at),
        "published_at": as_text(clip.published_at) if clip.published_at else None,
        "model": clip.model,
        "model_licence": clip.model_licence,
        "preset": clip.preset,
        "seed": clip.seed,
        **shape,
        "duration_s": round(shape["num_frames"] / shape["fps"], 3),
        "media": _media(clip, lighter),
        "sha256": clip.sha256,
        "public_sha256": clip.public_sha256 if clip.state == State.PUBLISHED else None,
        "page": f"/clip/{clip.id}" if clip.state == State.PUBLISHED else None,
        "progress": None,
        "queue": None,
        "timeline": [],
    }


def _creator_fields(session: Session, user: User, clip: Clip) -> dict[str, Any]:
    return {
        "negative_prompt": clip.negative_prompt,
        "num_inference_steps": clip.num_inference_steps,
        "guidance_scale": clip.guidance_scale,
        "parent_id": clip.parent_id,
        "parent": _parent(session, user, clip),
        "batch_id": clip.batch_id,
        "first_frame": clip.first_frame is not None,
        "note": clip.note,
        "due_at": as_text(clip.due_at) if clip.due_at else None,
        "late_at": as_text(clip.late_at) if clip.late_at else None,
        "overdue": is_overdue(clip, utc_now()),
        "late": is_late(clip, utc_now()),
        "error": clip.error,
        "timeline": timeline(session, clip, own=user.id == clip.creator_id),
        # Asked for one by one where there are any (web/desk.py): drawings are large.
        "marks": len(marks.told(session, clip)) if user.id == clip.creator_id else None,
    }


def _parent(session: Session, user: User, clip: Clip) -> dict[str, Any] | None:
    """What the clip was made from, to lay the two side by side; None where it may not be seen."""
    parent = session.get(Clip, clip.parent_id) if clip.parent_id else None
    if parent is None or not can_see(user, parent):
        return None
    parent = as_seen(session, user, parent)
    return {
        "id": parent.id,
        "state": parent.state,
        "own": parent.creator_id == clip.creator_id,
        "prompt": presentation.prompt_for(user, parent),
        "title": parent.title,
        "seed": parent.seed,
        "num_inference_steps": parent.num_inference_steps,
        "guidance_scale": parent.guidance_scale,
        "width": parent.width,
        "height": parent.height,
        "num_frames": parent.num_frames,
        "fps": parent.fps,
        "media": _media(parent, {}),
    }


def _reviewer_fields(session: Session, user: User, clip: Clip) -> dict[str, Any]:
    held_by = holder(clip, utc_now())
    person = session.get(Person, held_by) if held_by else None
    claim = None
    if person is not None and clip.claimed_until is not None:
        until = as_text(clip.claimed_until)
        claim = {"holder": person.name, "mine": held_by == user.id, "until": until}
    made = [each for each in decisions(session, clip.id) if each.clip_version < clip.version]
    notes = [each.internal_note for each in made if each.internal_note]
    return {
        "claim": claim,
        "screening": clip.screening,
        "stage": STAGE_OF[State(clip.state)].value if clip.state in REVIEWED else None,
        "appeal": appeal_json(session, clip) if clip.state == State.APPEALED else None,
        "flagged": care.is_flagged(clip.screening),
        "classes": care.touched(session, clip),
        # What reviewers tell each other about a clip is not for its maker, also if a reviewer.
        "internal_notes": [] if user.id == clip.creator_id else notes,
        "own": user.id == clip.creator_id,
    }


def _is_barred(session: Session, user: User, clip: Clip) -> bool:
    """Nobody is barred from the first version of a clip that nobody decided on: most of a queue."""
    is_new = clip.state == State.PENDING_REVIEW and clip.parent_id is None
    return not is_new and user.id in barred(session, clip)


def _media(clip: Clip, lighter: Lighter) -> dict[str, str] | None:
    if clip.sha256 is None:
        return None
    return {
        "mp4": f"/media/{clip.id}.mp4",
        "poster": f"/media/{clip.id}.jpg",
        "strip": f"/media/{clip.id}.webp",
        **lighter.get(clip.id, {}),
    }


def _lighter(session: Session, clips: Sequence[Clip]) -> Lighter:
    """Of those that are published, all in one question."""
    kinds = (FileKind.LIGHT.value, FileKind.POSTER_WEBP.value)
    public = [clip.id for clip in clips if clip.state == State.PUBLISHED]
    if not public:
        return {}
    query = select(PublicFile).where(col(PublicFile.clip_id).in_(public))
    found: dict[str, dict[str, str]] = {}
    for row in session.exec(query.where(col(PublicFile.kind).in_(kinds))):
        found.setdefault(row.clip_id, {})[row.kind] = f"/files/{row.sha256}{row.ending}"
    return found


def _possible(session: Session, user: User, clip: Clip, *, own: bool) -> list[str]:
    """What the asker may do with the clip now; each act checks again when it is done."""
    acts = []
    if own:
        acts += [act for act in ("cancel", "retry", "withdraw") if allowed(act, clip.state)]
        acts += ["delete"] if clip.state in DELETABLE else []
        acts += ["appeal"] if may_appeal(session, clip) else []
        acts += rewording.acts(clip)
        if clip.state == State.GENERATING and clip.cancel_requested:
            acts.remove("cancel")
    elif user.may("review") and clip.state in REVIEWED and not _is_barred(session, user, clip):
        acts += ["claim", "decide", "skip", "hand_over"]
    if user.may("create clips") and (own or clip.state == State.PUBLISHED):
        acts += ["remix"]
    if own and clip.sha256 is not None:
        acts += ["download"]
    if user.may("take down"):
        acts += ["takedown"] if allowed("take_down", clip.state) else []
        acts += ["restore"] if allowed("restore", clip.state) else []
    return [*acts, *golden.acts(session, user, clip)]
