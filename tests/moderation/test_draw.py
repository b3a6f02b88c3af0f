"""The lot: fair over many clips, the same for one clip, another on another instance."""

from __future__ import annotations

from moderation.draw import lot
from tests.conftest import House

CLIPS = [f"{number:016x}" for number in range(2000)]


def test_about_the_share_that_is_asked_for_is_drawn(house: House) -> None:
    with house.store.read() as session:
        drawn = [lot(session, "four eyes", each) < 0.3 for each in CLIPS]
    assert 0.26 < sum(drawn) / len(drawn) < 0.34


def test_trying_again_draws_the_same(house: House) -> None:
    with house.store.read() as session:
        assert lot(session, "opinion", CLIPS[0]) == lot(session, "opinion", CLIPS[0])


def test_two_draws_on_one_clip_have_nothing_to_do_with_each_other(house: House) -> None:
    with house.store.read() as session:
        both = [
            lot(session, "opinion", each) < 0.5 and lot(session, "four eyes", each) < 0.5
            for each in CLIPS
        ]
    assert 0.21 < sum(both) / len(both) < 0.29


def test_another_instance_draws_other_lots(house: House) -> None:
    with house.store.read() as session:
        here = {lot(session, "opinion", each) for each in CLIPS[:20]}
        session.info["audit_key"] = b"another"
        there = {lot(session, "opinion", each) for each in CLIPS[:20]}
    assert here.isdisjoint(there)
