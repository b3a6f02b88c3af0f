"""The Create tab in a browser: choices, refusals, cancelling."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.test_screens import sign_in, visit
from tests.server import Server

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("studio")
    with Server(folder) as server:
        yield server


@pytest.fixture
def create(studio: Server, open_page: Open, request: pytest.FixtureRequest) -> Page:
    """The Create tab of somebody new."""
    name = f"P{abs(hash(request.node.name)) % 10**8}"
    return visit(
        open_page, studio, sign_in(studio.manage("invite", "--role", "creator", "--name", name))
    )


def test_an_empty_prompt_is_refused_with_what_to_do(create: Page) -> None:
    create.locator("#go").click()
    expect(create.get_by_text("The prompt is empty")).to_be_visible()
    expect(create.get_by_text("Describe what should be seen")).to_be_visible()


def test_draft_takes_fewer_steps(create: Page) -> None:
    create.get_by_label("Draft").click()
    create.locator("#advanced button").first.click()
    expect(create.get_by_label("number input for Steps")).to_have_value("4")


def test_a_seed_that_no_model_takes_is_refused_with_the_rule(create: Page) -> None:
    create.locator("#prompt textarea").fill("a red ball")
    create.locator("#advanced button").first.click()
    create.get_by_label("Seed").fill("99999999999")
    create.locator("#go").click()
    expect(create.get_by_text("a seed is 0 to 2147483647")).to_be_visible()


def test_a_clip_that_waits_its_turn_can_be_cancelled(create: Page, studio: Server) -> None:
    others = studio.client("Busy", "creator")
    for seed in range(12):  # so many that the last one surely still waits
        wish = {"prompt": "a blue ball", "num_inference_steps": 32, "seed": seed}
        assert others.post("/api/v1/clips", json=wish).status_code == 202
    create.locator("#prompt textarea").fill("a red ball moving left in the night")
    create.locator("#go").click()
    create.locator("#making").get_by_role("button", name="Cancel").click()
    expect(create.locator("#making")).to_contain_text("Cancelled")
