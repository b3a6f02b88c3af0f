"""The packed memory of decided clips: what is in it, and what it finds alike."""

from __future__ import annotations

import threading
from typing import Any

from sqlmodel import col, update

from moderation.decided import DecidedClips, Resemblance
from moderation.models import Clip, State, Verdict
from tests.conftest import House

HASHES = ["0123456789abcdef", "fedcba9876543210"]


def decided_clip(house: House, prompt: str, hashes: list[str] | None = None) -> Clip:
    clip = house.clip()
    values: dict[str, Any] = {"prompt": prompt, "hashes": hashes or []}
    with house.store.write() as session:
        session.execute(update(Clip).where(col(Clip.id) == clip.id).values(**values))
    return house.decide("rita", clip, Verdict.REJECT, "violence")


def nearest(
    house: House, decided: DecidedClips, prompt: str = "", hashes: list[str] | None = None
) -> list[Resemblance]:
    with house.store.read() as session:
        return decided.nearest(
            session, hashes=hashes or [], prompt=prompt, least_picture=0.5, least_prompt=0.3
        )


def test_an_empty_house_has_nothing_alike(house: House) -> None:
    assert nearest(house, DecidedClips(), "a ball", HASHES) == []


def test_the_same_words_in_another_order_are_the_same_prompt(house: House) -> None:
    clip = decided_clip(house, "a red ball at sea")
    (found,) = nearest(house, DecidedClips(), "At sea: a red ball")
    assert (found.clip_id, round(found.prompt, 6)) == (clip.id, 1.0)


def test_a_word_that_nobody_used_makes_prompts_less_alike(house: House) -> None:
    decided_clip(house, "a red ball")
    (found,) = nearest(house, DecidedClips(), "a red ball quickly")
    assert 0.3 < found.prompt < 1.0


def test_accents_and_capitals_make_no_difference(house: House) -> None:
    decided_clip(house, "a zeppelin")
    (found,) = nearest(house, DecidedClips(), "À ZÉPPELIN")
    assert round(found.prompt, 6) == 1.0


def test_clips_with_and_without_pictures_are_kept_apart(house: House) -> None:
    """Clips of before there were hashes have none; the others' must not be taken for theirs."""
    decided_clip(house, "one")
    clip = decided_clip(house, "two", HASHES)
    decided_clip(house, "three")
    assert [found.clip_id for found in nearest(house, DecidedClips(), hashes=HASHES)] == [clip.id]


def test_pictures_without_structure_are_not_compared(house: House) -> None:
    blank = ["0" * 16] * 3
    decided_clip(house, "one", blank)
    assert nearest(house, DecidedClips(), hashes=blank) == []


def test_a_clip_that_is_decided_twice_is_in_there_once(house: House) -> None:
    clip, decided = decided_clip(house, "a ball", HASHES), DecidedClips()
    nearest(house, decided, "a ball")
    with house.store.write() as session:
        values = {"state": State.PENDING_REVIEW.value}
        session.execute(update(Clip).where(col(Clip.id) == clip.id).values(**values))
    house.decide("rob", house.get(clip.id), Verdict.REJECT, "violence")
    assert len(nearest(house, decided, "a ball")) == 1


def test_what_is_decided_later_is_taken_in_at_the_next_look(house: House) -> None:
    decided = DecidedClips()
    decided_clip(house, "a ball", HASHES)
    nearest(house, decided, "a ball", HASHES)
    decided_clip(house, "a ball", HASHES)
    assert len(nearest(house, decided, "a ball", HASHES)) == 2


def test_one_look_waits_for_another_to_be_over(house: House) -> None:
    """What is packed may not grow while somebody compares with it."""
    decided, found = DecidedClips(), []
    decided_clip(house, "a ball", HASHES)
    other = threading.Thread(target=lambda: found.extend(nearest(house, decided, "a ball")))
    with decided._lock:
        other.start()
        other.join(timeout=0.5)
        assert found == []
    other.join()
    assert len(found) == 1
