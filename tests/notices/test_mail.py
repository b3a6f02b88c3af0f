"""Handing over an e-mail: a real SMTP server on this machine, with and without TLS."""

from __future__ import annotations

import time
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest

from notices import mail
from notices.sending import Deadline, NotSent
from settings import MailServer
from tests.notices.receivers import MailReceiver, certificate


def letter() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Greenlight <clips@house.example>"
    message["To"] = "ana@a.example"
    message["Subject"] = "Publié"
    message.set_content("Prêt.\n.\nEnd.\n", cte="quoted-printable")
    return message


def server(receiver: MailReceiver, **changes: object) -> MailServer:
    plain = MailServer("localhost", receiver.port, "", "", "none", "Greenlight <c@house.example>")
    return replace(plain, **changes)  # type: ignore[arg-type]


def send(to: MailServer, *, seconds: float = 20, our_host: str = "clips.example") -> None:
    with Deadline(seconds) as deadline:
        mail.send(letter(), to, our_host=our_host, deadline=deadline)


def refusal(to: MailServer) -> NotSent:
    with pytest.raises(NotSent) as refused:
        send(to)
    return refused.value


def test_a_mail_arrives_whole(post_office: MailReceiver) -> None:
    send(server(post_office))
    (came,) = post_office.mails
    assert came["Subject"] == "Publié"
    assert came.get_content().splitlines() == ["Prêt.", ".", "End."]
    assert post_office.envelopes == [("clips@house.example", ["ana@a.example"])]


def test_a_mailbox_that_does_not_exist_is_given_up(post_office: MailReceiver) -> None:
    post_office.refusals["RCPT"] = "550 no such mailbox"
    refused = refusal(server(post_office))
    assert (refused.code, refused.is_final) == ("refused:550", True)


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_asks_for_patience_is_tried_again(
    post_office: MailReceiver, command: str
) -> None:
    post_office.refusals[command] = "451 later"
    refused = refusal(server(post_office))
    assert (refused.code, refused.is_final) == ("refused:451", False)


def test_how_it_parts_does_not_matter(post_office: MailReceiver) -> None:
    post_office.refusals["QUIT"] = "500 no"
    send(server(post_office))
    assert len(post_office.mails) == 1


def test_a_server_that_is_not_there_is_no_answer(post_office: MailReceiver) -> None:
    assert refusal(server(post_office, host="127.0.0.2")).code == "no_answer"


def test_a_server_that_says_nothing_is_left(post_office: MailReceiver) -> None:
    post_office.refusals["DATA"] = "354-and then no more"
    with pytest.raises(NotSent, match="too_slow"):
        send(server(post_office), seconds=0.4)


@pytest.mark.parametrize("tls", ["none", "starttls"])
def test_a_server_that_drips_is_cut_off(trusted: MailReceiver, tls: str) -> None:
    """Each line would start a timeout anew; the end of the try does not move."""
    trusted.users = {}
    trusted.drips_at = "MAIL"
    began = time.monotonic()
    with pytest.raises(NotSent, match="too_slow"):
        send(server(trusted, tls=tls), seconds=0.5)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("clips.example", "clips.example"),
        ("127.0.0.1", "[127.0.0.1]"),
        ("::1", "[IPv6:::1]"),
    ],
)
def test_it_calls_itself_by_a_name_or_a_bracketed_address(host: str, said: str) -> None:
    assert mail._as_domain(host) == said


# ---- signing in and TLS -------------------------------------------------------------------


@pytest.fixture
def trusted(
    post_office: MailReceiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> MailReceiver:
    """The mail server with a certificate for `localhost` that is trusted, and one user."""
    post_office.tls, trusted = certificate(tmp_path, "localhost")
    post_office.users = {"us": "p@ss word"}
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    return post_office


SIGNED = {"tls": "starttls", "user": "us", "password": "p@ss word"}


def test_starttls_comes_before_the_password(trusted: MailReceiver) -> None:
    send(server(trusted, **SIGNED))
    assert trusted.were_secure == [True]


def test_tls_from_the_first_byte(trusted: MailReceiver) -> None:
    trusted.is_implicit = True
    send(server(trusted, **{**SIGNED, "tls": "implicit"}))
    assert trusted.were_secure == [True]


def test_a_wrong_password_is_the_operators_trouble(trusted: MailReceiver) -> None:
    refused = refusal(server(trusted, **{**SIGNED, "password": "wrong"}))
    assert (refused.code, refused.is_final) == ("mail_server:sign_in", False)


def test_no_password_goes_out_when_starttls_is_not_offered(trusted: MailReceiver) -> None:
    trusted.tls = None
    assert refusal(server(trusted, **SIGNED)).code == "mail_server:no_tls"


def test_no_password_goes_out_when_starttls_is_refused(trusted: MailReceiver) -> None:
    trusted.refusals["STARTTLS"] = "454 not now"
    assert refusal(server(trusted, **SIGNED)).code == "mail_server:no_tls"


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_certificate_that_nobody_vouches_for_is_refused(
    trusted: MailReceiver, monkeypatch: pytest.MonkeyPatch, tls: str
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    trusted.is_implicit = tls == "implicit"
    assert refusal(server(trusted, **{**SIGNED, "tls": tls})).code == "mail_server:certificate"


def test_a_certificate_for_another_name_is_refused(trusted: MailReceiver) -> None:
    to = server(trusted, **{**SIGNED, "host": "127.0.0.1"})
    assert refusal(to).code == "mail_server:certificate"


def test_the_password_is_in_no_text_of_it(trusted: MailReceiver) -> None:
    assert "p@ss" not in repr(server(trusted, **SIGNED))
