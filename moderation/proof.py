"""Proof that the log and the clips tell the same story: what `manage.py verify-log` runs.

Knows nothing of commands. The chain alone shows edits in its middle; comparing it with the clips
also shows a cut tail, a state written past the table of moves, another prompt, creator or file
than was logged, other words of a creator, and a decision, a mark, a case of reports or a version of
the policy that was added, removed or reworded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlmodel import Session, col, select

import audit
from accounts import profiles
from audit import AuditRow, words_digest
from media import MediaStore, sha256_of
from moderation import amendment, cases, golden, marks, opinions, presentation, rewording
from moderation.clips import digest
from moderation.models import Clip, Decision, FileKind, PublicFile, State, Undoing, Verdict
from moderation.presentation import Presentation
from moderation.transitions import MOVES

_DIGESTS: Final = {"request": digest, "words": presentation.digest}
_NO_WORDS: Final = presentation.digest(Presentation().as_columns())


def problems(session: Session, key: bytes) -> list[str]:
    """What does not fit, in sentences; empty when everything does."""
    try:
        broken = audit.first_broken(session, key)
        rows = list(session.exec(select(AuditRow).order_by(col(AuditRow.seq))))
    except ValueError as error:  # a body or a time that is none any more
        return [f"The log cannot be read: {error}."]
    found = []
    if broken is not None:
        found.append(f"The chain is broken at row {broken}: a row was changed, added or removed.")
    told: dict[str, _Told] = {}
    for row in rows:
        if row.action == "delete" and row.subject in told:
            told[row.subject].deleted = True
        if row.action == rewording.ACTION and row.subject in told:
            found += told[row.subject].reword(row)
        if not {"to", "version"} <= row.body.keys():  # a role, say, goes from one to another too
            continue
        story = told.setdefault(row.subject, _Told())
        if not _fits(story, row):
            found.append(f"Row {row.seq} moves clip {row.subject} against the table of moves.")
        story.add(row)
    made = {decision.id: decision for decision in session.exec(select(Decision))}
    for clip in session.exec(select(Clip)):
        found += _clip_problems(clip, told.pop(clip.id, _Told()), made)
    found += [f"Clip {clip_id} is in the log and not in the database." for clip_id in told]
    found += [f"Decision {decision_id} has no row in the log." for decision_id in made]
    taken_back = {row.body["undoes"] for row in rows if "undoes" in row.body}
    marked = set(session.exec(select(Undoing.decision_id)))
    found += [
        f"Decision {decision_id} is taken back in the log or in the database, and not in both."
        for decision_id in sorted(taken_back ^ marked)
    ]
    found += opinions.problems(session) + golden.problems(session) + cases.problems(session, rows)
    found += profiles.problems(session, rows)
    return found + amendment.problems(session, rows) + marks.problems(session, rows)


def file_problems(session: Session, media: MediaStore) -> list[str]:
    """Files of clips that wait, are approved, public or taken down and are not what the database
    says."""
    states = [State.PENDING_REVIEW, State.APPROVED, State.PUBLISHED, State.TAKEN_DOWN]
    found = []
    for clip in session.exec(select(Clip).where(col(Clip.state).in_([s.value for s in states]))):
        looked_at = [("held", media.path("held", clip.sha256 or "", ".mp4"), clip.sha256)]
        looked_at += [
            ("held", media.path("held", clip.sha256 or "", end), sha)
            for end, sha in clip.pictures.items()
        ]
        if clip.state in (State.PUBLISHED, State.TAKEN_DOWN):
            looked_at += [("public", *each) for each in _public_files(session, clip, media)]
        for shelf, path, sha256 in looked_at:
            if not path.is_file():
                found.append(f"The {shelf} {path.suffix} of clip {clip.id} is missing.")
            elif sha256_of(path) != sha256:
                found.append(f"The {shelf} {path.suffix} of clip {clip.id} was changed.")
    return found


def _public_files(
    session: Session, clip: Clip, media: MediaStore
) -> Iterator[tuple[Path, str | None]]:
    """Where each public file of a clip should lie, and what is in it."""
    public = clip.public_sha256 or ""
    yield media.released(public, ".mp4"), clip.public_sha256
    for end, sha256 in clip.pictures.items():
        yield media.picture(sha256, end, beside=public), sha256
    lighter = (FileKind.LIGHT.value, FileKind.POSTER_WEBP.value)
    query = select(PublicFile).where(PublicFile.clip_id == clip.id)
    for row in session.exec(query.where(col(PublicFile.kind).in_(lighter))):
        yield media.released(row.sha256, row.ending), row.sha256


@dataclass
class _Told:
    """What the log says of one clip so far."""

    state: str | None = None
    version: int = 0
    creator: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    decisions: list[AuditRow] = field(default_factory=list)
    deleted: bool = False

    def add(self, row: AuditRow) -> None:
        self.state, self.version = row.body["to"], row.body["version"]
        if row.action == "submit":
            self.creator = row.actor
            self.facts["request"] = row.body["request"]
            # Clips from before there were such words have those that nobody said anything of.
            self.facts["words"] = row.body.get("words", _NO_WORDS)
        elif row.action == "made":
            self.facts |= {"sha256": row.body["sha256"], "pictures": row.body["pictures"]}
        elif row.action == "approve":
            self.facts |= {"approved_sha256": row.body["sha256"], "approved_by": row.actor}
        elif "undoes" in row.body:
            self.facts |= {"approved_sha256": None, "approved_by": None}
        elif row.action == "publish":
            self.facts["public_sha256"] = row.body["public_sha256"]
        if "decision" in row.body:
            self.decisions.append(row)

    def reword(self, row: AuditRow) -> list[str]:
        """Other words of the creator, and the version they came with."""
        expected, self.version = self.version + 1, row.body["version"]
        self.facts["words"] = row.body["words"]
        if (row.actor, self.version) == (self.creator, expected):
            return []
        return [f"Row {row.seq} changes the words of clip {row.subject} out of turn."]


def _clip_problems(clip: Clip, told: _Told, made: dict[str, Decision]) -> list[str]:
    """Compares one clip and its decisions with the log; takes those it finds out of `made`."""
    found = []
    if (told.state, told.version, told.creator) != (clip.state, clip.version, clip.creator_id):
        found.append(
            f"Clip {clip.id} of {clip.creator_id} is {clip.state} at version {clip.version}; the "
            f"log says {told.state} at {told.version} of {told.creator}."
        )
    if told.deleted != (clip.deleted_at is not None):
        found.append(f"Clip {clip.id} is deleted in the log or in the database, and not in both.")
    for name, value in told.facts.items():
        if name in _DIGESTS and told.deleted:
            continue  # its words are gone, as the log says
        now = _DIGESTS[name](clip.model_dump()) if name in _DIGESTS else getattr(clip, name)
        if now != value:
            found.append(f"Clip {clip.id} has another {name} than the log.")
    for row in told.decisions:
        decision = made.pop(row.body["decision"], None)
        if decision is None:
            found.append(f"Decision {row.body['decision']} of row {row.seq} is missing.")
        elif _as_logged(decision) != _as_decided(row) or decision.reviewer_id == clip.creator_id:
            found.append(f"Decision {decision.id} is not what row {row.seq} says.")
    return found


def _as_logged(decision: Decision) -> tuple[object, ...]:
    words = words_digest(decision.note, decision.internal_note)
    return (
        decision.clip_id,
        decision.verdict,
        decision.reviewer_id,
        decision.sha256,
        decision.reasons,
        words,
    )


def _as_decided(row: AuditRow) -> tuple[object, ...]:
    body = row.body
    verdict = Verdict.APPROVE.value if row.action == "hold" else row.action
    return (row.subject, verdict, row.actor, body["sha256"], body["reasons"], body["words"])


def _fits(told: _Told, row: AuditRow) -> bool:
    """Whether a logged move starts where the last one ended and is in the table."""
    if told.state is None:
        return row.action == "submit" and row.body["to"] == State.QUEUED
    step = MOVES.get(row.action)
    return (
        step is not None
        and row.body["from"] == told.state
        and told.state in step.source
        and row.body["to"] == step.target
        and row.body["version"] == told.version + 1
    )
