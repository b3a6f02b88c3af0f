"""The acts of curators, and what everybody reads of programmes: one transaction each.

Knows nothing of HTTP, Gradio or the pipeline. Every method that depends on who asks takes the user
first; the pages are a stranger's, whoever asks.
"""

from __future__ import annotations

from typing import Any, Final

from accounts.permissions import STRANGER, User
from gallery.programmes import keeping, picker, reading
from gallery.programmes.keeping import Content
from gallery.question import Question
from moderation.views import clips_json
from store import Store

Json = dict[str, Any]

_IN_SITEMAP: Final = 1000


class Curating:
    """Programmes, kept by leads and admins, read by anybody once they are open."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # ---- everyone -------------------------------------------------------------------------

    def opened(self, cursor: str | None) -> Json:
        """What is open, the newest first."""
        with self._store.read() as session:
            items, following = reading.opened(session, cursor)
        return {"items": items, "next": following}

    def programme(self, user: User, slug: str) -> Json:
        with self._store.read() as session:
            found = reading.find(session, user, slug)
            return reading.programme_json(session, user, found)

    def public(self, slug: str) -> Json:
        """The same as a stranger reads it, for pages that can be passed on."""
        return self.programme(STRANGER, slug)

    def slugs(self) -> list[str]:
        """Of what is open, for the sitemap."""
        with self._store.read() as session:
            return reading.slugs(session, _IN_SITEMAP)

    # ---- curators -------------------------------------------------------------------------

    def everything(self, user: User, cursor: str | None) -> Json:
        with self._store.read() as session:
            items, following = reading.everything(session, user, cursor)
        return {"items": items, "next": following}

    def suggestions(self, user: User, slug: str, wanted: Question, n: int) -> Json:
        """Clips that the fair picker proposes (gallery/programmes/picker.py)."""
        with self._store.read() as session:
            programme = keeping.kept(session, user, slug)
            found = picker.suggestions(session, programme, wanted, n)
            return {"items": clips_json(session, STRANGER, found), "next": None}

    def make(self, user: User, content: Content, *, slug: str = "") -> Json:
        with self._store.write() as session:
            made = keeping.make(session, user, content, slug=slug)
            return reading.programme_json(session, user, made)

    def change(self, user: User, slug: str, content: Content, *, version: int) -> Json:
        with self._store.write() as session:
            changed = keeping.change(session, user, slug, content, version=version)
            return reading.programme_json(session, user, changed)

    def open_up(self, user: User, slug: str, *, version: int) -> Json:
        with self._store.write() as session:
            opened = keeping.open_up(session, user, slug, version=version)
            return reading.programme_json(session, user, opened)

    def close(self, user: User, slug: str) -> Json:
        with self._store.write() as session:
            closed = keeping.close(session, user, slug)
            return reading.programme_json(session, user, closed)

    def remove(self, user: User, slug: str, *, version: int) -> Json:
        with self._store.write() as session:
            keeping.remove(session, user, slug, version=version)
        return {"deleted": slug}
