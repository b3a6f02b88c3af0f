"""People and how they come in: invitations, names, passwords, guessing, tokens, revocation."""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, func, select, update

from accounts import people, switches
from accounts.models import ApiToken, FailedLogin, Invite, Person, Role
from audit import AuditRow
from errors import (
    AccessEnded,
    BadInput,
    InviteUsed,
    NameTaken,
    Paused,
    TooMany,
    UnknownPerson,
    WrongPassword,
)
from settings import Settings
from store import Store, utc_now
from tests.conftest import House


def invite(store: Store, role: Role = Role.CREATOR, name: str | None = None, hours: int = 1) -> str:
    with store.write() as session:
        return people.invite(session, role=role, name=name, created_by="test", hours=hours)


def accept(store: Store, token: str, **values: Any) -> Person:
    with store.write() as session:
        return people.accept(session, token, **values)


# ---- invitations --------------------------------------------------------------------------


def test_an_invitation_makes_a_person_in_its_role(store: Store) -> None:
    person = accept(store, invite(store, Role.LEAD), name="Lea")
    assert (person.name, person.role) == ("Lea", "lead")


def test_an_invitation_with_a_name_gives_that_name(store: Store) -> None:
    assert accept(store, invite(store, name="Ana"), name="Somebody").name == "Ana"


def test_an_invitation_is_good_for_one_person(store: Store) -> None:
    token = invite(store)
    accept(store, token, name="Ana")
    with pytest.raises(InviteUsed):
        accept(store, token, name="Ben")


def test_of_eight_who_follow_one_link_at_once_one_comes_in(store: Store) -> None:
    token = invite(store)
    start = threading.Barrier(8)

    def follow(place: int) -> bool:
        start.wait()
        try:
            accept(store, token, name=f"Person {place}")
        except InviteUsed:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(follow, range(8))) == [False] * 7 + [True]
    with store.read() as session:
        assert session.exec(select(func.count()).select_from(Person)).one() == 1


def test_an_expired_invitation_is_refused(store: Store) -> None:
    token = invite(store, hours=0)
    with pytest.raises(InviteUsed):
        accept(store, token, name="Ana")


def test_an_invitation_is_good_until_its_hours_are_over(store: Store) -> None:
    token = invite(store, hours=1)
    with store.write() as session:
        soon = utc_now() + timedelta(seconds=30)
        session.execute(update(Invite).values(expires_at=soon))
    assert accept(store, token, name="Ana").name == "Ana"


def test_an_unknown_link_reads_like_a_used_one(store: Store) -> None:
    token = invite(store)
    accept(store, token, name="Ana")
    answers = []
    for tried in (token, "unknown"):
        with store.read() as session, pytest.raises(InviteUsed) as refused:
            people.open_invite(session, tried)
        answers.append(refused.value.as_json())
    assert answers[0] == answers[1]


def test_a_refused_name_leaves_the_invitation_good(store: Store) -> None:
    token = invite(store)
    with pytest.raises(BadInput):
        accept(store, token, name="<b>")
    assert accept(store, token, name="Ana").name == "Ana"


def test_an_invitation_is_stored_as_a_hash(store: Store, settings: Settings) -> None:
    token = invite(store)
    with store.read() as session:
        (row,) = session.exec(select(Invite))
    assert row.token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert not stored(settings, token)


def test_nobody_comes_in_while_signups_are_paused(store: Store) -> None:
    token = invite(store)
    with store.write() as session:
        switches.pause(session, "signups", message="Full.", paused_by="ada")
    with pytest.raises(Paused, match="Full"):
        accept(store, token, name="Ana")


def test_an_invitation_and_its_acceptance_are_logged(store: Store) -> None:
    person = accept(store, invite(store), name="Ana")
    with store.read() as session:
        rows = session.exec(select(AuditRow.actor, AuditRow.action).order_by("seq")).all()
    assert rows == [("test", "invite"), (person.id, "join")]


def stored(settings: Settings, secret: str) -> bool:
    """Whether a secret can be read anywhere in the instance's folder."""
    return any(
        secret.encode() in path.read_bytes() for path in settings.data.rglob("*") if path.is_file()
    )


# ---- names --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "Ana",
        "a",
        "Jean-Luc",
        "O'Neil",
        "O’Neil",
        "Åsa",
        "李小龙",
        "हिन्दी",
        "Ana 2",
        "user.name",
        "J.",
    ],
)
def test_a_name_like_this_is_fine(store: Store, name: str) -> None:
    assert accept(store, invite(store), name=name).name == name


def test_spaces_around_a_name_do_not_count(store: Store) -> None:
    assert accept(store, invite(store), name="  Ana ").name == "Ana"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "-ana",
        "_ana",
        ".ana",
        "a\nb",
        "a\0b",
        "<script>",
        "a/b",
        "hf:ana",
        "a@b",
        "a\u202eb",
        "a\u200bb",
        "x" * 41,
    ],
)
def test_a_name_like_this_is_refused(store: Store, name: str) -> None:
    token = invite(store)
    with pytest.raises(BadInput, match="a name has 1 to 40 letters"):
        accept(store, token, name=name)


def test_a_name_of_forty_letters_is_fine(store: Store) -> None:
    assert len(accept(store, invite(store), name="x" * 40).name) == 40


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Ana", "ana"),
        ("ana", "ANA"),
        ("Straße", "STRASSE"),
        ("Éva", "éVA"),
        ("Éva", "E\u0301va"),
        ("Ana", "\uff21\uff4e\uff41"),
    ],
)
def test_two_spellings_in_other_case_are_one_name(store: Store, first: str, second: str) -> None:
    accept(store, invite(store), name=first)
    token = invite(store)
    with pytest.raises(NameTaken):
        accept(store, token, name=second)


def test_an_invitation_is_not_made_for_a_name_that_is_taken(house: House) -> None:
    with pytest.raises(NameTaken):
        invite(house.store, name="ANA")


def test_a_name_that_was_taken_meanwhile_is_refused(store: Store) -> None:
    token = invite(store, name="Ana")
    accept(store, invite(store), name="ana")
    with pytest.raises(NameTaken):
        accept(store, token)


def test_a_person_is_found_in_any_case(house: House) -> None:
    with house.store.read() as session:
        assert people.find_person(session, " ANA ").name == "ana"


def test_an_unknown_person_is_named_in_the_error(house: House) -> None:
    with house.store.read() as session, pytest.raises(UnknownPerson, match="'nobody'"):
        people.find_person(session, "nobody")


# ---- passwords ----------------------------------------------------------------------------


def test_the_right_password_is_accepted(store: Store) -> None:
    people.check_password(accept(store, invite(store), name="Ana", password="12345678"), "12345678")


@pytest.mark.parametrize("tried", ["", "12345679", "12345678 ", "1234567", "12345678\0"])
def test_a_wrong_password_is_refused(store: Store, tried: str) -> None:
    person = accept(store, invite(store), name="Ana", password="12345678")
    with pytest.raises(WrongPassword):
        people.check_password(person, tried)


def test_nobody_signs_in_without_a_password_of_their_own(store: Store) -> None:
    person = accept(store, invite(store), name="Ana")
    with pytest.raises(WrongPassword):
        people.check_password(person, "")


def test_an_unknown_name_reads_like_a_wrong_password(store: Store) -> None:
    person = accept(store, invite(store), name="Ana", password="12345678")
    answers = []
    for who in (person, None):
        with pytest.raises(WrongPassword) as refused:
            people.check_password(who, "wrong")
        answers.append(refused.value.as_json())
    assert answers[0] == answers[1]


@pytest.mark.parametrize("length", [7, 201])
def test_a_password_of_this_length_is_refused_and_not_repeated(store: Store, length: int) -> None:
    token = invite(store)
    with pytest.raises(BadInput, match="a password has 8 to 200 characters") as refused:
        accept(store, token, name="Ana", password="p" * length)
    assert "p" * 7 not in refused.value.message.replace("password", "")


def test_a_password_is_stored_as_an_argon2_hash(store: Store, settings: Settings) -> None:
    person = accept(store, invite(store), name="Ana", password="correct horse battery")
    assert (person.password_hash or "").startswith("$argon2id$")
    assert not stored(settings, "correct horse battery")


# ---- guessing -----------------------------------------------------------------------------


def guess(store: Store, times: int, name: str = "ana", address: str = "1.2.3.4") -> None:
    for _ in range(times):
        with store.write() as session:
            people.count_try(session, name, address)


def test_ten_tries_are_let_through(store: Store) -> None:
    guess(store, 10)


def test_after_ten_tries_one_has_to_wait(store: Store) -> None:
    guess(store, 10)
    with pytest.raises(TooMany) as refused:
        guess(store, 1)
    assert 1 <= int(str(refused.value.facts["retry_after_s"])) <= 900


def test_a_name_in_another_spelling_is_the_same_name(store: Store) -> None:
    guess(store, 10)
    with pytest.raises(TooMany):
        guess(store, 1, name=" ANA ")


def test_guessing_at_one_name_locks_no_other_name_out(store: Store) -> None:
    guess(store, 10)
    guess(store, 1, name="ben")


def test_guessing_from_one_address_locks_nobody_out_elsewhere(store: Store) -> None:
    guess(store, 10)
    guess(store, 1, address="5.6.7.8")


def test_one_address_cannot_try_name_after_name(store: Store) -> None:
    for place in range(10):
        guess(store, 10, name=f"name {place}")
    with pytest.raises(TooMany):
        guess(store, 1, name="one more")


def test_many_tries_at_once_count_too(store: Store) -> None:
    def try_it(_place: int) -> bool:
        try:
            guess(store, 1)
        except TooMany:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(try_it, range(24))) == 10


def test_a_right_password_clears_the_tries(store: Store) -> None:
    guess(store, 10)
    with store.write() as session:
        people.forget_tries(session, "Ana", "1.2.3.4")
    guess(store, 10)


def test_old_tries_do_not_count(store: Store) -> None:
    guess(store, 10)
    with store.write() as session:
        old = utc_now() - timedelta(minutes=15, seconds=1)
        session.execute(update(FailedLogin).values(at=old))
    guess(store, 1)


def test_tries_within_the_window_count(store: Store) -> None:
    guess(store, 10)
    with store.write() as session:
        session.execute(update(FailedLogin).values(at=utc_now() - timedelta(minutes=14)))
    with pytest.raises(TooMany) as refused:
        guess(store, 1)
    assert int(str(refused.value.facts["retry_after_s"])) <= 60


# ---- tokens, roles and revocation ---------------------------------------------------------


def issue(house: House, name: str) -> str:
    with house.store.write() as session:
        return people.issue_token(session, people.find_person(session, name), created_by="test")


def owner(house: House, token: str) -> str | None:
    with house.store.read() as session:
        person = people.token_owner(session, token)
        return person.name if person else None


def test_a_token_belongs_to_its_person(house: House) -> None:
    token = issue(house, "ana")
    assert token.startswith("gl_")
    assert owner(house, token) == "ana"


@pytest.mark.parametrize(
    "change", [str.upper, lambda token: token[:-1], lambda _: "", lambda _: "gl_"]
)
def test_another_token_belongs_to_nobody(house: House, change: Any) -> None:
    assert owner(house, change(issue(house, "ana"))) is None


def test_a_token_is_stored_as_a_hash(house: House, settings: Settings) -> None:
    token = issue(house, "ana")
    with house.store.read() as session:
        (row,) = session.exec(select(ApiToken))
    assert row.token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert not stored(settings, token)


def test_the_hash_of_a_token_is_no_token(house: House) -> None:
    assert owner(house, hashlib.sha256(issue(house, "ana").encode()).hexdigest()) is None


def test_a_revoked_person_has_no_token(house: House) -> None:
    token = issue(house, "ana")
    with house.store.write() as session:
        people.revoke(session, "ana", revoked_by="ada")
    assert owner(house, token) is None


def test_a_revocation_leaves_others_alone(house: House) -> None:
    token = issue(house, "ben")
    with house.store.write() as session:
        people.revoke(session, "ana", revoked_by="ada")
    assert owner(house, token) == "ben"


def test_a_revoked_person_has_no_password(store: Store) -> None:
    accept(store, invite(store), name="Ana", password="12345678")
    with store.write() as session:
        person = people.revoke(session, "ana", revoked_by="ada")
    with pytest.raises(WrongPassword):
        people.check_password(person, "12345678")


def test_the_clips_of_a_revoked_person_stay(house: House) -> None:
    clip = house.clip()
    with house.store.write() as session:
        people.revoke(session, "ana", revoked_by="ada")
    assert house.get(clip.id) == clip


def test_a_name_stays_taken_after_a_revocation(house: House) -> None:
    with house.store.write() as session:
        people.revoke(session, "ana", revoked_by="ada")
    with pytest.raises(NameTaken):
        invite(house.store, name="ana")


def test_a_change_of_role_is_logged_with_both_roles(house: House) -> None:
    with house.store.write() as session:
        person, _ = people.person_with_role(session, "ana", Role.LEAD, created_by="ada")
    with house.store.read() as session:
        rows = session.exec(select(AuditRow).order_by(col(AuditRow.seq).desc())).all()
    assert (rows[0].action, rows[0].subject) == ("role", person.id)
    assert rows[0].body == {"from": "creator", "to": "lead"}


def test_the_same_role_again_is_nothing_to_log(house: House) -> None:
    def rows() -> int:
        with house.store.read() as session:
            return session.exec(select(func.count()).select_from(AuditRow)).one()

    before = rows()
    with house.store.write() as session:
        people.person_with_role(session, "ana", Role.CREATOR, created_by="ada")
    assert rows() == before


def test_a_person_is_told_from_one_who_was_there_before(house: House) -> None:
    with house.store.write() as session:
        _, before = people.person_with_role(session, "ana", Role.LEAD, created_by="ada")
        _, nothing = people.person_with_role(session, "new", Role.LEAD, created_by="ada")
    assert (before, nothing) == (Role.CREATOR, None)


def test_a_revoked_person_does_not_come_back_by_the_way(house: House) -> None:
    with house.store.write() as session:
        people.revoke(session, "ana", revoked_by="ada")
    with pytest.raises(AccessEnded), house.store.write() as session:
        people.person_with_role(session, "ana", Role.ADMIN, created_by="ada")


def test_an_instance_with_an_admin_needs_no_first_link(house: House) -> None:
    with house.store.read() as session:
        assert people.has_admin(session)


def test_a_revoked_admin_does_not_count(house: House) -> None:
    with house.store.write() as session:
        people.revoke(session, "ada", revoked_by="console")
    with house.store.read() as session:
        assert not people.has_admin(session)


def test_everyone_is_listed(house: House) -> None:
    with house.store.read() as session:
        names = {person.name for person in people.everyone(session)}
    assert names == {"ana", "ben", "rita", "rob", "lea", "ada", "aud"}
