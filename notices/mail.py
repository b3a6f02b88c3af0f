"""Handing one e-mail to the operator's mail server.

Knows nothing of the outbox. A password never goes over a connection that is not TLS with a
certificate that was checked: settings.py refuses such an address at the start.
"""

from __future__ import annotations

import contextlib
import ipaddress
import smtplib
import ssl
from email.message import EmailMessage
from typing import Final

from notices.sending import Deadline, NotSent
from settings import MailServer

_STEP_S: Final = 30.0  # servers make newcomers wait on purpose


def send(message: EmailMessage, server: MailServer, *, our_host: str, deadline: Deadline) -> None:
    """Hand it over. Raises NotSent; for good when the server knows no such mailbox."""
    client: smtplib.SMTP | None = None
    try:
        client = _open(server, our_host, deadline)
        if server.user:
            client.login(server.user, server.password)
        client.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        status = max(code for code, _ in error.recipients.values())
        raise NotSent(f"refused:{status}", is_final=status >= 500) from error
    except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError) as error:
        raise NotSent("mail_server:sign_in") from error
    except ssl.SSLCertVerificationError as error:
        raise NotSent("mail_server:certificate") from error
    except smtplib.SMTPResponseException as error:
        raise NotSent(f"refused:{error.smtp_code}") from error
    except (OSError, ValueError) as error:  # smtplib's own errors are OSErrors
        late = deadline.is_over or isinstance(error, TimeoutError)
        raise NotSent("too_slow" if late else "no_answer") from error
    else:
        with contextlib.suppress(OSError):  # it has the message; how we part does not matter
            client.quit()
    finally:
        if client is not None:
            client.close()


def _open(server: MailServer, our_host: str, deadline: Deadline) -> smtplib.SMTP:
    name, timeout_s = _as_domain(our_host), min(_STEP_S, deadline.left_s())
    if server.tls == "implicit":
        context = ssl.create_default_context()
        client: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, name, timeout=timeout_s, context=context
        )
    else:
        client = smtplib.SMTP(server.host, server.port, name, timeout=timeout_s)
    try:
        if client.sock is not None:
            deadline.hold(client.sock)
        if server.tls == "starttls":
            _start_tls(client)
    except BaseException:
        client.close()
        raise
    return client


def _start_tls(client: smtplib.SMTP) -> None:
    """Raises NotSent where the server offers none, also when somebody took its offer out."""
    try:
        client.starttls(context=ssl.create_default_context())
    except (smtplib.SMTPNotSupportedError, smtplib.SMTPResponseException) as error:
        raise NotSent("mail_server:no_tls") from error


def _as_domain(host: str) -> str:
    """How a client calls itself. Left to itself smtplib asks the network for a name, and waits."""
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return host
    return f"[IPv6:{ip}]" if ip.version == 6 else f"[{ip}]"
