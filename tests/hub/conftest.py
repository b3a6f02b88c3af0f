"""What the tests of the Hub start from: a Hub on this machine, and an instance that publishes to it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select, update

from hub.keeper import Keeper
from hub.models import HubCopy, HubPlace
from media import sha256_of
from moderation import clips
from moderation.models import Clip, State
from settings import read_settings
from store import utc_now
from tests.conftest import House
from tests.hub.wire import HubServer

REPO = "owner/gallery"


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as server:
        yield server


class Publisher:
    """An instance with a Hub to publish to, a clock that can be moved on, and acts on clips."""

    def __init__(self, house: House, hub: HubServer, folder: Path) -> None:
        self.house = house
        self.hub = hub
        self.folder = folder
        self.ahead = timedelta()
        self.keeper = self.restart()

    def restart(self, *, deadline_s: float = 30.0, **changes: Any) -> Keeper:
        """Another process, as far as the database can tell."""
        values = {
            "data": self.folder,
            "hub_repo": REPO,
            "hub_endpoint": self.hub.url,
            "hf_token": self.hub.token,
            "public_url": "https://clips.example",
            **changes,
        }
        self.keeper = Keeper(
            read_settings(**values),
            self.house.store,
            self.house.media,
            clock=lambda: utc_now() + self.ahead,
            chance=random.Random(1),
            deadline_s=deadline_s,
        )
        self.keeper.install()
        return self.keeper

    def work(self) -> int:
        return self.keeper.work()

    def later(self, **span: float) -> int:
        self.ahead += timedelta(**span)
        return self.work()

    def published(self, creator: str = "ana", **columns: Any) -> Clip:
        """A public clip; `columns` are set before it becomes one."""
        clip = self.house.clip(State.APPROVED, creator)
        if columns:
            with self.house.store.write() as session:
                session.execute(update(Clip).where(col(Clip.id) == clip.id).values(**columns))
        self.house._go(clip.id, "publish")
        return self.house.get(clip.id)

    def take_down(self, clip: Clip) -> None:
        with self.house.store.write() as session:
            clips.take_down(session, self.house.user("lea"), clip.id, reason="law", note="")

    def restore(self, clip: Clip) -> None:
        with self.house.store.write() as session:
            lea = self.house.user("lea")
            clips.restore(session, lea, clip.id, note="", check_file=lambda _: None)

    def withdraw(self, clip: Clip) -> None:
        with self.house.store.write() as session:
            clips.withdraw(session, self.house.user("ana"), clip.id)

    def reword(self, clip: Clip, **columns: Any) -> None:
        with self.house.store.write() as session:
            session.execute(update(Clip).where(col(Clip.id) == clip.id).values(**columns))

    def copy(self, clip: Clip) -> HubCopy:
        with self.house.store.read() as session:
            return session.exec(select(HubCopy).where(HubCopy.clip_id == clip.id)).one()

    def place(self) -> HubPlace:
        with self.house.store.read() as session:
            return session.get_one(HubPlace, REPO)

    def public_bytes(self, clip: Clip, ending: str = ".mp4") -> bytes:
        name = clip.pictures.get(ending, clip.public_sha256 or "")
        return self.house.media.released(name, ending).read_bytes()

    def paths(self, clip: Clip) -> tuple[str, str]:
        return f"clips/00000/{clip.id}.mp4", f"posters/00000/{clip.id}.jpg"

    def is_served(self, clip: Clip, revision: str = "main") -> bool:
        return any(self.hub.serves(REPO, revision, path) for path in self.paths(clip))

    def sha256_of_shelf(self, clip: Clip) -> str:
        return sha256_of(self.house.media.path("public", clip.public_sha256 or "", ".mp4"))


@pytest.fixture
def publisher(house: House, hub: HubServer, tmp_path: Path) -> Publisher:
    return Publisher(house, hub, tmp_path / "data")
