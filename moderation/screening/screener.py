"""Screening one clip: every check of its prompt and pictures, and what it looks like of before.

Knows nothing of jobs, and decides nothing: whatever is said here, the clip goes to people. What
a check could not look at is said as well, so nobody takes silence for a clean bill.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from moderation.decided import DecidedClips
from moderation.models import Clip, Decision, State, Verdict
from moderation.screening import likeness
from moderation.screening.process import LookingProcess, shared_process
from moderation.screening.signals import Signal, not_screened
from store import Store

log = logging.getLogger("greenlight.screening")

VERSION: Final = "screening 2"

_NEAR: Final = 0.7
"""From here on two clips are likely the same or of one family: on average at most 6 of the 64 bits
of their frames' hashes differ (docs/screening.md says how that was chosen)."""
_SAID: Final = {
    State.REJECTED: ("like_rejected", "Looks like a clip that was rejected."),
    State.TAKEN_DOWN: ("like_taken_down", "Looks like a clip that was taken down."),
    State.PUBLISHED: ("like_published", "Looks like a clip that is published."),
}
_MOST_COMPARED: Final = 200


@dataclass(frozen=True)
class Screened:
    """What a clip's columns `screening` and `hashes` get."""

    signals: list[dict[str, Any]]
    hashes: list[str]


class Screener:
    """Screens clips of one store. A screen never raises on account of a check."""

    def __init__(self, store: Store, process: LookingProcess | None = None) -> None:
        self._store = store
        self._process = process or shared_process()
        self._decided = DecidedClips()

    def screen(self, clip: Clip, path: Path) -> Screened:
        signals: list[dict[str, Any]] = []
        hashes: list[str] = []
        missing: dict[str, str] = {}
        for answer in self._process.look(path, clip.prompt):
            if "missing" in answer:
                missing[answer["check"]] = answer["missing"]
            signals += answer.get("signals", [])
            hashes += answer.get("hashes", [])
        try:
            signals += self._resembling(clip, hashes)
        except SQLAlchemyError as error:
            log.exception("Clip %s was not compared with others", clip.id)
            missing["likeness"] = f"the database did not answer ({type(error).__name__})"
        signals.sort(key=lambda signal: -(signal["score"] or 0))
        return Screened(signals + not_screened(missing, VERSION), hashes)

    def _resembling(self, clip: Clip, hashes: list[str]) -> list[dict[str, Any]]:
        """The nearest rejected, taken-down and published clip, where one is near."""
        with self._store.read() as session:
            near = self._decided.nearest(session, hashes=hashes, least_picture=_NEAR)
            likeness_of = {
                each.clip_id: each.picture
                for each in near[:_MOST_COMPARED]
                if each.clip_id != clip.id
            }
            query = select(Clip).where(
                col(Clip.id).in_(likeness_of),
                col(Clip.deleted_at).is_(None),
                col(Clip.state).in_([state.value for state in _SAID]),
            )
            nearest: dict[str, Clip] = {}
            for other in sorted(session.exec(query), key=lambda each: likeness_of[each.id]):
                nearest[other.state] = other
            return [
                self._signal(session, other, likeness_of[other.id], clip, hashes)
                for other in nearest.values()
            ]

    def _signal(
        self, session: Session, other: Clip, score: float, clip: Clip, hashes: list[str]
    ) -> dict[str, Any]:
        check, says = _SAID[State(other.state)]
        if other.creator_id == clip.creator_id:
            says = f"{says} Both are of the same creator."
        frame = likeness.best_frame(hashes, other.hashes)
        last_s = (clip.num_frames - 1) / clip.fps
        at_s = round(last_s * frame / max(1, len(hashes) - 1), 2)
        reason = _reason(session, other)
        return Signal(check, says, round(score, 2), likeness.VERSION, at_s, reason).as_json()


def _reason(session: Session, other: Clip) -> str | None:
    """Why the other clip was rejected, as far as a code says it."""
    if other.state != State.REJECTED:
        return None
    query = select(Decision.reasons).where(
        Decision.clip_id == other.id, Decision.verdict == Verdict.REJECT.value
    )
    found = session.exec(query.order_by(col(Decision.decided_at).desc()).limit(1)).first()
    return found[0] if found else None
