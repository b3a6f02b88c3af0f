"""The review policy: fixed codes, plain words in two languages, and versions that never change."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from errors import UnknownPolicy, UnknownReason
from language import LANGUAGES
from moderation import policy
from moderation.models import PolicyVersion
from moderation.policy import Reason, Words
from store import utc_now
from tests.conftest import House

FILE = Path(policy.__file__).with_name("policy_1.json")
ADDED = Path(policy.__file__).with_name("policy_2.json")
SHIPPED = (*policy.shipped().reasons, *policy.added())
MADE_AT = datetime(2026, 11, 1, tzinfo=timezone.utc)


def second_version(house: House) -> None:
    """Version 2: violence has other words, and hate is retired."""
    rows = policy.as_rows(policy.shipped().reasons)
    for row in rows:
        if row["code"] == "violence":
            row["en"] = {**row["en"], "label": "Cruelty"}
        row["retired"] = row["code"] == "hate"
    with house.store.write() as session:
        session.add(PolicyVersion(version=2, reasons=rows, made_by="system", made_at=MADE_AT))


def checked(house: House, *codes: str) -> list[str]:
    with house.store.read() as session:
        return policy.check_reasons(session, list(codes))


def test_a_fresh_instance_has_the_ten_shipped_codes(house: House) -> None:
    with house.store.read() as session:
        found = policy.current(session)
    assert (found.version, len({reason.code for reason in found.offered})) == (1, 10)


def test_the_shipped_version_is_never_edited() -> None:
    """Decisions of every instance name it. Other words are a new version, made in Admin."""
    digest = hashlib.sha256(FILE.read_bytes()).hexdigest()
    assert digest == "b9c88063602d9fda78abecb660438a287e745400aa592501fad6bab74b6279aa"


def test_what_ships_since_then_is_never_edited_either() -> None:
    """Instances have made it their version 2. More reasons are another file."""
    digest = hashlib.sha256(ADDED.read_bytes()).hexdigest()
    assert digest == "40c0aabc3074379d544c4e96f56f67ae76e1a4e532919d98ff569ebe8664f5e1"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", SHIPPED, ids=lambda reason: str(reason.code))
def test_every_shipped_reason_reads_as_sentences(reason: Reason, language: str) -> None:
    words = reason.words(language)
    assert words.text.startswith("Le clip " if language == "fr" else "The clip ")
    assert words.text.endswith(".")
    assert words.next.endswith(".")
    assert words.label[0].isupper()


def test_no_shipped_reason_reads_the_same_in_both_languages() -> None:
    for reason in SHIPPED:
        assert (reason.en.text, reason.en.next) != (reason.fr.text, reason.fr.next)


def test_known_codes_are_kept_in_order_without_repeats(house: House) -> None:
    assert checked(house, "hate", "violence", "hate") == ["hate", "violence"]


def test_no_codes_are_no_error_here(house: House) -> None:
    assert checked(house) == []


@pytest.mark.parametrize("code", ["", "Violence", "violence ", "spam"])
def test_an_unknown_code_is_refused_with_those_that_are_known(house: House, code: str) -> None:
    with pytest.raises(UnknownReason) as refused:
        checked(house, "violence", code)
    assert repr(code) in refused.value.message
    assert "technical_fault" in refused.value.fix


def test_a_retired_code_can_be_named_no_more(house: House) -> None:
    second_version(house)
    with pytest.raises(UnknownReason) as refused:
        checked(house, "hate")
    assert "version 2" in refused.value.message
    assert "hate" not in refused.value.fix


def test_the_newest_version_is_in_force(house: House) -> None:
    second_version(house)
    with house.store.read() as session:
        assert policy.current(session).version == 2


def test_an_older_version_is_still_there_word_for_word(house: House) -> None:
    second_version(house)
    with house.store.read() as session:
        assert policy.find(session, 1) == policy.shipped()


@pytest.mark.parametrize("version", [-1, 0, 3, 2**40])
def test_a_version_that_never_was_is_refused(house: House, version: int) -> None:
    second_version(house)
    with house.store.read() as session, pytest.raises(UnknownPolicy) as refused:
        policy.find(session, version)
    assert "2" in refused.value.fix


@pytest.mark.parametrize(("days", "version"), [(-1, 1), (0, 2), (1, 2)])
def test_the_version_of_a_day_in_the_past_can_be_found(
    house: House, days: int, version: int
) -> None:
    second_version(house)
    with house.store.read() as session:
        assert policy.in_force(session, MADE_AT + timedelta(days=days)).version == version


def test_a_reason_is_explained_by_the_version_that_is_asked(house: House) -> None:
    second_version(house)
    with house.store.read() as session:
        labels = [policy.explain(policy.find(session, n), "violence")["label"] for n in (1, 2)]
    assert labels == ["Violence", "Cruelty"]


def test_a_reason_is_explained_in_both_languages() -> None:
    told = policy.explain(policy.shipped(), "violence", "fr")
    assert (told["label"], told["en"]["label"], told["fr"]["label"]) == (
        "Violence",
        "Violence",
        "Violence",
    )
    assert told["text"] == told["fr"]["text"] != told["en"]["text"]


def test_what_is_no_code_stands_for_itself() -> None:
    told = policy.explain(policy.shipped(), "a wish of the museum")
    assert (told["label"], told["text"]) == ("a wish of the museum", "")


def test_the_api_offers_what_can_be_named_and_keeps_the_retired_apart(house: House) -> None:
    second_version(house)
    with house.store.read() as session:
        said = policy.as_json(policy.current(session))
    assert said["version"] == "2"
    assert "hate" not in [reason["code"] for reason in said["reasons"]]
    assert [reason["code"] for reason in said["retired"]] == ["hate"]


def test_what_is_stored_comes_back_as_it_was(house: House) -> None:
    words = Words("Ü", "é\n", "→")
    reasons = (Reason("a_b", words, words), Reason("c_d", words, words, retired=True))
    row = PolicyVersion(version=2, reasons=policy.as_rows(reasons), made_by="x", made_at=utc_now())
    with house.store.write() as session:
        session.add(row)
    with house.store.read() as session:
        assert policy.current(session).reasons == reasons
