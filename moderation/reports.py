"""What anybody says of a published clip that should not be one: checked, counted once, kept in bounds.

Knows nothing of who looks at it (cases.py). However many reports there are, they change a number:
nothing is hidden, moved or decided here. An address is never stored. It counts as a hash under a
key of the day, and key and hashes go with the day (UTC), so it then leads back to nobody.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session, col, delete, func, select, update

import audit
from accounts.permissions import User
from errors import BadInput, NotFound, TooMany
from language import say
from moderation import policy
from moderation.cases import leads, open_case
from moderation.models import Clip, State
from moderation.policy import Reason
from moderation.report_models import Report, ReportCase, ReportDay, ReportTry
from notices.inbox import tell
from notices.models import Kind
from store import utc_now
from text import check_text, is_visible

TEXT_LIMIT: Final = 1000
PERSON_LIMIT: Final = 20
ADDRESS_LIMIT: Final = 60  # a school or a museum shares one address
WINDOW: Final = timedelta(hours=1)
DETAILS_KEPT: Final = 100
"""Strangers' reports of one case whose words and moments are kept; of members, all are."""
ROWS_KEPT: Final = 2000
"""Strangers' reports of one case that are told apart at all; beyond them only the count goes on."""
TRIES_KEPT: Final = 20_000
"""In all. Whoever has more addresses than that may report more often than others."""

OTHER: Final = "other"
_OF_THE_HOUSE: Final = frozenset({"technical_fault", "not_in_brief"})
"""What a gallery collects is its own affair, and a broken clip harms nobody."""
_NEEDED: Final = ("real_person", "copyright")
"""What somebody who is in a clip, or owns what is, must be able to say, even where an owner has
retired the reason."""
_GRAVEST: Final = 0
_SEVERITY: Final = {
    "minors": _GRAVEST,
    "sexual_content": 1,
    "violence": 1,
    "hate": 1,
    "real_person": 1,
    "private_data": 1,
    "flashing": 1,
    OTHER: 3,
}
_MIDDLING: Final = 2  # copyright, deception, and every reason that an owner has added
_FOR: Final = b"greenlight/reports/1"


@dataclass(frozen=True)
class Complaint:
    """A report as it came in, unchecked. Times are seconds from the clip's beginning."""

    reason: str
    text: str = ""
    at_s: float | None = None
    until_s: float | None = None


@dataclass(frozen=True)
class Source:
    """Whom a report counts for: the hash, and of an address the day whose key it is under."""

    key: str
    day: str | None = None


@dataclass(frozen=True)
class Choice:
    """A reason as the form offers it."""

    code: str
    label: str
    text: str


def choices(session: Session, language: str) -> list[Choice]:
    """The reasons that a report can name: those of the policy in force, and "something else"."""
    found = [_choice(reason, language) for reason in _reasons(session)]
    other = Choice(OTHER, say(language, "report.other"), say(language, "report.other.text"))
    return [*found, other]


def check_inputs(session: Session, complaint: Complaint) -> None:
    """Raise BadInput or TextTooLong for what no clip could be reported with. Looks at no clip, so
    that it answers the same for each."""
    known = [reason.code for reason in _reasons(session)] + [OTHER]
    if complaint.reason not in known:
        rule = f"it is one of {', '.join(known)}"
        raise BadInput(field="reason", value=complaint.reason, rule=rule, step="Name one of them.")
    check_text("text", complaint.text, TEXT_LIMIT)
    if complaint.reason == OTHER and not is_visible(complaint.text):
        rule = "with the reason other, words say what is wrong"
        raise BadInput(field="text", value=complaint.text, rule=rule, step="Write a sentence.")
    for field in ("at_s", "until_s"):
        _check_seconds(field, getattr(complaint, field))
    if complaint.until_s is not None:
        if complaint.at_s is None:
            rule = "the end of a range, so at_s says where it begins"
            raise BadInput(field="until_s", value=complaint.until_s, rule=rule, step="Send both.")
        if complaint.until_s < complaint.at_s:
            rule = f"it is not before at_s, {complaint.at_s}"
            raise BadInput(field="until_s", value=complaint.until_s, rule=rule, step="Swap them.")


def count_try(session: Session, user: User, address: str) -> Source:
    """Count one try, before anything is looked at, so that tries on held clips count too. Raises
    TooMany. Returns whom the report counts for."""
    now = utc_now()
    forget(session, now)
    day = now.date().isoformat()
    of_address = Source(_hashed(session, _salt(session, day), network_of(address)), day)
    limits = {of_address.key: ADDRESS_LIMIT}
    source = of_address
    if user.id:
        source = Source(_hashed(session, "person", user.id))
        limits[source.key] = PERSON_LIMIT
    for key, limit in limits.items():
        query = select(ReportTry.at).where(ReportTry.source == key).order_by(col(ReportTry.at))
        tries = session.exec(query).all()
        if len(tries) >= limit:
            wait = tries[0] + WINDOW - now
            raise TooMany(action="report a clip", retry_after_s=max(1, int(wait.total_seconds())))
    session.add_all([ReportTry(source=key, at=now) for key in limits])
    session.flush()
    _make_room(session)
    return source


def receive(
    session: Session, user: User, clip_id: str, complaint: Complaint, source: Source
) -> None:
    """Take a report of a published clip. Raises NotFound for every other, whatever it is, and
    BadInput for a moment past its end. One that was made before adds nothing and looks the same."""
    clip = session.get(Clip, clip_id)
    if clip is None or clip.state != State.PUBLISHED or clip.deleted_at is not None:
        raise NotFound()
    _check_within(clip, complaint)
    same = (Report.clip_id == clip_id, Report.reason == complaint.reason)
    if session.exec(select(Report.id).where(*same, Report.source == source.key)).first():
        return
    case = open_case(session, clip_id)
    severity = severity_of(complaint.reason)
    if case is None:
        case = _begin(session, user, clip, complaint.reason, severity)
    else:
        case.count += 1
        counts = dict(case.counts)
        counts[complaint.reason] = counts.get(complaint.reason, 0) + 1
        case.counts, case.severity = counts, min(case.severity, severity)
        session.add(case)
    _keep(session, user, case, complaint, source)


def forget(session: Session, now: datetime) -> None:
    """Drop what counts no more: tries, the keys of past days, and what was hashed with them."""
    today = now.date().isoformat()
    session.execute(delete(ReportTry).where(col(ReportTry.at) <= now - WINDOW))
    session.execute(delete(ReportDay).where(col(ReportDay.day) < today))
    past = update(Report).where(col(Report.source_day) < today)
    session.execute(past.values(source=None, source_day=None))


def is_stale(session: Session, now: datetime) -> bool:
    """Whether there is anything to forget."""
    old_day = select(ReportDay.day).where(ReportDay.day < now.date().isoformat()).limit(1)
    old_try = select(ReportTry.id).where(col(ReportTry.at) <= now - WINDOW).limit(1)
    return any(session.exec(query).first() is not None for query in (old_day, old_try))


def severity_of(reason: str) -> int:
    """How grave a reason is: 0 comes first."""
    return _SEVERITY.get(reason, _MIDDLING)


def length_s(clip: Clip) -> float:
    """How long a clip runs, as its page says it."""
    made = clip.made_as or {}
    frames: int = made.get("num_frames", clip.num_frames)
    fps: float = made.get("fps", clip.fps)
    return round(frames / fps, 3)


# ---- one report ---------------------------------------------------------------------------


def _begin(session: Session, user: User, clip: Clip, reason: str, severity: int) -> ReportCase:
    """The first report opens a case, and leads hear of it, once. The log does not say who spoke."""
    case = ReportCase(clip_id=clip.id, severity=severity, counts={reason: 1})
    session.add(case)
    session.flush()
    body = {"case": case.id, "reason": reason}
    audit.append(session, actor=audit.SYSTEM, action="report", subject=clip.id, body=body)
    for lead in leads(session):
        if lead != clip.creator_id:
            actor = user.id or audit.SYSTEM
            tell(session, person_id=lead, kind=Kind.REPORTED, clip_id=clip.id, actor=actor)
    return case


def _keep(
    session: Session, user: User, case: ReportCase, complaint: Complaint, source: Source
) -> None:
    of_strangers = (Report.case_id == case.id, col(Report.person_id).is_(None))
    kept = session.exec(select(func.count()).select_from(Report).where(*of_strangers)).one()
    if not user.id and kept >= ROWS_KEPT:
        return
    row = Report(
        case_id=case.id,
        clip_id=case.clip_id,
        reason=complaint.reason,
        person_id=user.id or None,
        source=source.key,
        source_day=source.day,
    )
    if user.id or kept < DETAILS_KEPT:
        row.text = complaint.text.strip()
        row.at_s, row.until_s = _seconds(complaint.at_s), _seconds(complaint.until_s)
    session.add(row)
    session.flush()


def _check_seconds(field: str, value: float | None) -> None:
    # Asked before anything is computed: an integer can have a thousand digits, and NaN is no order.
    if value is None or (0 <= value <= 10**9 and math.isfinite(value)):
        return
    rule = "it is a number of seconds from 0 to the clip's end"
    raise BadInput(field=field, value=value, rule=rule, step="Send seconds, such as 1.5.")


def _check_within(clip: Clip, complaint: Complaint) -> None:
    for field in ("at_s", "until_s"):
        value, end = getattr(complaint, field), length_s(clip)
        if value is not None and value > end:
            rule = f"the clip ends at {end} s"
            raise BadInput(field=field, value=value, rule=rule, step="Send a moment before that.")


def _seconds(value: float | None) -> float | None:
    return None if value is None else abs(float(value))  # no -0.0


def _reasons(session: Session) -> list[Reason]:
    found = [each for each in policy.current(session).offered if each.code not in _OF_THE_HOUSE]
    lacking = [code for code in _NEEDED if all(each.code != code for each in found)]
    return found + [each for each in policy.shipped().reasons if each.code in lacking]


def _choice(reason: Reason, language: str) -> Choice:
    words = reason.words(language)
    return Choice(reason.code, words.label, words.text)


# ---- whom it counts for -------------------------------------------------------------------


def _salt(session: Session, day: str) -> str:
    found = session.get(ReportDay, day)
    if found is None:
        found = ReportDay(day=day, salt=secrets.token_hex(16))
        session.add(found)
        session.flush()
    return found.salt


def _hashed(session: Session, *words: str) -> str:
    key = hmac.digest(session.info["audit_key"], _FOR, hashlib.sha256)
    return hmac.new(key, "\0".join(words).encode(), hashlib.sha256).hexdigest()[:32]


def network_of(address: str) -> str:
    """The address, and of IPv6 its network: one household has more addresses there than there are
    people."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _make_room(session: Session) -> None:
    count = session.exec(select(func.count()).select_from(ReportTry)).one()
    if count <= TRIES_KEPT:
        return
    oldest = select(ReportTry.id).order_by(col(ReportTry.at)).limit(count - TRIES_KEPT)
    session.execute(delete(ReportTry).where(col(ReportTry.id).in_(oldest)))
