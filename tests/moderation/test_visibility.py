"""Who may see a clip, state by state and person by person, and that hidden reads as missing."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Role
from accounts.permissions import STRANGER, User
from errors import NotFound
from moderation.models import Clip, State
from moderation.visibility import can_see, visible_clip
from tests.conftest import REQUEST, House

WISH: dict[str, Any] = dict(REQUEST)
CREATOR = User("c1", "ana", Role.CREATOR)
PEOPLE = {
    "a stranger": STRANGER,
    "its creator": CREATOR,
    "another creator": User("c2", "ben", Role.CREATOR),
    "a reviewer": User("r1", "rita", Role.REVIEWER),
    "a lead": User("l1", "lea", Role.LEAD),
    "an auditor": User("u1", "aud", Role.AUDITOR),
    "an admin": User("a1", "ada", Role.ADMIN),
}
SEE_HELD_CLIPS = {"its creator", "a reviewer", "a lead", "an auditor", "an admin"}


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("state", State)
def test_a_held_clip_is_seen_by_those_it_concerns_only(state: State, who: str) -> None:
    clip = Clip(creator_id=CREATOR.id, state=state.value, **WISH)
    expected = state is State.PUBLISHED or who in SEE_HELD_CLIPS
    assert can_see(PEOPLE[who], clip) is expected


def test_a_creator_who_became_a_reviewer_sees_the_clips_of_others() -> None:
    clip = Clip(creator_id="c2", state=State.PENDING_REVIEW.value, **WISH)
    assert can_see(User(CREATOR.id, CREATOR.name, Role.REVIEWER), clip)


def test_nobody_without_an_id_is_taken_for_a_creator_without_an_id() -> None:
    assert not can_see(STRANGER, Clip(creator_id="", state=State.REJECTED.value, **WISH))


def test_hidden_and_missing_are_the_same_answer(house: House) -> None:
    clip = house.clip(State.PENDING_REVIEW)
    with house.store.read() as session:
        with pytest.raises(NotFound) as hidden:
            visible_clip(session, STRANGER, clip.id)
        with pytest.raises(NotFound) as missing:
            visible_clip(session, STRANGER, "0" * 16)
    assert hidden.value.as_json() == missing.value.as_json()


def test_its_creator_gets_the_clip(house: House) -> None:
    clip = house.clip(State.REJECTED)
    with house.store.read() as session:
        assert visible_clip(session, house.user("ana"), clip.id).id == clip.id


def test_a_clip_that_was_taken_down_is_hidden_again(house: House) -> None:
    clip = house.clip(State.TAKEN_DOWN)
    with house.store.read() as session, pytest.raises(NotFound):
        visible_clip(session, house.user("ben"), clip.id)
