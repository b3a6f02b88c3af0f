"""What leads see of a removal from the Hub that is not over, on the desk and in Admin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.newsroom import Newsroom
from tests.hub.wire import HubServer
from tests.server import wait_until

WORDS = "an old address still answered"


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """A clip was taken down, and the Hub keeps its history."""
    with HubServer() as hub:
        hub.keeps_history = True
        environment = {
            "GREENLIGHT_HUB_REPO": "owner/gallery",
            "GREENLIGHT_HUB_ENDPOINT": hub.url,
            "GREENLIGHT_HF_TOKEN": hub.token,
            "HF_HUB_OFFLINE": "0",
        }
        wishes = [{"state": "published"}, {"state": "pending_review"}]
        running = Newsroom(tmp_path_factory.mktemp("hub"), wishes, **environment)
        with running:
            lea = running.api("lea")

            def told() -> dict[str, Any]:
                found: dict[str, Any] = lea.get("/api/v1/hub").json()
                return found

            wait_until(lambda: told()["places"][0]["there"] == 1, "the clip is on the Hub")
            lea.post(
                f"/api/v1/clips/{running.clips[0]}/takedown", json={"reason": "law", "note": ""}
            )
            wait_until(lambda: WORDS in str(told()["removals"]), "the Hub was asked")
            yield running


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_a_lead_sees_on_the_desk_what_is_not_gone(
    newsroom: Newsroom, open_page: Open, scheme: str, width: int
) -> None:
    page = newsroom.visit(
        "lea", open_page, viewport={"width": width, "height": 900}, color_scheme=scheme
    )
    band = page.locator("#desk .gl-hub-band")
    expect(band).to_contain_text(WORDS)
    expect(band).to_contain_text(newsroom.clips[0])


def test_a_reviewer_is_not_asked_to_follow_it(newsroom: Newsroom, open_page: Open) -> None:
    page = newsroom.visit("rita", open_page)
    expect(page.locator("#desk .gl-row")).to_have_count(1)
    expect(page.locator("#desk .gl-hub-band")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_admin_reads_it_in_admin(newsroom: Newsroom, open_page: Open, scheme: str) -> None:
    page = newsroom.visit("ada", open_page, color_scheme=scheme)
    page.get_by_role("tab", name="Admin").click()
    expect(page.locator("#hub")).to_contain_text(WORDS)
