"""Precedents: the nearest clips that people have decided on, with what became of them.

Knows nothing of how likeness is measured (decided.py). For roles that may see held clips only:
what is shown here of an unpublished clip is what they could look up themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

from sqlmodel import Session, col, select

from accounts.permissions import User
from moderation.blind import hidden_bytes
from moderation.decided import DecidedClips, Resemblance
from moderation.four_eyes import standing
from moderation.models import Clip, Decision, Stage
from moderation.visibility import can_see, visible_clip
from store import as_text

MOST: Final = 5
LEAST_PICTURE: Final = 0.6
"""A little less than screening asks for: a reviewer sees both pictures and judges for themselves."""
LEAST_PROMPT: Final = 0.5
_AT_A_TIME: Final = 50
_MOST_LOOKED_AT: Final = 1000


def precedents(
    session: Session, user: User, clip_id: str, decided: DecidedClips
) -> list[dict[str, Any]]:
    """Up to MOST of them, most alike first. Raises NotAllowed, or NotFound for a hidden clip."""
    user.must("see held clips")
    clip = visible_clip(session, user, clip_id)
    near = decided.nearest(
        session,
        hashes=clip.hashes,
        prompt=clip.prompt,
        least_picture=LEAST_PICTURE,
        least_prompt=LEAST_PROMPT,
    )
    near = [each for each in near[:_MOST_LOOKED_AT] if each.clip_id != clip_id]
    found: list[dict[str, Any]] = []
    for start in range(0, len(near), _AT_A_TIME):
        found += _told(session, user, near[start : start + _AT_A_TIME])
        if len(found) >= MOST:
            break
    return found[:MOST]


def _told(session: Session, user: User, near: Sequence[Resemblance]) -> list[dict[str, Any]]:
    """Those that still may be seen, of whose decisions one stands, and that do not answer what
    this person is asked blind."""
    ids = [each.clip_id for each in near]
    clips = {clip.id: clip for clip in session.exec(select(Clip).where(col(Clip.id).in_(ids)))}
    decisions: dict[str, list[Decision]] = {}
    for decision in standing(session, ids):
        decisions.setdefault(decision.clip_id, []).append(decision)
    hidden = hidden_bytes(session, user)
    return [
        _as_json(clips[each.clip_id], decisions[each.clip_id], each)
        for each in near
        if each.clip_id in decisions
        and can_see(user, clips[each.clip_id])
        and (hidden is None or clips[each.clip_id].sha256 != hidden)
    ]


def _as_json(clip: Clip, made: list[Decision], likeness: Resemblance) -> dict[str, Any]:
    appealed = [each for each in made if each.stage == Stage.APPEAL]
    # The decision that an appeal was about says more than the appeal alone.
    last = ([each for each in made if each.stage != Stage.APPEAL] or made)[-1]
    after_appeal = _appeal(last, appealed)
    return {
        "id": clip.id,
        "prompt": clip.prompt,
        "verdict": last.verdict,
        "reasons": last.reasons,
        "policy_version": last.policy_version,
        "stage": last.stage,
        "decided_at": as_text(last.decided_at),
        "outcome": after_appeal or clip.state,
        "became": clip.state,
        "alike": round(likeness.strongest, 2),
        "alike_by": {"picture": round(likeness.picture, 2), "prompt": round(likeness.prompt, 2)},
        "why": _why(likeness),
    }


def _appeal(last: Decision, appealed: list[Decision]) -> Literal["overturned", "upheld"] | None:
    """What an appeal made of the decision, if there was one and it is over."""
    if not appealed:
        return None
    return "upheld" if appealed[-1].verdict == last.verdict else "overturned"


def _why(likeness: Resemblance) -> Literal["picture", "prompt", "both"]:
    if likeness.prompt < LEAST_PROMPT:
        return "picture"
    return "prompt" if likeness.picture < LEAST_PICTURE else "both"
