"""What an operator has paused, and the words people read meanwhile.

Knows nothing of how clips are made or published: those ask here before they begin.
"""

from __future__ import annotations

from typing import Final

from sqlmodel import Session, select

import audit
from accounts.models import Switch
from errors import BadInput, Paused

WHAT: Final = ("generation", "publishing", "signups", "notices")
_MESSAGES: Final = {
    "generation": "Making new clips is paused for the moment.",
    "publishing": "Publishing is paused for the moment.",
    "signups": "New sign-ups are paused for the moment.",
    "notices": "E-mails and webhooks are paused for the moment.",
}
MESSAGE_LIMIT: Final = 300


def paused(session: Session) -> list[Switch]:
    return list(session.exec(select(Switch).order_by(Switch.what)))


def is_paused(session: Session, what: str) -> bool:
    return session.get(Switch, what) is not None


def check(session: Session, what: str) -> None:
    """Raise Paused with the operator's words when `what` is paused."""
    switch = session.get(Switch, what)
    if switch is not None:
        raise Paused(message=switch.message)


def pause(session: Session, what: str, *, message: str | None, paused_by: str) -> None:
    """Pause one thing or `all`. Pausing what is paused changes the message."""
    if message and len(message) > MESSAGE_LIMIT:
        rule = f"a message has at most {MESSAGE_LIMIT} characters"
        raise BadInput(
            field="message", value=f"{len(message)} characters", rule=rule, step="Shorten it."
        )
    for name in _named(what):
        switch = session.get(Switch, name) or Switch(what=name, message="", paused_by=paused_by)
        switch.message = (message or "").strip() or _MESSAGES[name]
        session.add(switch)
        body = {"message": switch.message}
        audit.append(session, actor=paused_by, action="pause", subject=name, body=body)


def resume(session: Session, what: str, *, resumed_by: str) -> None:
    for name in _named(what):
        switch = session.get(Switch, name)
        if switch is not None:
            session.delete(switch)
            audit.append(session, actor=resumed_by, action="resume", subject=name)


def _named(what: str) -> tuple[str, ...]:
    if what == "all":
        return WHAT
    if what in WHAT:
        return (what,)
    rule = f"one of {', '.join(WHAT)} or all"
    raise BadInput(field="what", value=what, rule=rule, step="Name one of them.")
