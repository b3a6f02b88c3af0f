"""How far the Hub is in step with the gallery, for leads: facts, and the sentences that say them.

Knows nothing of pages. A removal is said to be over only when no address answered any more.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from accounts.permissions import User
from hub.copies import STILL_THERE
from hub.models import HubCopy, HubPlace, Wanted
from language import say
from store import as_text

_MOST: Final = 50
"""Clips that are listed of each kind; all are counted."""

_OFF: Final = "off"


def report(session: Session, user: User, language: str) -> dict[str, Any]:
    """What leads and admins read. Without any place there is nothing to say."""
    user.must("take down")
    places = list(session.exec(select(HubPlace).order_by(col(HubPlace.repo))))
    is_on = any(place.is_active for place in places)
    return {
        "places": [_place_json(session, place, language, is_on=is_on) for place in places],
        "removals": [_removal_json(copy, language) for copy in _leaving(session)],
        "troubled": [_trouble_json(copy, language) for copy in _troubled(session)],
    }


def _place_json(session: Session, place: HubPlace, language: str, *, is_on: bool) -> dict[str, Any]:
    wanted = col(HubCopy.wanted) == Wanted.THERE.value
    leaves = col(HubCopy.wanted) == Wanted.GONE.value
    counts = {
        "there": _count(session, place, wanted & col(HubCopy.is_done)),
        "waiting": _count(session, place, wanted & ~col(HubCopy.is_done)),
        "leaving": _count(session, place, leaves & ~col(HubCopy.is_done)),
    }
    trouble = place.trouble if is_on else _OFF
    sentences = [say(language, "hub.place", repo=place.repo, **counts)]
    if not place.is_active and is_on:
        sentences.append(say(language, "hub.not_used"))
    if trouble:
        sentences.append(say(language, f"hub.trouble.{trouble.partition(':')[0]}"))
    if trouble and is_on and place.due_at:
        sentences.append(say(language, "hub.again", when=_moment(place.due_at)))
    return {
        "repo": place.repo,
        "is_active": place.is_active,
        **counts,
        "trouble": trouble or None,
        "trouble_since": _text(place.trouble_since),
        "says": " ".join(sentences),
    }


def _removal_json(copy: HubCopy, language: str) -> dict[str, Any]:
    stage = "asked"
    if copy.checked_at:
        stage = "checked"
    elif copy.purged_at:
        stage = "purged"
    elif copy.removed_at:
        stage = "removed"
    latest = copy.checked_at or copy.purged_at or copy.removed_at or copy.asked_at
    return {
        "clip_id": copy.clip_id,
        "repo": copy.repo,
        "stage": stage,
        "asked_at": _text(copy.asked_at),
        "removed_at": _text(copy.removed_at),
        "purged_at": _text(copy.purged_at),
        "checked_at": _text(copy.checked_at),
        "says": say(language, f"hub.removal.{stage}", when=_moment(latest)),
    }


def _trouble_json(copy: HubCopy, language: str) -> dict[str, Any]:
    code = copy.error.partition(":")[0]
    return {
        "clip_id": copy.clip_id,
        "repo": copy.repo,
        "error": copy.error,
        "says": say(language, f"hub.error.{code}"),
    }


def _leaving(session: Session) -> list[HubCopy]:
    return _listed(session, ~col(HubCopy.is_done) & (col(HubCopy.wanted) == Wanted.GONE.value))


def _troubled(session: Session) -> list[HubCopy]:
    return _listed(session, (col(HubCopy.error) != "") & (col(HubCopy.error) != STILL_THERE))


def _listed(session: Session, which: ColumnElement[bool]) -> list[HubCopy]:
    order = (col(HubCopy.asked_at), col(HubCopy.clip_id))
    return list(session.exec(select(HubCopy).where(which).order_by(*order).limit(_MOST)))


def _count(session: Session, place: HubPlace, which: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(HubCopy).where(HubCopy.repo == place.repo, which)
    return session.exec(query).one()


def _text(moment: Any) -> str | None:
    return as_text(moment) if moment else None


def _moment(moment: Any) -> str:
    return as_text(moment)[:16].replace("T", " ") + " UTC"
