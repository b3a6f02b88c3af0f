"""A real Chromium, one context per person, and no error in its console.

Knows nothing of the app beyond its address.
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")

Open = Callable[..., Page]

_leaving: set[Page] = set()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed after each module: while it is open, an event loop runs in this thread, and nothing
    that starts jobs may run beside one."""
    found = next((path for path in map(shutil.which, _NAMES) if path), None)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=_FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Open a page in a context of its own. At the end no page may have logged an error."""
    errors: list[str] = []
    contexts = []

    def open_one(**options: Any) -> Page:
        options.setdefault("viewport", {"width": 1440, "height": 900})
        options.setdefault("locale", "en-US")
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: note(page, str(error)))
        page.on("console", lambda said: note_console(page, said))
        return page

    def note(page: Page, error: str) -> None:
        if page not in _leaving:
            errors.append(error)

    def note_console(page: Page, said: ConsoleMessage) -> None:
        if said.type == "error":
            note(page, f"{said.text} {said.location.get('url', '')}".strip())

    yield open_one
    found = list(errors)
    for context in contexts:
        context.close()
    assert found == []


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Serve a page from another origin; its address comes back."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nothing: a test says what it has to say by failing."""

    handler = functools.partial(Quiet, directory=str(tmp_path))
    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=site.serve_forever, daemon=True).start()

    def serve(body: str) -> str:
        (tmp_path / "favicon.ico").touch()
        page = f'<!doctype html><html lang="en"><title>A blog</title>{body}</html>'
        (tmp_path / "page.html").write_text(page)
        return f"http://localhost:{site.server_port}/page.html"

    yield serve
    site.shutdown()
    site.server_close()


def go(page: Page, address: str) -> None:
    """Open another address in a page that already shows the app.

    Gradio throws at its open streams when it is left in the middle of one. What it says on its way
    out, to an empty page, is no fault of ours; what the next page says counts again.
    """
    _leaving.add(page)
    page.goto("about:blank")
    _leaving.discard(page)
    page.goto(address)


@contextlib.contextmanager
def refusing(page: Page) -> Iterator[None]:
    """A block in which the server is meant to refuse: the browser logs each refusal as an error."""
    _leaving.add(page)
    yield
    _leaving.discard(page)


@pytest.fixture
def picture() -> Callable[[Page, str], None]:
    """Take a picture for docs/ when scripts/pictures asks for them; nothing otherwise."""
    folder = os.environ.get("GREENLIGHT_PICTURES")

    def take(page: Page, name: str) -> None:
        if folder:
            page.screenshot(path=Path(folder) / f"{name}.png")

    return take
