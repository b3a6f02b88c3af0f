"""The words that leave the house: an e-mail, or the JSON of a webhook.

Knows nothing of sending. Neither carries a prompt, a picture or anybody's name: only what kind of
thing happened, the clip's id, and the way to it, where one has to be signed in.
"""

from __future__ import annotations

import json
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import urlsplit

from language import say
from notices import proofs
from notices.models import CODE, FOR_LEADS, TEST, Kind
from notices.outbox import CODE_LIFE, Parcel
from settings import VERSION
from store import as_text

ID_HEADER: Final = "Greenlight-Delivery"
TIME_HEADER: Final = "Greenlight-Timestamp"
SIGNATURE_HEADER: Final = "Greenlight-Signature"
_MINUTE_S: Final = 60


def email_for(parcel: Parcel, *, sender: str, address: str, code: str = "") -> EmailMessage:
    """The e-mail of a message. `address`: where Greenlight is; `code`: for the kind CODE."""
    subject, text = _words(parcel, address, code)
    message = EmailMessage()
    message["From"] = sender
    message["To"] = parcel.to
    message["Subject"] = subject
    message["Date"] = format_datetime(parcel.at)
    message["Message-ID"] = f"<{parcel.id}@{urlsplit(address).hostname or 'greenlight.invalid'}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office in return
    message[ID_HEADER] = parcel.id
    message.set_content(text, cte="quoted-printable")
    return message


def webhook_for(
    parcel: Parcel, *, address: str, secret: str, now: datetime
) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a webhook's message. The id stays the same however often it is sent."""
    facts: dict[str, Any] = {
        "id": parcel.id,
        "kind": parcel.kind,
        "clip_id": parcel.clip_id,
        "at": as_text(parcel.at),
        "link": link_for(parcel, address),
    }
    body = json.dumps(facts, separators=(",", ":")).encode()
    timestamp = int(now.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"Greenlight/{VERSION}",
        ID_HEADER: parcel.id,
        TIME_HEADER: str(timestamp),
        SIGNATURE_HEADER: proofs.signature(secret, timestamp=timestamp, body=body),
    }
    return body, headers


def link_for(parcel: Parcel, address: str) -> str:
    """Where it can be seen to: by its creator in My clips, by a lead at the desk, by whoever
    reported it on its page."""
    if parcel.kind in (Kind.REPORT_DISMISSED, Kind.REPORT_ENDED):
        return f"{address}/clip/{parcel.clip_id}"
    return f"{address}/?tab={'review' if parcel.kind in FOR_LEADS else 'mine'}"


def _words(parcel: Parcel, address: str, code: str) -> tuple[str, str]:
    language = parcel.language
    if parcel.kind == CODE:
        minutes = int(CODE_LIFE.total_seconds()) // _MINUTE_S
        text = say(language, "mail.code", code=code, address=address, minutes=minutes)
        return say(language, "mail.code_subject"), text
    if parcel.kind == TEST:
        text = say(language, "mail.test", address=address)
        return say(language, "mail.test_subject"), text
    what = say(language, f"notice.{parcel.kind}")
    subject = say(language, "mail.subject", what=what)
    link = link_for(parcel, address)
    return subject, say(language, "mail.text", what=what, clip=parcel.clip_id, link=link)
