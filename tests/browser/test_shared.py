"""One pipeline, three creators, and a process that is killed in the middle: issue C as people live it.

Real app, real model, real browser. The clip that is running when the browser closes and the app is
killed has many steps, so that there is a middle to kill it in.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, go
from tests.browser.studio import Json, Newcomer, Studio, choose, fill, press_go
from tests.server import wait_for_state, wait_until

pytestmark = pytest.mark.browser

SLOW = {"num_inference_steps": 200, "num_frames": 33, "width": 224}
PATIENCE_MS = 60_000


@pytest.fixture
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    opened = Studio(tmp_path_factory.mktemp("shared"))
    with opened:
        yield opened


def progress(person: Newcomer, clip_id: str) -> Json:
    clip: Json = person.client.get(f"/api/v1/clips/{clip_id}").json()
    assert clip["state"] in ("queued", "generating"), "the clip was made before its browser closed"
    told: Json = clip["progress"]
    return told


def states(person: Newcomer) -> dict[str, str]:
    return {clip["prompt"]: clip["state"] for clip in person.clips()}


def test_three_creators_share_the_model_through_a_closed_browser_and_a_kill(
    studio: Studio, open_page: Open
) -> None:
    ana, ben, cleo = (Newcomer(studio, name, open_page) for name in ("Ana", "Ben", "Cleo"))
    rita = studio.client("Rita", "reviewer")

    # 1. Ana makes a draft and sees it wait for review.
    page = ana.visit()
    choose(page, "quality", "Draft")
    fill(page, "a red ball bouncing in a meadow")
    press_go(page)
    expect(page.locator("#making")).to_contain_text("Waiting for review", timeout=PATIENCE_MS)
    (draft,) = ana.clips()

    # 2. Ben's clip runs when he closes the browser; Cleo sends two and cancels the second.
    bens, cleos = ben.visit(), cleo.visit()
    slow = ben.send("a blue star at night", **SLOW)
    kept, dropped = cleo.send("a green heart in the snow"), cleo.send("a pink ring in the sky")
    expect(bens.locator("#making")).to_contain_text("a blue star at night")
    go(bens, "about:blank")  # it is closed while his clip runs or waits
    progress(ben, slow["id"])
    group = cleos.locator("#making .gl-group", has_text="a pink ring in the sky")
    group.get_by_role("button", name="Cancel").click()
    wait_for_state(cleo.client, dropped["id"], "cancelled")

    # 3. The app is killed in the middle of a clip and comes back: what was accepted is made, once.
    for open_one in (page, cleos):
        go(open_one, "about:blank")
    killed = ben.send("two orange squares growing", **SLOW)
    wait_until(lambda: progress(ben, killed["id"])["step"] > 20, "the clip is well under way")
    studio.kill()
    studio.start()
    wait_for_state(ben.client, killed["id"], "pending_review")
    wait_for_state(ben.client, slow["id"], "pending_review")
    wait_for_state(cleo.client, kept["id"], "pending_review")
    assert states(ben) == {
        "a blue star at night": "pending_review",
        "two orange squares growing": "pending_review",
    }
    assert states(cleo) == {
        "a green heart in the snow": "pending_review",
        "a pink ring in the sky": "cancelled",
    }

    # 4. Ana renders her final; it takes the draft's place before the reviewers.
    page = ana.visit()
    page.get_by_role("tab", name="My clips", exact=True).click()
    page.locator("#my-clips").get_by_role("button", name="Render final").first.click()
    wait_until(lambda: len(ana.clips()) == 2, "the final is sent")
    final = wait_for_state(ana.client, ana.clips()[0]["id"], "pending_review")
    assert (final["seed"], final["num_inference_steps"]) == (draft["seed"], 8)
    assert final["parent_id"] == draft["id"]
    queue = [clip["id"] for clip in rita.get("/api/v1/review").json()["items"]]
    assert final["id"] in queue
    assert draft["id"] not in queue

    # 5. It is published, and Ben, back in a new browser, makes a remix of it.
    decision = {"verdict": "approve", "version": final["version"]}
    assert rita.post(f"/api/v1/clips/{final['id']}/decision", json=decision).status_code == 200
    wait_for_state(rita, final["id"], "published")
    again = ben.page
    again.goto(f"{studio.url}/?tab=create&remix={final['id']}")
    expect(again.locator("#prompt textarea")).to_have_value("a red ball bouncing in a meadow")
    fill(again, "a yellow ball bouncing in a meadow")
    press_go(again)
    wait_until(lambda: len(ben.clips()) == 3, "the remix is sent")
    remix = wait_for_state(ben.client, ben.clips()[0]["id"], "pending_review")
    assert remix["parent_id"] == final["id"]

    # 6. The log tells all of it, and nothing of the making is left behind.
    assert "The log is whole" in studio.manage("verify-log")
    kept_folder = studio.folder / "data/media/work/kept"
    assert not kept_folder.exists() or list(kept_folder.iterdir()) == []
