"""The words under which a clip is shown: in lists, pages, feeds, oEmbed and for search engines."""

from __future__ import annotations

import re
from typing import Any

import pytest

from accounts import profiles
from accounts.permissions import STRANGER
from accounts.profiles import Wanted
from gallery.credit import credit_line, heading, headline, rights
from gallery.pages import clip_page, embed_page, wall_page
from gallery.qr import qr_code
from gallery.wall import creator_wall
from moderation.models import Clip, State
from moderation.presentation import SAID_NOTHING, Credit, Said
from moderation.views import clip_json
from tests.conftest import House
from tests.gallery.said import BEA, CID, said

ADDRESS = "https://clips.example"
BEA_CREDIT = Credit("Bea", "music", "https://bea.example/music")
NASTY = '"><img src=x onerror=alert(1)>'


def seen(house: House, said: Said = SAID_NOTHING) -> dict[str, Any]:
    """A published clip as a stranger reads it."""
    clip = house.clip(State.PUBLISHED, said=said)
    with house.store.read() as session:
        return clip_json(session, STRANGER, session.get_one(Clip, clip.id))


@pytest.mark.parametrize(
    ("title", "prompt", "expected"),
    [
        ("Dusk", "a red ball", "Dusk"),
        ("", "a red ball", "a red ball"),
        ("", "", "Sans titre"),
        ("Dusk", "", "Dusk"),
    ],
)
def test_a_clip_is_headed_by_its_title_else_by_its_prompt(
    title: str, prompt: str, expected: str
) -> None:
    assert heading({"title": title, "prompt": prompt}, "fr") == expected


def test_a_long_heading_is_cut_for_lists() -> None:
    line = headline({"title": "", "prompt": "red " * 200}, "en")
    assert (len(line), line[-1]) == (120, "…")


def test_everybody_who_made_it_is_in_the_line() -> None:
    clip = said(credits=[BEA, {**CID, "name": "Cid"}])
    assert credit_line(clip, "en") == "ana, with Bea (music), Cid"


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("cc0", "CC0 1.0: no rights reserved"),
        ("cc-by", "© 2026 ana. CC BY 4.0: use it, name its makers."),
        ("all-rights-reserved", "© 2026 ana. All rights reserved."),
    ],
)
def test_the_rights_say_whose_it_is(licence: str, expected: str) -> None:
    assert rights({**said(licence), "published_at": "2026-11-22T10:00:00.000Z"}, "en") == expected


def test_the_page_shows_title_prompt_credits_and_licence(house: House) -> None:
    page = clip_page(
        seen(house, Said(title="Dusk", licence="cc-by", credits=(BEA_CREDIT,))),
        "fr",
        address=ADDRESS,
    )
    assert "<h1>Dusk</h1>" in page
    assert "<p>a red ball moving left in the night</p>" in page
    assert '<a href="https://bea.example/music" rel="nofollow ugc noopener">Bea</a>' in page
    assert 'href="https://creativecommons.org/licenses/by/4.0/deed.fr" rel="license' in page
    assert '<link rel="license" href="https://creativecommons.org/licenses/by/4.0/">' in page


def test_a_licence_without_an_address_is_words_alone(house: House) -> None:
    page = clip_page(seen(house), "en", address=ADDRESS)
    assert "<span>All rights reserved</span>" in page
    assert 'rel="license' not in page


def test_a_clip_that_shares_no_prompt_shows_none_anywhere_on_its_page(house: House) -> None:
    clip = seen(house, Said(shares_prompt=False))
    for page in (
        clip_page(clip, "en", address=ADDRESS),
        embed_page(clip, "en", address=ADDRESS),
    ):
        assert "Untitled" in page
        assert "red ball" not in page


@pytest.mark.parametrize("where", ["title", "name", "role"])
def test_words_of_people_are_text_and_never_code(house: House, where: str) -> None:
    words = {"title": "", "name": "Bea", "role": "music", where: NASTY}
    clip = seen(house, Said(title=words["title"], credits=(Credit(words["name"], words["role"]),)))
    for page in (
        clip_page(clip, "en", address=ADDRESS),
        embed_page(clip, "en", address=ADDRESS),
    ):
        assert "<img" not in page


def test_the_page_says_the_model_s_own_licence(house: House) -> None:
    page = clip_page({**seen(house), "model_licence": "Apache-2.0"}, "en", address=ADDRESS)
    assert "(licence of the model: Apache-2.0)" in page


def test_the_credit_name_stands_for_the_account_s_and_the_address_stays(house: House) -> None:
    with house.store.write() as session:
        profiles.write(session, house.user("ana"), Wanted(credit_name="Ana María"))
    page = clip_page(seen(house), "en", address=ADDRESS)
    assert '<a href="/creator/ana" rel="author">by Ana María</a>' in page


def test_a_creator_s_page_shows_what_they_say_of_themselves(house: House) -> None:
    with house.store.write() as session:
        wanted = Wanted("Ana María", "I film <dusk>.", ["https://ana.example/a?b=1&c=2"])
        profiles.write(session, house.user("ana"), wanted)
    house.clip(State.PUBLISHED)
    with house.store.read() as session:
        found = creator_wall(session, "ana")
        profile = {"name": "ana", **profiles.of(session, house.user("ana").id)}
    page = wall_page(found, "en", address=ADDRESS, path="/creator/ana", profile=profile)
    assert "I film &lt;dusk&gt;." in page
    assert 'href="https://ana.example/a?b=1&amp;c=2" rel="me nofollow ugc noopener"' in page
    assert "Account name: ana" in page


def test_links_and_fields_can_be_copied_and_selected_without_a_script(house: House) -> None:
    clip = seen(house)
    page = clip_page(clip, "en", address=ADDRESS)
    assert f'<input id="link" readonly value="{ADDRESS}/clip/{clip["id"]}"' in page
    buttons = re.findall(r"<button[^>]*data-copies[^>]*>", page)
    assert len(buttons) == 2
    assert all(" hidden" in button for button in buttons)  # until the script shows them


def test_the_qr_code_is_drawn_in_the_page_and_fetches_nothing(house: House) -> None:
    drawn = str(qr_code(f"{ADDRESS}/clip/0123456789abcdef"))
    assert drawn.startswith("<svg")
    assert "http" not in drawn
    assert drawn in clip_page({**seen(house), "id": "0123456789abcdef"}, "en", address=ADDRESS)


def test_another_address_is_another_qr_code() -> None:
    assert qr_code(f"{ADDRESS}/clip/a") != qr_code(f"{ADDRESS}/clip/b")
