"""Published clips by the row, for tests of lists: no files behind them.

Knows nothing of what is tested.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from sqlmodel import func, select

from accounts.models import Role
from accounts.people import person_with_role
from moderation.models import Clip, State
from tests.conftest import REQUEST, House

NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)


def publish(house: House, *prompts: str, creator: str = "ana", **columns: Any) -> list[str]:
    """Published clips, one row each, the last one newest. The creator is made if needed."""
    with house.store.write() as session:
        person, _ = person_with_role(session, creator, Role.CREATOR, created_by="test")
        last = session.exec(select(func.max(Clip.publish_seq))).one() or 0
        made = [
            Clip(
                **{**REQUEST, "state": State.PUBLISHED.value, "prompt": prompt, **columns},
                creator_id=person.id,
                sha256="s",
                approved_sha256="s",
                approved_by=house.user("rita").id,
                public_sha256="p",
                published_at=NOON + timedelta(minutes=last + place),
                publish_seq=last + place,
            )
            for place, prompt in enumerate(prompts, 1)
        ]
        session.add_all(made)
        session.flush()
        return [clip.id for clip in made]
