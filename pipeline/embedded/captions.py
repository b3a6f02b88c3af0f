"""Captions of scenes in free wording, English and French, made from the lexicon `words.json`.

What a scene has by default may go unsaid, as people leave it out. A fifth of all words is kept
back (`unseen`): the text encoder learns them, the denoiser never does, so that wording it has not
met can be measured. Knows nothing of pictures.
"""

from __future__ import annotations

import json
import random
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from pipeline.embedded.world import DEFAULTS, VALUES

WORDS: Final = Path(__file__).parent / "words.json"

Wording = Literal["seen", "unseen", "any"]

_UNSAID: Final = {"colour": 0.25, "place": 0.35, "motion": 0.4, "speed": 0.8, "size": 0.8}
"""How often a default is left out. Other values are always said."""
_OPENINGS: Final = {
    "en": ("a video of ", "show me ", "make ", "a clip of ", "please draw ", "an animation of "),
    "fr": ("une vidéo avec ", "montre-moi ", "un clip avec ", "je voudrais ", "il y a "),
}
_BEFORE_A_FRENCH_NOUN: Final = ("petit", "très petit", "tout petit", "grand", "très grand", "gros")


def caption(scene: list[int], rng: random.Random, wording: Wording = "seen") -> str:
    """One way to say what `scene` (seven numbers of VALUES) shows."""
    values = {name: VALUES[name][index] for name, index in zip(VALUES, scene, strict=True)}
    language = "en" if rng.random() < 0.72 else "fr"
    said = {
        name
        for name, value in values.items()
        if value != DEFAULTS[name] or rng.random() >= _UNSAID.get(name, 0.0)
    }
    if values["motion"] == "still":
        said.discard("speed")
    say = _Sayer(language, values, said, rng, wording)
    text = say.english() if language == "en" else say.french()
    return _spelled(text, rng)


@cache
def lexicon() -> dict[str, Any]:
    """language → attribute → value → form → {"seen", "unseen"} → words."""
    return dict(json.loads(WORDS.read_text(encoding="utf-8")))


class _Sayer:
    """The words of one caption, chosen as they are needed."""

    def __init__(
        self,
        language: str,
        values: dict[str, str],
        said: set[str],
        rng: random.Random,
        wording: Wording,
    ) -> None:
        self.language, self.values, self.said = language, values, said
        self.rng, self.wording = rng, wording
        self.two = values["count"] == "two"

    def word(self, attribute: str, form: str) -> Any:
        """One of the words for this scene's value; None if it goes unsaid or there is none."""
        if attribute not in self.said:
            return None
        forms = lexicon()[self.language][attribute][self.values[attribute]]
        if form not in forms:
            return None
        words = forms[form]
        if self.wording == "any":
            return self.rng.choice(words["seen"] + words["unseen"])
        return self.rng.choice(words[self.wording] or words["seen"])

    def english(self) -> str:
        rng = self.rng
        noun = self.word("shape", "nouns")[1 if self.two else 0]
        if self.values["shape"] == DEFAULTS["shape"] and rng.random() < 0.06:
            noun = rng.choice(("things", "objects") if self.two else ("thing", "object", "shape"))
        colour, size = self.word("colour", "adjectives"), self.word("size", "adjectives")
        speed = "adverbs" if rng.random() < 0.65 else "adjectives"
        pace = self.word("speed", speed)
        pace_before, pace_after = (None, pace) if speed == "adverbs" else (pace, None)
        finite = rng.random() < 0.35
        doing, pace_after = self.action(pace_after, finite)
        place = self.word("place", "phrases")
        determiner = self.word("count", "determiners")
        if not self.two and rng.random() < 0.6:
            determiner = "a"
        if rng.random() < (0.05 if self.two else 0.15):
            determiner = None
        adjectives = [size, pace_before, colour]
        if rng.random() < 0.2:
            rng.shuffle(adjectives)
        if colour and rng.random() < 0.08:
            adjectives[adjectives.index(colour)] = None
            noun = f"{noun} that {'are' if self.two else 'is'} {colour}"
        if colour and rng.random() < 0.06:
            it = "they are" if self.two else "it's"
            parts = [f"{it} {each}" for each in adjectives if each]
            parts += [part for part in (_joined(doing, pace_after), place) if part]
            rng.shuffle(parts)
            return rng.choice((", ", ". ", " and ")).join([_joined(determiner, noun), *parts])
        thing = _joined(determiner, *adjectives, noun)
        if doing and finite and rng.random() < 0.4:
            doing = f"that {doing}"
        return _ordered(rng, self.language, thing, doing, pace_after, place)

    def action(self, pace: str | None, finite: bool) -> tuple[str | None, str | None]:
        """What is done, and the pace unless that stands within: `moving slowly to the left`."""
        rng = self.rng
        inflection = (2 if self.two else 1) if finite else 0
        verbs = self.word("motion", "verbs")
        if not verbs:
            return None, pace
        motion = lexicon()[self.language]["motion"]
        forms = motion[self.values["motion"]]
        chance = rng.random()
        if "vague" in forms and chance < 0.08:
            return rng.choice(forms["vague"]["seen"])[inflection], pace
        if "directions" in forms and chance < 0.5:
            mover = rng.choice(motion["right"]["vague"]["seen"])[inflection]
            direction = self.word("motion", "directions")
            if not finite and rng.random() < 0.5:
                return direction, pace
            if rng.random() < 0.6:
                return _joined(mover, pace, direction), None
            return f"{mover} {direction}", pace
        return verbs[inflection], pace

    def french(self) -> str:
        rng = self.rng
        singular, plural, gender = self.word("shape", "nouns")
        noun = plural if self.two else singular
        form = (2 if self.two else 0) + (1 if gender == "f" else 0)
        before: list[str] = []
        after: list[str] = []
        for attribute in ("size", "colour", "speed"):
            if attribute == "speed" and rng.random() < 0.65:
                continue
            forms = self.word(attribute, "adjectives")
            if forms:
                (before if forms[0] in _BEFORE_A_FRENCH_NOUN else after).append(forms[form])
            if attribute == "speed":
                self.said.discard("speed")
        determiners = self.word("count", "determiners")
        determiner = determiners[gender == "f"]
        if not self.two and rng.random() < 0.6:
            determiner = "une" if gender == "f" else "un"
        if rng.random() < (0.05 if self.two else 0.15):
            determiner = None
        thing = _joined(determiner, *before, noun, *after)
        if thing.startswith(("une paire de ", "un duo de ")):
            start, rest = thing.split(" de ", 1)
            thing = f"{start} d'{rest}" if rest[0] in "aeéèêiouyh" else thing
        finite = rng.random() < 0.45
        doing, pace = self.action(self.word("speed", "adverbs"), finite)
        if doing and finite and rng.random() < 0.7:
            doing = f"qui {doing}"
        place = self.word("place", "phrases")
        return _ordered(rng, self.language, thing, doing, pace, place)


def _joined(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)


def _ordered(
    rng: random.Random,
    language: str,
    thing: str,
    doing: str | None,
    pace: str | None,
    place: str | None,
) -> str:
    action = _joined(pace, doing) if rng.random() < 0.15 else _joined(doing, pace)
    order = rng.random()
    if order < 0.50:
        text = _joined(thing, action, place)
    elif order < 0.65 and place:
        text = f"{place}, {_joined(thing, action)}"
    elif order < 0.82:
        text = _joined(thing, place, action)
    else:
        parts = [part for part in (thing, action, place) if part]
        rng.shuffle(parts)
        text = ", ".join(parts)
    if order < 0.50 and rng.random() < 0.15:
        text = rng.choice(_OPENINGS[language]) + text
    return text


def _spelled(text: str, rng: random.Random) -> str:
    """With `an` where it belongs, in one of the ways people use capitals and full stops."""
    words = text.split(" ")
    for index, word in enumerate(words[:-1]):
        if word == "a" and words[index + 1][0] in "aeiou":
            words[index] = "an"
    text = " ".join(words)
    style = rng.random()
    if style < 0.25:
        text = text[0].upper() + text[1:]
    elif style < 0.30:
        text = text.upper()
    elif style < 0.35:
        text = text.title()
    return text + "." if rng.random() < 0.3 else text
