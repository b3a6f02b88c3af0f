"""Fetching the file behind a stranger's link: from public addresses only, once, and within bounds.

Knows nothing of what the file is for. The network is reached through notices/targets.py, which
looks at every address that a name leads to; nothing is followed from there.
"""

from __future__ import annotations

import http.client
import ssl
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from errors import BadInput, GreenlightError
from notices.sending import Deadline, NotSent
from notices.targets import Target, connect

URL_LIMIT: Final = 1000
FETCH_S: Final = 30.0
_PIECE: Final = 64 * 1024
_WHY: Final = {
    "no_address": "its host leads to no public address",
    "no_answer": "there was no answer",
}


class LinkFailed(GreenlightError):
    """What a link leads to could not be had."""

    status = 422
    code = "link_failed"
    says = "The file behind this link could not be fetched: {why}."
    fix_says = "Download it yourself and send the file."


def fetch(
    link: str,
    target: Path,
    *,
    limit_bytes: int,
    allow_private: bool = False,
    limit_s: float = FETCH_S,
) -> None:
    """Write what `link` leads to into `target`. Raises BadInput for what is no link, LinkFailed."""
    place = read_link(link)
    connection = http.client.HTTPConnection(place.host, place.port)
    connection.auto_open = 0  # only ever the connection that was checked
    connection.default_port = http.client.HTTPS_PORT if place.is_https else http.client.HTTP_PORT
    with Deadline(limit_s) as deadline:
        try:
            plain = connect(place, allow_private=allow_private, deadline=deadline)
            connection.sock = plain
            if place.is_https:
                context = ssl.create_default_context()
                connection.sock = context.wrap_socket(plain, server_hostname=place.host)
            connection.request("GET", place.path, headers={"User-Agent": "Greenlight"})
            answer = connection.getresponse()
            if 300 <= answer.status < 400:
                raise LinkFailed(why="it leads on to another address; send that one")
            if answer.status != 200:
                raise LinkFailed(why=f"it was answered with {answer.status}")
            _write(answer, target, limit_bytes)
            deadline.left_s()  # a connection that was cut looks like one that ended
        except NotSent as error:
            raise LinkFailed(why=_WHY.get(error.code, "there was no answer")) from error
        except ssl.SSLCertVerificationError as error:
            raise LinkFailed(why="its certificate is not valid") from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            late = deadline.is_over or isinstance(error, TimeoutError)
            raise LinkFailed(why="it took too long" if late else "it broke off") from error
        finally:
            connection.close()


def read_link(link: str) -> Target:
    """The parts of a link. Raises BadInput with the rule that it breaks; looks nothing up."""
    if len(link) > URL_LIMIT or not all("!" <= each <= "~" for each in link):
        raise _refused(link, f"a link is at most {URL_LIMIT} plain characters, without spaces")
    try:
        parts = urlsplit(link)
        port = parts.port
    except ValueError as error:
        raise _refused(link, str(error).lower()) from error
    if parts.scheme not in ("https", "http") or not parts.hostname or port == 0:
        raise _refused(link, "a link begins with https:// or http:// and a host")
    if parts.username is not None or parts.password is not None:
        raise _refused("an address with a name in it", "it carries no name and password")
    is_https = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(is_https, parts.hostname, port or (443 if is_https else 80), path)


def _write(answer: http.client.HTTPResponse, target: Path, limit_bytes: int) -> None:
    left = limit_bytes
    with target.open("wb") as file:
        while piece := answer.read(_PIECE):
            left -= len(piece)
            if left < 0:
                raise LinkFailed(why=f"it is larger than {limit_bytes // 1024**2} MiB")
            file.write(piece)
    if answer.length:
        raise LinkFailed(why="it broke off")


def _refused(value: str, rule: str) -> BadInput:
    return BadInput(
        field="url", value=value, rule=rule, step="Send another link, or the file itself."
    )
