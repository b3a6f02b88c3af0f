"""The public files of clips that were taken down, withdrawn or restored, put where they belong: on
the public shelf while their clip is published, and on no shelf that anybody is given otherwise.

Knows nothing of who may take down. The row decides first, for every route of ours; then the files
follow, for a store that is served directly. A clip stands in the table `reshelving` from the change
of its state on until they have, so a crash between the two is made good by the next sweep.
"""

from __future__ import annotations

import logging

from sqlmodel import Session, col, select

from media import MediaStore, Shelf
from moderation.models import Clip, PublicFile, Reshelving, State
from store import Store

log = logging.getLogger("greenlight.gallery")


def settle(store: Store, media: MediaStore) -> None:
    """Move what is on the wrong shelf. Never raises on account of the disk: what cannot be moved
    now is tried again, and its clip is hidden or shown by its row all the while."""
    with store.read() as session:
        waiting = list(session.exec(select(Reshelving.clip_id)))
    for clip_id in waiting:
        try:
            with store.write() as session:
                _settle(session, media, clip_id)
        except OSError:
            log.exception("The public files of clip %s could not change their shelf", clip_id)


def public_files(session: Session, clip: Clip) -> list[tuple[str, str]]:
    """What of a clip lies in the public store: sha256 in its name, and ending. Bytes that another
    published clip shares are not among them: those stay where that one needs them."""
    rows = session.exec(select(PublicFile).where(PublicFile.clip_id == clip.id))
    named = {(row.sha256, row.ending) for row in rows}
    if clip.public_sha256 is not None:  # where pictures were kept before they had their own names
        named |= {(clip.public_sha256, ending) for ending in (".mp4", *clip.pictures)}
    return sorted(each for each in named if not _is_shared(session, each[0], clip))


def _is_shared(session: Session, sha256: str, clip: Clip) -> bool:
    others = (
        select(PublicFile.clip_id)
        .join(Clip, col(Clip.id) == PublicFile.clip_id)
        .where(PublicFile.sha256 == sha256, PublicFile.clip_id != clip.id)
        .where(Clip.state == State.PUBLISHED.value)
    )
    return session.exec(others.limit(1)).first() is not None


def _settle(session: Session, media: MediaStore, clip_id: str) -> None:
    """Within the transaction, so that of a take-down and a restoring at once the last one holds."""
    entry = session.get(Reshelving, clip_id, with_for_update=True)
    if entry is None:
        return  # somebody else was quicker
    clip = session.get_one(Clip, clip_id)
    source: Shelf = "public"
    target: Shelf = "down"
    if clip.state == State.PUBLISHED:
        source, target = target, source
    media.shift(public_files(session, clip), source, target)
    session.delete(entry)
