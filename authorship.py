"""The acts of those who make clips on what is theirs: the words of a clip, their profile, all of
their works at once.

Knows nothing of HTTP, Gradio or the pipeline; what else creators do stands in actions.py. Every
method takes the user first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlmodel import Session, col, select

from accounts import profiles
from accounts.models import Person
from accounts.people import is_called
from accounts.permissions import User
from errors import GreenlightError
from gallery import export, reshelving
from media import MediaStore
from moderation import clips, rewording
from moderation.models import Clip
from moderation.presentation import Said
from moderation.transitions import MOVES
from notices.inbox import tell
from notices.models import Kind
from store import Store

Json = dict[str, Any]


class CountChanged(GreenlightError):
    """More or fewer clips would be withdrawn than somebody confirmed."""

    status = 409
    code = "count_changed"
    says = "You confirmed {confirmed} clips; there are {count} that can be withdrawn now."
    fix_says = "Look again, and confirm that number."


class Authorship:
    """What people do with what they made. `act` does one act on one clip and answers with it."""

    def __init__(
        self,
        store: Store,
        media: MediaStore,
        *,
        act: Callable[[User, Callable[[Session], Clip]], Json],
    ) -> None:
        self._store = store
        self._media = media
        self._act = act

    # ---- the words of a clip --------------------------------------------------------------

    def reword(self, user: User, clip_id: str, said: Said) -> Json:
        """Change what is said of one's own clip, while that is allowed."""
        return self._act(user, lambda session: rewording.reword(session, user, clip_id, said))

    # ---- the profile ----------------------------------------------------------------------

    def profile(self, user: User) -> Json:
        with self._store.read() as session:
            return profiles.own(session, user)

    def write_profile(self, user: User, wanted: profiles.Wanted) -> Json:
        with self._store.write() as session:
            return profiles.write(session, user, wanted)

    def clear_profile(self, user: User, name: str, reason: str) -> Json:
        """Take somebody's lines and links off their page, and tell them."""
        with self._store.write() as session:
            person = profiles.clear(session, user, name, reason)
            tell(
                session,
                person_id=person.id,
                kind=Kind.PROFILE_CLEARED,
                clip_id="",
                actor=user.id,
            )
            return {"name": person.name, **profiles.of(session, person.id)}

    def public_profile(self, name: str) -> Json:
        """The profile of somebody of whom the caller knows that they have published something."""
        with self._store.read() as session:
            person = session.exec(select(Person).where(is_called(name))).first()
            if person is None:  # renamed between two looks
                return {"name": name, "credit_name": "", "bio": "", "links": []}
            return {"name": person.name, **profiles.of(session, person.id)}

    # ---- all of one's works ---------------------------------------------------------------

    def export(self, user: User) -> Iterator[bytes]:
        """Everything of one's own as a zip, piece by piece."""
        user.must("create clips")
        with self._store.read() as session:
            belongings = export.gather(session, user)
        return export.zipped(belongings, self._media)

    def withdrawable(self, user: User) -> Json:
        """How many clips `withdraw_all` would take out of the review and the gallery."""
        user.must("create clips")
        with self._store.read() as session:
            return {"count": len(_withdrawable(session, user))}

    def withdraw_all(self, user: User, count: int) -> Json:
        """Withdraw every clip that waits or is public, each by its own move: all, or none when
        their number is not `count`. Raises CountChanged."""
        user.must("create clips")
        with self._store.write() as session:
            ids = _withdrawable(session, user)
            if len(ids) != count:
                raise CountChanged(confirmed=count, count=len(ids))
            for clip_id in ids:
                clips.withdraw(session, user, clip_id)
        reshelving.settle(self._store, self._media)
        return {"withdrawn": ids}


def _withdrawable(session: Session, user: User) -> list[str]:
    """Ids of one's own clips from where they can be withdrawn, the oldest first."""
    states = [state.value for state in MOVES["withdraw"].source]
    query = select(Clip.id).where(
        Clip.creator_id == user.id, col(Clip.state).in_(states), col(Clip.deleted_at).is_(None)
    )
    return list(session.exec(query.order_by(col(Clip.created_at), Clip.id)))
