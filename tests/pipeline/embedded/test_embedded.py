"""The model that ships: what it weighs, what it shows, and what it does with odd prompts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.embedded.detector import detect
from pipeline.embedded.evaluate import as_clip
from pipeline.embedded.world import DEFAULTS, VALUES
from pipeline.engine import DiffusersEngine, Frames
from pipeline.presets import EMBEDDED, find_preset
from pipeline.request import check_inputs

Make = Callable[..., Frames]

PROMPTS = {
    "a red ball moving left in the night": "ball red night left",
    "two yellow stars going up in the sky": "star yellow sky up two",
    "A big blue square bouncing in a meadow.": "square blue meadow bouncing big",
    "a pink heart growing in the snow": "heart pink snow growing",
    "an orange ring circling fast in the desert": "ring orange desert circling",
    "A GREEN TRIANGLE MOVING RIGHT SLOWLY IN A GREY ROOM": "triangle green room right",
    "two cyan rings moving down at night": "ring cyan night down two",
    "a purple star shrinking on the grass": "star purple meadow shrinking",
    "a red heart hopping on the sand": "heart red desert bouncing",
    "a large yellow ball standing still in the sky": "ball yellow sky still",
    "two pink triangles moving left in the snow": "triangle pink snow left two",
    "in the desert, a big cyan star moves to the right": "star cyan desert right",
    "blue heart, floating upwards, under the stars": "heart blue night up",
    "a huge green ring getting bigger in a meadow": "ring green meadow growing",
    "two orange squares going round in circles in a studio": "square orange room circling two",
    "show me a purple triangle falling in the sky": "triangle purple sky down",
    "a big red square": "square red room still",
    "une étoile bleue qui va vers la gauche dans la neige": "star blue snow left",
    "deux cœurs jaunes dans la nuit": "heart yellow night still two",
    "crimson orb heading left over the dunes": "ball red desert left",
}
"""Prompts as people write them, and what they name of shape, colour, place, motion and count."""

ODD = {
    "emoji": "🙂🚀",
    "another script": "红色的球在夜里向左移动",
    "numbers": "12345 678",
    "long": "a red ball " * 90,
    "a word": "ball",
    "outside of its world": "a dog dancing in a city street",
    "markup": "<b>red</b> {{ball}}",
}


@pytest.fixture(scope="module")
def make() -> Make:
    """Make a clip with the shipped preset."""
    engine = DiffusersEngine(find_preset("embedded"))
    engine.load()

    def make_one(prompt: str, seed: int = 0, quality: str = "final") -> Frames:
        steps = engine.preset.qualities[quality]
        request = check_inputs(
            engine.preset, prompt=prompt, seed=seed, prompt_limit=1_000, num_inference_steps=steps
        )
        made = engine.generate(request, on_progress=lambda _: None, is_cancelled=lambda: False)
        return made.frames

    return make_one


def wanted(words: str) -> list[str]:
    """Shape, colour, place, motion and count of a line of PROMPTS."""
    named = set(words.split())
    return [
        next((value for value in VALUES[name] if value in named), DEFAULTS[name])
        for name in ("shape", "colour", "place", "motion", "count")
    ]


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_twenty_prompts_become_clips_that_show_them(make: Make) -> None:
    names = list(VALUES)
    missed = []
    for prompt, words in PROMPTS.items():
        found = detect(as_clip(make(prompt)))
        read = [
            VALUES[name][found[names.index(name)]]
            for name in ("shape", "colour", "place", "motion", "count")
        ]
        if read != wanted(words):
            missed.append((prompt, read))
    assert len(missed) <= 2, missed


def test_a_colour_word_changes_the_colour_alone(make: Make) -> None:
    clips = [
        make(f"a {colour} star moving right in the snow", seed=3) for colour in ("red", "blue")
    ]
    red, blue = (detect(as_clip(clip)) for clip in clips)
    assert [VALUES["colour"][each[1]] for each in (red, blue)] == ["red", "blue"]
    assert red[:1] + red[2:] == blue[:1] + blue[2:]


def test_the_same_seed_and_prompt_give_the_same_bytes(make: Make) -> None:
    one, other = (make("a blue ring in the night", seed=7) for _ in range(2))
    assert one.tobytes() == other.tobytes()


def test_seeds_differ_to_the_eye(make: Make) -> None:
    clips = [make("a red ball in a meadow", seed=seed, quality="draft") for seed in range(4)]
    off = [
        np.abs(a.astype(int) - b.astype(int)).mean()
        for index, a in enumerate(clips)
        for b in clips[:index]
    ]
    assert min(off) > 1


@pytest.mark.parametrize("quality", ["turbo", "draft"])
def test_quicker_qualities_show_the_prompt_too(make: Make, quality: str) -> None:
    found = detect(as_clip(make("a big green square moving left in the snow", quality=quality)))
    assert [VALUES["colour"][found[1]], VALUES["place"][found[2]]] == ["green", "snow"]


@pytest.mark.parametrize("prompt", ODD.values(), ids=ODD)
def test_an_odd_prompt_becomes_a_clip(make: Make, prompt: str) -> None:
    assert make(prompt, quality="turbo").shape == (17, 128, 128, 3)


def files() -> list[Path]:
    return [path for path in (EMBEDDED / "weights").rglob("*") if path.is_file()]


def test_it_weighs_less_than_twenty_megabytes() -> None:
    assert sum(path.stat().st_size for path in files()) < 20_000_000


def test_no_file_of_it_is_too_large_for_a_space() -> None:
    assert max(path.stat().st_size for path in files()) < 10_000_000


def test_it_holds_no_code_and_no_pickle() -> None:
    assert {path.suffix for path in files()} <= {".json", ".safetensors"}


def test_its_parts_are_stock_classes() -> None:
    index = json.loads((EMBEDDED / "weights" / "model_index.json").read_text(encoding="utf-8"))
    libraries = {value[0] for value in index.values() if isinstance(value, list)}
    assert libraries == {"diffusers", "transformers"}


def test_its_preset_assumes_what_its_world_does_by_default() -> None:
    assert find_preset("embedded").assumes == DEFAULTS


def test_its_weights_are_half_precision() -> None:
    from safetensors.torch import load_file

    tensors = load_file(next(iter((EMBEDDED / "weights" / "transformer").glob("*.safetensors"))))
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float16}
