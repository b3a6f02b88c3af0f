"""The statement of reasons: what was decided on a clip, under which rule, by whom in which role,
whether a machine's advice played a part, and what can be done now.

Knows nothing of pages. Every decision has one, and every take-down. A statement is read from the
log and the decisions, never stored, so it cannot differ from them. Its reviewer is a pseudonym: a
keyed hash, the same from decision to decision on this instance, that leads back to nobody without
the instance's key. Internal notes and names have no field here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlmodel import Session, col, select

from accounts.models import Person
from accounts.permissions import User
from audit import SYSTEM, AuditRow
from errors import NotFound
from language import LANGUAGES, say
from moderation import policy
from moderation.desk import decisions
from moderation.models import Appeal, Clip, Decision, Stage, State, Undoing
from moderation.policy import Policy
from moderation.transitions import allowed
from moderation.visibility import visible_clip
from store import as_text

_FOR: Final = b"greenlight/pseudonym/1"
_TAKE_DOWN: Final = "take_down"
_THROUGH: Final = (State.APPROVED.value, State.SECOND_REVIEW.value)


@dataclass(frozen=True)
class Statement:
    """One act on one clip, explained."""

    id: str  # the decision's; of a take-down, the beginning of its hash in the log
    clip_id: str
    outcome: str  # the state that the clip went to
    decided_at: datetime
    stage: str
    policy: Policy  # the version that the decision names
    codes: tuple[str, ...]
    note: str  # what the reviewer wrote for the creator
    role: str  # of that day
    pseudonym: str
    is_advised: bool  # a machine had said something that the reviewer saw
    is_noticed: bool  # somebody from outside had reported the clip
    taken_back_at: datetime | None
    appealed_at: datetime | None
    ended_at: datetime | None  # when the clip was approved or shown after all
    can: tuple[str, ...]  # what its creator can do about it now

    @property
    def is_approval(self) -> bool:
        """Also the first of two. The codes of an approval ask for a second look; no rule was
        found broken, so their texts, which say that one was, are not told."""
        return self.outcome in _THROUGH

    @property
    def facts_key(self) -> str:
        """The sentence that says what was done, and whether somebody's report came before it."""
        reported = ".reported" if self.is_noticed else ""
        return f"statement.decided.{self.outcome}{reported}"


def statements(session: Session, clip: Clip) -> list[Statement]:
    """All statements about a clip, oldest first."""
    return list(by_row(session, clip, log_rows(session, clip)).values())


def readable(session: Session, user: User, clip_id: str) -> list[Statement]:
    """For the clip's creator and for those who may see held clips. Raises NotFound for others.

    What was taken back within its seconds was never the creator's to read.
    """
    clip = visible_clip(session, user, clip_id)
    own = user.id == clip.creator_id
    if not own and not user.may("see held clips"):
        raise NotFound()
    found = statements(session, clip)
    return [each for each in found if each.taken_back_at is None] if own else found


def as_json(statement: Statement) -> dict[str, Any]:
    """A statement with its sentences in both languages."""
    each = statement
    return {
        "id": each.id,
        "clip_id": each.clip_id,
        "outcome": each.outcome,
        "decided_at": as_text(each.decided_at),
        "stage": each.stage,
        "policy_version": str(each.policy.version),
        **reasons_json(each),
        "note": each.note,
        "by": {"role": each.role, "pseudonym": each.pseudonym},
        "advised": each.is_advised,
        "origin": "notice" if each.is_noticed else "own_initiative",
        "automated_decision": False,  # there is no such thing here: screening only advises
        "taken_back_at": as_text(each.taken_back_at) if each.taken_back_at else None,
        "appealed_at": as_text(each.appealed_at) if each.appealed_at else None,
        "can": list(each.can),
        "words": {language: _words(each, language) for language in LANGUAGES},
    }


def reasons_json(statement: Statement) -> dict[str, Any]:
    """The rules that the clip was found to break, and, of an approval, those kept in mind."""
    named = [policy.explain(statement.policy, code) for code in statement.codes]
    if not statement.is_approval:
        return {"reasons": named, "considered": []}
    labels = [
        {"code": each["code"], **{name: {"label": each[name]["label"]} for name in LANGUAGES}}
        for each in named
    ]
    return {"reasons": [], "considered": labels}


def pseudonym(session: Session, person_id: str) -> str:
    """The name under which a person decides. Its key is derived from the log's: one secret less."""
    key = hmac.digest(session.info["audit_key"], _FOR, hashlib.sha256)
    tag = base64.b32encode(hmac.digest(key, person_id.encode(), hashlib.sha256)[:5])
    letters = tag.decode().lower()
    return f"{letters[:4]}-{letters[4:]}"


def log_rows(session: Session, clip: Clip) -> list[AuditRow]:
    """What the log tells of a clip up to the version that is looked at, oldest first."""
    query = select(AuditRow).where(AuditRow.subject == clip.id)
    rows = session.exec(query.order_by(col(AuditRow.seq)))
    return [row for row in rows if row.body.get("version", 0) <= clip.version]


def by_row(session: Session, clip: Clip, rows: Sequence[AuditRow]) -> dict[int, Statement]:
    """The statements, each by the `seq` of the row of the log that it explains."""
    moves = [row for row in rows if "to" in row.body]
    explained = [row for row in moves if row.action == _TAKE_DOWN or "decision" in row.body]
    if not explained:
        return {}
    made = {decision.id: decision for decision in decisions(session, clip.id)}
    undone = select(Undoing).where(col(Undoing.decision_id).in_(list(made)))
    undoings = {undoing.decision_id: undoing.at for undoing in session.exec(undone)}
    asked = select(Appeal).where(Appeal.clip_id == clip.id)
    appeals = {appeal.decision_id: appeal.made_at for appeal in session.exec(asked)}
    standing = [row for row in explained if row.body.get("decision") not in undoings]
    found = {}
    for row in explained:
        decision = made.get(row.body.get("decision", ""))
        facts = _of_decision(session, decision) if decision else _of_take_down(session, clip, row)
        taken_back_at, appealed_at = undoings.get(facts["id"]), appeals.get(facts["id"])
        is_last = row is standing[-1] if standing else False
        found[row.seq] = Statement(
            clip_id=clip.id,
            outcome=row.body["to"],
            taken_back_at=taken_back_at,
            appealed_at=appealed_at,
            ended_at=taken_back_at or _shown_after(rows, row),
            can=_can(clip, facts["stage"], appealed_at) if is_last else (),
            **facts,
        )
    return found


def role_of(session: Session, clip: Clip, actor: str) -> str:
    """In which role somebody acted on a clip without deciding on it."""
    if actor == SYSTEM:
        return SYSTEM
    if actor == clip.creator_id:
        return "creator"
    person = session.get(Person, actor)
    return person.role if person else SYSTEM


def _shown_after(rows: Sequence[AuditRow], row: AuditRow) -> datetime | None:
    """When the clip got through the gate later on, if it ever did."""
    through = (State.APPROVED, State.PUBLISHED)
    later = (each.at for each in rows if each.seq > row.seq and each.body.get("to") in through)
    return next(later, None)


def _of_decision(session: Session, decision: Decision) -> dict[str, Any]:
    version = decision.policy_version
    return {
        "id": decision.id,
        "decided_at": decision.decided_at,
        "stage": decision.stage,
        "policy": policy.find(session, int(version)) if version.isdigit() else policy.shipped(),
        "codes": tuple(decision.reasons),
        "note": decision.note,
        "role": decision.reviewer_role,
        "pseudonym": pseudonym(session, decision.reviewer_id),
        "is_advised": decision.advised,
        "is_noticed": False,  # every clip is looked at before it is public
    }


def _of_take_down(session: Session, clip: Clip, row: AuditRow) -> dict[str, Any]:
    reason = row.body.get("reason", "")
    return {
        "id": row.hash[:16],
        "decided_at": row.at,
        "stage": Stage.FIRST.value,
        "policy": policy.in_force(session, row.at),
        "codes": (reason,) if reason else (),
        "note": row.body.get("note", ""),
        "role": role_of(session, clip, row.actor),
        "pseudonym": pseudonym(session, row.actor),
        "is_advised": False,
        "is_noticed": "case" in row.body,
    }


def _can(clip: Clip, stage: str, appealed_at: datetime | None) -> tuple[str, ...]:
    """What the creator can do about the newest statement, in the order in which it is offered."""
    acts = []
    if allowed("appeal", clip.state) and stage != Stage.APPEAL and appealed_at is None:
        acts.append("appeal")
    if clip.state == State.CHANGES_REQUESTED:
        acts.append("new_version")
    if clip.state in (State.REJECTED, State.TAKEN_DOWN):
        acts.append("new_clip")
    if clip.state == State.TAKEN_DOWN:
        acts.append("contact")
    if clip.state in (State.APPEALED, State.SECOND_REVIEW):
        acts.append("wait")
    if allowed("withdraw", clip.state):
        acts.append("withdraw")
    return tuple(acts)


def _words(statement: Statement, language: str) -> dict[str, Any]:
    """The statement in sentences, in one language."""
    named = [policy.explain(statement.policy, code, language) for code in statement.codes]
    labels = ", ".join(reason["label"] for reason in named)
    version = statement.policy.version
    rule = "statement.rule" if named else "statement.rule.none"
    if named and statement.is_approval:
        rule, named = "statement.rule.considered", []
    is_answer = statement.stage == Stage.APPEAL and statement.outcome != State.SECOND_REVIEW
    decided = f"statement.decided.appeal.{statement.outcome}" if is_answer else statement.facts_key
    advice = "statement.advice.yes" if statement.is_advised else "statement.advice.no"
    role = say(language, f"statement.role.{statement.role}")
    return {
        "decided": say(language, decided),
        "rule": say(language, rule, version=version, labels=labels),
        "why": [reason["text"] for reason in named if reason["text"]],
        "by": say(language, "statement.by", role=role, pseudonym=statement.pseudonym),
        "advice": say(language, advice),
        "next": _next(statement, named, language),
    }


def _next(statement: Statement, named: list[dict[str, Any]], language: str) -> list[str]:
    if statement.taken_back_at is not None:
        return [say(language, "statement.next.taken_back")]
    if not statement.can:
        return [say(language, "statement.next.over")]
    advice = [reason["next"] for reason in named if reason["next"]]
    hints = advice if {"new_version", "new_clip"} & set(statement.can) else []
    return [*hints, *(say(language, f"statement.next.{act}") for act in statement.can)]
