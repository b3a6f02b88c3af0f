"""What leads read of the Hub, and nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from errors import NotAllowed
from hub.report import report
from moderation.models import Clip
from tests.hub.conftest import REPO, Publisher
from tests.hub.wire import Answer, HubServer


def told(publisher: Publisher, name: str = "lea", language: str = "en") -> dict[str, Any]:
    with publisher.house.store.read() as session:
        return report(session, publisher.house.user(name), language)


def removal(publisher: Publisher, clip: Clip) -> dict[str, Any]:
    found: dict[str, Any] = next(
        each for each in told(publisher)["removals"] if each["clip_id"] == clip.id
    )
    return found


@pytest.mark.parametrize("name", ["ana", "rita", "aud"])
def test_only_those_who_take_clips_down_read_it(publisher: Publisher, name: str) -> None:
    with pytest.raises(NotAllowed):
        told(publisher, name)


def test_it_counts_what_is_there_and_what_waits(publisher: Publisher) -> None:
    publisher.published()
    publisher.work()
    publisher.published()
    (place,) = told(publisher)["places"]
    assert (place["repo"], place["there"], place["waiting"], place["leaving"]) == (REPO, 1, 1, 0)


def test_trouble_is_said_in_a_sentence_with_the_next_step(
    publisher: Publisher, hub: HubServer
) -> None:
    hub.make(REPO, private=False)
    publisher.published()
    publisher.work()
    (place,) = told(publisher)["places"]
    assert "GREENLIGHT_HUB_PUBLIC" in place["says"]
    assert place["trouble"] == "public"


def test_a_removal_says_how_far_it_is(publisher: Publisher, hub: HubServer) -> None:
    clip = publisher.published()
    publisher.work()
    publisher.take_down(clip)
    stages = [removal(publisher, clip)["stage"]]
    hub.answers["lfs"].append(Answer(500))
    publisher.work()
    stages.append(removal(publisher, clip)["stage"])
    hub.answers["resolve"].append(Answer(500))
    publisher.later(hours=2)
    stages.append(removal(publisher, clip)["stage"])
    hub.keeps_history = True
    clip_head = publisher.copy(clip).commits[0]
    hub.repos[REPO].reachable[clip_head] = {publisher.paths(clip)[0]: b"still"}
    publisher.later(hours=2)
    stages.append(removal(publisher, clip)["stage"])
    assert stages == ["asked", "removed", "purged", "checked"]
    assert "an old address still answered" in removal(publisher, clip)["says"]


def test_a_removal_that_is_over_is_not_listed(publisher: Publisher) -> None:
    clip = publisher.published()
    publisher.work()
    publisher.take_down(clip)
    publisher.work()
    assert told(publisher)["removals"] == []


def test_without_the_setting_it_says_what_stays_there(publisher: Publisher) -> None:
    publisher.published()
    publisher.work()
    publisher.restart(hub_repo="")
    (place,) = told(publisher)["places"]
    assert "GREENLIGHT_HUB_REPO is not set" in place["says"]


def test_a_clip_that_cannot_go_is_named(publisher: Publisher) -> None:
    clip = publisher.published()
    publisher.house.media.path("public", clip.public_sha256 or "", ".mp4").unlink()
    publisher.work()
    (trouble,) = told(publisher)["troubled"]
    assert (trouble["clip_id"], trouble["error"]) == (clip.id, "bytes_changed")


def test_it_is_said_in_french_too(publisher: Publisher) -> None:
    publisher.published()
    (place,) = told(publisher, language="fr")["places"]
    assert "encore à envoyer 1" in place["says"]
