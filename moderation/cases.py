"""The report queue: what was reported, looked at by somebody else than its maker, and how it ends.

Knows nothing of how reports come in (reports.py). The gravest reason comes first, then the oldest
case; how many reports a case has moves it nowhere. The clip's creator learns nothing of any of it
but a take-down, and nobody learns who reported.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel import Session, col, or_, select, update

import audit
from accounts.models import Person
from accounts.permissions import MAY, User
from audit import AuditRow, words_digest
from errors import BadCursor, BadInput, DecidedBefore, GreenlightError, NotAllowed, NotFound
from moderation.blind import hidden_bytes
from moderation.four_eyes import barred
from moderation.models import Clip, State
from moderation.report_models import Outcome, Report, ReportCase
from notices.inbox import tell
from notices.models import Kind
from store import utc_now
from text import check_text, is_visible

NOTE_LIMIT: Final = 2000
PAGE: Final = 50
_TELLS: Final = {
    Outcome.DISMISSED: Kind.REPORT_DISMISSED,
    Outcome.TAKEN_DOWN: Kind.REPORT_ENDED,
    Outcome.WITHDRAWN: Kind.REPORT_ENDED,
}


class CaseMovedOn(GreenlightError):
    """Somebody else was quicker, or something new was said meanwhile."""

    status = 409
    code = "case_moved_on"
    says = "The reports of this clip have moved on: {what}."
    fix_says = "Load the reports again and look at what is there now."


class NoteMissing(BadInput):
    code = "note_missing"
    says = "A case is dismissed with a note that says why; this one has none."
    fix_says = "Write for your colleagues what you saw, in a sentence, and send it again."


@dataclass(frozen=True)
class Seen:
    """What somebody who dismisses had before their eyes; empty fields are not compared."""

    case_id: str = ""
    reasons: tuple[str, ...] = ()


def queue(
    session: Session, user: User, cursor: str | None = None
) -> tuple[list[tuple[ReportCase, Clip]], str | None]:
    """Open cases for those who see held clips, without those of their own clips and of the clip that they
    judge blind just now, and the cursor of the next ones."""
    user.must("see held clips")
    query = select(ReportCase, Clip).join(Clip, col(Clip.id) == ReportCase.clip_id)
    query = query.where(col(ReportCase.closed_at).is_(None), Clip.creator_id != user.id)
    hidden = hidden_bytes(session, user)
    if hidden is not None:
        query = query.where(Clip.sha256 != hidden)
    order = (col(ReportCase.severity), col(ReportCase.opened_at), col(ReportCase.id))
    if cursor is not None:
        last = session.get(ReportCase, cursor)
        if last is None:
            raise BadCursor(value=cursor[:100])
        later = (order[1] > last.opened_at) | ((order[1] == last.opened_at) & (order[2] > last.id))
        query = query.where(or_(order[0] > last.severity, (order[0] == last.severity) & later))
    found = [(case, clip) for case, clip in session.exec(query.order_by(*order).limit(PAGE + 1))]
    return found[:PAGE], found[PAGE - 1][0].id if len(found) > PAGE else None


def dismiss(session: Session, user: User, clip_id: str, note: str, seen: Seen) -> ReportCase:
    """The clip stays. Not for its creator; by a lead where one was asked; and for whoever approved
    it only as a lead, because somebody else is promised to look."""
    case, clip = _case_for(session, user, clip_id)
    check_text("note", note, NOTE_LIMIT)
    if not is_visible(note):
        raise NoteMissing()
    _refuse_unseen(case, seen)
    if (why := objection(session, user, case, clip)) is not None:
        raise why
    facts = end(session, clip_id, Outcome.DISMISSED, actor=user.id, note=note)
    audit.append(session, actor=user.id, action="dismiss_reports", subject=clip_id, body=facts)
    return case


def escalate(session: Session, user: User, clip_id: str, note: str) -> ReportCase:
    """Leave the case to the leads."""
    case, _ = _case_for(session, user, clip_id)
    check_text("note", note, NOTE_LIMIT)
    if case.escalated_at is not None:
        raise CaseMovedOn(what="they wait for a lead already")
    case.escalated_at, case.escalated_by, case.escalation_note = utc_now(), user.id, note
    session.add(case)
    body = {"case": case.id, "words": words_digest(note)}
    audit.append(session, actor=user.id, action="escalate_reports", subject=clip_id, body=body)
    return case


def objection(session: Session, user: User, case: ReportCase, clip: Clip) -> GreenlightError | None:
    """Why this person may not dismiss a case that they may look at; None when they may."""
    if user.may("take down"):
        return None
    role = user.role.value if user.role else ""
    if not user.may("review"):
        return NotAllowed(role=role, action="dismiss a case")
    if case.escalated_at is not None:
        return NotAllowed(role=role, action="dismiss a case that was passed to a lead")
    return DecidedBefore() if user.id in barred(session, clip) else None


def end(
    session: Session, clip_id: str, outcome: Outcome, *, actor: str, note: str = ""
) -> dict[str, Any]:
    """Close the clip's open case, tell those who reported signed in, and forget who they were.
    Returns what the caller's row of the log says of it: nothing where there is no case."""
    case = open_case(session, clip_id)
    if case is None:
        return {}
    reports = list(session.exec(select(Report).where(Report.case_id == case.id)))
    case.closed_at, case.closed_by, case.note = utc_now(), actor, note
    case.outcome = outcome.value
    session.add(case)
    for person_id in sorted({each.person_id for each in reports if each.person_id}):
        tell(session, person_id=person_id, kind=_TELLS[outcome], clip_id=clip_id, actor=actor)
    session.execute(update(Report).where(col(Report.case_id) == case.id).values(person_id=None))
    return {"case": case.id, "ends": outcome.value, **_facts(case, reports)}


def open_case(session: Session, clip_id: str) -> ReportCase | None:
    query = select(ReportCase).where(ReportCase.clip_id == clip_id)
    return session.exec(query.where(col(ReportCase.closed_at).is_(None))).first()


def leads(session: Session) -> list[str]:
    roles = col(Person.role).in_([role.value for role in MAY["take down"]])
    return list(session.exec(select(Person.id).where(roles, col(Person.locked_at).is_(None))))


def problems(session: Session, rows: Sequence[AuditRow]) -> list[str]:
    """Cases that are not what the log says, in sentences; empty when all are."""
    told: dict[str, dict[str, AuditRow]] = {}
    for row in rows:
        if "case" in row.body:
            what = "end" if "ends" in row.body else row.action
            told.setdefault(row.body["case"], {})[what] = row
    reports: dict[str, list[Report]] = {}
    for report in session.exec(select(Report)):
        reports.setdefault(report.case_id, []).append(report)
    found = []
    for case in session.exec(select(ReportCase)):
        if not _fits(case, reports.get(case.id, []), told.pop(case.id, {})):
            found.append(f"The report case {case.id} is not what the log says.")
    return found + [f"The report case {case_id} is missing." for case_id in told]


def _case_for(session: Session, user: User, clip_id: str) -> tuple[ReportCase, Clip]:
    """The open case of a clip, for those who review. Raises NotFound for its creator, too."""
    user.must("review")
    clip = session.get(Clip, clip_id)
    if clip is None or clip.creator_id == user.id or clip.sha256 == hidden_bytes(session, user):
        raise NotFound()
    case = open_case(session, clip_id)
    if case is not None and clip.state == State.PUBLISHED:
        return case, clip
    past = select(ReportCase).where(ReportCase.clip_id == clip_id)
    last = session.exec(past.order_by(col(ReportCase.opened_at).desc())).first()
    if last is None:
        raise NotFound()
    raise CaseMovedOn(what=f"the clip was {last.outcome}" if last.outcome else "it is not public")


def _refuse_unseen(case: ReportCase, seen: Seen) -> None:
    if seen.case_id and seen.case_id != case.id:
        raise CaseMovedOn(what="these are others than you looked at")
    if seen.reasons and not case.counts.keys() <= set(seen.reasons):
        raise CaseMovedOn(what="somebody has named another reason")


def _facts(case: ReportCase, reports: Sequence[Report]) -> dict[str, Any]:
    """What the log keeps of a case that has ended: numbers, and digests of words."""
    said = sorted([each.id, each.reason, each.text, each.at_s, each.until_s] for each in reports)
    return {
        "reports": case.count,
        "said": words_digest(json.dumps(said, ensure_ascii=False)),
        "words": words_digest(case.note),
    }


def _fits(case: ReportCase, reports: list[Report], told: dict[str, AuditRow]) -> bool:
    begun, passed, ended = (told.get(what) for what in ("report", "escalate_reports", "end"))
    if begun is None or any(row.subject != case.clip_id for row in told.values()):
        return False
    if (passed is not None) != (case.escalated_at is not None):
        return False
    if passed is not None:
        logged = (passed.actor, passed.body["words"])
        if logged != (case.escalated_by, words_digest(case.escalation_note)):
            return False
    if ended is None or case.outcome is None:
        return ended is None and case.outcome is None
    facts = {"case": case.id, "ends": case.outcome, **_facts(case, reports)}
    is_same = all(ended.body.get(name) == value for name, value in facts.items())
    return is_same and ended.actor == case.closed_by
