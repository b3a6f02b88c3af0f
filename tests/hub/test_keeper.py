"""The Hub in step with the gallery: the real client against a server that speaks its wire format."""

from __future__ import annotations

import pytest

from tests.hub.conftest import REPO, Publisher
from tests.hub.wire import HubServer


# ---- putting clips there ------------------------------------------------------------------


def test_a_published_clip_goes_to_a_private_repo_byte_by_byte(
    publisher: Publisher, hub: HubServer
) -> None:
    clip = publisher.published()
    assert publisher.work() == 1
    mp4, poster = publisher.paths(clip)
    assert hub.repos[REPO].private
    assert hub.content(REPO, mp4) == publisher.public_bytes(clip)
    assert hub.content(REPO, poster) == publisher.public_bytes(clip, ".jpg")
