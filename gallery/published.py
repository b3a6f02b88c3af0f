"""Pages of published clips: newest first, by the rotation or as curated, searched and filtered,
joined by cursors both ways; and the parts of the sitemap.

Knows nothing of how clips are shown. A page is found by numbers alone, which clips got when they
were published and keep (clip.publish_seq); the clips are read afterwards, and what is not published
then is left out.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, column, literal_column, table, true
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from accounts.models import Person
from accounts.people import is_called
from errors import BadCursor, BadInput
from gallery import curated, rotation
from gallery.question import LONGEST_PREFIX, Question, expression, quote
from moderation.models import Clip

PAGE: Final = 24
_PUBLISHED: Final[ColumnElement[bool]] = literal_column("clip.state = 'published'")
_WORDS: Final = table("clip_words", column("rowid"))
_CURSOR: Final = re.compile(r"(\d{1,15})(?: (\d{1,15}))?")


@dataclass(frozen=True)
class Page:
    """`newer`, `older`: cursors of its neighbours, None at an end. `first`: the ids of those clips
    that stand here in a first place of the rotation."""

    clips: list[Clip]
    newer: str | None
    older: str | None
    first: tuple[str, ...] = ()


def page(
    session: Session,
    question: Question,
    *,
    older: str | None = None,
    newer: str | None = None,
    window: int = 0,
) -> Page:
    """The first page, or the one that a cursor leads to: `older` than a clip, or `newer`.

    `window`: the rotation's, which has begun. Raises BadCursor, or BadInput for two cursors.
    """
    if older is not None and newer is not None:
        rule = "a page lies in one direction: older or newer"
        raise BadInput(field="newer", value=newer, rule=rule, step="Send one of them.")
    given = older if older is not None else newer
    place = None if given is None else read_cursor(given)
    search = _Search(session, question)
    if question.order == "rotating":
        if place is not None:
            if place[1] is None:
                raise BadCursor(value=given)
            window = place[1]
        return _rotating(search, window, place and place[0], is_back=newer is not None)
    if question.order == "curated":
        if place is not None and place[1] is None:
            raise BadCursor(value=given)
        return _curated(search, place and (place[1] or 0, place[0]), is_back=newer is not None)
    if place is not None and place[1] is not None:
        raise BadCursor(value=given)
    return _newest(search, place and place[0], is_back=newer is not None)


def _newest(search: _Search, seq: int | None, *, is_back: bool) -> Page:
    if is_back:
        found = search.after(seq or 0)
        is_end = len(found) <= PAGE
        found = found[:PAGE][::-1]
        before = None if is_end or not found else write_cursor(found[0])
        return Page(search.clips(found), before, write_cursor(found[-1]) if found else None)
    found = search.before(seq)
    following = write_cursor(found[PAGE - 1]) if len(found) > PAGE else None
    found = found[:PAGE]
    back = write_cursor(found[0]) if found and seq is not None else None
    return Page(search.clips(found), back, following)


def _rotating(search: _Search, window: int, seq: int | None, *, is_back: bool) -> Page:
    """The window's first places, then all others, newest first, by cursors that keep the window."""
    search.leave_out(rotation.places(search.session, window))
    room = PAGE - len(search.first)
    if is_back:
        found = search.after(seq or 0)
        if len(found) > room:
            before = write_cursor(found[:PAGE][-1], window)
            found = found[:PAGE][::-1]
            return Page(search.clips(found), before, write_cursor(found[-1], window))
        seq = None  # what is left before it is the first page
    is_first = seq is None
    found = search.before(seq)
    length = room if is_first else PAGE
    following = None
    if len(found) > length:
        # On a first page without room for others the next one begins at the newest of all.
        following = write_cursor(found[length - 1] if length else found[0] + 1, window)
    found = found[:length]
    if is_first:
        first = search.clips(search.first)
        ids = tuple(clip.id for clip in first)
        return Page([*first, *search.clips(found)], None, following, ids)
    back = write_cursor(found[0], window) if found else write_cursor(seq or 0, window)
    return Page(search.clips(found), back, following)


def _curated(search: _Search, at: tuple[int, int] | None, *, is_back: bool) -> Page:
    """Places of the open programmes; a cursor is a place in one, and the number of that one."""
    found = curated.standings(search.session, search.is_answer, at, is_back=is_back, most=PAGE + 1)
    is_end = len(found) <= PAGE
    found = found[:PAGE]
    if is_back:
        found.reverse()
    clips = search.clips([each.publish_seq for each in found])
    if not found:
        return Page(clips, None, None)
    first = write_cursor(found[0].place, found[0].open_seq)
    last = write_cursor(found[-1].place, found[-1].open_seq)
    if is_back:
        return Page(clips, None if is_end else first, last)
    return Page(clips, first if at is not None else None, None if is_end else last)


class _Search:
    """One question to the database: numbers of clips before or after one, and clips by number."""

    def __init__(self, session: Session, question: Question) -> None:
        self.session = session
        self.first: list[int] = []
        self._left_out: list[int] = []
        self._match = _match(session, question)
        self._is_by_style = bool(question.style)
        self._seq: Any = col(Clip.publish_seq) if self._match is None else _WORDS.c.rowid

    def leave_out(self, seqs: Sequence[int]) -> None:
        """Keep these clips apart; those of them that are an answer are `first`, in this order."""
        self._left_out = list(seqs)
        answers = set(seqs if self._match is None else self._answers(seqs))
        self.first = [seq for seq in seqs if seq in answers]

    def before(self, seq: int | None) -> list[int]:
        """Up to PAGE + 1 numbers below `seq`, the highest first."""
        query = self._numbers().order_by(self._seq.desc())
        return self._read(query if seq is None else query.where(self._seq < seq))

    def after(self, seq: int) -> list[int]:
        """Up to PAGE + 1 numbers above `seq`, the lowest first."""
        return self._read(self._numbers().order_by(self._seq).where(self._seq > seq))

    def clips(self, seqs: Sequence[int]) -> list[Clip]:
        """The clips of these numbers, in this order, as far as they are published now."""
        query = select(Clip).where(col(Clip.publish_seq).in_(seqs), _PUBLISHED)
        found = {clip.publish_seq: clip for clip in self.session.exec(query)}
        return [found[seq] for seq in seqs if seq in found]

    def is_answer(self, seq: ColumnElement[int]) -> ColumnElement[bool]:
        """That the clip of a number matches, asked of each by itself."""
        if self._match is None:
            return true()
        return self._numbers().where(_WORDS.c.rowid == seq).exists()

    def _numbers(self) -> Select[tuple[int]]:
        query = select_columns(self._seq)
        if self._match is None:
            return query.where(_PUBLISHED)
        query = query.where(_WORDS.c.rowid.is_not(None), _matches(self._match))
        if not self._is_by_style:
            return query
        # A style is a word of the prompt, so whoever does not share that is not found by it.
        told = aliased(Clip)
        shares = select(told.id).where(
            col(told.publish_seq) == _WORDS.c.rowid, col(told.shares_prompt)
        )
        return query.where(shares.exists())

    def _read(self, query: Select[tuple[int]]) -> list[int]:
        if self._left_out:
            query = query.where(self._seq.not_in(self._left_out))
        return list(self.session.execute(query.limit(PAGE + 1)).scalars())

    def _answers(self, seqs: Sequence[int]) -> Sequence[int | None]:
        """Those of these numbers that match, each looked up by itself: few of many answers."""
        is_answer = self._numbers().where(_WORDS.c.rowid == col(Clip.publish_seq)).exists()
        query = select(Clip.publish_seq).where(col(Clip.publish_seq).in_(seqs), is_answer)
        return self.session.exec(query).all()


def _match(session: Session, question: Question) -> str | None:
    creators: Sequence[str] = ()
    if question.creator:
        creators = session.exec(select(Person.id).where(is_called(question.creator))).all()
    is_whole = bool(question.words) and _stands_alone(session, question.words[-1])
    return expression(question, creators, is_whole=is_whole)


def _stands_alone(session: Session, word: str) -> bool:
    """Whether the last word is looked for as it stands. One letter begins too many words; of a
    long one every beginning would be gathered first, so it is taken for one only if it is none."""
    if len(word) <= LONGEST_PREFIX:
        return len(word) == 1
    whole = f"{{title prompt creator}} : {quote(word)}"
    query = select_columns(_WORDS.c.rowid).where(_matches(whole))
    return session.execute(query.limit(1)).first() is not None


def _matches(asked: str) -> Any:
    return literal_column("clip_words").op("MATCH")(asked)


def write_cursor(seq: int, window: int | None = None) -> str:
    said = f"{seq}" if window is None else f"{seq} {window}"
    return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[int, int | None]:
    """A clip's number, and the window of the rotation. Raises BadCursor for anything that
    write_cursor did not make."""
    try:
        said = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (ValueError, binascii.Error) as error:
        raise BadCursor(value=cursor[:100]) from error
    found = _CURSOR.fullmatch(said)
    if found is None:
        raise BadCursor(value=cursor[:100])
    return int(found[1]), int(found[2]) if found[2] else None


# ---- the sitemap --------------------------------------------------------------------------


def parts(session: Session, length: int) -> list[str]:
    """The cursors at which parts of up to `length` published clips begin, the oldest first."""
    seq = col(Clip.publish_seq)
    found: list[str] = []
    begin = 0
    while True:
        # From one part's first clip to the next one's, so that empty stretches cost nothing.
        query = select(seq).where(_PUBLISHED, seq > begin).order_by(seq).limit(1)
        lowest = session.exec(query).first()
        if lowest is None:
            return found
        number = (lowest - 1) // length
        found.append(write_cursor(number * length + 1))
        begin = (number + 1) * length


def part(session: Session, cursor: str | None, length: int) -> list[Clip]:
    """The published clips of one part, the first one without a cursor; the oldest clip first, so
    that a part that was read stays."""
    cursors = parts(session, length)[:1] if cursor is None else [cursor]
    if not cursors:
        return []
    begin, _ = read_cursor(cursors[0])
    seq = col(Clip.publish_seq)
    query = select(Clip).where(_PUBLISHED, seq >= begin, seq < begin + length)
    return list(session.exec(query.order_by(seq)))
