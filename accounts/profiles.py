"""What people say of themselves on their public page: credit name, a few lines, links.

Knows nothing of pages or clips, nor of whether there is anything to show beside it. A credit name
is shown as the name of whoever made a clip, so nobody takes one that somebody else goes by. Each
change is in the log as a digest; the words themselves are here alone.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel import Session, col, select

import audit
from accounts.models import Person, Profile
from accounts.people import NAME_LIMIT, is_called, name_key
from accounts.permissions import User
from audit import AuditRow, words_digest
from errors import BadInput, GreenlightError, NotFound, SignInNeeded, UnknownPerson
from store import as_text, utc_now
from text import check_line, check_link, check_text, is_visible

BIO_LIMIT: Final = 1000
LINKS_LIMIT: Final = 5
REASON_LIMIT: Final = 500
_WRITE: Final = "profile"
_CLEAR: Final = "clear_profile"


class CreditNameTaken(GreenlightError):
    """A credit name that could be read as somebody else's."""

    status = 409
    code = "credit_name_taken"
    says = "The credit name {name!r} is the name of somebody else here."
    fix_says = "Choose another, or leave it empty to be credited by your own name."


@dataclass(frozen=True)
class Wanted:
    """A profile as it came in, unchecked; all of it at once."""

    credit_name: str = ""
    bio: str = ""
    links: Sequence[str] = ()


def own(session: Session, user: User) -> dict[str, Any]:
    """One's own profile, with what a lead did to it."""
    if user.role is None:
        raise SignInNeeded()
    row = session.get(Profile, user.id) or Profile(person_id=user.id)
    cleared = None
    if row.cleared_at is not None:
        cleared = {"at": as_text(row.cleared_at), "reason": row.cleared_reason}
    return {"name": user.name, **_shown(row), "cleared": cleared}


def of(session: Session, person_id: str) -> dict[str, Any]:
    """Somebody's profile as everyone may read it."""
    row = session.get(Profile, person_id)
    return _shown(row or Profile(person_id=person_id))


def write(session: Session, user: User, wanted: Wanted) -> dict[str, Any]:
    """Set all of one's own profile. Raises BadInput, TextTooLong or CreditNameTaken."""
    if user.role is None:
        raise SignInNeeded()
    user.must("create clips")
    name, bio, links = _check(wanted)
    if name:
        _refuse_taken(session, user, name)
    row = session.get(Profile, user.id) or Profile(person_id=user.id)
    row.credit_name, row.credit_key = (name, name_key(name)) if name else (None, None)
    row.bio, row.links = bio, links
    row.updated_at = utc_now()
    if bio or links:
        row.cleared_at, row.cleared_reason = None, ""
    _keep(session, row, actor=user.id, action=_WRITE)
    return own(session, user)


def clear(session: Session, user: User, name: str, reason: str) -> Person:
    """Take somebody's lines and links off their page, with a reason that they are told."""
    user.must("take down")
    check_text("reason", reason, REASON_LIMIT)
    if not is_visible(reason):
        rule = "whoever wrote it is told why it is gone"
        raise BadInput(field="reason", value=reason, rule=rule, step="Write a reason.")
    person = session.exec(select(Person).where(is_called(name))).first()
    if person is None:
        raise UnknownPerson(name=name)
    row = session.get(Profile, person.id)
    if row is None or not (row.bio or row.links):
        raise NotFound()
    row.bio, row.links = "", []
    row.updated_at = row.cleared_at = utc_now()
    row.cleared_reason = reason
    _keep(session, row, actor=user.id, action=_CLEAR, reason=reason)
    return person


def credit_names(session: Session, ids: Collection[str]) -> dict[str, str]:
    """person's id → the name they are credited by, for those who chose another than their own."""
    query = select(Profile.person_id, Profile.credit_name).where(
        col(Profile.person_id).in_(set(ids)), col(Profile.credit_name).is_not(None)
    )
    return {person_id: name for person_id, name in session.exec(query) if name}


def problems(session: Session, rows: Iterable[AuditRow]) -> list[str]:
    """Profiles that are not what the log says."""
    logged = {row.subject: row.body["words"] for row in rows if row.action in (_WRITE, _CLEAR)}
    kept = {row.person_id: _digest(row) for row in session.exec(select(Profile))}
    return [
        f"The profile of {person_id} is not what the log says."
        for person_id in sorted(logged.keys() | kept.keys())
        if logged.get(person_id) != kept.get(person_id)
    ]


def _check(wanted: Wanted) -> tuple[str, str, list[str]]:
    name, bio = wanted.credit_name.strip(), wanted.bio.strip()
    links = [link.strip() for link in wanted.links if link.strip()]
    check_line("credit_name", name, NAME_LIMIT)
    check_text("bio", bio, BIO_LIMIT)
    if len(links) > LINKS_LIMIT:
        rule = f"at most {LINKS_LIMIT} links"
        raise BadInput(field="links", value=len(links), rule=rule, step="Keep the best ones.")
    for link in links:
        check_link("links", link)
    return name, bio, links


def _refuse_taken(session: Session, user: User, name: str) -> None:
    others = select(Person.id).where(is_called(name), Person.id != user.id)
    credited = select(Profile.person_id).where(
        Profile.credit_key == name_key(name), Profile.person_id != user.id
    )
    if session.exec(others).first() or session.exec(credited).first():
        raise CreditNameTaken(name=name)


def _keep(session: Session, row: Profile, *, actor: str, action: str, **more: str) -> None:
    session.add(row)
    session.flush()
    body = {"words": _digest(row), **more}
    audit.append(session, actor=actor, action=action, subject=row.person_id, body=body)


def _digest(row: Profile) -> str:
    return words_digest(json.dumps(_shown(row), sort_keys=True, ensure_ascii=False))


def _shown(row: Profile) -> dict[str, Any]:
    return {"credit_name": row.credit_name or "", "bio": row.bio or "", "links": row.links or []}
