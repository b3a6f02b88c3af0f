"""A page of the public gallery, or of one creator's works, and the way to its neighbours.

Knows nothing of how it looks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from sqlmodel import Session

from accounts.permissions import STRANGER
from errors import BadInput, NotFound
from gallery.choices import choices
from gallery.exposure import figures
from gallery.models import Exposure
from gallery.published import page
from gallery.question import ORDERS, Question
from moderation.views import clips_json


@dataclass(frozen=True)
class Wall:
    """Clips as a stranger reads them; `newer` and `older` are addresses, or None."""

    clips: list[dict[str, Any]]
    newer: str | None
    older: str | None
    question: Question = field(default_factory=Question)
    choices: dict[str, list[str]] = field(default_factory=dict)  # filter → values to choose from
    creator: str = ""  # whose works these are, as their owner writes it; empty: the gallery's
    figures: dict[str, Exposure] = field(default_factory=dict)  # of a creator's works
    first: tuple[str, ...] = ()  # ids of the clips in a first place of the rotation


def wall(
    session: Session,
    question: Question,
    *,
    older: str | None = None,
    newer: str | None = None,
    window: int = 0,
) -> Wall:
    """The first page of the gallery, or the one that a cursor leads to."""
    found = page(session, question, older=older, newer=newer, window=window)
    address = _addresses("/gallery", parameters(question))
    return Wall(
        clips=clips_json(session, STRANGER, found.clips),
        newer=address("newer", found.newer),
        older=address("older", found.older),
        question=question,
        choices=_offered(choices(session), question),
        first=found.first,
    )


def creator_wall(
    session: Session, name: str, *, older: str | None = None, newer: str | None = None
) -> Wall:
    """The same of one creator's works, with what was counted of each.

    Raises NotFound for a creator of whom nothing is published: whether there is such a person is
    not said.
    """
    try:
        question = Question(creator=name)
    except BadInput as error:
        raise NotFound() from error  # nobody can be called that
    if not name:
        raise NotFound()
    found = page(session, question, older=older, newer=newer)
    # A page beyond the last one has no clips either; but of somebody who has none at all, what they
    # say of themselves is not public, whatever page is asked for.
    if not found.clips and not page(session, question).clips:
        raise NotFound()
    shown = clips_json(session, STRANGER, found.clips)
    name = shown[0]["creator"] if shown else name
    address = _addresses(f"/creator/{quote(name, safe='')}", {})
    return Wall(
        clips=shown,
        newer=address("newer", found.newer),
        older=address("older", found.older),
        creator=name,
        figures=figures(session, [clip["id"] for clip in shown]),
    )


def parameters(question: Question) -> dict[str, str]:
    """What an address says of a question, without what goes unsaid."""
    said = {"q": question.text, "creator": question.creator, **question.filters}
    if question.order != ORDERS[0]:
        said["order"] = question.order
    return {name: value for name, value in said.items() if value}


def _offered(found: dict[str, list[str]], question: Question) -> dict[str, list[str]]:
    """Only where there is a choice; a value that is set can always be taken out again."""
    chosen = question.filters
    return {
        name: values if chosen.get(name, "") in ("", *values) else [*values, chosen[name]]
        for name, values in found.items()
        if len(values) > 1 or name in chosen
    }


def _addresses(path: str, said: dict[str, str]) -> Callable[[str, str | None], str | None]:
    def address(direction: str, cursor: str | None) -> str | None:
        return None if cursor is None else f"{path}?{urlencode({**said, direction: cursor})}"

    return address
