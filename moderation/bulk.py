"""Deciding on several waiting clips at once, of those that a preview showed, and taking it back.

Knows nothing of how the preview came about (preview.py), nor of pages. Nothing is approved in bulk. Each
clip gets its own decision by the one way there is (desk.py), with all that this refuses; all of
them in the caller's transaction, or none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, NoReturn

from sqlmodel import Session, select

import audit
from accounts.models import new_id
from accounts.permissions import User
from audit import AuditRow
from errors import (
    BadInput,
    BulkMovedOn,
    Conflict,
    DecidedBefore,
    GreenlightError,
    NotFound,
    OwnClip,
    PatternGone,
    UndoNotYours,
    UndoTooLate,
)
from moderation import desk, ticket, undo
from moderation.desk import Ruling
from moderation.four_eyes import standing
from moderation.groups import stands
from moderation.models import Clip, Verdict
from moderation.preview import MOST
from moderation.rules import Rules
from moderation.ticket import Ticket

_NAMED: Final = 5  # clips that a refusal names


@dataclass(frozen=True)
class Seen:
    """A clip as the preview showed it."""

    id: str
    version: int


@dataclass(frozen=True)
class BulkRuling:
    """What a reviewer sends. `count` is the number of clips as they typed it."""

    ticket: str
    count: int
    verdict: Verdict
    reasons: list[str]
    clips: list[Seen]
    note: str = ""  # every creator reads this
    internal_note: str = ""  # reviewers only

    def on(self, seen: Seen) -> Ruling:
        return Ruling(self.verdict, seen.version, self.reasons, self.note, self.internal_note)


@dataclass(frozen=True)
class BulkDecision:
    """What was decided together. `until`: when it can be taken back no more."""

    id: str
    clips: list[Clip]
    decided_at: datetime
    until: datetime | None


@dataclass(frozen=True)
class BulkUndoing:
    """What was taken back, and what could not be, by clip with the reason."""

    clips: list[Clip]
    left: dict[str, GreenlightError]


def decide(session: Session, user: User, ruling: BulkRuling, rules: Rules) -> BulkDecision:
    """Decide on all clips that were chosen from a preview.

    Raises PreviewOver, BadInput where the ruling is not what the preview allows, PatternGone, or
    BulkMovedOn with every clip that cannot be decided any more. The caller rolls back then.
    """
    user.must("review")
    # 1. Check the ruling against what was shown.
    shown = ticket.read(session, user, ruling.ticket)
    _check_choice(ruling, shown)
    if shown.pattern is not None and not stands(session, shown.pattern):
        raise PatternGone()
    # 2. Decide on each as ever, and hear of all that stand in the way before giving up.
    bulk_id = new_id()
    clips: list[Clip] = []
    refused: dict[str, str] = {}
    for seen in ruling.clips:
        try:
            clips.append(
                desk.decide(
                    session,
                    user,
                    seen.id,
                    ruling.on(seen),
                    rules=rules,
                    enqueue_publish=_never,
                    bulk_id=bulk_id,
                )
            )
        except (Conflict, OwnClip, DecidedBefore, NotFound) as error:
            refused[seen.id] = error.code
    if refused:
        raise _moved_on(refused, len(ruling.clips))
    # 3. Say in the log what belongs together.
    made = [standing(session, [clip.id])[-1] for clip in clips]
    body = {
        "verdict": ruling.verdict.value,
        "reasons": made[0].reasons,
        "kind": shown.kind,
        "pattern": shown.pattern,
        "shown": len(shown.clips),
        "decisions": {decision.clip_id: decision.id for decision in made},
    }
    audit.append(session, actor=user.id, action="bulk", subject=bulk_id, body=body)
    until = undo.undo_until(clips[0], made[0], rules) if rules.undo_s else None
    return BulkDecision(bulk_id, clips, made[0].decided_at, until)


def take_back(session: Session, user: User, bulk_id: str, rules: Rules) -> BulkUndoing:
    """Take back every decision of a bulk that still can be, and say which cannot: one creator who
    went on does not hold all the others to a mistake.

    Raises NotFound, UndoNotYours, or what stands in the way when none can be taken back.
    """
    user.must("review")
    rows = select(AuditRow).where(AuditRow.subject == bulk_id, AuditRow.action == "bulk")
    row = session.exec(rows).first()
    if row is None:
        raise NotFound()
    clips: list[Clip] = []
    left: dict[str, GreenlightError] = {}
    for clip_id, decision_id in row.body["decisions"].items():
        try:
            clips.append(_take_one_back(session, user, clip_id, decision_id, rules))
        except (UndoNotYours, UndoTooLate, NotFound) as error:
            left[clip_id] = error
    if not clips:
        raise next(iter(left.values()))
    body = {"clips": [clip.id for clip in clips], "left": sorted(left)}
    audit.append(session, actor=user.id, action="undo_bulk", subject=bulk_id, body=body)
    return BulkUndoing(clips, left)


def _take_one_back(
    session: Session, user: User, clip_id: str, decision_id: str, rules: Rules
) -> Clip:
    made = standing(session, [clip_id])
    if not made or made[-1].id != decision_id:  # taken back already, or decided anew
        raise UndoNotYours()
    return undo.undo(session, user, clip_id, rules)


# ---- what a ruling may be ---------------------------------------------------------------------


def _check_choice(ruling: BulkRuling, shown: Ticket) -> None:
    chosen = ruling.clips
    if not 1 <= len(chosen) <= MOST:
        _refuse("clips", f"{len(chosen)} clips", f"1 to {MOST} clips at once", "Choose again.")
    if len({seen.id for seen in chosen}) < len(chosen):
        _refuse("clips", f"{len(chosen)} clips", "each clip once", "Name it once.")
    for seen in chosen:
        if (seen.id, seen.version) not in shown.clips:
            value = f"{seen.id} at version {seen.version}"
            rule = "a clip of the preview, at the version that it showed"
            _refuse("clips", value, rule, "Preview again and choose from that.")
    if ruling.count != len(chosen):
        rule = f"the number of clips that you chose, {len(chosen)}"
        _refuse("count", ruling.count, rule, "Count them again, then type that number.")
    if ruling.verdict.value not in shown.verdicts:
        rule = f"one of {', '.join(shown.verdicts)} for these clips; nothing is approved in bulk"
        step = "Decide on a clip by itself where it deserves another answer."
        _refuse("verdict", ruling.verdict.value, rule, step)
    if set(ruling.reasons) != set(shown.reasons):
        rule = f"exactly {', '.join(shown.reasons)} for these clips"
        step = "Decide on a clip by itself where another reason fits."
        _refuse("reasons", ", ".join(ruling.reasons), rule, step)


def _refuse(name: str, value: object, rule: str, step: str) -> NoReturn:
    raise BadInput(field=name, value=value, rule=rule, step=step)


def _moved_on(refused: dict[str, str], chosen: int) -> BulkMovedOn:
    named = [f"{clip_id} ({code})" for clip_id, code in list(refused.items())[:_NAMED]]
    more = len(refused) - len(named)
    which = ", ".join(named) + (f" and {more} more" if more else "")
    return BulkMovedOn(refused=refused, moved=len(refused), chosen=chosen, which=which)


def _never(_session: Session, clip: Clip) -> None:
    raise AssertionError(f"clip {clip.id} would be published by a decision in bulk")
