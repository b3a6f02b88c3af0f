"""Clips that go together, for the tests of deciding in bulk: faulty ones, and near-duplicates.

Knows nothing of what is tested with them.
"""

from __future__ import annotations

from typing import Any

from sqlmodel import col, update

from moderation import bulk, preview
from moderation.bulk import BulkDecision, BulkRuling, BulkUndoing, Seen
from moderation.models import Clip, Verdict
from tests.conftest import House

HASHES = ["0123456789abcdef", "fedcba9876543210"]
NEAR = ["0123456789abcdec", "fedcba9876543213"]  # 2 bits apart in each frame
FAR = ["0123456789abcd30", "fedcba98765432ef"]  # 8 or more

Json = dict[str, Any]


def signal(check: str, score: float, reason: str | None = "technical_fault") -> Json:
    version = "pictures 2"
    facts = {"check": check, "says": f"It is {check}.", "score": score, "at_s": 0.0}
    return {**facts, "version": version, "reason": reason}


def change(house: House, clip: Clip, **values: Any) -> Clip:
    with house.store.write() as session:
        session.execute(update(Clip).where(col(Clip.id) == clip.id).values(**values))
    return house.get(clip.id)


def faulty(house: House, *more: Json, score: float = 1.0, creator: str = "ana") -> Clip:
    """A waiting clip that screening saw to be black, and whatever more."""
    clip = house.clip(creator=creator)
    return change(house, clip, screening=[signal("black", score), *more])


def alike(house: House, hashes: list[str] = HASHES, creator: str = "ana") -> Clip:
    return change(house, house.clip(creator=creator), hashes=hashes)


def previewed(house: House, name: str = "rita") -> list[Json]:
    with house.store.read() as session:
        return preview.preview(session, house.user(name))


def ids(group: Json) -> list[str]:
    return [clip["id"] for clip in group["clips"]]


def ruling(group: Json, **changed: Any) -> BulkRuling:
    """Rejecting all of a group for its reasons, or what a test makes of that."""
    clips = [Seen(clip["id"], clip["version"]) for clip in group["clips"]]
    facts: Json = {
        "ticket": group["ticket"],
        "count": len(changed.get("clips", clips)),
        "verdict": Verdict.REJECT,
        "reasons": group["reasons"],
        "clips": clips,
    }
    return BulkRuling(**{**facts, **changed})


def decide(house: House, made: BulkRuling, name: str = "rita") -> BulkDecision:
    with house.store.write() as session:
        return bulk.decide(session, house.user(name), made, house.rules)


def take_back(house: House, bulk_id: str, name: str = "rita") -> BulkUndoing:
    with house.store.write() as session:
        return bulk.take_back(session, house.user(name), bulk_id, house.rules)
