"""Where a webhook may lead: the open internet, and nowhere inside, however the address is written."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from errors import BadInput
from notices.sending import Deadline, NotSent
from notices.targets import check_url, connect, is_public
from tests.notices.receivers import WebReceiver

INSIDE = [
    "127.0.0.1",
    "127.1.2.3",
    "0.0.0.0",  # noqa: S104
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",  # the data of a cloud's own machines
    "100.64.0.1",
    "192.0.0.1",
    "192.0.0.192",  # of a cloud's own machines, too
    "192.88.99.1",
    "168.63.129.16",  # and again
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "fc00::1",
    "fd12::1",
    "fe80::1",
    "fe80::1%lo",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "2a00::1"])
def test_an_address_of_the_open_internet_is_public(address: str) -> None:
    assert is_public(address)


def test_a_webhook_in_its_parts() -> None:
    target = check_url("https://hooks.example:8443/a/b?c=d#e", allow_private=False)
    assert (target.is_https, target.host, target.port, target.path) == (
        True,
        "hooks.example",
        8443,
        "/a/b?c=d",
    )


def test_what_is_left_out_has_its_usual_value() -> None:
    target = check_url("https://hooks.example", allow_private=False)
    assert (target.port, target.path) == (443, "/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example",
        "ftp://hooks.example/",
        "http://hooks.example/",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://hooks.example:0/",
        "https://hooks.example:99999/",
        "https://hooks.example:x/",
        "https://[::1",
        "https://name@hooks.example/",
        "https://name:password@hooks.example/",
        "https://hooks.example/ space",
        "https://hooks.example/\r\nHost: other",
        "https://hôte.example/",
        "https://hooks.example/" + "x" * 500,
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(BadInput):
        check_url(url, allow_private=False)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "0",
        "169.254.169.254",
        "[fe80::1]",
    ],
)
def test_an_address_inside_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises(BadInput, match="a webhook leads to a public address"):
        check_url(f"https://{host}/", allow_private=False)


def test_a_setting_allows_what_is_inside() -> None:
    assert check_url("http://127.0.0.1:8000/", allow_private=True).port == 8000


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(BadInput) as refused:
        check_url("https://name:hunter2@hooks.example/", allow_private=False)
    assert "hunter2" not in str(refused.value)


# ---- names --------------------------------------------------------------------------------


def leads_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let names lead to these addresses, at each question to the next ones. Returns who asked."""
    asked: list[str] = []
    left, real = list(answers), socket.getaddrinfo

    def resolve(host: str, port: int, *args: Any, **options: Any) -> list[Any]:
        if host[0].isdigit():  # no name: what create_connection asks on its way
            return real(host, port, *args, **options)
        asked.append(host)
        if not left:
            raise socket.gaierror
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in left.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


def reach(url: str, *, allow_private: bool) -> None:
    target = check_url(url, allow_private=True)  # looks no name up
    with Deadline(5) as deadline:
        connect(target, allow_private=allow_private, deadline=deadline).close()


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["10.0.0.1", "8.8.8.8"]]
)
def test_a_name_that_leads_inside_is_not_followed(
    monkeypatch: pytest.MonkeyPatch, web: WebReceiver, addresses: list[str]
) -> None:
    leads_to(monkeypatch, addresses)
    with pytest.raises(NotSent, match="no_address"):
        reach(f"https://rebind.example:{web.port}/", allow_private=False)


def test_a_name_inside_and_a_name_that_is_none_are_one_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    codes = []
    for answers in (["10.0.0.1"],), ():
        leads_to(monkeypatch, *answers)
        with pytest.raises(NotSent) as refused:
            reach("https://intranet.example/", allow_private=False)
        codes.append(refused.value.code)
    assert codes == ["no_address", "no_address"]


def test_a_name_is_asked_for_once(monkeypatch: pytest.MonkeyPatch, web: WebReceiver) -> None:
    """A second answer could be another one: the connection goes where the check looked."""
    asked = leads_to(monkeypatch, ["127.0.0.1"])  # any further question about the name fails
    target = check_url(f"http://rebind.example:{web.port}/", allow_private=True)
    with Deadline(5) as deadline:
        connection = connect(target, allow_private=True, deadline=deadline)
        reached = connection.getpeername()
        connection.close()
    assert (asked.count("rebind.example"), reached) == (1, ("127.0.0.1", web.port))


def test_the_next_address_is_tried_when_the_first_does_not_answer(
    web: WebReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads_to(monkeypatch, ["127.0.0.2", "127.0.0.1"])  # only the second has anybody listening
    reach(f"http://two.example:{web.port}/", allow_private=True)


def test_nobody_at_the_address_is_no_answer() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening
        with pytest.raises(NotSent, match="no_answer"):
            reach(f"http://127.0.0.1:{taken.getsockname()[1]}/", allow_private=True)
