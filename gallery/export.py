"""Everything of one's own as one zip: clips with their files, and what was said of them.

Knows nothing of HTTP. Lists are read in one look at the database; files are opened one by one while
the zip is on its way, and nothing is held in memory or written to disk. What a creator may not read
is not in it: no name of a reviewer, no internal note, no blind opinion, nothing of anybody else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from sqlmodel import Session, col, select
from zipstream import ZIP_DEFLATED, ZIP_STORED, ZipStream

from accounts import profiles
from accounts.permissions import User
from media import MediaStore, Shelf
from moderation import statements
from moderation.models import Appeal, Clip, State
from moderation.views import clips_json
from store import as_text

Json = dict[str, Any]

_CHUNK: Final = 1 << 18
_NAMES: Final = {".mp4": "clip.mp4", ".jpg": "poster.jpg", ".webp": "strip.webp"}
_README: Final = """\
Everything of yours in this Greenlight, as it was when you asked for it.

clips/ID/clip.mp4      the clip as it was made and reviewed
clips/ID/poster.jpg    its first picture; strip.webp: eight frames of it
clips/ID/public.mp4    the published clip, with its provenance signed into it
clips.jsonl            your clips: what you asked for, where each stands, what happened to it
credits.jsonl          the title, licence and credits of each
decisions.jsonl        what was decided on each, without the names of those who decided
statements.jsonl       the reasons of each decision, in full
appeals.jsonl          what you wrote against a decision, and when it was answered
profile.json           what you say of yourself on your page
missing.txt            files that were gone when their turn came; there only if there were any

A file that ends in .jsonl has one JSON object in each line. Times are UTC. Clips that you deleted
are gone for good and not in here.
"""


@dataclass(frozen=True)
class File:
    """A file of a clip, and its name in the zip."""

    shelf: Shelf
    sha256: str
    ending: str
    name: str


@dataclass(frozen=True)
class Belongings:
    """What the zip will hold: `documents` by name, whole, and the files to look for."""

    documents: dict[str, str]
    files: tuple[File, ...]


def gather(session: Session, user: User) -> Belongings:
    """Read all of one person's own."""
    query = select(Clip).where(Clip.creator_id == user.id, col(Clip.deleted_at).is_(None))
    clips = list(session.exec(query.order_by(col(Clip.created_at), Clip.id)))
    own = _as_creator(user)
    found = [each for clip in clips for each in statements.readable(session, own, clip.id)]
    said = [statements.as_json(each) for each in found]
    documents = {
        "README.txt": _README,
        "clips.jsonl": _lines(_facts(each) for each in clips_json(session, own, clips)),
        "credits.jsonl": _lines(_credit(clip) for clip in clips),
        "decisions.jsonl": _lines(_decision(each) for each in said),
        "statements.jsonl": _lines(said),
        "appeals.jsonl": _lines(_appeals(session, clips)),
        "profile.json": json.dumps(profiles.own(session, user), ensure_ascii=False, indent=2),
    }
    return Belongings(documents, tuple(file for clip in clips for file in _files(clip)))


def zipped(belongings: Belongings, media: MediaStore) -> Iterator[bytes]:
    """The zip, piece by piece. A clip that goes meanwhile leaves a line in missing.txt."""
    archive = ZipStream(compress_type=ZIP_DEFLATED)
    for name, text in belongings.documents.items():
        archive.add(text, name)
    yield from archive.all_files()
    missing = []
    for file in belongings.files:
        try:
            opened = media.path(file.shelf, file.sha256, file.ending).open("rb")
        except OSError:
            missing.append(file.name)
            continue
        with opened:
            # Films and pictures are compressed already.
            archive.add(_pieces(opened), file.name, compress_type=ZIP_STORED)
            yield from archive.all_files()
    if missing:
        archive.add("\n".join(missing) + "\n", "missing.txt")
    yield from archive.finalize()


def _as_creator(user: User) -> User:
    """The asker without what their role lets them read of everybody's clips, their own included."""
    return User(id=user.id, name=user.name)


def _pieces(opened: BinaryIO) -> Iterator[bytes]:
    while piece := opened.read(_CHUNK):
        yield piece


def _lines(rows: Iterable[Json]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _facts(clip: Json) -> Json:
    """A clip without what a page needs, and without the clip of somebody else that it came from."""
    left_out = ("parent", "media", "page", "progress", "queue", "can")
    return {name: value for name, value in clip.items() if name not in left_out}


def _credit(clip: Clip) -> Json:
    words = {name: getattr(clip, name) for name in ("title", "shares_prompt", "licence", "credits")}
    return {"clip_id": clip.id, **words}


def _decision(said: Json) -> Json:
    """A statement without its sentences."""
    names = ("id", "clip_id", "outcome", "decided_at", "stage", "policy_version", "note", "advised")
    codes = [reason["code"] for reason in (*said["reasons"], *said["considered"])]
    return {**{name: said[name] for name in names}, "reasons": codes, "role": said["by"]["role"]}


def _appeals(session: Session, clips: list[Clip]) -> Iterator[Json]:
    query = select(Appeal).where(col(Appeal.clip_id).in_([clip.id for clip in clips]))
    for appeal in session.exec(query.order_by(col(Appeal.made_at))):
        yield {
            "clip_id": appeal.clip_id,
            "decision_id": appeal.decision_id,
            "text": appeal.text,
            "made_at": as_text(appeal.made_at),
            "answer_id": appeal.answer_id,
        }


def _files(clip: Clip) -> Iterator[File]:
    folder = f"clips/{clip.id}"
    if clip.sha256 is None:
        return
    for ending in (".mp4", *clip.pictures):
        with suppress(KeyError):
            yield File("held", clip.sha256, ending, f"{folder}/{_NAMES[ending]}")
    if clip.state == State.PUBLISHED and clip.public_sha256:
        yield File("public", clip.public_sha256, ".mp4", f"{folder}/public.mp4")
