"""The acts around reports: one transaction, the rule's own room.

Knows nothing of HTTP or Gradio. Taking down, which ends a case too, stands in reviewing.py. Every
method takes the user first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlmodel import Session

from accounts.permissions import STRANGER, User
from moderation import cases, reports
from moderation.case_views import case_json
from moderation.models import Clip
from moderation.reports import Choice, Complaint
from moderation.visibility import visible_clip
from store import Store

Json = dict[str, Any]


class Reporting:
    """What anybody says of a published clip, and what those who review do about it.

    `shown` makes clips readable for the asker.
    """

    def __init__(
        self, store: Store, *, shown: Callable[[Session, User, Sequence[Clip]], list[Json]]
    ) -> None:
        self._store = store
        self._shown = shown

    def report(self, user: User, clip_id: str, complaint: Complaint, *, address: str) -> None:
        """Take a report. The try is counted before anything of the clip is looked at, and stays
        counted when there is none to report."""
        with self._store.read() as session:
            reports.check_inputs(session, complaint)
        with self._store.write() as session:
            source = reports.count_try(session, user, address)
        with self._store.write() as session:
            reports.receive(session, user, clip_id, complaint, source)

    def choices(self, language: str) -> list[Choice]:
        """What a clip can be reported for."""
        with self._store.read() as session:
            return reports.choices(session, language)

    def form(self, clip_id: str, language: str) -> tuple[Json, list[Choice]]:
        """A published clip as a stranger sees it, and what it can be reported for."""
        with self._store.read() as session:
            clip = visible_clip(session, STRANGER, clip_id)
            return self._shown(session, STRANGER, [clip])[0], reports.choices(session, language)

    def queue(self, user: User, cursor: str | None) -> Json:
        """Open cases, the gravest reason first, then the oldest."""
        with self._store.read() as session:
            found, following = cases.queue(session, user, cursor)
            clips = self._shown(session, user, [clip for _, clip in found])
            items = [
                {**case_json(session, user, case, clip), "clip": shown}
                for (case, clip), shown in zip(found, clips, strict=True)
            ]
        return {"items": items, "next": following}

    def dismiss(self, user: User, clip_id: str, note: str, seen: cases.Seen) -> Json:
        with self._store.write() as session:
            case = cases.dismiss(session, user, clip_id, note, seen)
            return {"id": case.id, "clip_id": clip_id, "outcome": case.outcome}

    def escalate(self, user: User, clip_id: str, note: str) -> Json:
        with self._store.write() as session:
            case = cases.escalate(session, user, clip_id, note)
            return {"id": case.id, "clip_id": clip_id, "outcome": None}
