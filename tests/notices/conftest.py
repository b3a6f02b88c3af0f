"""What the tests of notices start from: receivers on this machine, a clock that can be moved on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from notices import address
from notices.deliver import Delivery
from notices.models import Address, Channel, Kind, Outgoing
from settings import Settings, read_settings
from store import Store, utc_now
from tests.conftest import House
from tests.notices.receivers import MailReceiver, WebReceiver

KEY = b"k" * 32
ALL_KINDS = [kind.value for kind in Kind]
CREATORS_KINDS = [kind for kind in ALL_KINDS if kind not in ("overdue", "reported")]


class Clock:
    """The time of day, plus what a test has moved it on by."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self._ahead

    def move_on(self, **span: float) -> None:
        self._ahead += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    with WebReceiver() as receiver:
        yield receiver


@pytest.fixture
def post_office() -> Iterator[MailReceiver]:
    with MailReceiver() as receiver:
        yield receiver


class Office:
    """An instance that sends: its store, and people with an address."""

    def __init__(self, house: House, settings: Settings, clock: Clock) -> None:
        self.house = house
        self.store: Store = house.store
        self.settings = settings
        self.clock = clock

    def delivery(self, **changes: Any) -> Delivery:
        return Delivery(self.settings, self.store, KEY, clock=self.clock, **changes)

    def deliver(self, channel: Channel = Channel.WEBHOOK) -> int:
        return self.delivery().deliver(channel)

    def set_address(self, name: str = "ana", **columns: Any) -> None:
        """Straight into the table: how it gets there is test_address.py's matter."""
        with self.store.write() as session:
            values = {"kinds": ALL_KINDS, "webhook_salt": "salt", **columns}
            session.merge(Address(person_id=self.house.user(name).id, **values))

    def change(self, name: str, **wanted: Any) -> str | None:
        wish = address.Wanted(
            wanted.get("email"), wanted.get("webhook"), wanted.get("kinds", CREATORS_KINDS)
        )
        person_id = self.house.user(name).id
        with self.store.write() as session:
            return address.change(
                session,
                person_id,
                wish,
                settings=self.settings,
                key=KEY,
                language=wanted.get("language", "en"),
            )

    def rows(self, channel: Channel | None = None) -> list[Outgoing]:
        with self.store.read() as session:
            query = select(Outgoing).order_by(col(Outgoing.at), col(Outgoing.id))
            if channel is not None:
                query = query.where(Outgoing.channel == channel.value)
            return list(session.exec(query))


@pytest.fixture
def office(
    house: House, tmp_path: Path, clock: Clock, web: WebReceiver, post_office: MailReceiver
) -> Office:
    """Mails go to `post_office`; webhooks may lead to `web`."""
    settings = read_settings(
        data=tmp_path / "data",
        webhooks="any",
        smtp_url=f"smtp://localhost:{post_office.port}",
        mail_from="Greenlight <clips@house.example>",
        public_url="https://clips.example",
    )
    return Office(house, settings, clock)
