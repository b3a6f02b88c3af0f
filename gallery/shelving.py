"""Putting files on the public shelf so that a crash leaves none there that nobody published.

Knows nothing of how the files are made. What will be put is noted first. Once the clip is published
its rows name the files, and the note goes; where it was not, the files go with the note. One
process owns the shelf (store.py), so a lock of the process is enough.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sqlmodel import Session, col, select

from media import MediaStore
from moderation.models import Clip, PublicFile, State
from store import Store

_LOCK: Final = threading.Lock()


def put(media: MediaStore, name: str, drafts: Sequence[tuple[Path, str]]) -> None:
    """Move drafts, each with its sha256, to the public shelf, under a note called `name`."""
    note = _notes(media) / name
    note.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{sha256} {draft.suffix}\n" for draft, sha256 in drafts]
    with _LOCK:
        draft_note = note.with_name(f".{name}")
        with draft_note.open("w", encoding="ascii") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        draft_note.replace(note)
        for draft, sha256 in drafts:
            media.put(draft, "public", sha256)


def settle(media: MediaStore, store: Store, name: str) -> None:
    """The try called `name` is over, whatever came of it. Safe to repeat."""
    note = _notes(media) / name
    with _LOCK:
        listed = _read(note)
        elsewhere = {
            each for other in _all(media) if other != name for each in _noted(media, other)
        }
        with store.read() as session:  # begun under the lock: what others published is in it
            for sha256, ending in listed - elsewhere:
                if is_public(session, sha256):  # and taken down by another clip while it was put
                    media.shift([(sha256, ending)], "down", "public")
                    continue
                if was_published(session, sha256):  # by a clip that was taken down since
                    media.shift([(sha256, ending)], "public", "down")
                else:
                    media.path("public", sha256, ending).unlink(missing_ok=True)
        note.unlink(missing_ok=True)
        note.with_name(f".{name}").unlink(missing_ok=True)


def settle_all(media: MediaStore, store: Store) -> None:
    """At the start: every try that a crash cut off is over. Those whose clip is still approved
    begin anew."""
    for name in _all(media):
        settle(media, store, name)


def is_public(session: Session, sha256: str) -> bool:
    """Whether a clip that is published now has this file."""
    query = select(PublicFile.clip_id).join(Clip, col(Clip.id) == PublicFile.clip_id)
    query = query.where(PublicFile.sha256 == sha256, Clip.state == State.PUBLISHED.value)
    return session.exec(query.limit(1)).first() is not None


def was_published(session: Session, sha256: str, *, but: str = "") -> bool:
    """Whether a clip that was ever published, other than the one with the id `but`, has this file."""
    query = select(PublicFile.clip_id).where(PublicFile.sha256 == sha256)
    return session.exec(query.where(PublicFile.clip_id != but).limit(1)).first() is not None


def forget(session: Session, media: MediaStore, clip: Clip) -> None:
    """A clip is deleted for good: its rows go, and those of its files that no other clip has."""
    rows = list(session.exec(select(PublicFile).where(col(PublicFile.clip_id) == clip.id)))
    with _LOCK:
        noted = {each for name in _all(media) for each in _noted(media, name)}
        for row in rows:
            if (row.sha256, row.ending) not in noted and not was_published(
                session, row.sha256, but=clip.id
            ):
                _unlink(media, row.sha256, row.ending)
            session.delete(row)
    # Where pictures were kept before files had names of their own.
    for ending in clip.pictures:
        _unlink(media, clip.public_sha256 or "", ending)
    session.flush()


def _unlink(media: MediaStore, sha256: str, ending: str) -> None:
    media.path("public", sha256, ending).unlink(missing_ok=True)
    media.path("down", sha256, ending).unlink(missing_ok=True)


def _notes(media: MediaStore) -> Path:
    return media.folder / "work" / "shelving"


def _all(media: MediaStore) -> list[str]:
    """Names of the tries under way; a note that a crash cut off has put nothing on the shelf."""
    return sorted({path.name.removeprefix(".") for path in _notes(media).glob("*")})


def _noted(media: MediaStore, name: str) -> set[tuple[str, str]]:
    return _read(_notes(media) / name)


def _read(note: Path) -> set[tuple[str, str]]:
    if not note.is_file():
        return set()
    lines = note.read_text(encoding="ascii").splitlines()
    return {(sha256, ending) for sha256, _, ending in (line.partition(" ") for line in lines)}
