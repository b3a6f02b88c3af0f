"""Publishing one clip: the steps between `approved` and `published`, each safe to repeat.

Knows nothing of DBOS (queue.py) or of how a file is signed (gallery/publish.py).
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from sqlmodel import Session, col, update

from accounts import switches
from errors import PublishFailed
from gallery.provenance import Signer
from gallery.publish import make_public, sign_reviewed
from media import MediaStore
from moderation.models import Clip, State
from store import Store, utc_now

log = logging.getLogger("greenlight.jobs")


class Publishing:
    """The steps of `publish_clip`, over one store, one media folder and one signer."""

    def __init__(
        self, store: Store, media: MediaStore, signer: Signer, *, settles_s: float
    ) -> None:
        self._settles = timedelta(seconds=settles_s)
        self._store = store
        self._media = media
        self._signer = signer

    def sign(self, clip_id: str) -> dict[str, Any]:
        """Sign the approved bytes. Empty while publishing is paused, or while the approval can
        still be taken back (a job of an approval before may come too early); never raises."""
        with self._store.read() as session:
            clip = session.get_one(Clip, clip_id)
            if clip.state != State.APPROVED or switches.is_paused(session, "publishing"):
                return {}
            if utc_now() < clip.updated_at + self._settles:
                return {}
            try:
                done = sign_reviewed(session, clip, media=self._media, signer=self._signer)
            except Exception:
                log.exception("Clip %s was approved and could not be published", clip_id)
                return {"error": PublishFailed().as_json()}
        return {"public_sha256": done}

    def publish(self, session: Session, clip_id: str, outcome: dict[str, Any]) -> None:
        """Flip the clip to published, or write down that it could not be."""
        if "public_sha256" in outcome:
            if switches.is_paused(session, "publishing"):
                return
            make_public(session, clip_id, outcome["public_sha256"])
        else:
            # Still approved. The sweep tries again after a while, and at the next start.
            values = {"error": outcome["error"], "updated_at": utc_now()}
            session.execute(update(Clip).where(col(Clip.id) == clip_id).values(**values))
