"""Marks: what a reviewer notes at one moment of a clip, in words, in lines on its frame, or both.

Knows nothing of players. A mark is internal or public; its creator reads a public one from the
decision on, under the role of whoever made it. One that was made in a blind turn (opinions.py) is
for its author alone. Marks are made and taken away only while the clip
waits for review, so that what a creator was told with a decision stays as it was.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from sqlmodel import Session, col, func, select

import audit
from accounts.models import Person
from accounts.permissions import User
from audit import AuditRow
from errors import BadInput, Conflict, NotAllowed, NotFound, OwnClip
from moderation.blind import turn_on
from moderation.models import REVIEWED, Clip, Decision, Mark, State, Undoing
from moderation.visibility import visible_clip
from store import as_text
from text import check_text, is_visible

TEXT_LIMIT: Final = 2000
STROKES_LIMIT: Final = 50
POINTS_LIMIT: Final = 4000
"""In all strokes of one mark together; a hand draws some fifty points in a second."""
MARKS_LIMIT: Final = 200
"""On one clip."""

_SAME_MOMENT: Final = timedelta(minutes=1)
"""A mark and its row of the log are written in one transaction."""

Strokes = list[list[list[float]]]


@dataclass(frozen=True)
class Note:
    """A mark as it came in, unchecked."""

    at_s: float
    text: str = ""
    strokes: Strokes = field(default_factory=list)
    public: bool = False


def add(session: Session, user: User, clip_id: str, note: Note) -> Mark:
    """Put a mark on a clip that waits for review. Raises BadInput, OwnClip or Conflict."""
    user.must("review")
    clip = _open_clip(session, user, clip_id)
    strokes = check_inputs(clip, note)
    count = select(func.count()).select_from(Mark).where(Mark.clip_id == clip_id)
    if session.exec(count).one() >= MARKS_LIMIT:
        rule = f"a clip takes {MARKS_LIMIT} marks at most"
        raise BadInput(field="mark", value="one more", rule=rule, step="Take one away first.")
    mark = Mark(
        clip_id=clip_id,
        author_id=user.id,
        author_role=user.role.value if user.role else "",
        at_s=abs(float(note.at_s)),  # no -0.0: the database keeps 0.0, and the digest would differ
        text=note.text,
        strokes=strokes,
        is_public=note.public,
        is_blind=turn_on(session, user, clip_id) is not None,
    )
    session.add(mark)
    session.flush()
    body = {
        "mark": mark.id,
        "public": mark.is_public,
        "role": mark.author_role,
        "words": _digest(mark),
    }
    action = "blind_mark" if mark.is_blind else "mark"  # others' desks hear of the latter
    audit.append(session, actor=user.id, action=action, subject=clip_id, body=body)
    return mark


def remove(session: Session, user: User, clip_id: str, mark_id: str) -> None:
    """Take a mark of one's own away again, while the clip waits for review."""
    user.must("review")
    _open_clip(session, user, clip_id)
    mark = session.get(Mark, mark_id)
    if mark is None or mark.clip_id != clip_id:
        raise NotFound()
    if mark.author_id != user.id:
        role = user.role.value if user.role else ""
        raise NotAllowed(role=role, action="take away a mark that somebody else made")
    session.delete(mark)
    body = {"mark": mark_id, "words": _digest(mark)}
    action = "blind_unmark" if mark.is_blind else "unmark"
    audit.append(session, actor=user.id, action=action, subject=clip_id, body=body)


def of_clip(session: Session, user: User, clip_id: str) -> list[dict[str, Any]]:
    """The marks that the asker may read, in order of time."""
    clip = visible_clip(session, user, clip_id)
    own = bool(user.id) and user.id == clip.creator_id
    if own:
        found = told(session, clip)
    elif user.may("see held clips"):
        query = select(Mark).where(Mark.clip_id == clip_id)
        if turn_on(session, user, clip_id):  # what others marked would tell that it was decided
            query = query.where(col(Mark.is_blind))
        query = query.where(col(Mark.is_blind).is_(False) | (Mark.author_id == user.id))
        found = list(session.exec(query.order_by(col(Mark.at_s), col(Mark.made_at))))
    else:
        found = []  # a published clip is everyone's, what was said about it is not
    return [_as_json(session, user, mark, own=own) for mark in found]


def told(session: Session, clip: Clip) -> list[Mark]:
    """What the clip's creator may read: public, and made before a decision that stands."""
    if clip.state in (State.PENDING_REVIEW, State.SECOND_REVIEW):
        return []
    undone = select(Undoing.decision_id)
    decided = select(func.max(Decision.decided_at)).where(
        Decision.clip_id == clip.id, col(Decision.id).not_in(undone)
    )
    query = select(Mark).where(
        Mark.clip_id == clip.id,
        col(Mark.is_public),
        col(Mark.is_blind).is_(False),
        Mark.made_at <= decided.scalar_subquery(),
    )
    return list(session.exec(query.order_by(col(Mark.at_s), col(Mark.made_at))))


def problems(session: Session, log: Sequence[AuditRow]) -> list[str]:
    """Marks that the log tells otherwise: edited by hand, put in or taken out."""
    told: dict[str, AuditRow] = {}
    for row in log:
        mark_id = str(row.body.get("mark"))
        if row.action in ("mark", "blind_mark"):
            told[mark_id] = row
        elif row.action == "unmark":
            told.pop(mark_id, None)
    stored = {mark.id: mark for mark in session.exec(select(Mark))}
    return [
        f"Mark {mark_id} is not what the log says."
        for mark_id in sorted(told.keys() | stored.keys())
        if not _is_as_told(stored.get(mark_id), told.get(mark_id))
    ]


def check_inputs(clip: Clip, note: Note) -> Strokes:
    """The strokes as they are kept. Raises BadInput with what nobody could read or see."""
    check_text("text", note.text, TEXT_LIMIT)
    duration_s = _duration_s(clip)
    if not (math.isfinite(note.at_s) and 0 <= note.at_s <= duration_s):
        rule = f"a moment of this clip, 0 to {duration_s:g} seconds"
        raise BadInput(field="at_s", value=note.at_s, rule=rule, step="Send a time within it.")
    strokes = _checked_strokes(note.strokes)
    if not strokes and not is_visible(note.text):
        rule = "a mark has words, a drawing, or both"
        raise BadInput(field="text", value=note.text, rule=rule, step="Write or draw something.")
    return strokes


def _checked_strokes(strokes: Strokes) -> Strokes:
    points = sum(len(stroke) for stroke in strokes)
    for what, count, limit in (
        ("strokes", len(strokes), STROKES_LIMIT),
        ("points", points, POINTS_LIMIT),
    ):
        if count > limit:
            rule = f"a drawing has {limit} {what} at most"
            raise BadInput(field="strokes", value=f"{count} {what}", rule=rule, step="Draw less.")
    for stroke in strokes:
        if not stroke:
            rule = "a stroke has one point or more"
            raise BadInput(field="strokes", value=stroke, rule=rule, step="Leave it out.")
        for point in stroke:
            if len(point) != 2 or not all(math.isfinite(each) and 0 <= each <= 1 for each in point):
                rule = "a point is [x, y], each from 0 to 1 of the picture"
                raise BadInput(field="strokes", value=point, rule=rule, step="Scale it to that.")
    return [[[round(x, 4), round(y, 4)] for x, y in stroke] for stroke in strokes]


def _open_clip(session: Session, user: User, clip_id: str) -> Clip:
    clip = visible_clip(session, user, clip_id)
    if clip.creator_id == user.id:
        raise OwnClip()
    if clip.state not in REVIEWED:
        raise Conflict(state=clip.state, action="marking")
    return clip


def _duration_s(clip: Clip) -> float:
    shape = {"num_frames": clip.num_frames, "fps": clip.fps, **(clip.made_as or {})}
    return round(float(shape["num_frames"]) / float(shape["fps"]), 3)


def _digest(mark: Mark) -> str:
    """sha256 of what was said and drawn, for the log, which carries nobody's words itself."""
    said = json.dumps([mark.at_s, mark.text, mark.strokes], ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()


def _is_as_told(mark: Mark | None, row: AuditRow | None) -> bool:
    if mark is None or row is None:
        return False
    said = {"mark": mark.id, "public": mark.is_public, "words": _digest(mark)}
    if "role" in row.body:  # marks of before have none in the log
        said["role"] = mark.author_role
    action = "blind_mark" if mark.is_blind else "mark"
    told = (row.action, row.subject, row.actor, row.body)
    is_same = (action, mark.clip_id, mark.author_id, said) == told
    return is_same and abs(row.at - mark.made_at) < _SAME_MOMENT


def _as_json(session: Session, user: User, mark: Mark, *, own: bool) -> dict[str, Any]:
    author = None if own else session.get(Person, mark.author_id)
    return {
        "id": mark.id,
        "at_s": mark.at_s,
        "text": mark.text,
        "strokes": mark.strokes,
        "public": mark.is_public,
        "by": mark.author_role,
        "author": author.name if author else None,  # to its creator a role, never a name
        "mine": mark.author_id == user.id,
        "made_at": as_text(mark.made_at),
    }
