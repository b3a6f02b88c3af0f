"""What a reviewer is shown before deciding in bulk: each group with its clips, and a ticket for them.

Knows nothing of how groups are found (groups.py) or decided on (bulk.py). Asking changes nothing,
and holds no clip for whoever asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlmodel import Session, col, select

from accounts.models import Person
from accounts.permissions import User
from moderation import care, ticket
from moderation.groups import Group, Member, groups
from moderation.models import Clip
from moderation.ticket import Ticket
from store import as_text, utc_now

MOST: Final = 50
"""Clips of one group that a preview shows, and that one bulk decision takes."""

Json = dict[str, Any]


def preview(session: Session, user: User) -> list[Json]:
    """The groups there are for this person, each with exactly the clips it can be decided on."""
    user.must("review")
    return [_as_json(session, user, group) for group in groups(session, user, utc_now())]


def _as_json(session: Session, user: User, group: Group) -> Json:
    shown = group.members[:MOST]
    names = _names(session, [each.clip.creator_id for each in shown])
    facts = Ticket(
        kind=group.kind,
        pattern=group.pattern.id if group.pattern else None,
        verdicts=[verdict.value for verdict in group.verdicts],
        reasons=list(group.reasons),
        clips=[(each.clip.id, each.clip.version) for each in shown],
    )
    return {
        "kind": group.kind,
        "check": shown[0].check,
        "verdicts": facts.verdicts,
        "reasons": facts.reasons,
        "pattern": _pattern(session, group),
        "clips": [_member(each, names, facts.reasons) for each in shown],
        "more": len(group.members) - len(shown),
        "ticket": ticket.issue(session, user, facts) if group.verdicts else None,
    }


def _member(member: Member, names: dict[str, str], reasons: Sequence[str]) -> Json:
    seen = {"check": member.check, "says": member.says, "score": round(member.score, 2)}
    return {
        **_card(member.clip, reasons),
        "version": member.clip.version,
        "creator": names.get(member.clip.creator_id, ""),
        "seen": {**seen, "at_s": member.at_s},
    }


def _pattern(session: Session, group: Group) -> Json | None:
    """The decision that the group would follow, and the clip that it was on."""
    made = group.pattern
    clip = session.get(Clip, made.clip_id) if made else None
    if made is None or clip is None:
        return None
    decided = {"verdict": made.verdict, "note": made.note, "decided_at": as_text(made.decided_at)}
    return {**_card(clip, made.reasons), **decided}


def _card(clip: Clip, reasons: Sequence[str]) -> Json:
    """A clip's poster and words, and what each reviewer's care must know of it: what it is like
    was rejected for these reasons, so it likely shows the same."""
    signals = [*clip.screening, *care.named(reasons)]
    return {
        "id": clip.id,
        "prompt": clip.prompt,
        "width": clip.width,
        "height": clip.height,
        "media": {"poster": f"/media/{clip.id}.jpg"} if clip.sha256 else None,
        "flagged": care.is_flagged(signals),
        "classes": care.classes(signals),
    }


def _names(session: Session, ids: Sequence[str]) -> dict[str, str]:
    found = session.exec(select(Person).where(col(Person.id).in_(ids)))
    return {person.id: person.name for person in found}
