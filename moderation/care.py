"""Care for those who look: how each wants to be shown clips, what not, and how much it has been.

Knows nothing of pages. Nothing here decides on a clip or hides one from somebody who asks for it.
What a person chooses here is theirs alone: it is in no list, no log and no statistics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import Session, col, select

from accounts.permissions import User
from errors import BadInput, UnknownReason
from moderation import policy
from moderation.four_eyes import standing
from moderation.models import Care, Clip, Look, State
from moderation.visibility import visible_clip
from store import as_text, utc_now

WHICH: Final = ("all", "flagged", "none")
"""Clips that a kindness is for."""
FLAGGED: Final = 0.5
"""A signal of the screening as sure as this makes a clip a flagged one."""
CODES_LIMIT: Final = 100
PAUSE: Final = timedelta(minutes=10)
"""A rest this long ends a sitting."""
LONG: Final = timedelta(minutes=50)
"""A sitting this long is one to rise from."""
HEAVY: Final = 20
"""Flagged clips in one sitting that are enough."""
_LONGEST_DAY: Final = timedelta(hours=36)  # a day of any time zone, and the hours around it
_HARMLESS: Final = frozenset({"technical_fault", "not_in_brief"})


@dataclass(frozen=True)
class Kindness:
    """What one reviewer asks for. Each of the first three is one of WHICH."""

    blur: str = "all"  # until the clip is revealed
    grey: str = "flagged"
    mute: str = "flagged"
    skips: list[str] = field(default_factory=list)  # codes of the policy they are spared


def kindness(session: Session, user: User) -> Kindness:
    user.must("see held clips")
    kept = session.get(Care, user.id)
    if kept is None:
        return Kindness()
    return Kindness(kept.blur, kept.grey, kept.mute, list(kept.skips))


def change(session: Session, user: User, wanted: Kindness) -> None:
    """Set all of it. Raises BadInput."""
    user.must("see held clips")
    for name in ("blur", "grey", "mute"):
        value = getattr(wanted, name)
        if value not in WHICH:
            rule = f"one of {', '.join(WHICH)}"
            raise BadInput(field=name, value=value, rule=rule, step="Send one of them.")
    if len(wanted.skips) > CODES_LIMIT:
        rule = f"{CODES_LIMIT} codes at most"
        raise BadInput(
            field="skips", value=f"{len(wanted.skips)} codes", rule=rule, step="Name fewer."
        )
    rules = policy.current(session)
    for code in wanted.skips:
        if rules.find(code) is None:
            known = ", ".join(reason.code for reason in rules.reasons)
            raise UnknownReason(value=code, version=rules.version, known=known)
    session.merge(
        Care(person_id=user.id, **{**asdict(wanted), "skips": list(dict.fromkeys(wanted.skips))})
    )


def looked(session: Session, user: User, clip_id: str) -> None:
    """Note that a clip was revealed to this person."""
    user.must("see held clips")
    clip = visible_clip(session, user, clip_id)
    session.merge(
        Look(person_id=user.id, clip_id=clip_id, at=utc_now(), flagged=is_flagged(clip.screening))
    )


def is_flagged(signals: list[dict[str, Any]]) -> bool:
    """Whether screening is rather sure of something that can weigh on whoever looks."""
    return any(
        float(signal.get("score") or 0) >= FLAGGED
        and signal.get("reason") not in _HARMLESS
        and signal.get("check") != "like_published"
        for signal in signals
    )


def named(reasons: Sequence[str]) -> list[dict[str, Any]]:
    """What people named in a decision, in the shape of what screening notices."""
    return [{"check": "named", "score": 1.0, "reason": code} for code in reasons]


def touched(session: Session, clip: Clip) -> list[str]:
    """The codes of the policy that a clip touches, as screening is rather sure or a standing
    decision says: whoever asked to be spared one of them is not shown the clip unasked."""
    if clip.state == State.PENDING_REVIEW:  # nobody has decided yet: most of a queue
        return classes(clip.screening)
    said = [code for made in standing(session, [clip.id]) for code in made.reasons]
    return classes([*clip.screening, *named(said)])


def classes(signals: list[dict[str, Any]]) -> list[str]:
    """The codes of the policy that screening is rather sure of."""
    sure = [each.get("reason") for each in signals if float(each.get("score") or 0) >= FLAGGED]
    return sorted({code for code in sure if code})


def exposure(session: Session, user: User, *, since: datetime | None = None) -> dict[str, Any]:
    """How much this person has looked at since then, in this sitting, and whether to rest."""
    user.must("see held clips")
    now = utc_now()
    begin = since or now.replace(hour=0, minute=0, second=0, microsecond=0)
    if not now - _LONGEST_DAY <= begin <= now + timedelta(minutes=5):
        rule = "the beginning of today, with its time zone"
        raise BadInput(field="since", value=as_text(begin), rule=rule, step="Leave it out.")
    query = select(Look).where(Look.person_id == user.id, Look.at >= now - _LONGEST_DAY)
    looks = list(session.exec(query.order_by(col(Look.at).desc())))
    today = [look for look in looks if look.at >= begin]
    sitting = _sitting(looks, now)
    lasts = now - sitting[-1].at if sitting else timedelta(0)
    flagged = sum(look.flagged for look in sitting)
    return {
        "clips": len(today),
        "flagged": sum(look.flagged for look in today),
        "sitting_s": round(lasts.total_seconds()),
        "sitting_flagged": flagged,
        "rest": "heavy" if flagged >= HEAVY else "long" if lasts >= LONG else None,
    }


def as_json(session: Session, user: User, *, since: datetime | None = None) -> dict[str, Any]:
    return {**asdict(kindness(session, user)), "today": exposure(session, user, since=since)}


def _sitting(looks: list[Look], now: datetime) -> list[Look]:
    """The latest looks with no rest between them, newest first."""
    sitting: list[Look] = []
    after = now
    for look in looks:
        if after - look.at >= PAUSE:
            break
        sitting.append(look)
        after = look.at
    return sitting
