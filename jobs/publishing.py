"""Publishing one clip: the steps between `approved` and `published`, each safe to repeat.

Knows nothing of DBOS (queue.py) or of how a file is signed (gallery/publish.py).
"""

from __future__ import annotations

import logging
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

    def __init__(self, store: Store, media: MediaStore, signer: Signer) -> None:
        self._store = store
        self._media = media
        self._signer = signer

    def sign(self, clip_id: str, attempt: int | None = None) -> dict[str, Any]:
        """Sign the approved bytes. Empty while publishing is paused, and for the job of an approval
        that was taken back: the one after it has a job of its own. Never raises."""
        with self._store.read() as session:
            clip = session.get_one(Clip, clip_id)
            if clip.state != State.APPROVED or switches.is_paused(session, "publishing"):
                return {}
            if attempt is not None and attempt != clip.attempt:
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
