"""What people say of themselves, and that nobody is credited by the name of another."""

from __future__ import annotations

import pytest
from sqlmodel import col, select, update

from accounts import people, profiles
from accounts.models import Profile, Role
from accounts.permissions import STRANGER
from accounts.profiles import BIO_LIMIT, LINKS_LIMIT, CreditNameTaken, Wanted
from audit import AuditRow
from errors import BadInput, NameTaken, NotAllowed, NotFound, SignInNeeded, TextTooLong
from moderation import proof
from tests.conftest import House

FULL = Wanted("Ana María", "I film dusk.", ["https://ana.example/films"])


def write(house: House, wanted: Wanted = FULL, who: str = "ana") -> dict[str, object]:
    with house.store.write() as session:
        return profiles.write(session, house.user(who), wanted)


def clear(house: House, by: str, name: str = "ana", reason: str = "An insult.") -> None:
    with house.store.write() as session:
        profiles.clear(session, house.user(by), name, reason)


def public(house: House, name: str = "ana") -> dict[str, object]:
    with house.store.read() as session:
        return profiles.of(session, house.user(name).id)


def test_a_profile_is_what_was_written(house: House) -> None:
    write(house)
    assert public(house) == {
        "credit_name": "Ana María",
        "bio": "I film dusk.",
        "links": ["https://ana.example/films"],
    }


def test_whoever_wrote_none_has_an_empty_one(house: House) -> None:
    assert public(house) == {"credit_name": "", "bio": "", "links": []}


def test_writing_again_replaces_all_of_it(house: House) -> None:
    write(house)
    write(house, Wanted(bio="New."))
    assert public(house) == {"credit_name": "", "bio": "New.", "links": []}


def test_a_stranger_writes_none(house: House) -> None:
    with house.store.write() as session, pytest.raises(SignInNeeded):
        profiles.write(session, STRANGER, FULL)


def test_a_long_bio_is_refused(house: House) -> None:
    with pytest.raises(TextTooLong):
        write(house, Wanted(bio="x" * (BIO_LIMIT + 1)))


@pytest.mark.parametrize("link", ["http://ana.example", "javascript:alert(1)", "https://a:b@c.de"])
def test_a_link_that_is_none_is_refused(house: House, link: str) -> None:
    with pytest.raises(BadInput):
        write(house, Wanted(links=[link]))


def test_more_links_than_the_limit_are_refused(house: House) -> None:
    links = [f"https://ana.example/{n}" for n in range(LINKS_LIMIT + 1)]
    with pytest.raises(BadInput, match="at most"):
        write(house, Wanted(links=links))


@pytest.mark.parametrize("name", ["ben", "BEN", " Ben ", "\uff22\uff25\uff2e"])
def test_nobody_is_credited_by_the_name_of_another_account(house: House, name: str) -> None:
    with pytest.raises(CreditNameTaken):
        write(house, Wanted(credit_name=name))


def test_nobody_is_credited_by_a_credit_name_that_is_taken(house: House) -> None:
    write(house)
    with pytest.raises(CreditNameTaken):
        write(house, Wanted(credit_name="ANA MARÍA"), "ben")


def test_one_s_own_name_is_a_credit_name_too(house: House) -> None:
    assert write(house, Wanted(credit_name="Ana"))["credit_name"] == "Ana"


def test_a_credit_name_is_no_name_for_a_new_account(house: House) -> None:
    write(house)
    with house.store.write() as session, pytest.raises(NameTaken):
        people.person_with_role(session, "ana maría", Role.CREATOR, created_by="test")


def test_a_lead_clears_lines_and_links_and_says_why(house: House) -> None:
    write(house)
    clear(house, "lea")
    with house.store.read() as session:
        mine = profiles.own(session, house.user("ana"))
    assert (mine["bio"], mine["links"], mine["credit_name"]) == ("", [], "Ana María")
    assert mine["cleared"]["reason"] == "An insult."


def test_who_cleared_and_why_is_in_the_log(house: House) -> None:
    write(house)
    clear(house, "lea")
    with house.store.read() as session:
        row = session.exec(select(AuditRow).where(AuditRow.action == "clear_profile")).one()
    assert (row.actor, row.body["reason"]) == (house.user("lea").id, "An insult.")


@pytest.mark.parametrize("who", ["ana", "ben", "rita", "aud"])
def test_nobody_else_clears_a_profile(house: House, who: str) -> None:
    write(house)
    with pytest.raises(NotAllowed):
        clear(house, who)


def test_clearing_needs_a_reason(house: House) -> None:
    write(house)
    with pytest.raises(BadInput):
        clear(house, "lea", reason=" ")


def test_there_is_nothing_to_clear_where_nothing_was_written(house: House) -> None:
    with pytest.raises(NotFound):
        clear(house, "lea")


def test_new_lines_end_the_word_of_a_clearing(house: House) -> None:
    write(house)
    clear(house, "lea")
    write(house, Wanted(bio="Better."))
    with house.store.read() as session:
        assert profiles.own(session, house.user("ana"))["cleared"] is None


def test_the_proof_holds_over_all_of_it(house: House) -> None:
    write(house)
    clear(house, "lea")
    with house.store.read() as session:
        assert proof.problems(session, session.info["audit_key"]) == []


def test_a_profile_changed_past_the_log_shows(house: House) -> None:
    write(house)
    ana = house.user("ana").id
    with house.store.write() as session:
        session.execute(update(Profile).where(col(Profile.person_id) == ana).values(bio="Forged."))
    with house.store.read() as session:
        found = proof.problems(session, session.info["audit_key"])
    assert found == [f"The profile of {ana} is not what the log says."]
