"""Who sends a request: cookies, bearer tokens, and Hugging Face's sign-in on a Space alone."""

from __future__ import annotations

import time
from typing import Any

import pytest
from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from sqlmodel import func, select
from starlette.requests import HTTPConnection

from accounts import people, switches
from accounts.identity import COOKIE, Identity
from accounts.models import Person, Role
from accounts.permissions import STRANGER, User
from settings import Settings, read_settings
from store import Store
from tests.conftest import House

KEY = b"k" * 32


def asking(
    *, cookie: str | None = None, bearer: str | None = None, session: dict[str, Any] | None = None
) -> HTTPConnection:
    headers = []
    if cookie is not None:
        headers.append((b"cookie", f"{COOKIE}={cookie}".encode()))
    if bearer is not None:
        headers.append((b"authorization", f"Bearer {bearer}".encode()))
    scope: dict[str, Any] = {"type": "http", "headers": headers}
    if session is not None:
        scope["session"] = session
    return HTTPConnection(scope)


@pytest.fixture
def identity(house: House, settings: Settings) -> Identity:
    return Identity(settings, house.store, KEY)


def person(house: House, name: str) -> Person:
    with house.store.read() as session:
        return people.find_person(session, name)


def cookie(identity: Identity, house: House, name: str) -> str:
    return str(identity.cookie(person(house, name))["value"])


# ---- cookies ------------------------------------------------------------------------------


def test_a_cookie_signs_its_person_in(identity: Identity, house: House) -> None:
    found = identity.current_user(asking(cookie=cookie(identity, house, "rita")))
    assert found == house.user("rita")


def test_without_anything_one_is_a_stranger(identity: Identity) -> None:
    assert identity.current_user(asking()) == STRANGER


@pytest.mark.parametrize("value", ["", "x", "a.b.c", "é", "WyJhIiwxXQ.x.y", "." * 5000])
def test_a_made_up_cookie_is_nobodys(identity: Identity, value: str) -> None:
    connection = HTTPConnection(
        {"type": "http", "headers": [(b"cookie", f"{COOKIE}={value}".encode("latin-1"))]}
    )
    assert identity.current_user(connection) == STRANGER


def test_a_changed_cookie_is_nobodys(identity: Identity, house: House) -> None:
    value = cookie(identity, house, "ana")
    payload, _, rest = value.partition(".")
    other = cookie(identity, house, "ada").partition(".")[0]
    assert payload != other
    assert identity.current_user(asking(cookie=f"{other}.{rest}")) == STRANGER


@pytest.mark.parametrize(("key", "salt"), [(b"z" * 32, "session"), (KEY, "other")])
def test_a_cookie_signed_with_another_key_is_nobodys(
    identity: Identity, house: House, key: bytes, salt: str
) -> None:
    admin = person(house, "ada")
    forged = URLSafeTimedSerializer(key, salt=salt).dumps([admin.id, admin.session_version])
    assert identity.current_user(asking(cookie=str(forged))) == STRANGER


@pytest.mark.parametrize("payload", [{}, [], ["a"], "ab", ["nobody", 1], 7])
def test_a_signed_cookie_of_another_shape_is_nobodys(identity: Identity, payload: Any) -> None:
    signed = URLSafeTimedSerializer(KEY, salt="session").dumps(payload)
    assert identity.current_user(asking(cookie=str(signed))) == STRANGER


def aged(identity: Identity, house: House, days: float) -> str:
    with pytest.MonkeyPatch.context() as monkeypatch:
        then = int(time.time() - days * 86400)
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _self: then)
        return cookie(identity, house, "ana")


def test_a_cookie_expires(identity: Identity, house: House) -> None:
    old = aged(identity, house, days=30.01)
    assert identity.current_user(asking(cookie=old)) == STRANGER


def test_a_cookie_is_good_until_it_expires(identity: Identity, house: House) -> None:
    old = aged(identity, house, days=29.9)
    assert identity.current_user(asking(cookie=old)) == house.user("ana")


def test_a_revocation_ends_every_cookie_at_the_next_request(
    identity: Identity, house: House
) -> None:
    value = cookie(identity, house, "ana")
    with house.store.write() as session:
        people.revoke(session, "ana", revoked_by="ada")
    assert identity.current_user(asking(cookie=value)) == STRANGER


def test_a_cookie_signed_after_the_revocation_is_nobodys(identity: Identity, house: House) -> None:
    with house.store.write() as session:
        people.revoke(session, "ana", revoked_by="ada")
    assert identity.current_user(asking(cookie=cookie(identity, house, "ana"))) == STRANGER


def test_a_new_session_version_ends_the_cookies_before_it(identity: Identity, house: House) -> None:
    value = cookie(identity, house, "ana")
    with house.store.write() as session:
        people.find_person(session, "ana").session_version += 1
    assert identity.current_user(asking(cookie=value)) == STRANGER


def test_a_change_of_role_takes_effect_at_the_next_request(
    identity: Identity, house: House
) -> None:
    value = cookie(identity, house, "ana")
    with house.store.write() as session:
        people.person_with_role(session, "ana", Role.LEAD, created_by="ada")
    assert identity.current_user(asking(cookie=value)).role is Role.LEAD


def test_a_cookie_is_kept_from_scripts_and_other_sites(identity: Identity, house: House) -> None:
    made = identity.cookie(person(house, "ana"))
    kept = {name: made[name] for name in ("httponly", "samesite", "secure", "path", "max_age")}
    assert kept == {
        "httponly": True,
        "samesite": "lax",
        "secure": False,
        "path": "/",
        "max_age": 30 * 86400,
    }


def test_behind_https_a_cookie_travels_by_https_only(house: House, settings: Settings) -> None:
    public = read_settings(data=settings.data, public_url="https://clips.example")
    assert Identity(public, house.store, KEY).cookie(person(house, "ana"))["secure"] is True


# ---- bearer tokens ------------------------------------------------------------------------


@pytest.fixture
def token(house: House) -> str:
    with house.store.write() as session:
        return people.issue_token(session, people.find_person(session, "rita"), created_by="test")


def test_a_token_signs_its_person_in(identity: Identity, house: House, token: str) -> None:
    assert identity.current_user(asking(bearer=token)) == house.user("rita")


def test_an_unknown_token_is_nobodys(identity: Identity) -> None:
    assert identity.current_user(asking(bearer="gl_unknown")) == STRANGER


def test_a_bad_token_does_not_fall_back_to_the_cookie(identity: Identity, house: House) -> None:
    both = asking(cookie=cookie(identity, house, "ada"), bearer="gl_unknown")
    assert identity.current_user(both) == STRANGER


def test_a_revocation_ends_every_token_at_the_next_request(
    identity: Identity, house: House, token: str
) -> None:
    with house.store.write() as session:
        people.revoke(session, "rita", revoked_by="ada")
    assert identity.current_user(asking(bearer=token)) == STRANGER


def test_a_token_issued_after_the_revocation_opens_nothing(
    identity: Identity, house: House
) -> None:
    with house.store.write() as session:
        gone = people.revoke(session, "rita", revoked_by="ada")
        late = people.issue_token(session, gone, created_by="ada")
    assert identity.current_user(asking(bearer=late)) == STRANGER


# ---- Hugging Face -------------------------------------------------------------------------


def signed_in(
    name: str, *, sub: str = "1", orgs: list[dict[str, str]] | None = None, expires_in: float = 3600
) -> HTTPConnection:
    profile = {"sub": sub, "preferred_username": name, "orgs": orgs or []}
    info = {"userinfo": profile, "expires_at": time.time() + expires_in}
    return asking(session={"oauth_info": info})


def space(store: Store, settings: Settings, **values: Any) -> Identity:
    hosted = {"system": "spaces", "space_id": "owner/greenlight", "oauth_client_secret": "s"}
    configured = read_settings(data=settings.data, **hosted, **values)
    return Identity(configured, store, KEY)


def test_off_spaces_a_session_is_never_trusted(identity: Identity) -> None:
    """Its key is a public constant there, so anyone can write one."""
    assert identity.current_user(signed_in("ada")) == STRANGER


def test_off_spaces_there_is_no_hugging_face_profile(identity: Identity) -> None:
    assert identity.hugging_face_profile(signed_in("ada")) is None


def test_on_a_space_a_cookie_of_ours_opens_nothing(
    identity: Identity, house: House, settings: Settings
) -> None:
    value = cookie(identity, house, "ada")
    assert space(house.store, settings).current_user(asking(cookie=value)) == STRANGER


def test_the_owner_of_a_space_is_admin(store: Store, settings: Settings) -> None:
    found = space(store, settings).current_user(signed_in("owner"))
    assert (found.name, found.role) == ("owner", Role.ADMIN)


def test_a_listed_admin_is_admin(store: Store, settings: Settings) -> None:
    found = space(store, settings, admins="one, two").current_user(signed_in("two"))
    assert found.role is Role.ADMIN


def test_a_listed_reviewer_reviews(store: Store, settings: Settings) -> None:
    found = space(store, settings, reviewers="one,two").current_user(signed_in("two"))
    assert found.role is Role.REVIEWER


def test_a_member_of_the_organisation_reviews(store: Store, settings: Settings) -> None:
    member = signed_in("someone", orgs=[{"preferred_username": "curators"}])
    found = space(store, settings, reviewer_org="curators").current_user(member)
    assert found.role is Role.REVIEWER


def test_a_member_of_another_organisation_is_a_stranger(store: Store, settings: Settings) -> None:
    member = signed_in("someone", orgs=[{"preferred_username": "others"}])
    found = space(store, settings, reviewer_org="curators").current_user(member)
    assert found == STRANGER


def test_without_an_organisation_in_the_settings_no_organisation_reviews(
    store: Store, settings: Settings
) -> None:
    member = signed_in("someone", orgs=[{"preferred_username": ""}])
    assert space(store, settings).current_user(member) == STRANGER


def test_an_account_that_nobody_named_is_a_stranger(store: Store, settings: Settings) -> None:
    assert space(store, settings).current_user(signed_in("someone")) == STRANGER
    with store.read() as session:
        assert session.exec(select(func.count()).select_from(Person)).one() == 0


def test_an_expired_sign_in_is_ignored(store: Store, settings: Settings) -> None:
    expired = signed_in("owner", expires_in=-1)
    assert space(store, settings).current_user(expired) == STRANGER


@pytest.mark.parametrize(
    "session", [{}, {"oauth_info": None}, {"oauth_info": {}}, {"oauth_info": {"userinfo": {}}}]
)
def test_a_session_without_a_profile_is_nobodys(
    store: Store, settings: Settings, session: dict[str, Any]
) -> None:
    assert space(store, settings).current_user(asking(session=session)) == STRANGER


def test_a_second_request_is_the_same_person(store: Store, settings: Settings) -> None:
    at = space(store, settings)
    first, second = (at.current_user(signed_in("owner")) for _ in range(2))
    assert first == second


def test_a_renamed_account_stays_the_same_person(store: Store, settings: Settings) -> None:
    at = space(store, settings, reviewers="old,new")
    before = at.current_user(signed_in("old", sub="7"))
    after = at.current_user(signed_in("new", sub="7"))
    assert after.id == before.id


def test_the_old_name_of_a_renamed_account_may_come_back_as_another_person(
    store: Store, settings: Settings
) -> None:
    at = space(store, settings, reviewers="old,new")
    first = at.current_user(signed_in("old", sub="7"))
    at.current_user(signed_in("new", sub="7"))
    second = at.current_user(signed_in("old", sub="8"))
    assert second.role is Role.REVIEWER
    assert second.id != first.id


def test_leaving_the_list_ends_the_access_at_the_next_request(
    store: Store, settings: Settings
) -> None:
    assert space(store, settings, reviewers="rev").current_user(signed_in("rev")).role
    assert space(store, settings).current_user(signed_in("rev")) == STRANGER


def test_moving_from_one_list_to_the_other_changes_the_role(
    store: Store, settings: Settings
) -> None:
    before = space(store, settings, reviewers="rev").current_user(signed_in("rev"))
    after = space(store, settings, admins="rev").current_user(signed_in("rev"))
    assert (after.id, after.role) == (before.id, Role.ADMIN)


def invited(store: Store) -> None:
    with store.write() as session:
        token = people.invite(session, role=Role.CREATOR, name=None, created_by="x", hours=1)
        people.accept(session, token, name="someone", subject="9")


def test_an_invited_account_has_the_role_of_its_invitation(
    store: Store, settings: Settings
) -> None:
    invited(store)
    found = space(store, settings).current_user(signed_in("someone", sub="9"))
    assert found.role is Role.CREATOR


def test_an_invited_account_that_was_made_reviewer_and_left_the_list_keeps_its_invitation(
    store: Store, settings: Settings
) -> None:
    invited(store)
    listed = space(store, settings, reviewers="someone")
    assert listed.current_user(signed_in("someone", sub="9")).role is Role.REVIEWER
    unlisted = space(store, settings)
    assert unlisted.current_user(signed_in("someone", sub="9")).role is Role.CREATOR


def revoke_listed(store: Store, at: Identity) -> User:
    """Revoke by the name that the list of people shows."""
    name = at.current_user(signed_in("rev")).name
    with store.write() as session:
        people.revoke(session, name, revoked_by="ada")
    return at.current_user(signed_in("rev"))


def test_a_person_of_hugging_face_is_revoked_by_the_name_that_is_shown(
    store: Store, settings: Settings
) -> None:
    assert revoke_listed(store, space(store, settings, reviewers="rev")) == STRANGER


def test_nobody_new_comes_in_while_signups_are_paused(store: Store, settings: Settings) -> None:
    at = space(store, settings)
    with store.write() as session:
        switches.pause(session, "signups", message=None, paused_by="x")
    assert at.current_user(signed_in("owner")) == STRANGER


def test_who_is_in_stays_in_while_signups_are_paused(store: Store, settings: Settings) -> None:
    at = space(store, settings)
    before = at.current_user(signed_in("owner"))
    with store.write() as session:
        switches.pause(session, "signups", message=None, paused_by="x")
    assert at.current_user(signed_in("owner")) == before


def test_a_token_works_on_a_space_too(house: House, settings: Settings, token: str) -> None:
    found = space(house.store, settings).current_user(asking(bearer=token))
    assert found == house.user("rita")
