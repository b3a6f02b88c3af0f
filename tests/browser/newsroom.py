"""The real app over a house that was filled before it started: clips in any state, at once.

Knows nothing of what is tested. No model makes these clips; their files are real all the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page
from sqlalchemy import update

from accounts.models import Role
from accounts.people import find_person, issue_token, person_with_role
from media import MediaStore
from moderation.models import Clip, State
from settings import read_settings
from store import open_store
from tests import conftest
from tests.browser.conftest import Open
from tests.conftest import House
from tests.server import Server

Wish = dict[str, Any]


class Newsroom(Server):
    """`wishes`: a clip each; `state` and `creator` are how it comes to be, the rest its columns.

    rita and rob review, lea leads, aud audits; ana and ben make clips.
    """

    def __init__(self, folder: Path, wishes: list[Wish], **environment: str) -> None:
        super().__init__(folder, **{"GREENLIGHT_UNDO_S": "10", **environment})
        settings = read_settings(data=folder / "data")
        store = open_store(settings)
        house = House(store, MediaStore(settings.media_folder))
        self.clips = [_make(house, dict(wish)) for wish in wishes]
        self.tokens = {}
        with store.write() as session:
            for name in conftest.PEOPLE:
                person = find_person(session, name)
                self.tokens[name] = issue_token(session, person, created_by="test")
        store.close()

    def visit(self, name: str, open_page: Open, tab: str = "review", **options: Any) -> Page:
        """Somebody's page, on the clip that the desk opens by itself."""
        page = open_page(**options)
        # A script's token signs a browser in as well, where it sends the header.
        page.set_extra_http_headers({"Authorization": f"Bearer {self.tokens[name]}"})
        page.goto(f"{self.url}/?tab={tab}")
        first = {"review": ".gl-row, .gl-nothing", "mine": ".gl-mine-card"}[tab]
        page.locator(first).first.wait_for(state="attached")  # on a busy machine this takes a while
        return page

    def api(self, name: str) -> Any:
        return self.client(headers={"Authorization": f"Bearer {self.tokens[name]}"})


def _make(house: House, wish: Wish) -> str:
    state, creator = State(wish.pop("state", "pending_review")), wish.pop("creator", "ana")
    with house.store.write() as session:
        person_with_role(
            session, creator, conftest.PEOPLE.get(creator, Role.CREATOR), created_by="test"
        )
    before = dict(conftest.REQUEST)
    conftest.REQUEST.update({name: wish.pop(name) for name in list(wish) if name in before})
    try:
        clip = house.clip(state, creator)
    finally:
        conftest.REQUEST.clear()
        conftest.REQUEST.update(before)
    if wish:
        with house.store.write() as session:
            session.execute(update(Clip).where(Clip.id == clip.id).values(**wish))  # type: ignore[arg-type]
    return clip.id
