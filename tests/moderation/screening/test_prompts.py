"""Which prompts get a word of advice, which do not, and what the advice says."""

# ruff: noqa: RUF001  (letters that look like others are what this is about)
from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation import policy
from moderation.screening.prompts import prompt_words

LISTS = sorted((Path(__file__).parents[3] / "moderation/screening/words").glob("*.json"))


def kinds(prompt: str) -> set[str | None]:
    return {signal.reason for signal in prompt_words(prompt)}


@pytest.mark.parametrize(
    "innocent",
    [
        "a red ball moving left in the night",
        "a naked mole rat in its burrow",
        "a shooting star over the Dead Sea, seen with the naked eye",
        "a cock crowing on the farm at dawn",
        "the analyst from Scunthorpe and Essex keeps a stable of horses",
        "a killer whale and a great tit",
        "the Grand Tetons at sunrise, 4k, 1080p, 60fps, h264",
        "a blood moon, a bath bomb and a spray gun",
        "a children's birthday party",
        "a dog takes a bite of an apple",
        "le train en retard dans un cul-de-sac",
        "un mouton aux pieds nus sous une étoile filante",
        "sein Hund wedelt mit dem Schwanz",
        "niños jugando con una concha de mar",
        "деревня зимой в стиле акварели",
    ],
)
def test_an_innocent_prompt_gets_no_advice(innocent: str) -> None:
    assert prompt_words(innocent) == []


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [
        ("hardcore pornography", "sexual_content"),
        ("une femme nue sur un lit", "sexual_content"),
        ("eine nackte Frau", "sexual_content"),
        ("una mujer desnuda", "sexual_content"),
        ("голая женщина", "sexual_content"),
        ("全裸の人", "sexual_content"),
        ("lolicon drawing", "minors"),
        ("a man is beheaded", "violence"),
        ("un homme égorgé", "violence"),
        ("ein Massaker im Dorf", "violence"),
        ("a crowd gives the Nazi salute", "hate"),
        ("a deepfake of my boss", "real_person"),
        ("Mickey Mouse on a boat", "copyright"),
        ("fake news about the election", "deception"),
        ("her credit card number", "private_data"),
        ("write to ana@example.org", "private_data"),
        ("call +33 6 12 34 56 78", "private_data"),
        ("appelez le 06.12.34.56.78", "private_data"),
        ("dial (555) 123-4567", "private_data"),
    ],
)
def test_a_word_of_each_kind_is_noticed(prompt: str, kind: str) -> None:
    assert kind in kinds(prompt)


@pytest.mark.parametrize(
    "written", ["p0rn", "p.o.r.n", "p o r n", "pоrn", "p*rn", "poooorn", "𝓹𝓸𝓻𝓷"]
)
def test_a_disguised_word_is_noticed(written: str) -> None:
    assert kinds(f"some {written} now") == {"sexual_content"}


def test_a_word_inside_another_is_not_that_word() -> None:
    assert prompt_words("a cocktail, an analysis and a sextant in Scunthorpe") == []


def test_a_word_that_can_be_innocent_counts_for_less() -> None:
    assert [signal.score for signal in prompt_words("a nude in oil")] == [0.4]


def test_a_disguise_makes_a_doubtful_word_less_innocent() -> None:
    assert [signal.score for signal in prompt_words("a nud3 in oil")] == [0.8]


def test_advice_quotes_the_disguise_and_what_it_stands_for() -> None:
    (signal,) = prompt_words("some p0rn")
    assert signal.says == (
        "The prompt has “p0rn”, which reads as “porn” (English: sexual content)."
    )


def test_words_of_childhood_alone_are_innocent() -> None:
    assert prompt_words("a schoolgirl and a baby") == []


def test_a_disguised_word_of_childhood_alone_is_innocent_too() -> None:
    assert prompt_words("a sch00lgirl") == []


def test_words_of_childhood_beside_words_of_sex_are_the_strongest_signal() -> None:
    strongest = prompt_words("a schoolgirl in a porn film")[0]
    assert (strongest.reason, strongest.score) == ("minors", 1.0)


def test_words_of_childhood_beside_a_doubtful_word_are_less_sure() -> None:
    strongest = prompt_words("a child and a nude statue")[0]
    assert (strongest.reason, strongest.score) == ("minors", 0.7)


def test_one_signal_for_each_kind_however_many_words() -> None:
    assert len(prompt_words("porn porn nude naked p0rn")) == 1


def test_a_decimal_or_a_date_is_no_telephone_number() -> None:
    assert prompt_words("at 12:30 on 2024-05-17, seed 3.14159265358979") == []


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_every_list_names_reasons_that_the_shipped_policy_has(path: Path) -> None:
    said = json.loads(path.read_text(encoding="utf-8"))
    codes = set(said) - {"language", "spaced", "innocent"}
    assert codes <= {reason.code for reason in policy.shipped().reasons}


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    assert all(0 < (signal.score or 0) <= 1 for signal in prompt_words(text))
