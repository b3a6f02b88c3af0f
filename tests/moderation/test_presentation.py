"""What a creator may say of a clip, and who reads the prompt of one that does not share it."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.permissions import STRANGER
from errors import BadInput, TextTooLong
from language import LANGUAGES
from moderation.licences import LICENCES, UnknownLicence, as_json
from moderation.models import State
from moderation.presentation import (
    CREDITS_LIMIT,
    TITLE_LIMIT,
    Credit,
    Presentation,
    Said,
    prompt_for,
    read_said,
    told,
)
from tests.conftest import House

NOTHING = Presentation()


def test_nothing_said_shares_the_prompt_and_reserves_all_rights() -> None:
    assert told(Said(), NOTHING) == Presentation("", True, "all-rights-reserved", ())


def test_what_is_not_said_stays() -> None:
    before = Presentation("Dusk", False, "cc-by", (Credit("Bea"),))
    assert told(Said(title="Dawn"), before) == Presentation(
        "Dawn", False, "cc-by", (Credit("Bea"),)
    )


def test_what_is_said_to_be_empty_is_empty() -> None:
    before = Presentation("Dusk", credits=(Credit("Bea"),))
    assert told(Said(title="", credits=()), before) == NOTHING


def test_a_title_may_be_as_long_as_the_limit() -> None:
    assert told(Said(title="x" * TITLE_LIMIT), NOTHING).title == "x" * TITLE_LIMIT


def test_a_longer_title_is_refused() -> None:
    with pytest.raises(TextTooLong):
        told(Said(title="x" * (TITLE_LIMIT + 1)), NOTHING)


@pytest.mark.parametrize("title", ["two\nlines", "a\tgap", "\u202eturned", "\x00", "\u200b \u200b"])
def test_a_title_that_cannot_be_read_on_one_line_is_refused(title: str) -> None:
    with pytest.raises(BadInput):
        told(Said(title=title), NOTHING)


@pytest.mark.parametrize("licence", ["", "CC-BY", "mit", "cc-by-nd", "cc-by "])
def test_an_unknown_licence_is_refused_with_those_that_are_known(licence: str) -> None:
    with pytest.raises(UnknownLicence) as refused:
        told(Said(licence=licence), NOTHING)
    assert all(code in refused.value.fix for code in LICENCES)


@pytest.mark.parametrize("code", LICENCES)
def test_a_licence_has_a_name_in_every_language(code: str) -> None:
    assert all(as_json(code)["names"][language] for language in LANGUAGES)


@pytest.mark.parametrize("code", [code for code in LICENCES if code != "all-rights-reserved"])
def test_a_licence_leads_to_its_deed_in_the_reader_s_language(code: str) -> None:
    deeds = as_json(code)["deeds"]
    assert [deeds[language].rpartition(".")[2] for language in LANGUAGES] == list(LANGUAGES)


@pytest.mark.parametrize(
    "link",
    [
        "http://bea.example",
        "javascript:alert(1)",
        "https://",
        "https://localhost/x",
        "https://ana:secret@bea.example",
        "https://bea.example@evil.example",
        "https://bea.example/a b",
        'https://bea.example/"onclick=x',
        "https://bea.example/<b>",
        "https://bea.example\\evil.example",
        "//bea.example",
        "bea.example",
        "https://bea.example:port/",
        "https://xn--/",
        "https://be\u0430.example/",  # a Cyrillic letter
        "https://[::1]/",
        "https://bea.example/" + "x" * 300,
    ],
)
def test_only_plain_addresses_of_pages_are_links(link: str) -> None:
    with pytest.raises(BadInput):
        told(Said(credits=(Credit("Bea", link=link),)), NOTHING)


@pytest.mark.parametrize(
    "link",
    [
        "https://bea.example",
        "https://bea.example/@bea?a=1&b=%20#top",
        "https://Bea.Example:8443/été",
        "https://xn--bcher-kva.example/",
    ],
)
def test_an_address_as_browsers_show_it_is_a_link(link: str) -> None:
    assert told(Said(credits=(Credit("Bea", link=link),)), NOTHING).credits[0].link == link


def test_a_credit_names_somebody() -> None:
    with pytest.raises(BadInput, match="names somebody"):
        told(Said(credits=(Credit(" ", role="music"),)), NOTHING)


def test_more_credits_than_the_limit_are_refused() -> None:
    many = (Credit("Bea"),) * (CREDITS_LIMIT + 1)
    with pytest.raises(BadInput, match=f"at most {CREDITS_LIMIT}"):
        told(Said(credits=many), NOTHING)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        '{"title": 1}',
        '{"shares_prompt": "yes"}',
        '{"credits": [{"role": "x"}]}',
        '{"title": "\\ud800"}',
    ],
)
def test_what_a_form_never_sends_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        read_said(text)


def test_what_a_form_sends_is_read() -> None:
    text = '{"title": "Dusk", "credits": [{"name": "Bea", "role": "", "link": ""}]}'
    assert read_said(text) == Said(title="Dusk", credits=(Credit("Bea"),))


@pytest.mark.parametrize("who", ["", "ben"])
def test_a_prompt_that_is_not_shared_is_read_by_no_other_creator(house: House, who: str) -> None:
    clip = house.clip(State.PUBLISHED, said=Said(shares_prompt=False))
    assert prompt_for(house.user(who) if who else STRANGER, clip) == ""


@pytest.mark.parametrize("who", ["ana", "rita", "lea", "aud"])
def test_its_creator_and_those_who_see_held_clips_read_it(house: House, who: str) -> None:
    clip = house.clip(State.PUBLISHED, said=Said(shares_prompt=False))
    assert prompt_for(house.user(who), clip) == clip.prompt


def test_everybody_reads_one_that_is_shared(house: House) -> None:
    clip: Any = house.clip(State.PUBLISHED)
    assert prompt_for(STRANGER, clip) == clip.prompt
