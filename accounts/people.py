"""People and how they come in: invitations, passwords, bearer tokens, revocation.

Knows nothing of HTTP and cookies (identity.py) or clips. Every change adds its audit row in the
caller's transaction.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import unicodedata
from datetime import timedelta
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import ColumnElement
from sqlmodel import Session, col, delete, func, or_, select

import audit
from accounts import switches
from accounts.models import ApiToken, FailedLogin, Invite, Person, Profile, Role
from errors import (
    AccessEnded,
    BadInput,
    InviteUsed,
    NameTaken,
    TooMany,
    UnknownPerson,
    WrongPassword,
)
from store import utc_now
from text import is_unseen

TOKEN_PREFIX: Final = "gl_"  # noqa: S105
NAME_LIMIT: Final = 40
_NAME_MARKS: Final = " .'’_-"
PASSWORD_LEAST: Final = 8
PASSWORD_LIMIT: Final = 200
FAILED_LOGIN_LIMIT: Final = 10
FAILED_LOGIN_WINDOW: Final = timedelta(minutes=15)

ADDRESS_LIMIT: Final = 100  # a school or a museum shares one address

_hasher = PasswordHasher()
_two_at_a_time = threading.BoundedSemaphore(2)  # each check takes 64 MiB on purpose


def find_person(session: Session, name: str) -> Person:
    person = session.exec(select(Person).where(is_called(name))).first()
    if person is None:
        raise UnknownPerson(name=name)
    return person


def is_called(name: str) -> ColumnElement[bool]:
    """People of that name. Those of Hugging Face go by the name they have there now."""
    there = (col(Person.provider) == "hf") & (func.lower(Person.name) == name_key(name))
    return or_(col(Person.name_key) == name_key(name), there)


def everyone(session: Session) -> list[Person]:
    return list(session.exec(select(Person).order_by(col(Person.created_at), Person.name_key)))


def has_admin(session: Session) -> bool:
    """Whether somebody can administer, so that no further first-run link is needed."""
    query = select(Person).where(Person.role == Role.ADMIN.value, col(Person.locked_at).is_(None))
    return session.exec(query.limit(1)).first() is not None


# ---- invitations --------------------------------------------------------------------------


def invite(session: Session, *, role: Role, name: str | None, created_by: str, hours: int) -> str:
    """Make an invitation and return its token, which is shown once and good for one person."""
    if name is not None:
        name = _check_name(session, name)
    token = secrets.token_urlsafe(24)
    row = Invite(
        token_hash=_hash(token),
        role=role.value,
        name=name,
        created_by=created_by,
        expires_at=utc_now() + timedelta(hours=hours),
    )
    session.add(row)
    session.flush()
    body = {"role": role.value, "name": name, "hours": hours}
    audit.append(session, actor=created_by, action="invite", subject=row.id, body=body)
    return token


def open_invite(session: Session, token: str) -> Invite:
    """The invitation behind a link, if it still is good. Raises InviteUsed otherwise."""
    row = session.exec(select(Invite).where(Invite.token_hash == _hash(token))).first()
    if row is None or row.used_at is not None or row.expires_at <= utc_now():
        raise InviteUsed()
    return row


def accept(
    session: Session,
    token: str,
    *,
    name: str | None = None,
    password: str | None = None,
    subject: str | None = None,
) -> Person:
    """Turn an invitation into a person. Of two who follow one link at once, one comes in.

    `subject` is Hugging Face's id of the account that accepts (Spaces); it then signs in there.
    """
    switches.check(session, "signups")
    row = open_invite(session, token)
    chosen = row.name if row.name is not None else _check_name(session, name or "")
    if row.name is not None:
        _refuse_taken(session, row.name)
    person = Person(
        name=chosen,
        name_key=name_key(chosen),
        role=row.role,
        password_hash=_hash_password(password) if password else None,
        invite_id=row.id,
    )
    if subject is not None:
        person.provider, person.subject = "hf", subject
    row.used_at = utc_now()
    session.add_all([row, person])
    session.flush()
    body = {"name": chosen, "role": row.role, "invite": row.id}
    audit.append(session, actor=person.id, action="join", subject=person.id, body=body)
    return person


# ---- passwords ----------------------------------------------------------------------------


def count_try(session: Session, name: str, address: str) -> None:
    """Count one try to sign in, before the password is looked at, so that many at once count too.

    Raises TooMany. Tries are counted for a name from an address, so that nobody can lock somebody
    else out, and more widely for the address.
    """
    since = utc_now() - FAILED_LOGIN_WINDOW
    session.execute(delete(FailedLogin).where(col(FailedLogin.at) <= since))
    keys = {_pair(name, address): FAILED_LOGIN_LIMIT, f"from {address}": ADDRESS_LIMIT}
    for key, limit in keys.items():
        query = select(FailedLogin.at).where(FailedLogin.key == key).order_by(col(FailedLogin.at))
        tries = session.exec(query).all()
        if len(tries) >= limit:
            wait = tries[0] + FAILED_LOGIN_WINDOW - utc_now()
            raise TooMany(action="sign in", retry_after_s=max(1, int(wait.total_seconds())))
    session.add_all([FailedLogin(key=key) for key in keys])


def forget_tries(session: Session, name: str, address: str) -> None:
    """A right password clears what was counted for this name from this address."""
    session.execute(delete(FailedLogin).where(col(FailedLogin.key) == _pair(name, address)))


def check_password(person: Person | None, password: str) -> None:
    """Raise WrongPassword unless it fits. Takes as long for a name that does not exist."""
    known = person.password_hash if person and person.locked_at is None else None
    try:
        with _two_at_a_time:
            _hasher.verify(known or _nobodys_hash(), password)
    except VerificationError as error:
        raise WrongPassword() from error


# ---- tokens and revocation ----------------------------------------------------------------


def issue_token(session: Session, person: Person, *, created_by: str) -> str:
    """A new bearer token for scripts; returned once, stored as a hash."""
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    row = ApiToken(person_id=person.id, token_hash=_hash(token))
    session.add(row)
    session.flush()
    audit.append(session, actor=created_by, action="token", subject=person.id, body={"id": row.id})
    return token


def token_owner(session: Session, token: str) -> Person | None:
    query = (
        select(Person)
        .join(ApiToken, col(ApiToken.person_id) == Person.id)
        .where(ApiToken.token_hash == _hash(token), col(ApiToken.revoked_at).is_(None))
    )
    return session.exec(query).first()


def person_with_role(
    session: Session, name: str, role: Role, *, created_by: str
) -> tuple[Person, Role | None]:
    """The person of that name in that role, and the role they had: None when made just now.

    Raises AccessEnded for somebody whose access was ended: that is not undone by the way.
    """
    try:
        person = find_person(session, name)
    except UnknownPerson:
        chosen = _check_name(session, name)
        person = Person(name=chosen, name_key=name_key(chosen), role=role.value)
        session.add(person)
        session.flush()
        body = {"name": chosen, "role": role.value}
        audit.append(session, actor=created_by, action="join", subject=person.id, body=body)
        return person, None
    if person.locked_at is not None:
        raise AccessEnded(name=person.name)
    before = Role(person.role)
    if before is not role:
        body = {"from": before.value, "to": role.value}
        audit.append(session, actor=created_by, action="role", subject=person.id, body=body)
        person.role = role.value
        session.add(person)
    return person, before


def revoke(session: Session, name: str, *, revoked_by: str) -> Person:
    """Close every door of one person: browsers, tokens, password. Their clips stay as they are."""
    person = find_person(session, name)
    now = utc_now()
    person.locked_at = now
    person.session_version += 1
    session.add(person)
    for token in session.exec(select(ApiToken).where(ApiToken.person_id == person.id)):
        token.revoked_at = token.revoked_at or now
        session.add(token)
    audit.append(session, actor=revoked_by, action="revoke", subject=person.id)
    return person


# ---- rules --------------------------------------------------------------------------------


def name_key(name: str) -> str:
    """What makes two spellings one name: case, width, accents typed in either way, and characters
    that nobody sees."""
    seen = "".join(each for each in unicodedata.normalize("NFKC", name) if not is_unseen(each))
    return seen.strip().casefold()


def _check_name(session: Session, name: str) -> str:
    name = unicodedata.normalize("NFKC", name).strip()
    letters = all(unicodedata.category(each)[0] in "LMN" or each in _NAME_MARKS for each in name)
    if not letters or not name or not name[0].isalnum() or len(name) > NAME_LIMIT:
        rule = f"a name has 1 to {NAME_LIMIT} letters, digits, spaces, dots, dashes or apostrophes"
        raise BadInput(field="name", value=name, rule=rule, step="Choose a name like that.")
    _refuse_taken(session, name)
    return name


def _pair(name: str, address: str) -> str:
    return f"{name_key(name)[:NAME_LIMIT]} from {address}"


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_hex(8))


def _refuse_taken(session: Session, name: str) -> None:
    key = name_key(name)
    others = session.exec(select(Person).where(Person.name_key == key)).first()
    if others or session.exec(select(Profile).where(Profile.credit_key == key)).first():
        raise NameTaken(name=name)  # also one that somebody is credited by


def _hash_password(password: str) -> str:
    if not PASSWORD_LEAST <= len(password) <= PASSWORD_LIMIT:
        rule = f"a password has {PASSWORD_LEAST} to {PASSWORD_LIMIT} characters"
        value = f"{len(password)} characters"
        raise BadInput(field="password", value=value, rule=rule, step="Choose another, or none.")
    return _hasher.hash(password)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
