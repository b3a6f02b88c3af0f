"""What waits to leave the house: written with the act it tells, taken by one deliverer at a time.

Knows nothing of networks (deliver.py). A message that is taken comes back by itself when nobody
says what became of it: a crash between sending and saying so sends it again under the same id.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Update
from sqlmodel import Session, col, delete, func, select, update

from accounts import switches
from accounts.models import Person
from notices.models import CODE, TEST, Address, Channel, Kind, Outgoing

LEASE: Final = timedelta(minutes=2)
"""How long a message that was taken is left alone. Far longer than deliver.py gives a try."""

FIRST_WAIT_S: Final = 42.0
TRIES: Final = 12
"""42 s, then twice as long each time: the twelfth try comes about a day after the first."""

GIVE_UP_AFTER: Final = timedelta(hours=26)
CODE_LIFE: Final = timedelta(minutes=30)
_OTHERS_WAIT: Final = timedelta(minutes=5)
_KEPT: Final = timedelta(days=7)
_AT_ONCE: Final = 100  # given up in one transaction: others want to write too
_HOUR: Final = timedelta(hours=1)
_SILENT: Final = ("gone", "expired")
"""Ends that are no trouble: the person changed or took away where to write to."""


@dataclass(frozen=True)
class Parcel:
    """One message that was taken, with where it goes as its person wants it now."""

    id: str
    person_id: str
    channel: Channel
    kind: str
    clip_id: str | None
    at: datetime  # when what it tells happened
    tries: int  # this one included
    to: str  # the e-mail address or the webhook
    salt: str  # of the webhook's secret
    language: str


@dataclass(frozen=True)
class Trouble:
    """One message that was given up."""

    channel: str
    kind: str
    at: datetime
    error: str


def add_notice(
    session: Session,
    *,
    person_id: str,
    kind: Kind,
    clip_id: str,
    now: datetime,
    not_before: datetime | None = None,
) -> None:
    """One row for each channel that the person chose for this kind."""
    address = session.get(Address, person_id)
    if address is None or kind.value not in address.kinds:
        return
    for channel in open_channels(address):
        row = add(session, person_id, channel, kind.value, clip_id=clip_id, now=now)
        row.due_at = not_before or now


def add(
    session: Session,
    person_id: str,
    channel: Channel,
    kind: str,
    *,
    now: datetime,
    clip_id: str | None = None,
    target: str = "",
) -> Outgoing:
    row = Outgoing(person_id=person_id, channel=channel.value, kind=kind, at=now, due_at=now)
    row.clip_id, row.target = clip_id, target
    session.add(row)
    session.flush()
    return row


def forget(session: Session, *, person_id: str, clip_id: str, since: datetime) -> None:
    """Take out what was to be sent about a clip since then and has not left the house."""
    own = (col(Outgoing.person_id) == person_id) & (col(Outgoing.clip_id) == clip_id)
    unsent = own & col(Outgoing.sent_at).is_(None) & (col(Outgoing.at) >= since)
    session.execute(delete(Outgoing).where(unsent))


def open_channels(address: Address) -> list[Channel]:
    """Where an address may be written to: a webhook, and an e-mail address that was confirmed."""
    channels = [Channel.EMAIL] if address.email and address.confirmed_at else []
    return [*channels, Channel.WEBHOOK] if address.webhook else channels


def is_due(session: Session, channel: Channel, now: datetime) -> bool:
    return _next_due(session, channel, now) is not None


def take(session: Session, channel: Channel, *, now: datetime, per_hour: int) -> Parcel | None:
    """Take the next message that is due, for `LEASE`. None when there is none, or while paused.

    What may not be sent any more is given up on the way. Must run in a writing transaction.
    """
    if switches.is_paused(session, "notices"):
        return None
    for _ in range(_AT_ONCE):
        row = _next_due(session, channel, now)
        if row is None:
            return None
        address = session.get(Address, row.person_id)
        why_not = _why_not(session, row, address, now, per_hour)
        if why_not:
            _close(session, row.id, now, why_not)
            continue
        tries = row.tries + 1
        seen = (col(Outgoing.id) == row.id) & (col(Outgoing.tries) == row.tries)
        values = {"tries": tries, "due_at": now + LEASE}
        taken = session.execute(update(Outgoing).where(seen).values(**values))
        if taken.rowcount == 1 and address is not None:  # type: ignore[attr-defined]
            to = address.email if channel is Channel.EMAIL else address.webhook
            return Parcel(
                id=row.id,
                person_id=row.person_id,
                channel=channel,
                kind=row.kind,
                clip_id=row.clip_id,
                at=row.at,
                tries=tries,
                to=to or "",
                salt=address.webhook_salt,
                language=address.language,
            )
    return None


def sent(session: Session, parcel: Parcel, now: datetime) -> None:
    session.execute(_own_try(parcel).values(sent_at=now, error=""))


def failed(
    session: Session,
    parcel: Parcel,
    *,
    now: datetime,
    error: str,
    is_final: bool,
    chance: random.Random,
) -> None:
    """Try again later, or give up after the last try, a final refusal, or a day."""
    if is_final or parcel.tries >= TRIES:
        session.execute(_own_try(parcel).values(gave_up_at=now, error=error))
        return
    wait_s = FIRST_WAIT_S * 2 ** (parcel.tries - 1) * chance.uniform(0.8, 1.2)
    due = now + timedelta(seconds=wait_s)
    session.execute(_own_try(parcel).values(due_at=due, error=error))
    # A place that does not answer is asked with one message, not with all that wait for it.
    soon = min(due, now + _OTHERS_WAIT)
    others = (col(Outgoing.person_id) == parcel.person_id) & (col(Outgoing.due_at) < soon)
    others &= (col(Outgoing.channel) == parcel.channel.value) & _is_open()
    session.execute(update(Outgoing).where(others).values(due_at=soon))


def give_back(session: Session, parcel: Parcel, now: datetime) -> None:
    """This try does not count: it was cut short by our own stop."""
    session.execute(_own_try(parcel).values(due_at=now, tries=parcel.tries - 1))


def troubles(session: Session, person_id: str, *, limit: int = 5) -> list[Trouble]:
    """The latest messages to a person that were given up, newest first."""
    query = select(Outgoing).where(
        Outgoing.person_id == person_id,
        col(Outgoing.gave_up_at).is_not(None),
        col(Outgoing.error).not_in(_SILENT),
    )
    rows = session.exec(query.order_by(col(Outgoing.at).desc()).limit(limit))
    return [Trouble(row.channel, row.kind, row.at, row.error) for row in rows]


def times(session: Session, *, kind: str, since: datetime, **columns: str) -> list[datetime]:
    """When messages of a kind were asked for, oldest first: what limits are counted from."""
    query = select(Outgoing.at).where(Outgoing.kind == kind, col(Outgoing.at) > since)
    for name, value in columns.items():
        query = query.where(getattr(Outgoing, name) == value)
    return list(session.exec(query.order_by(col(Outgoing.at))))


def forget_old(session: Session, now: datetime) -> None:
    """Rows that ended a week ago. Those that wait end by themselves before (GIVE_UP_AFTER)."""
    session.execute(delete(Outgoing).where(col(Outgoing.at) < now - _KEPT))


def _next_due(session: Session, channel: Channel, now: datetime) -> Outgoing | None:
    query = select(Outgoing).where(
        _is_open(), Outgoing.channel == channel.value, col(Outgoing.due_at) <= now
    )
    return session.exec(query.order_by(col(Outgoing.due_at), col(Outgoing.id)).limit(1)).first()


def _why_not(
    session: Session, row: Outgoing, address: Address | None, now: datetime, per_hour: int
) -> str:
    """Why a message may not be sent any more; empty when it may."""
    person = session.get(Person, row.person_id)
    if person is None or person.locked_at is not None or address is None:
        return "gone"
    if row.kind == CODE:
        is_good = address.code_id == row.id and address.email and now - row.at < CODE_LIFE
        return "" if is_good else "expired"
    if Channel(row.channel) not in open_channels(address):
        return "gone"
    if row.kind != TEST and row.kind not in address.kinds:
        return "gone"
    if now - row.at > GIVE_UP_AFTER:
        return "too_old"
    recent = select(func.count()).where(
        Outgoing.person_id == row.person_id,
        Outgoing.channel == row.channel,
        col(Outgoing.at) > now - GIVE_UP_AFTER - _HOUR,  # for the index
        col(Outgoing.sent_at) > now - _HOUR,
    )
    return "hour_limit" if session.exec(recent).one() >= per_hour else ""


def _close(session: Session, row_id: str, now: datetime, error: str) -> None:
    closing = update(Outgoing).where(col(Outgoing.id) == row_id)
    session.execute(closing.values(gave_up_at=now, error=error))


def _own_try(parcel: Parcel) -> Update:
    """The row, as long as nobody took it again after this try's lease ran out."""
    same = (col(Outgoing.id) == parcel.id) & (col(Outgoing.tries) == parcel.tries)
    return update(Outgoing).where(same & _is_open())


def _is_open() -> ColumnElement[bool]:
    return col(Outgoing.sent_at).is_(None) & col(Outgoing.gave_up_at).is_(None)
