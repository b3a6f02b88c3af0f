"""Captions: true to their scene, in many wordings, with a fifth of the words kept back."""

from __future__ import annotations

import json
import random

import pytest

from pipeline.embedded.captions import WORDS, caption, lexicon
from pipeline.embedded.world import DEFAULTS, VALUES


def scene(**values: str) -> list[int]:
    chosen = {**DEFAULTS, **values}
    return [known.index(chosen[name]) for name, known in VALUES.items()]


def many(wording: str = "seen", **values: str) -> list[str]:
    rng = random.Random(0)
    return [caption(scene(**values), rng, wording).lower() for _ in range(300)]  # type: ignore[arg-type]


def forms(attribute: str, value: str, kept: str, languages: str = "en fr") -> set[str]:
    """All forms of all words for a value."""
    found: set[str] = set()
    for language in languages.split():
        for words in lexicon()[language][attribute][value].values():
            for word in words[kept]:
                found |= {word} if isinstance(word, str) else set(word)
    return found


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_lexicon_has_words_for_every_value(language: str) -> None:
    missing = [
        (attribute, value)
        for attribute, values in VALUES.items()
        for value in values
        if not lexicon()[language].get(attribute, {}).get(value)
    ]
    assert missing == []


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_word_is_both_seen_and_kept_back(language: str) -> None:
    for attribute, values in VALUES.items():
        for value in values:
            seen, kept = (forms(attribute, value, each, language) for each in ("seen", "unseen"))
            assert seen & kept <= {"m", "f"}


def test_what_is_not_by_default_is_always_said() -> None:
    blue = forms("colour", "blue", "seen")
    assert all(any(word in text for word in blue) for text in many(colour="blue"))


def test_what_is_by_default_is_often_left_out() -> None:
    red = forms("colour", "red", "seen")
    said = sum(any(word in text for word in red) for text in many())
    assert 150 < said < 280


def test_two_things_are_called_two_or_by_a_plural() -> None:
    told = forms("count", "two", "seen")
    plurals = {
        word[1]
        for language in ("en", "fr")
        for word in lexicon()[language]["shape"]["star"]["nouns"]["seen"]
    }
    for text in many(count="two", shape="star"):
        assert any(word in text for word in told | plurals)


def test_captions_for_training_hold_no_word_that_is_kept_back() -> None:
    kept = {"crimson", "globe", "globes"}
    for text in many(shape="ball", colour="red"):
        assert not kept & set(text.strip(".").split())


def test_unseen_wording_uses_them() -> None:
    assert any("crimson" in text for text in many("unseen"))


def test_a_vowel_takes_an() -> None:
    assert not any(
        f" a {vowel}" in f" {text}" for text in many(colour="orange") for vowel in "aeiou"
    )


def test_wording_varies() -> None:
    assert len(set(many(colour="blue", place="snow", motion="left"))) > 280


def test_the_lexicon_file_is_sorted_into_known_parts_only() -> None:
    words = json.loads(WORDS.read_text(encoding="utf-8"))
    assert {tuple(words[language]) for language in words} == {(*VALUES, "glue")}
