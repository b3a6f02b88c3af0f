"""Posting one message to a person's webhook: signed, once, and without following it anywhere.

Knows nothing of the outbox. What the other side answers is read for its status only.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from typing import Final

from errors import BadInput
from notices.sending import Deadline, NotSent
from notices.targets import check_url, connect

ANSWER_LIMIT: Final = 1024
_GONE: Final = 410


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    allow_private: bool,
    deadline: Deadline,
) -> None:
    """Post `body`. Raises NotSent unless the answer is 2xx, also when it is a redirect."""
    try:
        target = check_url(url, allow_private=allow_private)
    except BadInput as error:  # good once, and the operator's setting has changed since
        raise NotSent("no_address", is_final=True) from error
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.auto_open = 0  # only ever the connection that was checked
    connection.default_port = http.client.HTTPS_PORT if target.is_https else http.client.HTTP_PORT
    try:
        plain = connect(target, allow_private=allow_private, deadline=deadline)
        connection.sock = plain
        if target.is_https:
            context = ssl.create_default_context()
            connection.sock = context.wrap_socket(plain, server_hostname=target.host)
        connection.request("POST", target.path, body, dict(headers))
        answer = connection.getresponse()
        answer.read(ANSWER_LIMIT)
        deadline.left_s()  # headers that were cut off look like headers that ended
    except ssl.SSLCertVerificationError as error:
        raise NotSent("bad_certificate") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        late = deadline.is_over or isinstance(error, TimeoutError)
        raise NotSent("too_slow" if late else "no_answer") from error
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        raise NotSent(f"status:{answer.status}", is_final=answer.status == _GONE)
