"""No page asks any other host for anything, Gradio's own among them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.newsroom import Newsroom
from tests.server import wait_for_state

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    wishes = [{"prompt": "a clip to be looked at"}]
    folder = tmp_path_factory.mktemp("alone")
    filled = Newsroom(folder, wishes, GREENLIGHT_UNDO_S="0")
    with filled:
        rita, clip_id = filled.api("rita"), filled.clips[0]
        clip = rita.get(f"/api/v1/clips/{clip_id}").json()
        decision = {"verdict": "approve", "version": clip["version"]}
        assert rita.post(f"/api/v1/clips/{clip_id}/decision", json=decision).is_success
        wait_for_state(rita, clip_id, "published")
        yield filled


@pytest.mark.parametrize(
    "path", ["/", "/?tab=gallery", "/gallery", "/clip/{id}", "/embed/{id}", "/verify", "/stats"]
)
def test_a_page_asks_nobody_else(path: str, room: Newsroom, open_page: Open) -> None:
    page, asked = open_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(room.url + path.format(id=room.clips[0]), wait_until="networkidle")
    hosts = {urlsplit(each).netloc for each in asked if each.startswith(("http", "ws"))}
    assert hosts == {urlsplit(room.url).netloc}


def test_a_clip_is_verified_from_its_page_without_a_script(
    room: Newsroom, open_page: Open, tmp_path: Path
) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(f"{room.url}/clip/{room.clips[0]}")
    expect(page.locator(".proof")).to_contain_text("self-signed")
    page.get_by_role("link", name="Verify this clip").click()
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_role("status")).to_contain_text("This clip is published here")
    mp4 = tmp_path / "clip.mp4"
    content = bytearray(room.client().get(f"/media/{room.clips[0]}.mp4").content)
    content[-9] ^= 1
    mp4.write_bytes(content)
    page.goto(f"{room.url}/verify")
    page.locator("input[type=file]").set_input_files(mp4)
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_role("status")).to_contain_text("This file was changed")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_panel_and_form_fit_the_window(
    scheme: str, width: int, room: Newsroom, open_page: Open, tmp_path: Path
) -> None:
    page = open_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    for path in (f"/clip/{room.clips[0]}", f"/verify?url={room.url}/clip/{room.clips[0]}"):
        page.goto(room.url + path)
        if "verify" in path:
            page.get_by_role("button", name="Verify").click()
        page.locator("summary").last.click()
        wide = page.evaluate("document.documentElement.scrollWidth")
        page.screenshot(path=tmp_path / f"{path[1:5]}.png", full_page=True)
        assert wide <= width
