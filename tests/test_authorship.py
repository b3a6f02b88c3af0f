"""What people do with everything of theirs at once."""

from __future__ import annotations

from authorship import Authorship
from moderation.models import State
from tests.conftest import House


def test_files_of_what_was_withdrawn_are_off_the_public_shelf_at_once(house: House) -> None:
    clip = house.clip(State.PUBLISHED)
    lies = house.media.path("public", clip.public_sha256 or "", ".mp4")
    assert lies.is_file()
    authorship = Authorship(house.store, house.media, act=lambda _user, _move: {})
    assert authorship.withdraw_all(house.user("ana"), 1) == {"withdrawn": [clip.id]}
    assert not lies.is_file()
