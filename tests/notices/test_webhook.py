"""Posting to a webhook: a real web server on this machine, with and without TLS."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from notices import targets, webhook
from notices.sending import Deadline, NotSent
from notices.targets import Target
from tests.notices.receivers import WebReceiver, certificate, drip, status


def post(url: str, *, allow_private: bool = True, seconds: float = 10) -> None:
    with Deadline(seconds) as deadline:
        webhook.post(
            url, b'{"a":1}', {"X-Sign": "s"}, allow_private=allow_private, deadline=deadline
        )


def refusal(url: str, **options: float | bool) -> NotSent:
    with pytest.raises(NotSent) as refused:
        post(url, **options)  # type: ignore[arg-type]
    return refused.value


def test_body_and_headers_arrive(web: WebReceiver) -> None:
    post(f"{web.url}?a=b")
    (came,) = web.posts
    assert (came.path, came.body, came.headers["X-Sign"]) == ("/hook?a=b", b'{"a":1}', "s")
    assert came.headers["Host"] == f"localhost:{web.port}"


@pytest.mark.parametrize("code", [200, 201, 202, 204])
def test_any_answer_that_agrees_is_enough(web: WebReceiver, code: int) -> None:
    web.answers.append(status(code))
    post(web.url)


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(web: WebReceiver, code: int) -> None:
    web.answers.append(status(code, Location=f"http://localhost:{web.port}/elsewhere"))
    assert refusal(web.url).code == f"status:{code}"
    assert [came.path for came in web.posts] == ["/hook"]


@pytest.mark.parametrize(
    ("code", "is_final"), [(400, False), (404, False), (410, True), (429, False), (500, False)]
)
def test_only_an_address_that_is_gone_is_not_tried_again(
    web: WebReceiver, code: int, is_final: bool
) -> None:
    web.answers.append(status(code))
    refused = refusal(web.url)
    assert (refused.code, refused.is_final) == (f"status:{code}", is_final)


def test_an_answer_that_drips_is_cut_off(web: WebReceiver) -> None:
    began = time.monotonic()
    with drip(web):
        assert refusal(web.url, seconds=0.3).code == "too_slow"
    assert time.monotonic() - began < 5


def test_silence_may_last_as_long_as_the_try(
    web: WebReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit on connecting is no limit on thinking."""
    monkeypatch.setattr(targets, "_CONNECT_S", 0.1)

    def answer(receiver: WebReceiver, handler: BaseHTTPRequestHandler) -> None:
        receiver.closing.wait(0.4)
        status(204)(receiver, handler)

    web.answers.append(answer)
    post(web.url)
    assert len(web.posts) == 1


def test_a_body_without_end_is_not_read(web: WebReceiver) -> None:
    sent = []

    def answer(receiver: WebReceiver, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not receiver.closing.is_set():
            sent.append(handler.wfile.write(b"x" * 65536))

    web.answers.append(answer)
    post(web.url)
    assert sum(sent) < 50_000_000


def test_an_answer_that_is_none_is_no_answer(web: WebReceiver) -> None:
    def answer(_: WebReceiver, handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"hello\r\n")

    web.answers.append(answer)
    assert refusal(web.url).code == "no_answer"


def test_a_connection_that_is_dropped_is_no_answer(web: WebReceiver) -> None:
    web.answers.append(lambda _, handler: handler.connection.close())
    assert refusal(web.url).code in ("no_answer", "too_slow")


def test_nothing_is_posted_inside_without_the_setting(web: WebReceiver) -> None:
    url = web.url.replace("http:", "https:")
    assert refusal(url, allow_private=False).code == "no_address"
    assert web.posts == []


def test_a_plain_address_is_given_up_when_the_setting_has_changed(web: WebReceiver) -> None:
    refused = refusal(web.url, allow_private=False)
    assert (refused.code, refused.is_final) == ("no_address", True)


# ---- TLS ----------------------------------------------------------------------------------


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebReceiver]:
    """A web server whose certificate is good for `localhost`, and trusted."""
    context, trusted = certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with WebReceiver(context) as receiver:
        yield receiver


def test_a_good_certificate_is_trusted(secure: WebReceiver) -> None:
    post(secure.url)
    assert len(secure.posts) == 1


def test_the_usual_port_is_not_in_the_host_header(
    secure: WebReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some servers know a host by its plain name only. Nobody may listen at 443 here, so the
    connection alone is led elsewhere."""

    def connect_here(target: Target, **_: object) -> socket.socket:
        assert target.port == 443
        return socket.create_connection(("127.0.0.1", secure.port), timeout=5)

    monkeypatch.setattr(webhook, "connect", connect_here)
    post("https://localhost/hook")
    assert secure.posts[0].headers["Host"] == "localhost"


def test_a_certificate_that_nobody_vouches_for_is_refused(
    secure: WebReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    assert refusal(secure.url).code == "bad_certificate"
    assert secure.posts == []


def test_a_certificate_for_another_name_is_refused(secure: WebReceiver) -> None:
    assert refusal(secure.url.replace("localhost", "127.0.0.1")).code == "bad_certificate"
    assert secure.posts == []


def test_a_drip_inside_of_tls_is_cut_off_too(secure: WebReceiver) -> None:
    with drip(secure):
        assert refusal(secure.url, seconds=0.4).code == "too_slow"


def test_a_plain_server_under_https_is_no_answer(web: WebReceiver) -> None:
    assert refusal(web.url.replace("http:", "https:")).code in ("no_answer", "too_slow")
