"""How a prompt is read: what is known, what is not, what is assumed, and what contradicts itself."""

from __future__ import annotations

import json
from pathlib import Path
from time import perf_counter

import pytest

from pipeline.lexicon import Lexicon, Reading, open_lexicon
from pipeline.presets import find_preset


def read(prompt: str) -> Reading:
    """As the embedded model would."""
    preset = find_preset("embedded")
    assert preset.lexicon is not None
    return open_lexicon(preset.lexicon).read(prompt, preset.assumes)


def known(prompt: str) -> dict[str, list[str]]:
    """attribute → the values that were named."""
    found: dict[str, list[str]] = {}
    for each in read(prompt).known:
        found.setdefault(each.attribute, []).append(each.value)
    return found


def unknown(prompt: str) -> list[str]:
    return [each.word for each in read(prompt).unknown]


def assumed(prompt: str) -> dict[str, str]:
    return {each.attribute: each.value for each in read(prompt).assumed}


def clashes(prompt: str) -> dict[str, list[str]]:
    return {each.attribute: [value.value for value in each.values] for each in read(prompt).clashes}


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        (
            "crimson orb heading left over the dunes",
            {"colour": ["red"], "shape": ["ball"], "motion": ["left"], "place": ["desert"]},
        ),
        (
            "une étoile bleue qui va vers la gauche dans la nuit",
            {"shape": ["star"], "colour": ["blue"], "motion": ["left"], "place": ["night"]},
        ),
        ("Show me a RED BALL, please!", {"colour": ["red"], "shape": ["ball"]}),
        ("a five-pointed star", {"shape": ["star"]}),
        ("a five pointed star", {"shape": ["star"]}),
        ("etoile", {"shape": ["star"]}),
        ("e\u0301toile", {"shape": ["star"]}),
        ("l’étoile", {"shape": ["star"]}),
        ("une paire d'étoiles", {"count": ["two"], "shape": ["star"]}),
        ("deux boules dans l'herbe", {"count": ["two"], "shape": ["ball"], "place": ["meadow"]}),
        ("the star's red", {"shape": ["star"], "colour": ["red"]}),
        ("\uff52\uff45\uff44 ball", {"colour": ["red"], "shape": ["ball"]}),
    ],
)
def test_words_that_the_model_has_learned_are_understood(
    prompt: str, said: dict[str, list[str]]
) -> None:
    assert (known(prompt), unknown(prompt)) == (said, [])


def test_a_value_keeps_the_words_as_they_were_written() -> None:
    crimson = read("a CRIMSON ball, fire-engine-red").known[0]
    assert crimson.words == ("CRIMSON", "fire-engine-red")


def test_a_value_is_named_in_both_languages() -> None:
    labels = [each.label for each in read("two stars moving left at night").known]
    assert labels == [
        {"en": "two", "fr": "deux"},
        {"en": "star", "fr": "étoile"},
        {"en": "moving left", "fr": "allant vers la gauche"},
        {"en": "at night", "fr": "la nuit"},
    ]


def test_one_is_named_by_a_number_and_not_by_an_article() -> None:
    count = next(each for each in read("a ball").assumed if each.attribute == "count")
    assert count.label == {"en": "one", "fr": "un"}


@pytest.mark.parametrize(
    ("prompt", "strange"),
    [
        ("a dog running in the snow", ["dog", "running"]),
        ("three hearts", ["three"]),
        ("Dog, dog and DOG", ["Dog"]),
        ("a yo-yo", ["yo-yo"]),
        ("a dog beside a dog-house", ["dog", "beside", "dog-house"]),
        ("it doesn't fit", ["doesn't", "fit"]),
        ("n'oublie l'éléphant", ["oublie", "éléphant"]),
        ("🙂🙂", ["🙂🙂"]),
        ("红色的球", ["红色的球"]),
        ("हिन्दी", ["हिन्दी"]),
        ("12345", ["12345"]),
        ("7 balls", ["7"]),
        ("a cloudy ball", ["cloudy"]),  # known only within `in a cloudy sky`
        ("", []),
        ("... !? —", []),
    ],
)
def test_words_that_the_model_has_not_learned_are_told_once_as_written(
    prompt: str, strange: list[str]
) -> None:
    assert unknown(prompt) == strange


def test_of_many_unknown_words_the_first_twelve_are_told() -> None:
    words = [f"strange{number}" for number in range(30)]
    assert unknown(" ".join(words)) == words[:12]


@pytest.mark.parametrize(
    ("prompt", "meant"),
    [
        ("purpel star", ["purple"]),
        ("étoille bleue", ["étoile"]),
        ("a dog running", [None, None]),
        ("three hearts", [None]),
        ("rde ball", [None]),  # too short to guess
    ],
)
def test_a_misspelt_word_is_met_with_what_may_have_been_meant(
    prompt: str, meant: list[str | None]
) -> None:
    assert [each.meant for each in read(prompt).unknown] == meant


def test_what_goes_unsaid_is_assumed() -> None:
    assert assumed("a ball moving left") == {
        "colour": "red",
        "place": "room",
        "speed": "normal",
        "size": "normal",
        "count": "one",
    }


@pytest.mark.parametrize("prompt", ["a red ball", "a red ball standing still"])
def test_what_stands_still_has_no_speed(prompt: str) -> None:
    assert "speed" not in assumed(prompt)


def test_two_values_of_one_attribute_clash() -> None:
    said = clashes("a red ball and a blue square")
    assert said == {"colour": ["red", "blue"], "shape": ["ball", "square"]}


@pytest.mark.parametrize(
    "prompt",
    [
        "a red ball in the blue sky",
        "a crimson red ball",
        "the two balls",
        "two balls in a meadow",
        "these two stars in this sky",
        "deux balles dans une prairie",
        "les deux étoiles de la nuit",
    ],
)
def test_articles_and_phrases_do_not_clash(prompt: str) -> None:
    assert clashes(prompt) == {}


@pytest.mark.parametrize("prompt", ["red balls moving left", "des étoiles", "a ball and stars"])
def test_a_plural_without_a_number_is_two(prompt: str) -> None:
    assert known(prompt)["count"] == ["two"]


def test_a_plural_beside_a_number_adds_nothing() -> None:
    assert known("one ball of balls")["count"] == ["one"]


@pytest.mark.parametrize(("prompt", "colour"), [("a rose ball", "pink"), ("balle rose", "red")])
def test_a_word_of_both_languages_is_read_in_that_of_the_prompt(prompt: str, colour: str) -> None:
    def words(*seen: str) -> dict[str, dict[str, list[str]]]:
        return {"words": {"seen": list(seen), "unseen": []}}

    lexicon = Lexicon(
        {
            "en": {"shape": {"ball": words("ball")}, "colour": {"pink": words("rose")}},
            "fr": {"shape": {"ball": words("balle")}, "colour": {"red": words("rose")}},
        }
    )
    found = {each.attribute: each.value for each in lexicon.read(prompt, {}).known}
    assert found["colour"] == colour


@pytest.mark.parametrize(
    "prompt",
    [
        "\x00",
        "\ud800",
        "\u202e red",
        "👩\u200d👩\u200d👧",
        "'" * 50,
        "-'’-",
        "\u0301",
        "½ ﷺ ①",
        "\U000e0001",
    ],
)
def test_no_text_is_too_strange_to_be_read(prompt: str) -> None:
    json.dumps(read(prompt).as_json())


@pytest.mark.parametrize("piece", ["a ", "é", "x-", "d'", "🙂", "in the ", "purpel mvoing rde "])
def test_the_longest_text_is_read_in_time(piece: str) -> None:
    prompt = (piece * 10_000)[:10_000]
    read("")  # the lexicon is loaded
    began = perf_counter()
    read(prompt)
    assert perf_counter() - began < 1


def test_a_lexicon_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "words.json"
    words = {"de": {"colour": {"red": {"adjectives": {"seen": ["rot"], "unseen": ["purpurn"]}}}}}
    path.write_text(json.dumps(words))
    reading = open_lexicon(path).read("Purpurn", {"colour": "red", "shape": "ball"})
    assert reading.as_json() == {
        "known": (
            {"attribute": "colour", "value": "red", "label": {"de": "rot"}, "words": ("Purpurn",)},
        ),
        "unknown": (),
        "assumed": ({"attribute": "shape", "value": "ball", "label": {"de": "ball"}},),
        "clashes": (),
    }


@pytest.mark.parametrize(
    ("prompt", "motion"),
    [
        ("a star flying to the left in the sky", "left"),
        ("a star flying slowly upwards", "up"),
        ("a star flying in the sky", "right"),
        ("an orb floating down", "down"),
        ("an orb floating", "still"),
    ],
)
def test_a_vague_word_counts_only_where_nothing_plainer_is_said(prompt: str, motion: str) -> None:
    reading = read(prompt)
    assert [each.value for each in reading.known if each.attribute == "motion"] == [motion]
