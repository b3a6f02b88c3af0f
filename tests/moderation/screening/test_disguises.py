"""How words are read through the usual disguises, and that plain words stay what they are."""

# ruff: noqa: RUF001  (letters that look like others are what this is about)
from __future__ import annotations

import pytest

from moderation.screening.disguises import disguised, fold, words


def readings(text: str) -> set[str]:
    return {reading.word for reading in disguised(text)}


@pytest.mark.parametrize(
    "written", ["NAKED", "nákéd", "ｎａｋｅｄ", "𝓷𝓪𝓴𝓮𝓭", "na\u200bked", "n\u00adaked"]
)
def test_letters_are_folded_to_plain_ones(written: str) -> None:
    assert fold(written) == "naked"


@pytest.mark.parametrize(
    "written",
    [
        "n4ked",
        "n@k3d",
        "nаkеd",  # two letters are Cyrillic
        "ηακεd",  # four are Greek
        "n.a.k.e.d",
        "n-a-k-e-d",
        "na.ke.d",
        "n a k e d",
        "a n a k e d",
        "nnnaked",
        "nakeddddd",
        "(n4ked)",
        "n4ked!!!",
        "🇳🇦🇰🇪🇩",
        "ɴᴀᴋᴇᴅ",
    ],
)
def test_a_disguised_word_is_read(written: str) -> None:
    assert "naked" in readings(f"somebody {written} here")


@pytest.mark.parametrize("written", ["n*ked", "n**ed", "n_ked", "n#ked"])
def test_a_masked_letter_may_be_any(written: str) -> None:
    assert {"n.ked", "n..ed"} & readings(written)


@pytest.mark.parametrize(
    "plain",
    [
        "a red ball moving left in the night",
        "Un chat noir dort près de la fenêtre ouverte.",
        "The cat's tail; the dog's, too - well...",
        "wow!!!",
        "*bold* and (bracketed)",
    ],
)
def test_a_plain_prompt_has_no_second_reading(plain: str) -> None:
    assert readings(plain) == set()


def test_a_number_is_not_a_word() -> None:
    assert readings("in 2024 there were 30000") == set()


def test_a_reading_remembers_how_it_was_written() -> None:
    (reading,) = disguised("somebody N4ked")
    assert reading.written == "n4ked"


def test_a_word_of_ambiguous_signs_is_left_alone() -> None:
    """Each 1 has two readings: what has five of them is no word."""
    assert readings("a11111") == set()


def test_words_are_what_stands_between_other_signs() -> None:
    assert words("L’Été, c'est-à-dire: 3 jours_bleus") == [
        "l", "ete", "c", "est", "a", "dire", "3", "jours", "bleus",
    ]  # fmt: skip
