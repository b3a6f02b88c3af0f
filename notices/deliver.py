"""Carrying the outbox out of the house: one thread for each channel, for as long as the app runs.

Knows nothing of clips. Everything is delivered at least once: what a crash or a stop interrupts is
sent again under the same id, so a receiver that keeps ids sees each message once.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from notices import mail, outbox, proofs, webhook
from notices.messages import email_for, webhook_for
from notices.models import CODE, Channel
from notices.outbox import Parcel
from notices.sending import Deadline, NotSent
from settings import Settings
from store import Store, utc_now

log = logging.getLogger("greenlight.notices")

_LOOK_EVERY_S: Final = 2.0
_TIDY_EVERY_S: Final = 3600.0
_STOP_S: Final = 3.0
DEADLINE_S: Final = {Channel.EMAIL: 60.0, Channel.WEBHOOK: 10.0}
"""For a whole try. Both are well below outbox.LEASE, after which somebody else may try."""


class Delivery:
    """`start()` once, `close()` at the end. `deliver` does the work and needs no thread of ours."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        key: bytes,
        *,
        clock: Callable[[], datetime] = utc_now,
        chance: random.Random | None = None,
    ) -> None:
        self._settings = settings
        self._store = store
        self._key = key
        self._clock = clock
        self._chance = chance or random.Random()
        self._server = settings.mail_server
        self._closing = threading.Event()
        self._talking: dict[Channel, Deadline] = {}
        self._threads = [
            threading.Thread(target=self._run, args=[channel], name=f"notices-{channel.value}")
            for channel in Channel
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.daemon = True
            thread.start()

    def close(self) -> None:
        """Stop at once: a conversation is cut, and its message goes out after the next start."""
        self._closing.set()
        for deadline in list(self._talking.values()):
            deadline.cut()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(_STOP_S)

    def deliver(self, channel: Channel) -> int:
        """Send what is due on one channel, one after the other. Returns how many were sent."""
        count = 0
        while not self._closing.is_set():
            parcel = self._take(channel)
            if parcel is None:
                return count
            count += self._try(parcel)
        return count

    def _run(self, channel: Channel) -> None:
        tidied = float("-inf")
        while not self._closing.is_set():
            try:
                self.deliver(channel)
                now = self._clock()
                if now.timestamp() - tidied > _TIDY_EVERY_S:
                    with self._store.write() as session:
                        outbox.forget_old(session, now)
                    tidied = now.timestamp()
            except Exception:  # a full disk, say: the next look must come
                log.exception("Delivery by %s stopped; it goes on in a while", channel.value)
            self._closing.wait(_LOOK_EVERY_S)

    def _take(self, channel: Channel) -> Parcel | None:
        now = self._clock()
        with self._store.read() as session:  # a look takes no lock away from anybody
            if not outbox.is_due(session, channel, now):
                return None
        is_mail = channel is Channel.EMAIL
        limit = self._settings.mails_per_hour if is_mail else self._settings.webhooks_per_hour
        with self._store.write() as session:
            return outbox.take(session, channel, now=now, per_hour=limit)

    def _try(self, parcel: Parcel) -> bool:
        try:
            with Deadline(DEADLINE_S[parcel.channel]) as deadline:
                self._talking[parcel.channel] = deadline
                if self._closing.is_set():
                    deadline.cut()
                self._send(parcel, deadline)
        except NotSent as error:
            self._note_failure(parcel, error)
            return False
        finally:
            self._talking.pop(parcel.channel, None)
        with self._store.write() as session:
            outbox.sent(session, parcel, self._clock())
        log.info("Sent %s %s by %s", parcel.kind, parcel.id, parcel.channel.value)
        return True

    def _send(self, parcel: Parcel, deadline: Deadline) -> None:
        address = self._settings.address
        if parcel.channel is Channel.EMAIL:
            if self._server is None:
                raise NotSent("no_mail", is_final=True)
            code = ""
            if parcel.kind == CODE:
                who = {"person_id": parcel.person_id, "email": parcel.to}
                code = proofs.code_for(self._key, **who, code_id=parcel.id)
            message = email_for(parcel, sender=self._server.sender, address=address, code=code)
            our_host = urlsplit(address).hostname or "localhost"
            mail.send(message, self._server, our_host=our_host, deadline=deadline)
            return
        if self._settings.webhooks == "off":
            raise NotSent("no_webhooks", is_final=True)
        secret = proofs.secret_for(self._key, person_id=parcel.person_id, salt=parcel.salt)
        body, headers = webhook_for(parcel, address=address, secret=secret, now=self._clock())
        allow_private = self._settings.webhooks == "any"
        webhook.post(parcel.to, body, headers, allow_private=allow_private, deadline=deadline)

    def _note_failure(self, parcel: Parcel, error: NotSent) -> None:
        now = self._clock()
        with self._store.write() as session:
            if self._closing.is_set():
                outbox.give_back(session, parcel, now)
                return
            outbox.failed(
                session,
                parcel,
                now=now,
                error=error.code,
                is_final=error.is_final,
                chance=self._chance,
            )
        # Where it was going is its person's business and not the log's.
        log.warning("Did not send %s %s: %s", parcel.kind, parcel.id, error.code)
