"""What curators do with a programme: make, change, open, close, delete; a row of the log for each.

Knows nothing of how it is shown (reading.py). Only published clips come in. One that is published
no more keeps its place, unseen, for the day on which it is restored.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, delete, func, select

import audit
from accounts.permissions import User
from errors import BadInput, GreenlightError, NotFound
from gallery.programmes.models import Place, Programme, Status
from moderation.models import Clip, State
from store import utc_now
from text import check_text, is_visible

TITLE_LIMIT: Final = 120
TEXT_LIMIT: Final = 2000
CURATOR_LIMIT: Final = 80
WORDS_LIMIT: Final = 280
SLUG_LIMIT: Final = 60
MOST_CLIPS: Final = 200

_SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class StaleProgramme(GreenlightError):
    status = 409
    code = "stale_programme"
    says = "You edited version {seen} of this programme; it is at version {version} now."
    fix_says = "Load it again, make your changes there and save them."


class SlugTaken(GreenlightError):
    status = 409
    code = "slug_taken"
    says = "There is a programme at {slug!r}."
    fix_says = "Choose another address, or leave it out."


class ProgrammeEmpty(BadInput):
    code = "programme_empty"
    says = "The programme has no clip that can be shown; an open one needs at least one."
    fix_says = "Put a published clip in first."


class WasOpen(GreenlightError):
    status = 409
    code = "was_open"
    says = "The programme is {status}; only a draft that never was open can be deleted."
    fix_says = "Close it instead: nobody but curators sees it then."


@dataclass(frozen=True)
class Entry:
    """A clip's place: which one, and the curator's words about it."""

    id: str
    words: str = ""


@dataclass(frozen=True)
class Content:
    """All that a curator writes in a programme. Raises TextTooLong or BadInput."""

    title: str
    text: str
    curator: str
    entries: Sequence[Entry] = ()

    def __post_init__(self) -> None:
        for field, value, limit in (
            ("title", self.title, TITLE_LIMIT),
            ("text", self.text, TEXT_LIMIT),
            ("curator", self.curator, CURATOR_LIMIT),
        ):
            check_text(field, value, limit)
            if field != "text" and not is_visible(value):
                raise BadInput(field=field, value=value, rule="it needs words", step="Write some.")
        if len(self.entries) > MOST_CLIPS:
            rule = f"a programme has at most {MOST_CLIPS} clips"
            count = f"{len(self.entries)} clips"
            raise BadInput(field="clips", value=count, rule=rule, step="Make two of it.")
        seen: set[str] = set()
        for at, entry in enumerate(self.entries):
            check_text(f"clips.{at}.words", entry.words, WORDS_LIMIT)
            if entry.id in seen:
                rule = "a clip is in a programme once"
                raise _not_that(at, entry, rule, "Take one of them out.")
            seen.add(entry.id)


def make(session: Session, user: User, content: Content, *, slug: str = "") -> Programme:
    """A new draft. Its address is made of its title when none is wished for."""
    user.must("curate")
    if slug:
        _check_slug(slug)
        if _is_taken(session, slug):
            raise SlugTaken(slug=slug)
    programme = Programme(
        slug=slug or _free_slug(session, content.title),
        title=content.title,
        text=content.text,
        curator=content.curator,
        made_by=user.id,
    )
    session.add(programme)
    session.flush()
    _fill(session, programme, content.entries)
    _log(session, user, programme, "make", content)
    return programme


def change(session: Session, user: User, slug: str, content: Content, *, version: int) -> Programme:
    """Write all of it anew, over the version that its curator has seen."""
    programme = kept(session, user, slug, version=version)
    programme.title, programme.text = content.title, content.text
    programme.curator = content.curator
    _fill(session, programme, content.entries)
    if programme.status == Status.OPEN:
        _refuse_empty(session, programme)
    _count_up(session, programme)
    _log(session, user, programme, "change", content)
    return programme


def open_up(session: Session, user: User, slug: str, *, version: int) -> Programme:
    """Show it to everybody. Opening what is open changes nothing."""
    programme = kept(session, user, slug, version=version)
    if programme.status == Status.OPEN:
        return programme
    _refuse_empty(session, programme)
    if programme.open_seq is None:
        programme.open_seq = (session.exec(select(func.max(Programme.open_seq))).one() or 0) + 1
        programme.opened_at = utc_now()
    programme.status = Status.OPEN.value
    _count_up(session, programme)
    _log(session, user, programme, "open")
    return programme


def close(session: Session, user: User, slug: str) -> Programme:
    """Hide it from everybody but curators, at once, whoever edits it meanwhile."""
    programme = kept(session, user, slug)
    if programme.status != Status.OPEN:
        return programme
    programme.status = Status.CLOSED.value
    _count_up(session, programme)
    _log(session, user, programme, "close")
    return programme


def remove(session: Session, user: User, slug: str, *, version: int) -> None:
    """Delete a draft. What was public stays, so that nobody's share of places is forgotten."""
    programme = kept(session, user, slug, version=version)
    if programme.status != Status.DRAFT:
        raise WasOpen(status=programme.status)
    _log(session, user, programme, "delete")
    session.execute(delete(Place).where(col(Place.programme_id) == programme.id))
    session.delete(programme)
    session.flush()


def kept(session: Session, user: User, slug: str, *, version: int | None = None) -> Programme:
    """The programme, for a curator. The permission comes first: nobody else learns of drafts."""
    user.must("curate")
    programme = session.exec(select(Programme).where(Programme.slug == slug)).first()
    if programme is None:
        raise NotFound()
    if version is not None and version != programme.version:
        raise StaleProgramme(seen=version, version=programme.version)
    return programme


def places(session: Session, programme: Programme) -> list[Place]:
    """Every place in order, also of clips that cannot be shown now."""
    query = select(Place).where(Place.programme_id == programme.id)
    return list(session.exec(query.order_by(col(Place.place))))


def _fill(session: Session, programme: Programme, entries: Sequence[Entry]) -> None:
    ids = [entry.id for entry in entries]
    known = set(session.exec(select(Place.clip_id).where(Place.programme_id == programme.id)).all())
    known |= set(session.exec(select(Clip.id).where(col(Clip.id).in_(ids), _is_published())).all())
    for at, entry in enumerate(entries):
        if entry.id not in known:
            step = "Name a clip that is in the gallery."
            raise _not_that(at, entry, "only published clips come in", step)
    session.execute(delete(Place).where(col(Place.programme_id) == programme.id))
    session.add_all(
        Place(programme_id=programme.id, place=place, clip_id=entry.id, words=entry.words)
        for place, entry in enumerate(entries, 1)
    )
    session.flush()


def _is_published() -> ColumnElement[bool]:
    return col(Clip.state) == State.PUBLISHED.value


def _refuse_empty(session: Session, programme: Programme) -> None:
    query = (
        select(Place.clip_id)
        .join(Clip, col(Clip.id) == Place.clip_id)
        .where(Place.programme_id == programme.id, _is_published())
    )
    if session.exec(query.limit(1)).first() is None:
        raise ProgrammeEmpty()


def _count_up(session: Session, programme: Programme) -> None:
    programme.version += 1
    session.add(programme)
    session.flush()


def _log(
    session: Session, user: User, programme: Programme, act: str, content: Content | None = None
) -> None:
    """The log carries nobody's words, only their digest, and which clips in which order."""
    body: dict[str, object] = {"version": programme.version}
    if content is not None:
        words = [each for entry in content.entries for each in (entry.id, entry.words)]
        body["words"] = audit.words_digest(
            programme.slug, content.title, content.text, content.curator, *words
        )
        body["clips"] = [entry.id for entry in content.entries]
    action = f"programme_{act}"
    audit.append(session, actor=user.id, action=action, subject=programme.id, body=body)


def _free_slug(session: Session, title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    made = "-".join(re.findall(r"[a-z0-9]+", plain))[: SLUG_LIMIT - 6].strip("-") or "programme"
    slug, number = made, 1
    while _is_taken(session, slug):
        number += 1
        slug = f"{made}-{number}"
    return slug


def _is_taken(session: Session, slug: str) -> bool:
    return session.exec(select(Programme.id).where(Programme.slug == slug)).first() is not None


def _check_slug(slug: str) -> None:
    if len(slug) > SLUG_LIMIT or not _SLUG.fullmatch(slug):
        rule = f"small letters a to z, digits and single hyphens, at most {SLUG_LIMIT}"
        raise BadInput(field="slug", value=slug, rule=rule, step="Write it like that.")


def _not_that(at: int, entry: Entry, rule: str, step: str) -> BadInput:
    return BadInput(field=f"clips.{at}.id", value=entry.id, rule=rule, step=step)
