"""The two catalogues hold the same keys and places, and every key that is used is there."""

from __future__ import annotations

import json
import re
import string
from pathlib import Path

import pytest

from accounts.models import Role
from language import LANGUAGES, catalogue, choose, say
from tests.server import ROOT

IN_PYTHON = re.compile(r"""\b(?:t\(|say\([^,()]+,)\s*["']([a-z0-9_.]+)["']""")
IN_TEMPLATES = re.compile(r"""\bt\(\s*["']([a-z0-9_.]+)["']\s*(~)?""")
IN_SCRIPTS = re.compile(r"""\bt\(\s*['"]([a-z0-9_.]+)['"]""")


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def used(pattern: re.Pattern[str], folder: Path, ending: str) -> set[str]:
    files = sorted(folder.rglob(f"*{ending}"))
    assert files
    found = [pattern.findall(path.read_text(encoding="utf-8")) for path in files]
    return {match if isinstance(match, str) else match[0] for each in found for match in each}


def test_both_catalogues_have_the_same_keys() -> None:
    english, french = (set(catalogue(language)) for language in LANGUAGES)
    assert english ^ french == set()


def test_both_catalogues_leave_room_for_the_same_values() -> None:
    english, french = (catalogue(language) for language in LANGUAGES)
    assert {key: places(text) for key, text in english.items()} == {
        key: places(text) for key, text in french.items()
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_stands_twice_in_a_catalogue(language: str) -> None:
    """json.loads would keep the last one without a word."""
    text = (ROOT / "catalogues" / f"{language}.json").read_text(encoding="utf-8")
    keys = [key for key, _ in json.loads(text, object_pairs_hook=list)]
    assert sorted(keys) == sorted(set(keys))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty(language: str) -> None:
    assert [key for key, text in catalogue(language).items() if not text.strip()] == []


@pytest.mark.parametrize("folder", ["ui", "gallery", "web"])
def test_every_key_that_python_uses_exists(folder: str) -> None:
    assert used(IN_PYTHON, ROOT / folder, ".py") - set(catalogue("en")) == set()


def test_python_uses_keys_at_all() -> None:
    """So that the test above cannot pass by finding nothing."""
    assert {"tab.create", "tab.gallery", "admin.running"} <= used(IN_PYTHON, ROOT / "ui", ".py")


def test_every_key_that_a_template_uses_exists() -> None:
    keys = used(IN_TEMPLATES, ROOT / "gallery" / "templates", ".html")
    whole = {key for key in keys if not key.endswith(".")}
    assert {"invite.title", "page.by"} <= whole
    assert whole - set(catalogue("en")) == set()


def test_every_role_has_its_words_on_the_invitation() -> None:
    missing = {f"invite.role.{role.value}" for role in Role} - set(catalogue("en"))
    assert missing == set()


def test_every_key_that_a_script_uses_exists() -> None:
    keys = used(IN_SCRIPTS, ROOT / "ui" / "static", ".js")
    whole = {key for key in keys if "." in key and not key.endswith(".")}
    assert len(whole) > 50
    assert whole - set(catalogue("en")) == set()


def test_a_value_takes_its_place() -> None:
    assert say("en", "page.by", name="Ana").endswith("Ana")


def test_an_unknown_key_is_an_error_and_not_an_empty_text() -> None:
    with pytest.raises(KeyError):
        say("en", "no.such.key")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("fr", "fr"),
        ("FR-ca", "fr"),
        ("en-GB,fr;q=0.9", "en"),
        ("fr;q=0.8, en;q=0.9", "en"),
        ("de, fr;q=0.5", "fr"),
        ("de, es", "en"),
        ("*", "en"),
        ("fr;q=x, en;q=0.1", "en"),
        (", ,;q=", "en"),
        ("fr;q=0, en;q=0.5", "en"),
        ("<script>", "en"),
    ],
)
def test_a_visitor_reads_the_first_language_that_we_have(header: str, language: str) -> None:
    assert choose(header) == language


@pytest.mark.parametrize("header", ["fr;q=0, de", "fr ; q=0.9, en ; q=0.1", "fr;level=1;q=0.9"])
def test_an_odd_header_still_gives_a_language(header: str) -> None:
    assert choose(header) in LANGUAGES


def test_a_language_that_is_refused_is_not_chosen() -> None:
    """RFC 9110: a weight of 0 means not acceptable."""
    assert choose("de, fr;q=0") == "en"
