"""The lot: a number that nobody can foresee without the instance's key, and that stays the same.

Knows nothing of what is drawn. A clip that is looked at twice draws the same lot twice, so nobody
gets another one by trying again.
"""

from __future__ import annotations

import hmac

from sqlmodel import Session


def lot(session: Session, *words: str) -> float:
    """A number from 0 to 1 that belongs to these words on this instance; the first says whose
    draw it is."""
    digest = hmac.digest(session.info["audit_key"], " ".join(words).encode(), "sha256")
    return int.from_bytes(digest[:6], "big") / 2**48
