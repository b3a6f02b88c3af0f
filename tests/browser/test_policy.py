"""The policy in a real browser: an admin edits it, a creator reads a statement, all read the numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Open, refusing
from tests.server import Server, wait_for_state

Json = dict[str, Any]

MARKUP = "<b>The clip</b> {{ 7 * 7 }} \"is\" 'loud' & more."
RED, BLUE = "a red ball moving left in the night", "a blue ball moving left in the night"
SIZES = [{"width": 1440, "height": 900}, {"width": 390, "height": 844}]


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An instance of its own: these tests change its policy."""
    with Server(tmp_path_factory.mktemp("policy")) as server:
        yield server


@pytest.fixture(scope="module")
def ada(gallery: Server) -> httpx.Client:
    return gallery.client("ada", "admin")


@pytest.fixture(scope="module")
def ana(gallery: Server) -> httpx.Client:
    return gallery.client("ana", "creator")


@pytest.fixture(scope="module")
def rejected(gallery: Server, ana: httpx.Client) -> Json:
    """A clip of Ana's that Rita rejected."""
    return decided(gallery, ana, "rita", "reject", "The fall at the end.")


def decided(
    gallery: Server, ana: httpx.Client, who: str, verdict: str, note: str, prompt: str = RED
) -> Json:
    """A new clip of Ana's after somebody's decision."""
    wish = {"prompt": prompt, "num_inference_steps": 1}
    clip = wait_for_state(ana, ana.post("/api/v1/clips", json=wish).json()["id"], "pending_review")
    answered(gallery, clip, who, verdict, note)
    found: Json = ana.get(f"/api/v1/clips/{clip['id']}").json()
    return found


def answered(gallery: Server, clip: Json, who: str, verdict: str, note: str) -> None:
    reviewer = gallery.client(who, "reviewer")
    claimed = reviewer.post("/api/v1/review/claim", json={"clip_id": clip["id"]})
    assert claimed.status_code == 200, claimed.text
    reasons = [] if verdict == "approve" else ["violence"]
    made = {"verdict": verdict, "version": claimed.json()["version"], "reasons": reasons}
    answer = reviewer.post(f"/api/v1/clips/{clip['id']}/decision", json={**made, "note": note})
    assert answer.status_code == 200, answer.text


def visit(gallery: Server, client: httpx.Client, tab: str, open_page: Open, **how: Any) -> Page:
    page = open_page(**how)
    page.set_extra_http_headers({"Authorization": client.headers["Authorization"]})
    page.goto(f"{gallery.url}/?tab={tab}")
    return page


@pytest.fixture
def editor(gallery: Server, ada: httpx.Client, open_page: Open) -> Page:
    page = visit(gallery, ada, "admin", open_page)
    page.locator(".gl-policy-row").nth(9).wait_for()
    return page


def why(page: Page, prompt: str) -> Locator:
    """The box on the card of a clip that explains what was decided."""
    return page.locator(".gl-mine-card", has_text=prompt).locator(".gl-why")


def in_force(client: httpx.Client) -> Json:
    policy: Json = client.get("/api/v1/policy").json()
    return policy


def row(page: Page, code: str) -> Locator:
    return page.locator(".gl-policy-row", has=page.locator(f"code:text-is('{code}')"))


def edit(page: Page, code: str, field: str, text: str) -> None:
    if row(page, code).locator(".gl-policy-open").get_attribute("aria-expanded") == "false":
        row(page, code).locator(".gl-policy-open").click()
    row(page, code).locator(f"[name='{field}']").fill(text)


def publish(page: Page) -> None:
    page.get_by_role("button", name="See what changes").click()
    page.get_by_role("button", name="Publish version").click()
    expect(page.locator("dialog")).to_be_hidden()
    expect(page.locator(".gl-policy-bar")).to_be_hidden()


# ---- the editor ----------------------------------------------------------------------------


def test_an_admin_publishes_better_words_after_seeing_what_changes(
    editor: Page, ada: httpx.Client
) -> None:
    before = in_force(ada)
    edit(editor, "violence", "en.text", "The clip shows grave injuries.")
    editor.get_by_role("button", name="See what changes").click()
    change = editor.locator(".gl-policy-change")
    expect(change).to_have_count(1)
    expect(change.locator("ins")).to_have_text("The clip shows grave injuries.")
    assert in_force(ada) == before
    editor.get_by_role("button", name="Publish version").click()
    expect(editor.locator(".gl-policy .gl-toast")).to_contain_text("is in force")
    assert in_force(ada)["version"] == str(int(before["version"]) + 1)


def test_words_are_shown_exactly_as_they_were_typed(editor: Page, ada: httpx.Client) -> None:
    edit(editor, "hate", "en.text", MARKUP)
    editor.get_by_role("button", name="See what changes").click()
    expect(editor.locator(".gl-policy-change ins")).to_have_text(MARKUP)
    editor.get_by_role("button", name="Publish version").click()
    expect(editor.locator(".gl-policy-bar")).to_be_hidden()
    assert MARKUP in [reason["text"] for reason in in_force(ada)["reasons"]]


def test_a_reason_is_added_retired_and_brought_back(editor: Page, ada: httpx.Client) -> None:
    editor.get_by_role("button", name="Add a reason").click()
    new = editor.locator(".gl-policy-list").first.locator(".gl-policy-row").last
    for name in ("en.label", "en.text", "en.next", "fr.label", "fr.text", "fr.next"):
        new.locator(f"[name='{name}']").fill(f"Words of {name}.")
    new.locator("[name='code']").fill("too_loud")
    publish(editor)
    assert "too_loud" in [reason["code"] for reason in in_force(ada)["reasons"]]

    row(editor, "too_loud").locator(".gl-policy-open").click()
    row(editor, "too_loud").get_by_role("button", name="Retire this reason").click()
    publish(editor)
    assert [reason["code"] for reason in in_force(ada)["retired"]] == ["too_loud"]

    row(editor, "too_loud").locator(".gl-policy-open").click()
    expect(row(editor, "too_loud").locator("[name='en.text']")).not_to_be_editable()
    row(editor, "too_loud").get_by_role("button", name="Bring it back").click()
    publish(editor)
    assert in_force(ada)["retired"] == []


def test_the_order_can_be_changed_by_keyboard(editor: Page, ada: httpx.Client) -> None:
    down = editor.locator(".gl-policy-row").first.get_by_role("button", name="Move down")
    first = in_force(ada)["reasons"][0]["code"]
    down.focus()
    editor.keyboard.press("Enter")
    publish(editor)
    assert in_force(ada)["reasons"][1]["code"] == first


def test_a_missing_word_is_asked_for_and_nothing_is_sent(editor: Page, ada: httpx.Client) -> None:
    before = in_force(ada)
    edit(editor, "minors", "fr.next", "  ")
    row(editor, "minors").locator(".gl-policy-open").click()
    editor.get_by_role("button", name="See what changes").click()
    expect(row(editor, "minors").locator("[name='fr.next']")).to_be_focused()
    expect(editor.locator("dialog")).to_be_hidden()
    assert in_force(ada) == before


def test_what_is_discarded_is_gone(editor: Page) -> None:
    edit(editor, "minors", "en.label", "Children")
    editor.get_by_role("button", name="Discard").click()
    expect(row(editor, "minors").locator(".gl-policy-label")).to_have_text("Minors")
    expect(editor.locator(".gl-policy-bar")).to_be_hidden()


def test_of_two_admins_the_second_hears_of_the_first_and_keeps_their_words(
    editor: Page, ada: httpx.Client
) -> None:
    edit(editor, "copyright", "en.text", "The clip is somebody else's.")
    policy = in_force(ada)
    reasons = [
        {name: reason[name] for name in ("code", "en", "fr")} for reason in policy["reasons"]
    ]
    reasons[0], reasons[1] = reasons[1], reasons[0]
    sent = {"version": policy["version"], "reasons": reasons}
    assert ada.put("/api/v1/policy", json=sent).status_code == 200
    with refusing(editor):
        editor.get_by_role("button", name="See what changes").click()
        expect(editor.locator(".gl-policy .gl-toast")).to_contain_text("is in force now")
    field = row(editor, "copyright").locator("[name='en.text']")
    expect(field).to_have_value("The clip is somebody else's.")


@pytest.mark.parametrize("size", SIZES, ids=["desktop", "phone"])
def test_the_editor_fits_its_page(
    gallery: Server, ada: httpx.Client, open_page: Open, size: Json
) -> None:
    page = visit(gallery, ada, "admin", open_page, viewport=size)
    page.locator(".gl-policy-open").first.click()
    expect(page.locator(".gl-policy-input")).to_have_count(6)
    rights = page.locator(".gl-policy-input").evaluate_all(
        "fields => fields.map((field) => field.getBoundingClientRect().right)"
    )
    assert max(rights) <= size["width"]


# ---- the statement -------------------------------------------------------------------------


def test_a_creator_reads_why_by_whom_under_which_rules_and_what_now(
    gallery: Server, ana: httpx.Client, rejected: Json, open_page: Open
) -> None:
    page = visit(gallery, ana, "mine", open_page)
    box = why(page, RED)
    entry = rejected["timeline"][-1]
    for said in (
        entry["reasons"][0]["text"],
        entry["reasons"][0]["next"],
        "The fall at the end.",
        f"Decided by a reviewer, under the pseudonym {entry['pseudonym']}.",
        "No automatic check had pointed anything out.",
        f"Review policy, version {entry['policy_version']}",
        "You can appeal once",
    ):
        expect(box).to_contain_text(said)


def test_a_creator_reads_the_answer_to_an_appeal_also_when_the_clip_is_shown(
    gallery: Server, ana: httpx.Client, open_page: Open
) -> None:
    clip = decided(gallery, ana, "rita", "reject", "The fall at the end.", BLUE)
    appeal = {"text": "It is a ball, and it bounces."}
    path = f"/api/v1/clips/{clip['id']}"
    assert ana.post(f"{path}/appeal", json=appeal).status_code == 200
    answered(gallery, ana.get(path).json(), "rob", "approve", "You are right, it bounces.")
    box = why(visit(gallery, ana, "mine", open_page), BLUE)
    expect(box).to_contain_text("upheld the appeal")
    expect(box).to_contain_text("You are right, it bounces.")
    expect(box.get_by_role("link", name="In the form of the EU")).to_have_count(0)


def test_a_creator_reads_it_in_french(
    gallery: Server, ana: httpx.Client, rejected: Json, open_page: Open
) -> None:
    page = visit(gallery, ana, "mine", open_page, locale="fr-FR")
    box = why(page, RED)
    expect(box).to_contain_text(rejected["timeline"][-1]["reasons"][0]["fr"]["text"])
    expect(box).to_contain_text("sous le pseudonyme")


@pytest.mark.parametrize(
    ("name", "field"),
    [("This statement as a file", "words"), ("In the form of the EU", "puid")],
    ids=["plain", "dsa"],
)
def test_the_statement_can_be_kept_as_a_file(
    gallery: Server, ana: httpx.Client, rejected: Json, open_page: Open, name: str, field: str
) -> None:
    page = visit(gallery, ana, "mine", open_page)
    link = why(page, RED).get_by_role("link", name=name)
    address = link.get_attribute("href")
    assert address is not None
    assert field in ana.get(address).json()


# ---- the numbers ---------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES, ids=["desktop", "phone"])
def test_the_numbers_are_read_without_a_script(
    gallery: Server, open_page: Open, size: Json, scheme: str
) -> None:
    page = open_page(viewport=size, color_scheme=scheme, java_script_enabled=False)
    page.goto(f"{gallery.url}/stats")
    expect(page.get_by_role("heading", name="How clips are decided")).to_be_visible()
    expect(page.get_by_role("rowheader")).to_have_count(len(in_force(gallery.client())["reasons"]))
    box = page.locator("main").bounding_box()
    assert box is not None
    assert box["width"] <= size["width"]
