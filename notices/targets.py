"""Which network addresses a webhook may reach: public ones, so that nobody can use us as their
hand inside of our own network.

Knows nothing of what is sent. A name is resolved once, every address that it leads to is checked,
and the connection goes to one of those checked, so that a name cannot turn around in between.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from errors import BadInput
from notices.sending import Deadline, NotSent

URL_LIMIT: Final = 500
_CONNECT_S: Final = 5.0
_GLOBAL_V6: Final = ipaddress.ip_network("2000::/3")
_INSIDE_V4: Final = tuple(
    map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32"))
)
"""Not the open internet, whatever their number looks like: addresses of protocols, at one of which
a cloud keeps the data of its own machines; relays into IPv6; the host that every machine of another
cloud can ask about itself."""


@dataclass(frozen=True)
class Target:
    """A webhook's address in its parts."""

    is_https: bool
    host: str
    port: int
    path: str  # with the query


def check_url(url: str, *, allow_private: bool) -> Target:
    """The parts of a webhook's address. Raises BadInput with the rule that it breaks.

    Looks nothing up: what a name leads to is asked when something is sent (`connect`).
    """
    if len(url) > URL_LIMIT or not all("!" <= each <= "~" for each in url):
        rule = f"a webhook is an address of at most {URL_LIMIT} plain characters"
        raise _refused(url, rule, "Write other characters as %XX, and a host name as xn--….")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _refused(url, str(error).lower(), "Write it as https://host/path.") from error
    schemes = ("https", "http") if allow_private else ("https",)
    if parts.scheme not in schemes or not parts.hostname or port == 0:
        raise _refused(url, f"it begins with {' or '.join(schemes)}:// and a host", "Correct it.")
    if parts.username is not None or parts.password is not None:
        rule = "it carries no name and password"
        raise _refused("an address with a name in it", rule, "Put a secret in its path instead.")
    target = _as_target(parts, port)
    if not allow_private and not all(map(is_public, _numeric(target))):
        raise _refused(url, "a webhook leads to a public address", "Use a public host name.")
    return target


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the open internet: no private, local, shared, multicast or
    reserved one, and no IPv6 address that wraps an IPv4 one."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv4Address):
        is_inside = ip.is_multicast or ip.is_reserved or any(ip in each for each in _INSIDE_V4)
        return ip.is_global and not is_inside
    wraps = ip.ipv4_mapped or ip.sixtofour or ip.teredo
    return ip in _GLOBAL_V6 and ip.is_global and not wraps


def connect(target: Target, *, allow_private: bool, deadline: Deadline) -> socket.socket:
    """A connection to the target. Raises NotSent when its name leads nowhere, or anywhere private.

    Both are one answer: who may set a webhook may not learn which names exist inside.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotSent("no_address") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not allow_private and not all(map(is_public, addresses)):
        raise NotSent("no_address")
    failure: OSError | None = None
    for address in addresses:
        timeout_s = min(_CONNECT_S, deadline.left_s())
        try:
            connection = socket.create_connection((address, target.port), timeout=timeout_s)
        except OSError as error:
            failure = error
            continue
        try:
            deadline.hold(connection)
            connection.settimeout(deadline.left_s())  # from here on silence may last
        except TimeoutError:
            connection.close()
            raise
        return connection
    raise NotSent("no_answer") from failure


def _as_target(parts: SplitResult, port: int | None) -> Target:
    is_https = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(is_https, parts.hostname or "", port or (443 if is_https else 80), path)


def _numeric(target: Target) -> list[str]:
    """The address of a host that is written as a number, in any of the ways to write one."""
    try:
        found = socket.getaddrinfo(
            target.host, target.port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )
    except (OSError, UnicodeError):
        return []  # a name
    return [str(entry[4][0]) for entry in found]


def _refused(url: str, rule: str, step: str) -> BadInput:
    return BadInput(field="webhook", value=url, rule=rule, step=step)
