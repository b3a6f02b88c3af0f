"""The review as a whole, by a machine that plays everybody at random over the real tables.

Its invariants are the contract's promises and what issue D adds: one standing decision per version,
never by the creator, an appeal never by whoever rejected, only approved bytes published, and a log
that proves all of it after every single step.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)
from sqlmodel import Session, col, select, update

from accounts.permissions import User
from audit import AuditRow
from errors import GreenlightError
from gallery.publish import make_public
from media import MediaStore
from moderation import appeals, bulk, claims, clips, deadlines, desk, golden, preview, undo
from moderation.blind import open_turn
from moderation.bulk import BulkRuling, Seen
from moderation.desk import Ruling
from moderation.four_eyes import standing
from moderation.models import REVIEWED, BlindTurn, Clip, Decision, Opinion, Stage, State, Verdict
from moderation.proof import problems
from moderation.transitions import move
from settings import read_settings
from store import open_store, utc_now
from tests.conftest import REQUEST, House
from tests.moderation.lots import signal

CREATORS = st.sampled_from(["ana", "ben", "rob"])  # rob also reviews
REVIEWERS = st.sampled_from(["rita", "rob", "lea", "ada"])
ANYBODY = st.sampled_from(["ana", "ben", "rita", "rob", "lea", "ada", "aud"])
_SHA = itertools.count()


class Review(RuleBasedStateMachine):
    """Every act is tried by whoever; a refusal must leave everything as it was."""

    clip_ids = Bundle("clip_ids")

    def __init__(self) -> None:
        super().__init__()
        self.folder = base = Path(tempfile.mkdtemp())
        self.store = open_store(read_settings(data=base))
        self.house = House(self.store, MediaStore(base / "media"))
        self.bytes_of: dict[tuple[str, int], str] = {}
        self.bulk_ids: list[str] = []

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    @initialize(
        share=st.sampled_from([0.0, 0.5, 1.0]),
        undo_s=st.sampled_from([0.0, 60.0]),
        asked=st.sampled_from([0.0, 1.0]),
    )
    def choose_rules(self, share: float, undo_s: float, asked: float) -> None:
        self.house.rules = replace(
            self.house.rules,
            second_share=share,
            undo_s=undo_s,
            opinion_share=asked,
            golden_share=asked,
        )

    @initialize(target=clip_ids)
    def have_work(self) -> MultipleResults[str]:
        return multiple(
            *(self._made(name, parent_id=None) for name in ("ana", "ana", "ben", "ben"))
        )

    # ---- creators -------------------------------------------------------------------------

    @rule(target=clip_ids, name=CREATORS, black=st.booleans())
    def send(self, name: str, black: bool) -> str:
        return self._made(name, parent_id=None, black=black)

    @rule(target=clip_ids, name=CREATORS, parent_id=clip_ids)
    def send_version(self, name: str, parent_id: str) -> str:
        try:
            return self._made(name, parent_id=parent_id)
        except GreenlightError:
            return parent_id

    @rule(name=ANYBODY, clip_id=clip_ids)
    def withdraw(self, name: str, clip_id: str) -> None:
        self._try(lambda session: clips.withdraw(session, self.house.user(name), clip_id))

    @rule(name=ANYBODY, clip_id=clip_ids)
    def appeal(self, name: str, clip_id: str) -> None:
        user, rules = self.house.user(name), self.house.rules
        self._try(lambda session: appeals.appeal(session, user, clip_id, "Please look.", rules))

    # ---- reviewers ------------------------------------------------------------------------

    @rule(name=ANYBODY, clip_id=clip_ids | st.none())
    def claim(self, name: str, clip_id: str | None) -> None:
        user = self.house.user(name)
        self._try(lambda session: claims.claim(session, user, clip_id, lease_s=60))

    @rule(name=ANYBODY, clip_id=clip_ids)
    def skip(self, name: str, clip_id: str) -> None:
        self._try(lambda session: claims.skip(session, self.house.user(name), clip_id))

    @rule(name=REVIEWERS, clip_id=clip_ids, to=ANYBODY)
    def hand_over(self, name: str, clip_id: str, to: str) -> None:
        user = self.house.user(name)
        self._try(lambda session: claims.hand_over(session, user, clip_id, to, lease_s=60))

    @rule()
    def let_all_claims_lapse(self) -> None:
        past = utc_now() - timedelta(seconds=1)
        with self.store.write() as session:
            held = update(Clip).where(col(Clip.claimed_by).is_not(None))
            session.execute(held.values(claimed_until=past))

    @rule(
        name=ANYBODY,
        clip_id=clip_ids,
        verdict=st.sampled_from(Verdict),
        stale=st.sampled_from([0, 0, 0, 1, -1]),
        words=st.sampled_from(["", "We looked again."]),
    )
    def decide(self, name: str, clip_id: str, verdict: Verdict, stale: int, words: str) -> None:
        self._rule_on(name, clip_id, verdict, stale, words)

    @rule(work=st.lists(st.tuples(REVIEWERS, st.sampled_from(Verdict)), min_size=3, max_size=6))
    def take_the_next_and_decide(self, work: list[tuple[str, Verdict]]) -> None:
        """An hour at the desk. After a decision somebody may be asked blind; the next one answers."""
        for name, verdict in work:
            user = self.house.user(name)
            taken: list[str] = []
            self._try(lambda s, user=user, taken=taken: taken.append(_claimed(s, user)))  # type: ignore[misc]
            for clip_id in taken:
                self._rule_on(name, clip_id, verdict, stale=0, words="We looked again.")

    def _rule_on(self, name: str, clip_id: str, verdict: Verdict, stale: int, words: str) -> None:
        user = self.house.user(name)
        asked = self._asked(user, clip_id)
        before = self.house.get(clip_id)
        version = asked.version if asked else before.version
        ruling = Ruling(verdict, version + stale, ["violence"], note=words)
        self._try(
            lambda session: desk.decide(
                session,
                user,
                clip_id,
                ruling,
                rules=self.house.rules,
                enqueue_publish=self.house.note_job,
            )
        )
        if asked:  # an opinion changes nothing of the clip, nor does its refusal
            assert self.house.get(clip_id).model_dump() == before.model_dump()

    @rule(name=ANYBODY, clip_id=clip_ids)
    def make_golden(self, name: str, clip_id: str) -> None:
        user, known = self.house.user(name), (Verdict.REJECT, ["violence"])
        self._try(lambda session: golden.mark(session, user, clip_id, *known))

    @rule(name=ANYBODY, clip_id=clip_ids)
    def retire_golden(self, name: str, clip_id: str) -> None:
        self._try(lambda session: golden.retire(session, self.house.user(name), clip_id))

    @rule()
    def let_all_turns_run_out(self) -> None:
        past = utc_now() - timedelta(seconds=1)
        with self.store.write() as session:
            session.execute(update(BlindTurn).values(due_at=past, claimed_until=None))

    @rule(name=ANYBODY, clip_id=clip_ids)
    def undo(self, name: str, clip_id: str) -> None:
        user, rules = self.house.user(name), self.house.rules
        self._try(lambda session: undo.undo(session, user, clip_id, rules))

    @rule(name=ANYBODY, verdict=st.sampled_from(Verdict), more=st.sampled_from([0, 0, 0, 1]))
    def decide_in_bulk(self, name: str, verdict: Verdict, more: int) -> None:
        """All of each group there is; `more`: by how many they counted wrong."""
        user = self.house.user(name)

        def act(session: Session) -> None:
            for group in preview.preview(session, user):
                clips = [Seen(clip["id"], clip["version"]) for clip in group["clips"]]
                made = BulkRuling(
                    group["ticket"] or "", len(clips) + more, verdict, group["reasons"], clips
                )
                self.bulk_ids.append(bulk.decide(session, user, made, self.house.rules).id)

        self._try(act)

    @precondition(lambda self: self.bulk_ids)
    @rule(name=REVIEWERS, place=st.integers(0, 3))
    def undo_bulk(self, name: str, place: int) -> None:
        user, bulk_id = self.house.user(name), self.bulk_ids[-1 - place % len(self.bulk_ids)]
        self._try(lambda session: bulk.take_back(session, user, bulk_id, self.house.rules))

    # ---- jobs and leads -------------------------------------------------------------------

    @rule(clip_id=clip_ids)
    def publish(self, clip_id: str) -> None:
        """What the publish job does once it has signed the file."""
        with self.store.write() as session:
            make_public(session, clip_id, f"{next(_SHA):064x}")

    @rule(clip_id=clip_ids)
    def take_down(self, clip_id: str) -> None:
        lead = self.house.user("lea")
        self._try(lambda s: clips.take_down(s, lead, clip_id, reason="copyright", note=""))

    @rule(days=st.integers(0, 30))
    def time_passes(self, days: int) -> None:
        with self.store.write() as session:
            deadlines.escalate(session, utc_now() + timedelta(days=days))

    # ---- what must hold -------------------------------------------------------------------

    @invariant()
    def the_log_tells_the_same_story(self) -> None:
        with self.store.read() as session:
            assert problems(session, self.store.session_info["audit_key"]) == []

    @invariant()
    def nobody_decides_twice_or_on_their_own(self) -> None:
        with self.store.read() as session:
            for clip in session.exec(select(Clip)):
                made = standing(session, [clip.id])
                given = select(Opinion.reviewer_id).where(Opinion.clip_id == clip.id)
                people = [decision.reviewer_id for decision in made] + list(session.exec(given))
                assert clip.creator_id not in people
                assert len(set(people)) == len(people)

    @invariant()
    def what_is_public_was_approved_by_the_last_word(self) -> None:
        with self.store.read() as session:
            for clip in session.exec(select(Clip)):
                if clip.state not in (State.APPROVED, State.PUBLISHED, State.TAKEN_DOWN):
                    continue
                last = standing(session, [clip.id])[-1]
                assert (last.verdict, last.reviewer_id) == (Verdict.APPROVE, clip.approved_by)
                assert last.sha256 == clip.sha256 == clip.approved_sha256

    @invariant()
    def a_held_clip_was_approved_once_and_waits_for_another(self) -> None:
        with self.store.read() as session:
            held = select(Clip).where(Clip.state == State.SECOND_REVIEW.value)
            for clip in session.exec(held):
                made = standing(session, [clip.id])
                assert [(each.stage, each.verdict) for each in made] == [
                    (Stage.FIRST, Verdict.APPROVE)
                ]

    @invariant()
    def nothing_is_approved_in_bulk(self) -> None:
        with self.store.read() as session:
            rows = session.exec(select(AuditRow.action, AuditRow.body)).all()
        together = {action for action, body in rows if "bulk" in body}
        assert together <= {"reject", "request_changes"}

    @invariant()
    def what_waits_has_a_due_time_and_what_does_not_has_none(self) -> None:
        with self.store.read() as session:
            for clip in session.exec(select(Clip)):
                assert (clip.due_at is not None) == (clip.state in REVIEWED)

    @invariant()
    def the_bytes_of_a_version_never_change(self) -> None:
        with self.store.read() as session:
            for decision in session.exec(select(Decision)):
                key = (decision.clip_id, decision.clip_version)
                assert self.bytes_of.setdefault(key, decision.sha256) == decision.sha256

    @precondition(lambda self: self.store is not None)
    @invariant()
    def the_queue_holds_all_that_waits(self) -> None:
        with self.store.read() as session:
            rita = self.house.user("rita")
            listed = {clip.id for clip in desk.queue(session, rita)}
            waits = {clip.id for clip in session.exec(select(Clip)) if clip.state in REVIEWED}
            turn = open_turn(session, rita)
        assert listed == waits | ({turn.clip_id} if turn else set())

    @invariant()
    def nobody_judges_blind_what_waits_for_its_first_decision(self) -> None:
        with self.store.read() as session:
            for opinion in session.exec(select(Opinion)):
                assert session.get_one(Clip, opinion.clip_id).state != State.PENDING_REVIEW

    # ---- how it is played -----------------------------------------------------------------

    def _made(self, name: str, *, parent_id: str | None, black: bool = False) -> str:
        """A clip that waits for review, with bytes of its own."""
        with self.store.write() as session:
            clip = clips.submit(
                session,
                self.house.user(name),
                request=dict(REQUEST),
                parent_id=parent_id,
                note="",
                enqueue=self.house.note_job,
            )
        sha256 = f"{next(_SHA):064x}"
        steps: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
            ("start", {}, {}),
            ("made", {"sha256": sha256, "pictures": {}}, {"sha256": sha256}),
        ]
        for step, body, changes in steps:
            with self.store.write() as session:
                move(session, clip.id, step, actor="system", body=body, **changes)
        now = utc_now()
        due = deadlines.due(Stage.FIRST, now, self.house.rules)
        with self.store.write() as session:
            seen: dict[str, Any] = {"screening": [signal("black", 1.0)] if black else []}
            move(session, clip.id, "screened", actor="system", pending_since=now, **due, **seen)
        return clip.id

    def _asked(self, user: User, clip_id: str) -> BlindTurn | None:
        with self.store.read() as session:
            turn = open_turn(session, user)
        return turn if turn and turn.clip_id == clip_id else None

    def _try(self, act: Callable[[Any], object]) -> None:
        try:
            with self.store.write() as session:
                act(session)
        except GreenlightError:
            pass  # refused, with a sentence; the invariants see that nothing is half-written


def _claimed(session: Session, user: User) -> str:
    return claims.claim(session, user, None, lease_s=60).id


Review.TestCase.settings = settings(
    max_examples=20,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestReview = Review.TestCase
