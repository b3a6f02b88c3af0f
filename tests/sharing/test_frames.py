"""First frames belong to whoever sent them."""

from __future__ import annotations

import pytest

from accounts.permissions import User
from errors import UnknownFrame
from sharing import frames
from tests.conftest import House


def keep(house: House, user: User) -> str:
    with house.store.write() as session:
        return frames.keep(session, user, sha256="ab" * 32, width=64, height=64).id


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
    for _ in range(50):
        keep(house, user)
    with house.store.read() as session, pytest.raises(UnknownFrame):
        frames.own_frame(session, user, first)
