"""First frames belong to whoever sent them."""

from __future__ import annotations

import pytest

from accounts.permissions import User
from errors import UnknownFrame
from moderation.models import Clip
from sharing import frames
from tests.conftest import House


def keep(house: House, user: User, sha256: str = "ab" * 32) -> str:
    with house.store.write() as session:
        return frames.keep(session, user, sha256=sha256, width=64, height=64)[0].id


def forgotten(house: House, user: User) -> list[str]:
    """Which pictures go when somebody sends more than are kept."""
    gone: list[str] = []
    for number in range(frames._KEPT):
        with house.store.write() as session:
            sha256 = f"{number:064d}"
            gone += frames.keep(session, user, sha256=sha256, width=64, height=64)[1]
    return gone


def test_the_sender_may_use_it(house: House) -> None:
    frame_id = keep(house, house.user("ana"))
    with house.store.read() as session:
        assert frames.own_frame(session, house.user("ana"), frame_id).sha256 == "ab" * 32


@pytest.mark.parametrize("name", ["ben", "ada"])
def test_nobody_else_may(house: House, name: str) -> None:
    frame_id = keep(house, house.user("ana"))
    with house.store.read() as session, pytest.raises(UnknownFrame):
        frames.own_frame(session, house.user(name), frame_id)


def test_a_stranger_may_not(house: House) -> None:
    frame_id = keep(house, house.user("ana"))
    with house.store.read() as session, pytest.raises(UnknownFrame):
        frames.own_frame(session, User(), frame_id)


def test_an_id_that_nobody_gave_out_is_refused(house: House) -> None:
    with house.store.read() as session, pytest.raises(UnknownFrame, match="none that you sent"):
        frames.own_frame(session, house.user("ana"), "0" * 16)


def test_only_the_latest_pictures_of_a_person_are_remembered(house: House) -> None:
    user = house.user("ana")
    first = keep(house, user)
    for _ in range(frames._KEPT):
        keep(house, user)
    with house.store.read() as session, pytest.raises(UnknownFrame):
        frames.own_frame(session, user, first)


def test_a_picture_that_nothing_needs_any_more_is_named_for_deletion(house: House) -> None:
    keep(house, house.user("ana"))
    assert forgotten(house, house.user("ana")) == ["ab" * 32]


def test_a_picture_that_somebody_else_sent_too_stays(house: House) -> None:
    keep(house, house.user("ana"))
    keep(house, house.user("ben"))
    assert forgotten(house, house.user("ana")) == []


def test_a_picture_that_a_clip_begins_with_stays(house: House) -> None:
    keep(house, house.user("ana"))
    clip = house.clip()
    with house.store.write() as session:
        fresh = session.get_one(Clip, clip.id)
        fresh.first_frame = "ab" * 32
        session.add(fresh)
    assert forgotten(house, house.user("ana")) == []


def test_a_deleted_clip_takes_its_picture_along(house: House) -> None:
    ana = house.user("ana")
    frame_id, clip = keep(house, ana), house.clip()
    with house.store.write() as session:
        fresh = session.get_one(Clip, clip.id)
        fresh.first_frame = "ab" * 32
        session.add(fresh)
        assert frames.forget(session, fresh) == ["ab" * 32]
    with house.store.read() as session, pytest.raises(UnknownFrame):
        frames.own_frame(session, ana, frame_id)


def test_a_deleted_clip_leaves_a_picture_that_somebody_else_sent(house: House) -> None:
    keep(house, house.user("ana"))
    keep(house, house.user("ben"))
    clip = house.clip()
    with house.store.write() as session:
        fresh = session.get_one(Clip, clip.id)
        fresh.first_frame = "ab" * 32
        session.add(fresh)
        assert frames.forget(session, fresh) == []
