"""The Create form as it is built for a model: it offers what the preset takes, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import gradio as gr
import pytest

from accounts.permissions import User
from actions import Wish
from errors import SlotsTaken
from moderation.presentation import Said
from pipeline.presets import Preset, find_preset
from tests.doubles import FAST
from ui.create import CreateForm, create_tab
from ui.tabs import texts

Form = dict[str, Any]


def build(preset: Preset, create: Callable[[User, Wish], Any] | None = None) -> Any:
    with gr.Blocks(analytics_enabled=False) as page:
        create_tab(
            preset,
            texts(),
            current_user=lambda request: User(),
            create=create or (lambda user, wish: {"id": "1"}),
            prompt_limit=1000,
        )
    return page


def form_of(preset: Preset) -> Form:
    """elem_id → what the browser is told of that component."""
    components = build(preset).get_config_file()["components"]
    return {
        each["props"]["elem_id"]: each["props"]
        for each in components
        if each["props"].get("elem_id")
    }


def is_shown(form: Form, name: str) -> bool:
    return name in form and form[name].get("visible", True) is True


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("negative", {"takes": FAST.takes - {"negative_prompt"}}),
        ("guidance", {"takes": FAST.takes - {"guidance_scale"}}),
        ("guidance", {"guidance_scale": 1.0, "max_guidance": 1.0}),
        ("negative", {"guidance_scale": 1.0, "max_guidance": 1.0}),
        ("steps", {"takes": FAST.takes - {"num_inference_steps"}}),
        ("shape", {"sizes": FAST.sizes[:1]}),
        ("length", {"num_frames": FAST.num_frames[:1]}),
        ("quality", {"qualities": {"final": 8}}),
        ("variants", {"most_variants": 1}),
    ],
)
def test_a_field_is_shown_only_where_there_is_something_to_choose(
    name: str, change: dict[str, Any]
) -> None:
    assert is_shown(form_of(FAST), name)
    assert not is_shown(form_of(replace(FAST, **change)), name)


def test_a_first_frame_is_offered_only_by_a_model_that_begins_from_pictures() -> None:
    assert not is_shown(form_of(FAST), "first-frame")
    assert is_shown(form_of(replace(FAST, first_frame="LTXImageToVideoPipeline")), "first-frame")


def test_lengths_stand_in_order_and_the_usual_one_is_taken() -> None:
    length = form_of(replace(FAST, num_frames=(33, 9, 17)))["length"]
    assert [value for _, value in length["choices"]] == [9, 17, 33]
    assert length["value"] == 33


@pytest.mark.parametrize("name", ["embedded", "ltx-2", "hunyuanvideo-1.5", "ltx-video-distilled"])
def test_the_form_of_a_real_preset_can_be_built(name: str) -> None:
    assert is_shown(form_of(find_preset(name)), "prompt")


# ---- what is sent ----


@pytest.fixture
def sent() -> list[Wish]:
    return []


def press(preset: Preset, sent: list[Wish], *changes: tuple[int, Any]) -> dict[str, Any]:
    """What the form's event answers to the values of a browser, some of them changed."""

    def create(user: User, wish: Wish) -> dict[str, Any]:
        sent.append(wish)
        if wish.prompt == "too much":
            raise SlotsTaken(used=8, limit=8, count=1)
        return {"id": "made"}

    page = build(preset, create)
    send = next(each.fn for each in page.fns.values() if each.name == "send")
    values = ["a ball", "64x64", 9, None, None, 4, 3.0, 1, None, None, None]
    for place, value in changes:
        values[place] = value
    assert send is not None
    answer: dict[str, Any] = json.loads(send(*values, gr.Request()))
    return answer


def test_a_wish_holds_what_was_chosen(sent: list[Wish]) -> None:
    changes: list[tuple[int, Any]] = [
        (1, "64x96"),
        (2, 17),
        (3, " 7 "),
        (4, "fog"),
        (7, 3),
        (8, "pic"),
        (9, "mother"),
    ]
    changes += [(10, '{"title": "Dusk"}')]
    assert press(FAST, sent, *changes) == {"id": "made"}
    assert sent == [
        Wish(
            said=Said(title="Dusk"),
            prompt="a ball",
            negative_prompt="fog",
            seed=7,
            num_frames=17,
            width=64,
            height=96,
            num_inference_steps=4,
            guidance_scale=3.0,
            parent_id="mother",
            variants=3,
            first_frame="pic",
        )
    ]


def test_words_that_no_form_sends_are_refused(sent: list[Wish]) -> None:
    error = press(FAST, sent, (10, '{"title": 1}'))["error"]
    assert (error["field"], sent) == ("words", [])


def test_what_a_model_does_not_take_is_not_sent(sent: list[Wish]) -> None:
    takes = FAST.takes - {"negative_prompt", "guidance_scale", "num_inference_steps"}
    press(replace(FAST, takes=takes), sent, (4, "fog"))
    wish = sent[0]
    assert (wish.negative_prompt, wish.guidance_scale, wish.num_inference_steps) == (None,) * 3


def test_an_empty_seed_is_left_to_chance(sent: list[Wish]) -> None:
    press(FAST, sent, (3, "  "))
    assert sent[0].seed is None


def test_a_seed_that_is_no_number_is_refused_with_its_field(sent: list[Wish]) -> None:
    error = press(FAST, sent, (3, "seven"))["error"]
    assert (error["field"], sent) == ("seed", [])
    assert "'seven'" in error["message"]


def test_a_refusal_is_answered_as_its_sentence(sent: list[Wish]) -> None:
    error = press(FAST, sent, (0, "too much"))["error"]
    assert error["code"] == "slots_taken"
    assert error["fix"].startswith("Wait until one is made")


# ---- what other tabs fill in ----

CLIP = {
    "id": "c1",
    "state": "published",
    "prompt": "a ball",
    "title": "Dusk",
    "shares_prompt": True,
    "licence": {"code": "cc-by"},
    "credits": [],
    "can": ["remix"],
    "width": 64,
    "height": 96,
    "num_frames": 17,
    "seed": 7,
    "negative_prompt": "fog",
    "num_inference_steps": 2,
    "guidance_scale": 4.0,
    "media": {"poster": "/media/c1.jpg"},
    "timeline": [],
    "first_frame": True,
}


def filled(clip: dict[str, Any]) -> list[object]:
    return CreateForm(FAST, []).values_of(clip)


def test_a_clip_fills_the_form_with_its_settings() -> None:
    values = filled(CLIP)
    assert values[:-1] == ["a ball", "64x96", 17, "draft", "7", "fog", 2, 4.0]


def test_the_form_says_which_clip_it_starts_from() -> None:
    assert json.loads(str(filled(CLIP)[-1])) == {
        "id": "c1",
        "prompt": "a ball",
        "title": "Dusk",
        "width": 64,
        "poster": "/media/c1.jpg",
        "replaces": False,
        "first_frame": True,
    }


def test_the_next_clip_is_said_to_be_like_the_one_of_one_s_own_that_it_starts_from() -> None:
    origin = json.loads(str(filled({**CLIP, "can": ["remix", "download"]})[-1]))
    assert (origin["licence"], origin["credits"]) == ({"code": "cc-by"}, [])


@pytest.mark.parametrize(("timeline", "replaces"), [([{"state": "queued"}], True), ([], False)])
def test_only_its_creator_replaces_a_clip_that_changes_were_asked_for(
    timeline: list[Any], replaces: bool
) -> None:
    clip = {**CLIP, "state": "changes_requested", "timeline": timeline}
    assert json.loads(str(filled(clip)[-1]))["replaces"] is replaces


def test_what_this_model_does_not_offer_is_left_as_it_is() -> None:
    values = filled({**CLIP, "width": 999, "num_frames": 999, "num_inference_steps": 999})
    skipped = gr.skip()
    assert values[1] == values[2] == skipped
    assert values[3] is None
    assert values[6] == FAST.max_steps
