"""Carrying the outbox out: at least once, under one id, to real receivers; kills, stops, retries."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from accounts import switches
from moderation.models import State, Verdict
from notices import deliver, outbox
from notices.models import Channel, Outgoing
from settings import read_settings
from store import utc_now
from tests.conftest import REQUEST
from tests.notices.conftest import Clock, Office
from tests.notices.receivers import MailReceiver, WebReceiver, drip, status
from tests.server import ROOT, wait_until

MAIL: dict[str, Any] = {"email": "ana@a.example", "confirmed_at": utc_now()}


@pytest.fixture
def hooked(office: Office, web: WebReceiver) -> Office:
    """Ana's webhook is the web server of the test."""
    office.set_address(webhook=web.url)
    return office


def reject(office: Office) -> str:
    clip = office.house.clip(State.PENDING_REVIEW)
    office.house.decide("rita", clip, Verdict.REJECT, "technical_fault")
    return clip.id


def ids(web: WebReceiver) -> list[str]:
    return [post.headers["Greenlight-Delivery"] for post in web.posts]


def open_rows(office: Office) -> list[Outgoing]:
    return [row for row in office.rows() if row.sent_at is None and row.gave_up_at is None]


# ---- once ---------------------------------------------------------------------------------


def test_a_decision_reaches_a_webhook(hooked: Office, web: WebReceiver) -> None:
    clip_id = reject(hooked)
    assert hooked.deliver() == 2
    told = [(body["kind"], body["clip_id"]) for body in (json.loads(p.body) for p in web.posts)]
    assert told == [("waiting", clip_id), ("rejected", clip_id)]
    assert open_rows(hooked) == []


def test_a_decision_reaches_a_mailbox(office: Office, post_office: MailReceiver) -> None:
    office.set_address(**MAIL, kinds=["rejected"])
    clip_id = reject(office)
    assert office.deliver(Channel.EMAIL) == 1
    (mail,) = post_office.mails
    assert clip_id in mail.get_content()
    assert post_office.envelopes == [("clips@house.example", ["ana@a.example"])]


def test_what_is_sent_is_signed_with_the_secret_its_owner_was_shown(
    office: Office, web: WebReceiver
) -> None:
    secret = office.change("ana", webhook=web.url) or ""
    reject(office)
    office.deliver()
    for post in web.posts:
        signed = post.headers["Greenlight-Timestamp"].encode() + b"." + post.body
        expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        assert post.headers["Greenlight-Signature"] == f"v1={expected}"


def test_no_word_of_a_prompt_or_note_leaves_the_house(
    hooked: Office, web: WebReceiver, post_office: MailReceiver
) -> None:
    hooked.set_address(webhook=web.url, **MAIL)
    for state in (State.PUBLISHED, State.REJECTED, State.FAILED, State.TAKEN_DOWN):
        hooked.house.clip(state)
    hooked.deliver()
    hooked.deliver(Channel.EMAIL)
    assert len(web.posts) == len(post_office.mails) > 6
    sent = [post.body.decode() + str(post.headers) for post in web.posts]
    sent += [mail.as_string() + mail.get_content() for mail in post_office.mails]
    words = [word for word in str(REQUEST["prompt"]).split() if len(word) > 4]
    assert [text for text in sent for word in [*words, "ana ", "It stopped"] if word in text] == []


def test_two_deliverers_at_once_deliver_once(hooked: Office, web: WebReceiver) -> None:
    for _ in range(4):
        reject(hooked)
    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda _: hooked.delivery().deliver(Channel.WEBHOOK), range(4)))
    assert sum(done) == len(web.posts) == len(set(ids(web))) == 8


def test_while_one_deliverer_is_sending_another_leaves_it_alone(
    hooked: Office, web: WebReceiver
) -> None:
    gate = threading.Event()

    def answer(_: WebReceiver, handler: BaseHTTPRequestHandler) -> None:
        gate.wait(30)
        status(204)(web, handler)

    web.answers.append(answer)
    hooked.set_address(webhook=web.url, kinds=["rejected"])
    reject(hooked)
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(hooked.deliver)
        wait_until(lambda: web.posts, "the first deliverer is sending")
        assert hooked.deliver() == 0
        gate.set()
        assert first.result() == 1
    assert len(web.posts) == 1


# ---- at least once ------------------------------------------------------------------------

DELIVER = """
import sys
from pathlib import Path
from notices.deliver import Delivery
from notices.models import Channel
from settings import read_settings
from store import utc_now
from store import open_store
settings = read_settings(data=Path(sys.argv[1]), webhooks="any")
Delivery(settings, open_store(settings), b"k" * 32).deliver(Channel.WEBHOOK)
"""


def test_a_kill_between_sending_and_marking_sends_again_under_the_same_id(
    hooked: Office, web: WebReceiver, clock: Clock
) -> None:
    hooked.set_address(webhook=web.url, kinds=["rejected"])
    reject(hooked)
    processes: list[subprocess.Popen[bytes]] = []

    def kill(_: WebReceiver, __: BaseHTTPRequestHandler) -> None:
        os.kill(processes[0].pid, signal.SIGKILL)

    web.answers.append(kill)
    command = [sys.executable, "-c", DELIVER, str(hooked.settings.data)]
    with subprocess.Popen(command, cwd=ROOT) as process:
        processes.append(process)
        assert process.wait(60) == -signal.SIGKILL
    assert hooked.deliver() == 0, "it is left alone as long as somebody may be sending it"
    clock.move_on(seconds=outbox.LEASE.total_seconds() + 1)
    assert hooked.deliver() == 1
    assert len(web.posts) == 2
    assert len(set(ids(web))) == 1


def test_a_mark_that_cannot_be_written_sends_again(
    hooked: Office, web: WebReceiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooked.set_address(webhook=web.url, kinds=["rejected"])
    reject(hooked)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "sent", fail)
        with pytest.raises(OSError, match="No space"):
            hooked.deliver()
    clock.move_on(minutes=3)
    assert hooked.deliver() == 1
    assert len(set(ids(web))) == 1


# ---- tried again --------------------------------------------------------------------------


def test_a_receiver_that_fails_is_tried_again_later(
    hooked: Office, web: WebReceiver, clock: Clock
) -> None:
    hooked.set_address(webhook=web.url, kinds=["rejected"])
    web.answers += [status(500), status(503)]
    reject(hooked)
    assert (hooked.deliver(), hooked.deliver()) == (0, 0)
    clock.move_on(seconds=60)
    assert hooked.deliver() == 0
    clock.move_on(seconds=120)
    assert hooked.deliver() == 1
    assert len(web.posts) == 3
    assert len(set(ids(web))) == 1


def test_after_a_day_of_failing_it_is_given_up_and_told(
    hooked: Office, web: WebReceiver, clock: Clock
) -> None:
    hooked.set_address(webhook=web.url, kinds=["rejected"])
    web.answers += [status(500)] * 50
    reject(hooked)
    for _ in range(outbox.TRIES + 5):
        hooked.deliver()
        clock.move_on(seconds=max(1, (hooked.rows()[0].due_at - clock()).total_seconds() + 1))
    assert len(web.posts) <= outbox.TRIES
    with hooked.store.read() as session:
        (trouble,) = outbox.troubles(session, hooked.house.user("ana").id)
    assert trouble.error in ("status:500", "too_old")


def test_a_broken_webhook_does_not_hold_up_the_mail(
    hooked: Office, web: WebReceiver, post_office: MailReceiver
) -> None:
    hooked.set_address(webhook=web.url, **MAIL, kinds=["rejected"])
    web.answers.append(status(500))
    reject(hooked)
    assert (hooked.deliver(), hooked.deliver(Channel.EMAIL)) == (0, 1)


def test_a_hostile_webhook_holds_up_others_for_one_try_only(
    hooked: Office, web: WebReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(deliver.DEADLINE_S, Channel.WEBHOOK, 0.3)
    with WebReceiver() as other:
        hooked.set_address("ben", webhook=other.url, kinds=["waiting"])
        for _ in range(3):
            hooked.house.clip(State.PENDING_REVIEW)
        hooked.house.clip(State.PENDING_REVIEW, creator="ben")
        with drip(web):
            assert hooked.deliver() == 1
        assert (len(web.posts), len(other.posts)) == (1, 1)


def test_a_mailbox_that_does_not_exist_is_told_to_its_person(
    office: Office, post_office: MailReceiver
) -> None:
    post_office.refusals["RCPT"] = "550 no such mailbox"
    office.set_address(**MAIL, kinds=["rejected"])
    reject(office)
    office.deliver(Channel.EMAIL)
    with office.store.read() as session:
        (trouble,) = outbox.troubles(session, office.house.user("ana").id)
    assert (trouble.channel, trouble.error) == ("email", "refused:550")


# ---- switched off -------------------------------------------------------------------------


def test_the_switch_stops_everything_at_once(
    hooked: Office, web: WebReceiver, post_office: MailReceiver
) -> None:
    hooked.set_address(webhook=web.url, **MAIL)
    with hooked.store.write() as session:
        switches.pause(session, "notices", message=None, paused_by="ada")
    reject(hooked)
    assert (hooked.deliver(), hooked.deliver(Channel.EMAIL)) == (0, 0)
    assert (web.posts, post_office.mails) == ([], [])


def test_the_switch_stops_between_two_messages(hooked: Office, web: WebReceiver) -> None:
    def answer(_: WebReceiver, handler: BaseHTTPRequestHandler) -> None:
        with hooked.store.write() as session:
            switches.pause(session, "notices", message=None, paused_by="ada")
        status(204)(web, handler)

    reject(hooked)
    web.answers.append(answer)
    assert hooked.deliver() == 1
    assert len(open_rows(hooked)) == 1


@pytest.mark.parametrize(
    ("changes", "channel", "error"),
    [
        ({"smtp_url": "", "mail_from": ""}, Channel.EMAIL, "no_mail"),
        ({"webhooks": "off"}, Channel.WEBHOOK, "no_webhooks"),
    ],
)
def test_what_the_operator_has_taken_away_is_given_up(
    hooked: Office, web: WebReceiver, changes: dict[str, Any], channel: Channel, error: str
) -> None:
    hooked.set_address(webhook=web.url, **MAIL, kinds=["rejected"])
    reject(hooked)
    hooked.settings = read_settings(**{**hooked.settings.model_dump(), **changes})
    assert hooked.deliver(channel) == 0
    (row,) = hooked.rows(channel)
    assert (row.error, row.gave_up_at is not None, web.posts) == (error, True, [])


def test_a_webhook_inside_gets_nothing_once_the_setting_is_gone(
    hooked: Office, web: WebReceiver
) -> None:
    reject(hooked)
    hooked.settings = read_settings(**{**hooked.settings.model_dump(), "webhooks": "public"})
    assert hooked.deliver() == 0
    assert web.posts == []


# ---- the threads --------------------------------------------------------------------------


def test_the_threads_deliver_by_themselves(
    hooked: Office, web: WebReceiver, post_office: MailReceiver
) -> None:
    hooked.set_address(webhook=web.url, **MAIL, kinds=["rejected"])
    delivery = hooked.delivery()
    delivery.start()
    try:
        reject(hooked)
        wait_until(lambda: web.posts and post_office.mails, "both arrive", patience_s=20)
    finally:
        delivery.close()


def test_a_stop_cuts_what_is_being_sent_and_keeps_it(hooked: Office, web: WebReceiver) -> None:
    hooked.set_address(webhook=web.url, kinds=["rejected"])
    reject(hooked)
    delivery = hooked.delivery()
    with drip(web):
        delivery.start()
        wait_until(lambda: web.posts, "it is being sent")
        began = time.monotonic()
        delivery.close()
    assert time.monotonic() - began < 2
    (row,) = hooked.rows()
    assert (row.sent_at, row.gave_up_at, row.tries) == (None, None, 0)
    assert hooked.deliver() == 1
    assert len(set(ids(web))) == 1


def test_a_delivery_that_was_never_started_can_be_closed(office: Office) -> None:
    office.delivery().close()


def test_an_error_of_ours_does_not_end_the_thread(
    hooked: Office, web: WebReceiver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(deliver, "_LOOK_EVERY_S", 0.01)
    failures: list[object] = []
    real = outbox.is_due

    def fail_twice(*args: Any) -> bool:
        if len(failures) < 2:
            failures.append(args)
            raise OSError(28, "No space left on device")
        return real(*args)

    monkeypatch.setattr(outbox, "is_due", fail_twice)
    reject(hooked)
    delivery = hooked.delivery()
    delivery.start()
    try:
        wait_until(lambda: len(web.posts) == 2, "delivered in spite of it", patience_s=20)
    finally:
        delivery.close()
