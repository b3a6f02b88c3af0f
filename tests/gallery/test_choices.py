"""What the gallery can be filtered by: what published clips really have."""

from __future__ import annotations

from gallery.choices import choices
from moderation.models import State
from tests.conftest import House
from tests.gallery.shelves import publish


def offered(house: House) -> dict[str, list[str]]:
    with house.store.read() as session:
        return choices(session)


def test_an_empty_gallery_offers_nothing(house: House) -> None:
    house.clip(State.TAKEN_DOWN)
    assert offered(house) == {"model": [], "style": [], "shape": [], "length": []}


def test_each_value_that_a_clip_has_is_offered_once(house: House) -> None:
    publish(house, "one", "two", model="wan", style="quiet", width=96)
    publish(house, "three", num_frames=80)
    assert offered(house) == {
        "model": ["fast", "wan"],
        "style": ["quiet"],
        "shape": ["landscape", "square"],
        "length": ["short", "long"],
    }


def test_values_of_held_clips_are_not_told(house: House) -> None:
    publish(house, "one")
    house.clip(State.PENDING_REVIEW)
    publish(house, "two", model="secret", state=State.REJECTED.value)
    assert offered(house)["model"] == ["fast"]
