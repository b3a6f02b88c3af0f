"""Who sends this request: a bearer token, a signed cookie, or Hugging Face's sign-in on a Space.

Knows nothing of what they may do (permissions.py). The cookie says only *who*; the role, and
whether they still have access, is read from the database at every request.
"""

from __future__ import annotations

import time
from typing import Any, Final

from itsdangerous import BadData, URLSafeTimedSerializer
from sqlmodel import Session, select
from starlette.requests import HTTPConnection

import audit
from accounts import people, switches
from accounts.models import Invite, Person, Role
from accounts.permissions import STRANGER, User
from errors import Paused
from settings import Settings
from store import Store

COOKIE: Final = "greenlight"
_DAY_S: Final = 86400


class Identity:
    """Finds the user of a connection: routes and Gradio events both ask here, nowhere else."""

    def __init__(self, settings: Settings, store: Store, cookie_key: bytes) -> None:
        self._settings = settings
        self._store = store
        self._signer = URLSafeTimedSerializer(cookie_key, salt="session")

    def current_user(self, connection: HTTPConnection) -> User:
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            with self._store.read() as session:
                return _as_user(people.token_owner(session, token.strip()))
        if self._settings.on_spaces:
            return self._hugging_face_user(connection)
        return self._cookie_user(connection.cookies.get(COOKIE, ""))

    def cookie(self, person: Person) -> dict[str, Any]:
        """Arguments of Starlette's `set_cookie` that sign `person` in on one browser."""
        value = self._signer.dumps([person.id, person.session_version])
        return {
            "key": COOKIE,
            "value": value,
            "max_age": self._settings.session_days * _DAY_S,
            "httponly": True,
            "samesite": "lax",
            "secure": self._settings.is_https,
            "path": "/",
        }

    def _cookie_user(self, cookie: str) -> User:
        try:
            person_id, version = self._signer.loads(
                cookie, max_age=self._settings.session_days * _DAY_S
            )
        except (BadData, ValueError, TypeError):
            return STRANGER
        with self._store.read() as session:
            person = session.get(Person, person_id)
            return _as_user(person) if person and person.session_version == version else STRANGER

    def hugging_face_profile(self, connection: HTTPConnection) -> dict[str, Any] | None:
        """The profile that Hugging Face vouched for on this Space, if its sign-in is still good."""
        if not self._settings.on_spaces:
            return None  # off Spaces the session is signed with a public constant: never trust it
        info = (connection.scope.get("session") or {}).get("oauth_info") or {}
        profile = info.get("userinfo") or {}
        good = profile.get("sub") and (info.get("expires_at") or 0) > time.time()
        return profile if good else None

    def _hugging_face_user(self, connection: HTTPConnection) -> User:
        profile = self.hugging_face_profile(connection)
        if profile is None:
            return STRANGER
        with self._store.read() as session:
            person = _find_account(session, profile)
            role = self._space_role(session, profile, person)
        if role is None:
            return STRANGER
        if person is None or person.role != role or _is_renamed(person, profile):
            try:
                with self._store.write() as session:
                    person = self._admit(session, profile)
            except Paused:
                return STRANGER
        return _as_user(person)

    def _admit(self, session: Session, profile: dict[str, Any]) -> Person | None:
        """Make or move the person behind a Hugging Face account, as the settings name them."""
        person = _find_account(session, profile)
        role = self._space_role(session, profile, person)
        if role is None:
            return None
        if person is None:
            switches.check(session, "signups")
            name = str(profile["preferred_username"])
            person = Person(name=name, name_key=f"hf:{profile['sub']}", role=role)
            person.provider, person.subject = "hf", str(profile["sub"])
            session.add(person)
            session.flush()
            body = {"name": name, "role": role, "provider": "hf"}
            audit.append(session, actor=person.id, action="join", subject=person.id, body=body)
        elif person.role != role:
            body = {"from": person.role, "to": role}
            audit.append(session, actor=audit.SYSTEM, action="role", subject=person.id, body=body)
            person.role = role
        if _is_renamed(person, profile):
            person.name = str(profile["preferred_username"])
        session.add(person)
        return person

    def _space_role(
        self, session: Session, profile: dict[str, Any], person: Person | None
    ) -> str | None:
        """The role that the Space's settings give this account, else its invitation's, else none."""
        name = profile.get("preferred_username")
        orgs = {
            org.get("preferred_username") or org.get("name") for org in profile.get("orgs") or ()
        }
        if name in self._settings.admins or name == self._settings.space_id.partition("/")[0]:
            return Role.ADMIN.value
        if name in self._settings.reviewers or (
            self._settings.reviewer_org and self._settings.reviewer_org in orgs
        ):
            return Role.REVIEWER.value
        invite = session.get(Invite, person.invite_id) if person and person.invite_id else None
        return invite.role if invite else None


def _find_account(session: Session, profile: dict[str, Any]) -> Person | None:
    query = select(Person).where(Person.provider == "hf", Person.subject == str(profile["sub"]))
    return session.exec(query).first()


def _is_renamed(person: Person, profile: dict[str, Any]) -> bool:
    """Those who came by a list go by their name there; those invited keep the name they took."""
    return person.invite_id is None and person.name != profile["preferred_username"]


def _as_user(person: Person | None) -> User:
    if person is None or person.locked_at is not None:
        return STRANGER
    return User(id=person.id, name=person.name, role=Role(person.role))
