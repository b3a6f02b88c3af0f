"""What is proved and with what: the code that proves an e-mail address, the secret of a webhook.

Knows nothing of tables. Both are derived from the instance's own key, so the database alone gives
neither away, and a message that is sent again carries the same code.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

KEY_NAME: Final = "notices.key"
CODE_DIGITS: Final = 6


def code_for(key: bytes, *, person_id: str, email: str, code_id: str) -> str:
    """The digits that the owner of `email` reads and that `person_id` types in."""
    drawn = int.from_bytes(_derive(key, "code", person_id, email, code_id)[:8], "big")
    return f"{drawn % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def secret_for(key: bytes, *, person_id: str, salt: str) -> str:
    """The secret that signs what is posted to a person's webhook."""
    return "glw_" + _derive(key, "webhook", person_id, salt).hex()


def signature(secret: str, *, timestamp: int, body: bytes) -> str:
    """HMAC-SHA256 over `timestamp.body`, as the header Greenlight-Signature carries it."""
    signed = f"{timestamp}.".encode() + body
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def is_same(one: str, other: str) -> bool:
    """Compared in a time that does not tell how much of it was right."""
    return hmac.compare_digest(one.encode(), other.encode())


def _derive(key: bytes, *parts: str) -> bytes:
    return hmac.new(key, "\0".join(parts).encode(), hashlib.sha256).digest()
