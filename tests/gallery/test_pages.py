"""Pages that a server writes whole: all text escaped, all links from the settings."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Invite
from accounts.permissions import STRANGER
from errors import NotFound, TooMany
from gallery.pages import clip_page, failure_page, invite_page, login_page, stats_page
from moderation import amendment, policy
from moderation.models import Clip, State
from moderation.policy import Reason, Words
from moderation.statistics import numbers
from moderation.views import clip_json
from store import utc_now
from tests.conftest import House

ADDRESS = "https://clips.example"
NASTY = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}",
    "${7 * 7}",
    "{% raw %}",
    "it's & that's",
)


@pytest.fixture
def shown(house: House) -> dict[str, Any]:
    """A published clip as a stranger reads it."""
    clip = house.clip(State.PUBLISHED)
    with house.store.read() as session:
        return clip_json(session, STRANGER, session.get_one(Clip, clip.id))


def meta(page: str) -> dict[str, str]:
    found = re.findall(r'<meta (?:property|name)="([^"]+)" content="([^"]*)">', page)
    return {name: html.unescape(content) for name, content in found}


def invitation(role: str = "creator", name: str | None = None) -> Invite:
    return Invite(token_hash="x", role=role, name=name, created_by="x", expires_at=utc_now())


@pytest.mark.parametrize("prompt", NASTY)
def test_a_prompt_is_text_and_never_code(shown: dict[str, Any], prompt: str) -> None:
    page = clip_page({**shown, "prompt": prompt}, "en", address=ADDRESS)
    assert (
        f"<h1>{html.escape(prompt).replace('&#x27;', '&#39;').replace('&quot;', '&#34;')}</h1>"
        in page
    )
    assert meta(page)["og:title"] == prompt


@pytest.mark.parametrize("prompt", NASTY[:2])
def test_no_element_comes_out_of_a_prompt(shown: dict[str, Any], prompt: str) -> None:
    page = clip_page({**shown, "prompt": prompt}, "en", address=ADDRESS)
    assert page.count("<script") == 2  # the facts for search engines, and what copies a field
    assert "<img" not in page


def test_a_creators_name_is_escaped(shown: dict[str, Any]) -> None:
    page = clip_page({**shown, "credit": "<b>ana</b>"}, "en", address=ADDRESS)
    assert "<b>ana" not in page


def test_a_share_page_has_what_a_link_preview_asks_for(shown: dict[str, Any]) -> None:
    tags = meta(clip_page(shown, "en", address=ADDRESS))
    link = f"{ADDRESS}/clip/{shown['id']}"
    assert tags["og:url"] == link
    assert tags["og:image"] == f"{ADDRESS}/media/{shown['id']}.jpg"
    assert tags["og:video"] == f"{ADDRESS}/media/{shown['id']}.mp4"
    assert tags["og:title"] == shown["prompt"]
    assert (tags["og:type"], tags["og:video:type"]) == ("video.other", "video/mp4")
    assert (tags["og:video:width"], tags["og:video:height"]) == ("64", "64")


@pytest.mark.parametrize(("width", "is_crisp"), [(128, True), (320, False)])
def test_only_a_clip_of_few_pixels_is_shown_with_sharp_ones(
    shown: dict[str, Any], width: int, is_crisp: bool
) -> None:
    page = clip_page({**shown, "width": width}, "en", address=ADDRESS)
    assert ('class="crisp"' in page) is is_crisp


def test_links_are_built_from_the_settings(shown: dict[str, Any]) -> None:
    page = clip_page(shown, "en", address="https://other.example")
    assert f'<link rel="canonical" href="https://other.example/clip/{shown["id"]}">' in page
    facts = r'<script type="application/ld\+json">.*?</script>'  # they name schema.org's terms
    page = re.sub(facts, "", page, flags=re.DOTALL).replace("https%3A//", "https://")
    assert set(re.findall(r"https?://[^/\"'&%]+", page)) == {"https://other.example"}


def test_a_share_page_says_that_a_model_made_it(shown: dict[str, Any]) -> None:
    assert "AI" in meta(clip_page(shown, "en", address=ADDRESS))["og:description"]


def test_a_long_prompt_is_shortened_in_the_title_only(shown: dict[str, Any]) -> None:
    prompt = "word " * 60
    page = clip_page({**shown, "prompt": prompt}, "en", address=ADDRESS)
    assert len(meta(page)["og:title"]) <= 113
    assert prompt in page


def test_a_page_loads_nothing_from_elsewhere_and_runs_one_script_of_ours(
    shown: dict[str, Any],
) -> None:
    page = clip_page(shown, "en", address=ADDRESS)
    assert re.findall(r"<script[^>]*>", page) == ['<script type="application/ld+json">', "<script>"]
    own = page.split("<script>")[1].split("</script>")[0]
    assert (
        own
        == (Path(clip_page.__code__.co_filename).parent / "templates/copy.js").read_text().rstrip()
    )
    assert "@import" not in page
    assert not re.search(r"""(?:src|href)=["']?//""", page)


@pytest.mark.parametrize(("header", "language"), [("fr-CH, en;q=0.5", "fr"), ("de", "en")])
def test_a_page_speaks_the_visitors_language(
    shown: dict[str, Any], header: str, language: str
) -> None:
    assert f'<html lang="{language}">' in clip_page(shown, header, address=ADDRESS)


@pytest.mark.parametrize("role", ["creator", "reviewer", "lead", "auditor", "admin"])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_an_invitation_is_shown_for_every_role(role: str, language: str) -> None:
    page = invite_page(
        invitation(role), language, on_spaces=False, signed_in_as="", path="/invite/x"
    )
    assert 'name="name"' in page


def test_an_invitation_with_a_name_asks_for_none() -> None:
    page = invite_page(
        invitation(name="<i>Ana</i>"), "en", on_spaces=False, signed_in_as="", path="/invite/x"
    )
    assert 'name="name"' not in page
    assert "&lt;i&gt;Ana&lt;/i&gt;" in page


def test_on_a_space_an_invitation_asks_to_sign_in_there() -> None:
    page = invite_page(
        invitation(), "en", on_spaces=True, signed_in_as="", path="/invite/x?a=1&b=2"
    )
    assert "/login/huggingface?_target_url=/invite/x%3Fa%3D1%26b%3D2" in page
    assert "<form" not in page


def test_on_a_space_nobody_is_asked_for_a_password() -> None:
    page = invite_page(invitation(), "en", on_spaces=True, signed_in_as="ana", path="/invite/x")
    assert "password" not in page


def test_the_sign_in_keeps_the_name_as_text() -> None:
    page = login_page("en", wrong=True, name='"><script>')
    assert "<script" not in page
    assert 'role="alert"' in page


def test_a_first_look_at_the_sign_in_shows_no_error() -> None:
    assert 'role="alert"' not in login_page("en")


def test_a_missing_page_says_nothing_of_what_was_asked() -> None:
    assert NotFound().fix not in failure_page(NotFound(), "en")
    assert "noindex" in failure_page(NotFound(), "en")


def test_another_failure_shows_its_sentence_and_the_next_step() -> None:
    error = TooMany(action="<sign in>", retry_after_s=7)
    page = failure_page(error, "en")
    assert "Too many tries to &lt;sign in&gt;." in page
    assert "Wait 7 seconds and try again." in page


def figures(**changes: Any) -> dict[str, Any]:
    """Numbers of an instance with many decisions."""
    shares: dict[str, float | None] = {
        "approve": 0.6,
        "reject": 0.3,
        "changes": 0.1,
        "appeal": 0.25,
        "overturn": None,
        "advised": 0.2,
    }
    words = {
        language: {"label": "Violence", "text": f"{language} text.", "next": "Next."}
        for language in ("en", "fr")
    }
    line = {"code": "violence", "words": words, "decisions": 1250, "shares": shares}
    return {
        "published": 12,
        "waiting": None,
        "wait_s": {"p50": 90.0, "p90": None},
        "fewer_than": 5,
        "reports": {"received": 40, "closed": 10, "taken_down": None},
        "decisions": 2500,
        "shares": shares,
        "policy_version": "3",
        "reasons": [line],
        **changes,
    }


def test_the_numbers_are_there_without_a_script() -> None:
    page = stats_page(figures(), "en", address=ADDRESS)
    assert "<script" not in page
    for seen in ("60%", "30%", "10%", "2 min", "1,250", "version 3", "en text."):
        assert seen in page


def test_the_numbers_can_be_read_in_french() -> None:
    page = stats_page(figures(), "fr", address=ADDRESS)
    assert '<html lang="fr">' in page
    for seen in ("60\u00a0%", "1\u202f250", "fr text.", "non communiqué"):
        assert seen in page


def test_what_is_not_told_is_said_to_be_so_and_never_a_nought() -> None:
    page = stats_page(figures(), "en", address=ADDRESS)
    assert "under 5" in page
    assert "not known yet" in page
    assert "None" not in page


def test_an_instance_with_few_decisions_says_that_and_shows_its_policy(house: House) -> None:
    with house.store.read() as session:
        page = stats_page(numbers(session), "en", address=ADDRESS)
    assert "fewer than 5 decisions so far" in page
    assert page.count('<th scope="row">') == 10
    assert "<td" not in page


@pytest.mark.parametrize("text", NASTY)
def test_the_words_of_a_policy_are_text_and_never_code(house: House, text: str) -> None:
    words = Words(text, text, text)
    with house.store.write() as session:
        reasons = [*policy.current(session).reasons, Reason("odd", words, words)]
        amendment.publish(session, house.user("ada"), seen=1, reasons=reasons)
        page = stats_page(numbers(session), "en", address=ADDRESS)
    shown = html.escape(text).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")
    assert page.count(shown) >= 2
    assert "<script" not in page
    assert "<img" not in page


def test_every_page_leads_to_the_numbers(shown: dict[str, Any]) -> None:
    pages = [clip_page(shown, "en", address=ADDRESS), login_page("en")]
    assert all('<a href="/stats">' in page for page in pages)
