"""Where a person wants to be told besides the app, and the proof that the e-mail address is theirs.

Knows nothing of networks. An e-mail address gets nothing but a code until somebody who is signed
in as its person has typed that code in, and codes are few: nobody can make us write to strangers.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import Session

import audit
from accounts import switches
from accounts.models import Person, Role
from accounts.permissions import MAY
from errors import BadInput, NoMail, NothingToConfirm, NoWebhooks, TooMany
from notices import outbox, proofs
from notices.models import CODE, FOR_LEADS, QUIET, TEST, Address, Channel, Kind, Outgoing
from notices.targets import check_url
from settings import Settings
from store import as_text, utc_now

CODE_TRIES: Final = 5
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_CODES_AN_HOUR: Final = 3  # for one person, whatever the address
_CODES_A_DAY: Final = 5  # to one address, whoever asks
_TESTS_AN_HOUR: Final = 6
_LOUD: Final = [kind.value for kind in Kind if kind not in QUIET]

# A plain address as RFC 5321 has them without quotes; an international one has its ASCII form.
_EMAIL: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63}"
)
_EMAIL_LIMIT: Final = 254


@dataclass(frozen=True)
class Wanted:
    """What a person sends: all of it, each time."""

    email: str | None
    webhook: str | None
    kinds: Sequence[str]


def find(session: Session, person_id: str) -> Address:
    """The person's row, or what holds as long as there is none. Reading writes nothing."""
    return session.get(Address, person_id) or Address(person_id=person_id, kinds=list(_LOUD))


def change(
    session: Session,
    person_id: str,
    wanted: Wanted,
    *,
    settings: Settings,
    key: bytes,
    language: str,
) -> str | None:
    """Set all of it. Returns the webhook's secret when a webhook is new, to be shown this once.

    A new e-mail address is sent a code. Raises BadInput, NoMail, NoWebhooks, Paused or TooMany.
    """
    address = find(session, person_id)
    email, webhook = wanted.email or None, wanted.webhook or None
    _check_kinds(wanted.kinds, possible_kinds(session, person_id))
    _check_inputs(address, email, webhook, settings)
    address.kinds = [kind.value for kind in Kind if kind.value in wanted.kinds]
    address.language = language
    session.add(address)
    if email != address.email:
        address.email, address.confirmed_at, address.code_id = email, None, None
        if email:
            _send_code(session, address)
    fresh = webhook is not None and webhook != address.webhook
    address.webhook = webhook
    if fresh:
        address.webhook_salt = secrets.token_hex(16)
    body = {"email": email is not None, "webhook": webhook is not None, "kinds": address.kinds}
    audit.append(session, actor=person_id, action="notice_address", subject=person_id, body=body)
    return secret_of(address, key) if fresh else None


def possible_kinds(session: Session, person_id: str) -> list[str]:
    """What somebody in that role is ever told. Notices of one's own clips come to every role: a
    clip stays its maker's, whatever they do here later."""
    person = session.get(Person, person_id)
    leads = person is not None and Role(person.role) in MAY["hear of overdue clips"]
    return [kind.value for kind in Kind if leads or kind not in FOR_LEADS]


def send_code(session: Session, person_id: str, settings: Settings) -> None:
    """Send another code; the one before is good no more."""
    address = find(session, person_id)
    if not address.email or address.confirmed_at:
        raise NothingToConfirm()
    if not settings.sends_mail:
        raise NoMail()
    _send_code(session, address)


def confirm(session: Session, person_id: str, code: str, key: bytes) -> bool:
    """Take the code that came by mail. False when it is wrong or old: the try is counted, so the
    caller must let this transaction commit before it raises WrongCode."""
    address = find(session, person_id)
    if not address.email or address.confirmed_at or not address.code_id:
        raise NothingToConfirm()
    asked = session.get(Outgoing, address.code_id)
    is_old = asked is None or utc_now() - asked.at >= outbox.CODE_LIFE
    if is_old or address.code_tries >= CODE_TRIES:
        return False
    address.code_tries += 1
    session.add(address)
    expected = proofs.code_for(
        key, person_id=person_id, email=address.email, code_id=address.code_id
    )
    if not proofs.is_same(expected, "".join(code.split())):
        return False
    address.confirmed_at, address.code_id, address.code_tries = utc_now(), None, 0
    audit.append(session, actor=person_id, action="notice_confirm", subject=person_id)
    return True


def new_secret(session: Session, person_id: str, key: bytes) -> str:
    """A new secret for the webhook, shown this once; the old one signs nothing any more."""
    address = find(session, person_id)
    if not address.webhook:
        step = "Save a webhook first."
        raise BadInput(field="webhook", value="", rule="there is none to sign for", step=step)
    address.webhook_salt = secrets.token_hex(16)
    session.add(address)
    audit.append(session, actor=person_id, action="notice_secret", subject=person_id)
    return secret_of(address, key)


def send_test(session: Session, person_id: str) -> list[str]:
    """A message to each place that may be written to. Returns the channels."""
    switches.check(session, "notices")
    now = utc_now()
    channels = outbox.open_channels(find(session, person_id))
    asked = outbox.times(session, kind=TEST, since=now - _HOUR, person_id=person_id)
    _refuse_more(asked, _TESTS_AN_HOUR, _HOUR, "send a test", now)
    for channel in channels:
        outbox.add(session, person_id, channel, TEST, now=now)
    return [channel.value for channel in channels]


def as_json(session: Session, person_id: str, settings: Settings) -> dict[str, Any]:
    """What the settings form shows. The secret is not among it."""
    address = find(session, person_id)
    possible = possible_kinds(session, person_id)
    return {
        "email": address.email,
        "email_confirmed": address.confirmed_at is not None,
        "webhook": address.webhook,
        "kinds": [kind for kind in address.kinds if kind in possible],
        "possible": {
            "email": settings.sends_mail,
            "webhook": settings.webhooks != "off",
            "kinds": possible,
        },
        "per_hour": {"email": settings.mails_per_hour, "webhook": settings.webhooks_per_hour},
        "trouble": [
            {
                "channel": trouble.channel,
                "kind": trouble.kind,
                "at": as_text(trouble.at),
                "code": trouble.error.partition(":")[0],
                "detail": trouble.error.partition(":")[2],
            }
            for trouble in outbox.troubles(session, person_id)
        ],
    }


def secret_of(address: Address, key: bytes) -> str:
    return proofs.secret_for(key, person_id=address.person_id, salt=address.webhook_salt)


def _check_kinds(kinds: Sequence[str], possible: Sequence[str]) -> None:
    for kind in kinds:
        if kind not in possible:
            rule = f"each is one of {', '.join(possible)}"
            step = "Name those that you want to hear of."
            raise BadInput(field="kinds", value=kind, rule=rule, step=step)


def _check_inputs(
    address: Address, email: str | None, webhook: str | None, settings: Settings
) -> None:
    """What is new must be good; what stands there already may stay until somebody changes it."""
    if email is not None and email != address.email:
        if not settings.sends_mail:
            raise NoMail()
        if len(email) > _EMAIL_LIMIT or not _EMAIL.fullmatch(email):
            rule = "an e-mail address looks like name@host.example, in plain letters"
            raise BadInput(field="email", value=email, rule=rule, step="Write it like that.")
    if webhook is not None and webhook != address.webhook:
        if settings.webhooks == "off":
            raise NoWebhooks()
        check_url(webhook, allow_private=settings.webhooks == "any")


def _send_code(session: Session, address: Address) -> None:
    switches.check(session, "notices")  # it would run out before it is sent
    now = utc_now()
    email = address.email or ""
    target = hashlib.sha256(email.lower().encode()).hexdigest()
    mine = outbox.times(session, kind=CODE, since=now - _HOUR, person_id=address.person_id)
    _refuse_more(mine, _CODES_AN_HOUR, _HOUR, "send a code", now)
    theirs = outbox.times(session, kind=CODE, since=now - _DAY, target=target)
    _refuse_more(theirs, _CODES_A_DAY, _DAY, "send a code to this address", now)
    row = outbox.add(session, address.person_id, Channel.EMAIL, CODE, target=target, now=now)
    address.code_id, address.code_tries = row.id, 0
    session.add(address)


def _refuse_more(
    times: list[datetime], limit: int, window: timedelta, action: str, now: datetime
) -> None:
    if len(times) >= limit:
        free = times[-limit] + window - now
        raise TooMany(action=action, retry_after_s=max(1, int(free.total_seconds())))
