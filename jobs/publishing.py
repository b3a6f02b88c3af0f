"""Publishing one clip: the steps between `approved` and `published`, each safe to repeat.

Knows nothing of DBOS (queue.py) or of how a file is signed (gallery/publish.py).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from sqlmodel import Session, col, update

from accounts import switches
from errors import PublishFailed
from gallery import shelving
from gallery.publish import Studio, make_public, shelf_note, sign_reviewed
from moderation.models import Clip, FileKind, PublicFile, State
from store import Store, utc_now

log = logging.getLogger("greenlight.jobs")


class Publishing:
    """The steps of `publish_clip`, over one store and one studio.

    `version_of`: the version of a model by its name, empty where it is not known.
    """

    def __init__(
        self, store: Store, studio: Studio, *, version_of: Callable[[str], str] = lambda _: ""
    ) -> None:
        self._store = store
        self._studio = studio
        self._version_of = version_of

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
                shelving.settle(self._studio.media, self._store, shelf_note(clip))
                files = sign_reviewed(
                    session, clip, self._studio, model_version=self._version_of(clip.model)
                )
            except Exception:
                log.exception("Clip %s was approved and could not be published", clip_id)
                return {"error": PublishFailed().as_json()}
        return {"files": files, "attempt": clip.attempt, "note": shelf_note(clip)}

    def publish(self, session: Session, clip_id: str, outcome: dict[str, Any]) -> None:
        """Flip the clip to published, or write down that it could not be."""
        if "files" in outcome:
            clip = session.get_one(Clip, clip_id)
            is_other = clip.attempt != outcome["attempt"]  # approved anew, by another decision
            if is_other or switches.is_paused(session, "publishing"):
                return
            files: list[PublicFile] = outcome["files"]
            (video,) = (row.sha256 for row in files if row.kind == FileKind.VIDEO)
            make_public(session, clip_id, video, files)
        else:
            # Still approved. The sweep tries again after a while, and at the next start.
            values = {"error": outcome["error"], "updated_at": utc_now()}
            session.execute(update(Clip).where(col(Clip.id) == clip_id).values(**values))

    def settle(self, outcome: dict[str, Any]) -> None:
        """After the transaction: where it published nothing, nothing stays on the public shelf."""
        if "note" in outcome:
            shelving.settle(self._studio.media, self._store, outcome["note"])
