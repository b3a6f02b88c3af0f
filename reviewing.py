"""The acts of those who review: one transaction, the rule's own room, the job.

Knows nothing of HTTP, Gradio or the pipeline; what everybody else does stands in actions.py. Every
method takes the user first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from accounts.permissions import User
from errors import BadInput, BulkMovedOn, Conflict, DecidedBefore, OwnClip, PatternGone
from gallery import reshelving
from gallery.publish import check_public
from media import MediaStore
from moderation import bulk, claims, clips, desk, opinions, precedents, preview, undo, workload
from moderation.decided import DecidedClips
from moderation.four_eyes import standing
from moderation.models import Clip, Verdict
from moderation.rules import Rules
from store import Store, as_text, utc_now

Json = dict[str, Any]


class Reviewing:
    """What reviewers, leads and admins do with clips.

    `act` does one act on one clip and answers with it; `shown` makes clips readable for the asker;
    `enqueue_publish` adds the job that publishes.
    """

    def __init__(
        self,
        store: Store,
        media: MediaStore,
        rules: Rules,
        *,
        act: Callable[[User, Callable[[Session], Clip]], Json],
        shown: Callable[[Session, User, Sequence[Clip]], list[Json]],
        enqueue_publish: Callable[[Session, Clip], None],
    ) -> None:
        self._store = store
        self._media = media
        self._rules = rules
        self._act = act
        self._shown = shown
        self._enqueue_publish = enqueue_publish
        self._decided = DecidedClips()

    def queue(self, user: User) -> Json:
        with self._store.read() as session:
            waiting = desk.queue(session, user)
            return {"items": self._shown(session, user, waiting), "next": None}

    def claim(self, user: User, clip_id: str | None) -> Json:
        lease_s = self._rules.claim_s
        return self._act(
            user, lambda session: claims.claim(session, user, clip_id, lease_s=lease_s)
        )

    def renew(self, user: User, clip_id: str) -> Json:
        lease_s = self._rules.claim_s
        return self._act(
            user, lambda session: claims.renew(session, user, clip_id, lease_s=lease_s)
        )

    def release(self, user: User, clip_id: str) -> Json:
        return self._act(user, lambda session: claims.release(session, user, clip_id))

    def skip(self, user: User, clip_id: str) -> Json:
        return self._act(user, lambda session: claims.skip(session, user, clip_id))

    def hand_over(self, user: User, clip_id: str, to: str) -> Json:
        lease_s = self._rules.claim_s
        return self._act(
            user, lambda session: claims.hand_over(session, user, clip_id, to, lease_s=lease_s)
        )

    def decide(self, user: User, clip_id: str, ruling: desk.Ruling) -> Json:
        """Decide, or be refused; that somebody tried is in the log either way. Whoever has judged
        a clip blind is told so in `check`."""
        told: Json = {}

        def judge(session: Session) -> Clip:
            clip = desk.decide(
                session,
                user,
                clip_id,
                ruling,
                rules=self._rules,
                enqueue_publish=self._enqueue_publish,
            )
            told.update(opinions.told(session, user, clip_id))
            return clip

        try:
            return {**self._act(user, judge), **told}
        except (Conflict, OwnClip, DecidedBefore) as error:
            with self._store.write() as session:
                desk.note_refusal(session, user, clip_id, ruling, error.code)
            raise

    def undo(self, user: User, clip_id: str) -> Json:
        return self._act(user, lambda session: undo.undo(session, user, clip_id, self._rules))

    def bulk_preview(self, user: User) -> Json:
        """Waiting clips with the same fault, and near-duplicates, as they can be decided together."""
        with self._store.read() as session:
            return {"groups": preview.preview(session, user)}

    def bulk_decide(self, user: User, ruling: bulk.BulkRuling) -> Json:
        """Decide on all of them or on none; what stood in the way is in the log either way."""
        try:
            with self._store.write() as session:
                made = bulk.decide(session, user, ruling, self._rules)
        except (BulkMovedOn, PatternGone) as error:
            refused = error.refused if isinstance(error, BulkMovedOn) else None
            with self._store.write() as session:
                for seen in ruling.clips:
                    code = error.code if refused is None else refused.get(seen.id)
                    if code is not None:
                        desk.note_refusal(session, user, seen.id, ruling.on(seen), code)
            raise
        return {
            "id": made.id,
            "clips": [{"id": clip.id, "state": clip.state} for clip in made.clips],
            "decided_at": as_text(made.decided_at),
            "undo_until": as_text(made.until) if made.until else None,
        }

    def bulk_undo(self, user: User, bulk_id: str) -> Json:
        with self._store.write() as session:
            undone = bulk.take_back(session, user, bulk_id, self._rules)
        return {
            "clips": [{"id": clip.id, "state": clip.state} for clip in undone.clips],
            "left": [{"id": key, **error.as_json()} for key, error in undone.left.items()],
        }

    def precedents(self, user: User, clip_id: str) -> Json:
        """The nearest past decisions, for whoever may see held clips."""
        with self._store.read() as session:
            found = precedents.precedents(session, user, clip_id, self._decided)
        return {"items": found, "next": None}

    def health(self, user: User) -> Json:
        with self._store.read() as session:
            return workload.health(session, user)

    def take_down(self, user: User, clip_id: str, *, reason: str, note: str) -> Json:
        done = self._act(
            user, lambda session: clips.take_down(session, user, clip_id, reason=reason, note=note)
        )
        reshelving.settle(self._store, self._media)
        return done

    def restore(self, user: User, clip_id: str, *, note: str) -> Json:
        def check_file(clip: Clip) -> None:
            check_public(clip, self._media)

        done = self._act(
            user,
            lambda session: clips.restore(session, user, clip_id, note=note, check_file=check_file),
        )
        reshelving.settle(self._store, self._media)
        return done

    def undo_until(self, session: Session, user: User, clip: Clip) -> datetime | None:
        """Until when the asker can take their decision on the clip back; None when they cannot."""
        if not user.may("review") or clip.state in undo.NEVER_AFTER:
            return None
        made = standing(session, [clip.id])
        if not made or made[-1].reviewer_id != user.id:
            return None
        until = undo.undo_until(clip, made[-1], self._rules)
        return until if until and until > utc_now() else None


def as_verdict(name: str) -> Verdict:
    try:
        return Verdict(name)
    except ValueError as error:
        known = ", ".join(verdict.value for verdict in Verdict)
        raise BadInput(
            field="verdict", value=name, rule=f"one of {known}", step="Send one of them."
        ) from error
