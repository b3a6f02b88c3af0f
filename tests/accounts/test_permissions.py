"""Who may do what: the table of the house, written out, and what a refusal says."""

from __future__ import annotations

import pytest

from accounts.models import Role
from accounts.permissions import MAY, STRANGER, User
from errors import NotAllowed, SignInNeeded

TABLE = {
    "create clips": {"creator", "reviewer", "lead", "admin"},
    "see held clips": {"reviewer", "lead", "auditor", "admin"},
    "review": {"reviewer", "lead", "admin"},
    "see the workload": {"lead", "auditor", "admin"},
    "hear of overdue clips": {"lead", "admin"},
    "keep golden clips": {"lead", "admin"},
    "curate": {"lead", "admin"},
    "take down": {"lead", "admin"},
    "administer": {"admin"},
}


def test_the_acts_are_those_of_the_table() -> None:
    assert set(MAY) == set(TABLE)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("act", TABLE)
def test_a_role_may_what_the_table_says(act: str, role: Role) -> None:
    assert User("1", "ana", role).may(act) is (role.value in TABLE[act])


@pytest.mark.parametrize("act", TABLE)
def test_a_stranger_may_nothing(act: str) -> None:
    assert not STRANGER.may(act)


def test_a_stranger_is_asked_to_sign_in() -> None:
    with pytest.raises(SignInNeeded):
        STRANGER.must("review")


def test_a_refusal_names_the_role_and_the_act() -> None:
    with pytest.raises(NotAllowed, match="creator may not take down"):
        User("1", "ana", Role.CREATOR).must("take down")


def test_who_may_is_let_through() -> None:
    User("1", "lea", Role.LEAD).must("take down")
