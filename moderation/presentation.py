"""What a creator says of a clip to the public: its title, whether the prompt is shared, the licence,
and who else made it.

Knows nothing of pages, nor of when it may be changed (rewording.py). What is not shared is shown to
nobody but the clip's creator and those who see held clips: `prompt_for` is that one rule.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from accounts.permissions import User
from audit import words_digest
from errors import BadInput
from moderation import licences
from moderation.models import Clip
from text import check_line, check_link

TITLE_LIMIT: Final = 120
CREDITS_LIMIT: Final = 12
NAME_LIMIT: Final = 80
ROLE_LIMIT: Final = 80
COLUMNS: Final = ("title", "shares_prompt", "licence", "credits")


@dataclass(frozen=True)
class Credit:
    """Somebody who made the clip too. `role` and `link` may be empty."""

    name: str
    role: str = ""
    link: str = ""


@dataclass(frozen=True)
class Said:
    """What came in, unchecked. None is what was not said, and stays as it is."""

    title: str | None = None
    shares_prompt: bool | None = None
    licence: str | None = None
    credits: tuple[Credit, ...] | None = None


SAID_NOTHING: Final = Said()
_SAID: Final = TypeAdapter(Said)


@dataclass(frozen=True)
class Presentation:
    """All of it, checked."""

    title: str = ""
    shares_prompt: bool = True
    licence: str = licences.RESERVED.code
    credits: tuple[Credit, ...] = ()

    def as_columns(self) -> dict[str, Any]:
        return {**asdict(self), "credits": [asdict(each) for each in self.credits]}


def read_said(text: str) -> Said:
    """What a form sent as JSON. Raises BadInput."""
    try:
        return _SAID.validate_json(text, strict=True)
    except ValidationError as error:
        rule = "title, shares_prompt, licence and credits of name, role and link"
        raise BadInput(field="words", value=text, rule=rule, step="Load the page again.") from error


def told(said: Said, before: Presentation) -> Presentation:
    """What stands after somebody said this. Raises BadInput, TextTooLong or UnknownLicence."""
    after = before
    if said.title is not None:
        check_line("title", said.title, TITLE_LIMIT)
        after = replace(after, title=said.title.strip())
    if said.shares_prompt is not None:
        after = replace(after, shares_prompt=said.shares_prompt)
    if said.licence is not None:
        after = replace(after, licence=licences.find(said.licence).code)
    if said.credits is not None:
        after = replace(after, credits=_checked(said.credits))
    return after


def of(clip: Clip) -> Presentation:
    return Presentation(
        title=clip.title,
        shares_prompt=clip.shares_prompt,
        licence=clip.licence,
        credits=tuple(Credit(**each) for each in clip.credits),
    )


def digest(columns: Mapping[str, Any]) -> str:
    """sha256 of the words, for the log, which carries nobody's words itself."""
    said = {name: columns[name] for name in COLUMNS}
    return words_digest(json.dumps(said, sort_keys=True, ensure_ascii=False))


def prompt_for(user: User, clip: Clip) -> str:
    """The clip's prompt as this person may read it; empty where it is not shared with them."""
    own = bool(user.id) and user.id == clip.creator_id
    return clip.prompt if clip.shares_prompt or own or user.may("see held clips") else ""


def as_json(clip: Clip) -> dict[str, Any]:
    return {
        "title": clip.title,
        "shares_prompt": clip.shares_prompt,
        "licence": licences.as_json(clip.licence),
        "credits": clip.credits,
    }


def _checked(rows: Sequence[Credit]) -> tuple[Credit, ...]:
    if len(rows) > CREDITS_LIMIT:
        rule = f"at most {CREDITS_LIMIT} people are credited"
        raise BadInput(field="credits", value=len(rows), rule=rule, step="Name fewer.")
    return tuple(_credit(row) for row in rows)


def _credit(row: Credit) -> Credit:
    credit = Credit(row.name.strip(), row.role.strip(), row.link.strip())
    check_line("name", credit.name, NAME_LIMIT)
    check_line("role", credit.role, ROLE_LIMIT)
    check_link("link", credit.link)
    if not credit.name:
        rule = "a credit names somebody"
        raise BadInput(field="name", value="", rule=rule, step="Write a name, or leave it out.")
    return credit
