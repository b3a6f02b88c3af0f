"""What the tests of Create start from: a model with everything to choose, and somebody new.

Knows nothing of what is tested. The weights are the embedded ones, so clips are really made.
"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
from playwright.sync_api import Page
from sqlmodel import Session

from accounts.models import Role
from accounts.people import issue_token, person_with_role
from keys import read_key
from pipeline.presets import EMBEDDED
from settings import read_settings
from store import Store
from tests.browser.conftest import Open
from tests.server import Server

Json = dict[str, Any]

STYLES = {
    "cinematic": "cinematic lighting, film grain",
    "stop motion": "stop-motion with clay figures",
}


def rich_model(folder: Path) -> Path:
    """A folder with the embedded weights and a preset that offers more than they do well."""
    folder.mkdir(parents=True)
    for part in (EMBEDDED / "weights").iterdir():
        (folder / part.name).symlink_to(part)
    shutil.copy(EMBEDDED / "words.json", folder)
    facts = json.loads((EMBEDDED / "preset.json").read_text(encoding="utf-8"))
    facts |= {
        "name": "rich",
        "sizes": [[128, 128], [224, 128]],
        "num_frames": [17, 9, 33],
        "frames_step": 8,
        "max_steps": 200,
        "first_frame": "LTXImageToVideoPipeline",
        "styles": STYLES,
    }
    (folder / "preset.json").write_text(json.dumps(facts), encoding="utf-8")
    return folder


class Studio(Server):
    """The real app with the rich model, and with limits that a test can reach."""

    def __init__(self, folder: Path) -> None:
        model = rich_model(folder / "model")
        limits = {"SLOTS": "3", "CLIPS_PER_HOUR": "5", "OWN_BACKLOG": "3", "PROMPT_LIMIT": "100"}
        settings = {f"GREENLIGHT_{name}": value for name, value in limits.items()}
        super().__init__(folder, GREENLIGHT_MODEL=str(model), **settings)

    @contextlib.contextmanager
    def beside(self) -> Iterator[Session]:
        """A transaction beside the app, as manage.py's, without the seconds of another process."""
        settings = read_settings(data=self.folder / "data")
        store = Store(settings.database, audit_key=read_key(settings.keys_folder, "audit.key"))
        with store.write() as session:
            yield session
        store.close()

    def token_of(self, name: str) -> str:
        """A new creator's token."""
        with self.beside() as session:
            person, _ = person_with_role(session, name, Role.CREATOR, created_by="test")
            return issue_token(session, person, created_by="test")


class Newcomer:
    """A creator without a past: a script's client, and a page on Create."""

    def __init__(self, studio: Studio, name: str, open_page: Open, **options: Any) -> None:
        self.studio = studio
        signed_in = {"Authorization": f"Bearer {studio.token_of(name)}"}
        self.client: httpx.Client = studio.client(headers=signed_in)
        self.page: Page = open_page(**options)
        # A script's token signs a browser in as well, where it sends the header.
        self.page.set_extra_http_headers(signed_in)

    def visit(self) -> Page:
        self.page.goto(f"{self.studio.url}/?tab=create")
        self.page.locator("#go").wait_for()
        # The screens of the tab are there when the last of them has answered.
        self.page.locator("#allowance summary").wait_for()
        return self.page

    def clips(self) -> list[Json]:
        items: list[Json] = self.client.get("/api/v1/clips?mine=1").json()["items"]
        return items

    def send(self, prompt: str, **wish: Any) -> Json:
        wish = {"prompt": prompt, "num_inference_steps": 1, **wish}
        answer = self.client.post("/api/v1/clips", json=wish)
        assert answer.status_code == 202, answer.text
        clip: Json = answer.json()
        return clip


def name_of(test: str) -> str:
    """A person's name for a test, the same in every run."""
    return f"P{abs(sum(ord(each) * (at + 1) for at, each in enumerate(test)))}"


def picture_of(width: int, height: int) -> bytes:
    """A PNG of one colour."""
    with av.open(io.BytesIO(), "w", format="image2pipe") as container:
        stream = container.add_stream("png", rate=1)
        stream.width, stream.height, stream.pix_fmt = width, height, "rgb24"
        frame = av.VideoFrame.from_ndarray(np.full((height, width, 3), 90, np.uint8))
        return bytes(stream.encode(frame)[0])


def fill(page: Page, prompt: str) -> None:
    page.locator("#prompt textarea").fill(prompt)


def choose(page: Page, field: str, words: str) -> None:
    """Take one of the options of a field, by its first words."""
    page.locator(f"#{field} label", has_text=words).first.click()


def press_go(page: Page) -> None:
    page.locator("#go").click()
