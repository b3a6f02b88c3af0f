"""A new version of the review policy: checked, compared with the one in force, and written.

Knows nothing of pages. A code that decisions may have named stays in the policy for ever: it can
be retired, and a retired one keeps its words, so that no code ever comes to mean something else.
What no program can check is whether an edited text still means the same; the preview of the
changes is there for the person who publishes them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlmodel import Session, select

import audit
from accounts.permissions import User
from audit import SYSTEM, AuditRow
from errors import BadInput, SamePolicy, StalePolicy
from language import LANGUAGES
from moderation.models import PolicyVersion
from moderation.policy import SHIPPED, Policy, Reason, added, as_rows, current
from store import utc_now
from text import check_text, is_visible

CODE: Final = re.compile(r"[a-z][a-z0-9_]{1,39}")
LIMITS: Final = {"label": 60, "text": 300, "next": 300}
MOST_OFFERED: Final = 20
MOST: Final = 100  # with the retired ones, which stay
ACTION: Final = "amend_policy"  # in the log
SUBJECT: Final = "policy"


@dataclass(frozen=True)
class Change:
    """What becomes of one reason: added, changed, retired, brought back or moved in the list."""

    code: str
    kind: str
    before: Reason | None
    after: Reason

    def as_json(self) -> dict[str, Any]:
        before = None if self.before is None else asdict(self.before)
        return {
            "code": self.code,
            "kind": self.kind,
            "before": before,
            "after": asdict(self.after),
        }


def preview(
    session: Session, user: User, *, seen: int, reasons: Sequence[Reason]
) -> tuple[Policy, list[Change]]:
    """What publishing would write, and what would change. Writes nothing.

    `seen`: the version that was edited. Raises StalePolicy when it is not in force any more,
    SamePolicy when nothing changes, BadInput for a reason that cannot be.
    """
    user.must("administer")
    before = current(session)
    if seen != before.version:
        raise StalePolicy(seen=seen, version=before.version)
    check_reasons(before, reasons)
    found = changes(before, reasons)
    if not found:
        raise SamePolicy(version=before.version)
    return Policy(before.version + 1, tuple(reasons), utc_now()), found


def publish(
    session: Session, user: User, *, seen: int, reasons: Sequence[Reason]
) -> tuple[Policy, list[Change]]:
    """Make the version that decisions are made under from now on; its audit row goes with it."""
    after, found = preview(session, user, seen=seen, reasons=reasons)
    _write(session, user.id, after, found)
    return after, found


def install(session: Session) -> None:
    """Put the reasons that ship since version 1 in force as version 2, where version 1 still is.

    A policy that somebody has edited is theirs and stays as it is: only they know whether the
    gallery needs another reason, and what it should say.
    """
    before = current(session)
    if before.version == SHIPPED:
        after = Policy(SHIPPED + 1, (*before.reasons, *added()), utc_now())
        _write(session, SYSTEM, after, changes(before, after.reasons))


def problems(session: Session, log: Sequence[AuditRow]) -> list[str]:
    """Versions that the log tells otherwise: edited by hand, put in or taken out."""
    told = {row.body["version"]: row.body["sha256"] for row in log if row.action == ACTION}
    stored = {row.version: digest(row.reasons) for row in session.exec(select(PolicyVersion))}
    return [
        f"Version {version} of the review policy is not what the log says."
        for version in sorted(told.keys() | stored.keys())
        if told.get(version) != stored.get(version)
    ]


def digest(rows: list[dict[str, Any]]) -> str:
    """sha256 of a version's reasons: the log carries no texts, but shows when they were changed."""
    text = json.dumps(rows, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def changes(before: Policy, reasons: Sequence[Reason]) -> list[Change]:
    """What differs, in the order of the new list."""
    found = []
    for after in reasons:
        old = before.find(after.code)
        kind = _kind(old, after)
        if kind:
            found.append(Change(after.code, kind, old, after))
    return found or _moved(before, reasons)


def check_reasons(before: Policy, reasons: Sequence[Reason]) -> None:
    """Raise BadInput for the first reason that cannot stand in the version after `before`."""
    _check_number(reasons)
    seen: set[str] = set()
    for place, reason in enumerate(reasons):
        field = f"reasons.{place}"
        if not CODE.fullmatch(reason.code):
            rule = "a code is 2 to 40 small letters, digits and _, and begins with a letter"
            raise _refused(f"{field}.code", reason.code, rule, "Write it like real_person.")
        if reason.code in seen:
            rule = "a code stands once in the policy"
            raise _refused(f"{field}.code", reason.code, rule, "Take the second one out.")
        seen.add(reason.code)
        for language in LANGUAGES:
            _check_words(f"{field}.{language}", reason, language)
        _check_past(field, before.find(reason.code), reason)
    for old in before.reasons:
        if old.code not in seen:
            rule = "a code that was once in the policy stays, because decisions may name it"
            raise _refused("reasons", f"a list without {old.code}", rule, "Retire it instead.")


def _write(session: Session, actor: str, after: Policy, found: Sequence[Change]) -> None:
    rows = as_rows(after.reasons)
    row = PolicyVersion(version=after.version, reasons=rows, made_by=actor)
    if after.made_at is not None:
        row.made_at = after.made_at
    session.add(row)
    session.flush()
    body = {
        "version": after.version,
        "changes": [[change.kind, change.code] for change in found],
        "sha256": digest(rows),
    }
    audit.append(session, actor=actor, action=ACTION, subject=SUBJECT, body=body)


def _check_number(reasons: Sequence[Reason]) -> None:
    offered = sum(not reason.retired for reason in reasons)
    if not 1 <= offered <= MOST_OFFERED or len(reasons) > MOST:
        rule = f"1 to {MOST_OFFERED} reasons can be named, and {MOST} stand there with the retired"
        value = f"a list with {offered} of {len(reasons)}"
        raise _refused("reasons", value, rule, "Retire some, or keep one.")


def _check_words(field: str, reason: Reason, language: str) -> None:
    for name, value in asdict(reason.words(language)).items():
        check_text(f"{field}.{name}", value, LIMITS[name])
        if not is_visible(value):
            rule = "every reason has a label, a text and a next step in English and French"
            raise _refused(f"{field}.{name}", value, rule, "Write it.")
        if name == "label" and value.splitlines() != [value]:
            raise _refused(f"{field}.{name}", value, "a label is one line", "Join its lines.")


def _check_past(field: str, old: Reason | None, reason: Reason) -> None:
    if old is None and reason.retired:
        rule = "a new reason is there to be named"
        raise _refused(f"{field}.retired", True, rule, "Take it out, or do not retire it yet.")
    if old is not None and old.retired and (old.en, old.fr) != (reason.en, reason.fr):
        rule = "the words of a retired reason stay, so that its code never means something else"
        step = "Leave them as they were, or add a reason with a new code."
        raise _refused(field, reason.code, rule, step)


def _kind(old: Reason | None, after: Reason) -> str:
    if old is None:
        return "added"
    if old.retired != after.retired:
        return "retired" if after.retired else "returned"
    return "" if old == after else "changed"


def _moved(before: Policy, reasons: Sequence[Reason]) -> list[Change]:
    """Only the order differs: the reviewers' number keys follow it, so that is a version too."""
    offered = [reason for reason in reasons if not reason.retired]
    return [
        Change(after.code, "moved", before.find(after.code), after)
        for old, after in zip(before.offered, offered, strict=True)
        if old.code != after.code
    ]


def _refused(field: str, value: object, rule: str, step: str) -> BadInput:
    return BadInput(field=field, value=value, rule=rule, step=step)
