"""Every pipeline class that Greenlight knows, on a tiny checkpoint: from its folder to the mp4.

What the table of classes says is compared with the classes themselves: what they take, what they
refuse, and what they round without a word.
"""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from pipeline.encode import encode
from pipeline.engine import Cancelled, DiffusersEngine
from pipeline.families import FAMILIES, PASSABLE
from pipeline.made import Made, Progress
from pipeline.presets import Preset, find_preset, preset_names
from pipeline.request import ClipRequest, check_inputs
from tests.pipeline.engines import Checkpoints, make, pipe_of, preset_of, same
from tests.pipeline.tiny import BUILDERS, WITH_FIRST_FRAME

STEPS = 3
TAKEN_ANYHOW = {"prompt", "output_type"}

pytestmark = [
    # diffusers asks for float32 in a way that torch has on GPUs only, and goes on without.
    pytest.mark.filterwarnings("ignore:In CPU autocast:UserWarning"),
    # One class hands a list of tensors to numpy.
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy"),
]


def class_of(kind: str) -> str:
    """The pipeline class of a kind of tiny checkpoint; one class has two kinds."""
    return kind.partition(" ")[0]


@pytest.fixture(scope="module", params=BUILDERS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def engine(kind: str, checkpoints: Checkpoints) -> DiffusersEngine:
    """As the app would make it for this folder, with sizes that a test can wait for."""
    folder = checkpoints(kind)
    tiny = preset_of(kind, folder)
    preset = replace(
        find_preset(str(folder)),
        sizes=tiny.sizes,
        num_frames=tiny.num_frames,
        qualities={"final": STEPS},
        dtype="float32",
        arguments=tiny.arguments,
    )
    return DiffusersEngine(preset)


def ask(engine: DiffusersEngine, prompt: str = "a red ball", seed: int = 1) -> ClipRequest:
    return check_inputs(engine.preset, prompt=prompt, seed=seed, prompt_limit=100)


@pytest.fixture(scope="module")
def clean(engine: DiffusersEngine) -> Made:
    """What the first request gives when nothing else went on before."""
    return make(engine, ask(engine))


# ---- from the folder to the mp4 -----------------------------------------------------------


def test_the_folder_loads_as_the_class_that_was_saved(kind: str, checkpoints: Checkpoints) -> None:
    import diffusers
    import torch

    loaded = diffusers.DiffusionPipeline.from_pretrained(checkpoints(kind), dtype=torch.float32)
    assert type(loaded).__name__ == class_of(kind)


def test_its_preset_is_that_of_its_class(kind: str, engine: DiffusersEngine) -> None:
    assert engine.preset.pipeline_class == class_of(kind)
    assert engine.preset.takes == FAMILIES[class_of(kind)].takes


def test_it_makes_frames_as_asked(engine: DiffusersEngine, clean: Made) -> None:
    request = ask(engine)
    assert clean.frames.shape == (request.num_frames, request.height, request.width, 3)
    assert clean.frames.dtype == np.uint8
    assert clean.frames.std() > 1


def test_the_same_request_gives_the_same_clip(engine: DiffusersEngine, clean: Made) -> None:
    assert same(make(engine, ask(engine)), clean)


def test_another_seed_gives_another_clip(engine: DiffusersEngine, clean: Made) -> None:
    assert not same(make(engine, ask(engine, seed=2)), clean)


def test_another_prompt_gives_another_clip(engine: DiffusersEngine, clean: Made) -> None:
    assert not same(make(engine, ask(engine, prompt="été 日本")), clean)


def test_it_makes_sound_where_its_class_does(kind: str, clean: Made) -> None:
    assert (clean.audio is not None) == FAMILIES[class_of(kind)].sound


def test_the_clip_becomes_an_mp4(engine: DiffusersEngine, clean: Made, tmp_path: Path) -> None:
    request = ask(engine)
    with av.open(str(encode(clean, tmp_path).mp4)) as film:
        shown = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
        assert len(film.streams.audio) == (1 if engine.preset.sound else 0)
    assert np.shape(shown) == (request.num_frames, request.height, request.width, 3)


def test_a_clip_after_a_cancelled_one_is_as_if_alone(engine: DiffusersEngine, clean: Made) -> None:
    seen: list[Progress] = []

    def is_halfway() -> bool:
        return any(progress.step >= 1 for progress in seen)

    other = ask(engine, prompt="a blue square", seed=5)
    with pytest.raises(Cancelled):
        make(engine, other, on_progress=seen.append, is_cancelled=is_halfway)
    assert max(progress.step for progress in seen) < STEPS
    assert same(make(engine, ask(engine)), clean)


def test_progress_counts_every_step(engine: DiffusersEngine) -> None:
    seen: list[Progress] = []
    make(engine, ask(engine), on_progress=seen.append)
    assert {progress.step for progress in seen} == set(range(STEPS + 1))


# ---- from a picture -----------------------------------------------------------------------


FROM_PICTURE = {
    WITH_FIRST_FRAME: "WanImageToVideoPipeline",
    "LTXPipeline": "LTXImageToVideoPipeline",
    "LTXConditionPipeline": "LTXConditionPipeline",
    "LTX2Pipeline": "LTX2ImageToVideoPipeline",
}
from_picture = pytest.mark.parametrize("kind", FROM_PICTURE, indirect=True, scope="module")


@from_picture
def test_a_first_frame_changes_the_clip(
    kind: str, engine: DiffusersEngine, clean: Made, picture: Path
) -> None:
    made = make(engine, ask(engine), first_frame=picture)
    assert made.frames.shape == clean.frames.shape
    assert not same(made, clean)
    assert same(make(engine, ask(engine), first_frame=picture), made)


@from_picture
def test_words_alone_give_the_same_clip_after_a_picture(
    kind: str, engine: DiffusersEngine, clean: Made, picture: Path
) -> None:
    make(engine, ask(engine), first_frame=picture)
    assert same(make(engine, ask(engine)), clean)


def test_a_class_begins_from_a_picture_where_it_is_known_to(
    kind: str, engine: DiffusersEngine
) -> None:
    assert engine.preset.first_frame == FROM_PICTURE.get(kind)


# ---- the table ----------------------------------------------------------------------------


def call_of(class_name: str) -> dict[str, inspect.Parameter]:
    import diffusers

    pipeline_class: Any = getattr(diffusers, class_name)
    return dict(inspect.signature(pipeline_class.__call__).parameters)


def test_every_class_of_the_table_has_a_tiny_checkpoint() -> None:
    assert {class_of(kind) for kind in BUILDERS} == set(FAMILIES)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_class_takes_what_the_table_says(name: str) -> None:
    family = FAMILIES[name]
    assert family.takes | family.unheard == PASSABLE & call_of(name).keys()
    assert not family.takes & family.unheard


@pytest.mark.parametrize("name", FAMILIES)
def test_a_classs_defaults_are_those_of_the_table(name: str) -> None:
    family, call = FAMILIES[name], call_of(name)
    said = {
        "width": family.size[0],
        "height": family.size[1],
        "num_inference_steps": family.steps,
        "guidance_scale": family.guidance_scale,
        "frame_rate": family.fps,
    }
    real = {argument: call[argument].default for argument in said if argument in call}
    assert {k: v for k, v in real.items() if v is not None} == {
        k: said[k] for k, v in real.items() if v is not None
    }


@pytest.mark.parametrize("name", sorted(f.first_frame for f in FAMILIES.values() if f.first_frame))
def test_a_class_that_begins_from_a_picture_takes_the_rest_too(name: str) -> None:
    families = [family for family in FAMILIES.values() if family.first_frame == name]
    assert families[0].takes | {"image"} | TAKEN_ANYHOW <= call_of(name).keys()


@pytest.mark.parametrize("name", preset_names())
def test_a_presets_own_arguments_are_those_of_its_class(name: str) -> None:
    preset = find_preset(name)
    assert preset.arguments.keys() <= call_of(preset.pipeline_class).keys()
    if preset.first_frame is not None:
        strange = preset.arguments.keys() - call_of(preset.first_frame).keys()
        assert strange == set()


@pytest.mark.parametrize("steps", [1, 2])
def test_the_fewest_steps_are_those_of_the_table(engine: DiffusersEngine, steps: int) -> None:
    if steps >= engine.preset.min_steps:
        assert frames_of(engine, num_inference_steps=steps)[0] > 1
    else:
        with pytest.raises(ZeroDivisionError):
            frames_of(engine, num_inference_steps=steps)


def test_a_count_off_the_rule_is_rounded_without_a_word(engine: DiffusersEngine) -> None:
    """Why Greenlight refuses it: the clip would have another length than was asked for."""
    assert frames_of(engine, num_frames=legal_count(engine.preset) + 1)[0] != (
        legal_count(engine.preset) + 1
    )


def test_a_count_of_the_rule_is_made(engine: DiffusersEngine) -> None:
    count = legal_count(engine.preset)
    assert frames_of(engine, num_frames=count)[0] == count


def test_sides_of_the_least_multiple_are_made(engine: DiffusersEngine) -> None:
    side = engine.preset.sizes[0][0] + engine.preset.multiple
    assert frames_of(engine, width=side)[2] == side


def test_sides_between_multiples_are_not_made(engine: DiffusersEngine) -> None:
    side = engine.preset.sizes[0][0] + engine.preset.multiple // 2
    try:
        made = frames_of(engine, width=side)[2]
    except (ValueError, RuntimeError):
        return  # the class says so itself
    assert made != side


def legal_count(preset: Preset) -> int:
    return preset.counts_near(preset.num_frames[0])[-1]


def frames_of(engine: DiffusersEngine, **changes: int) -> tuple[int, ...]:
    """The shape of what the pipeline itself makes, without the checks of ours."""
    preset, pipe = engine.preset, pipe_of(engine)
    asked = {
        "prompt": "a ball",
        "num_inference_steps": preset.min_steps,
        "num_frames": preset.num_frames[0],
        "width": preset.sizes[0][0],
        "height": preset.sizes[0][1],
        "output_type": "np",
        **preset.arguments,
        **changes,
    }
    taken = inspect.signature(pipe.__call__).parameters
    output = pipe(**{name: value for name, value in asked.items() if name in taken})
    return tuple(np.shape(output.frames[0]))
