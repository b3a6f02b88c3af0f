"""What is left where a clip was taken down."""

from __future__ import annotations

import pytest

from gallery.pages import tombstone_page
from gallery.tombstone import Tombstone, tombstone
from moderation import clips
from moderation.models import State
from tests.conftest import House


def taken_down(house: House, reason: str) -> str:
    clip = house.clip(State.PUBLISHED)
    with house.store.write() as session:
        clips.take_down(session, house.user("lea"), clip.id, reason=reason, note="words for her")
    return clip.id


def stone(house: House, clip_id: str) -> Tombstone | None:
    with house.store.read() as session:
        return tombstone(session, clip_id)


def page(house: House, reason: str, language: str = "en") -> str:
    found = stone(house, taken_down(house, reason))
    assert found is not None
    return tombstone_page(found, language)


@pytest.mark.parametrize("state", [state for state in State if state is not State.TAKEN_DOWN])
def test_no_other_state_leaves_one(house: House, state: State) -> None:
    assert stone(house, house.clip(state).id) is None


def test_a_clip_that_never_was_leaves_none(house: House) -> None:
    assert stone(house, "0" * 16) is None


def test_it_names_the_reason_of_the_policy(house: House) -> None:
    assert "Copyright" in page(house, "copyright")


def test_it_speaks_french(house: House) -> None:
    assert "Ce clip a été retiré" in page(house, "copyright", "fr")


def test_a_lead_s_own_words_are_not_for_everybody(house: House) -> None:
    assert "his lawyer wrote" not in page(house, "his lawyer wrote")


def test_it_tells_nothing_of_the_clip(house: House) -> None:
    told = page(house, "copyright")
    assert [word for word in ("red ball", "ana", "lea", "words for her") if word in told] == []


def test_a_restored_clip_leaves_none(house: House) -> None:
    clip_id = taken_down(house, "copyright")
    with house.store.write() as session:
        clips.restore(session, house.user("ada"), clip_id, note="", check_file=lambda _: None)
    assert stone(house, clip_id) is None
