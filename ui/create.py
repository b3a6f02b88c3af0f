"""The Create tab: one big prompt, the choices that matter, the rest under Advanced.

Knows nothing of how clips are made. What it offers is what the preset says the model can do.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from dataclasses import dataclass

import gradio as gr
from gradio.components import Component

from accounts.permissions import User
from actions import Json, Wish
from pipeline.presets import Preset
from ui.events import CurrentUser, asking, refusals_shown
from ui.screens import screen


@dataclass(frozen=True)
class CreateForm:
    """The fields that other tabs may fill, in the order of `values_of`."""

    fields: list[Component]


def create_tab(
    preset: Preset,
    texts: gr.I18n,
    *,
    current_user: CurrentUser,
    create: Callable[[User, Wish], Json],
    prompt_limit: int,
) -> CreateForm:
    qualities = list(preset.qualities)
    prompt = gr.Textbox(
        label=texts("create.prompt"),
        placeholder=texts("create.prompt_hint"),
        lines=3,
        max_length=prompt_limit,
        elem_id="prompt",
        autofocus=True,
    )
    with gr.Column(elem_id="below-prompt"):
        gr.HTML(_about(preset), elem_id="hint", apply_default_css=False)
        if preset.lexicon:
            screen("reading", elem_id="reading")
    with gr.Row(elem_id="choices"):
        size = _choice(
            [(f"{width} × {height}", f"{width}x{height}") for width, height in preset.sizes],
            label=texts("create.shape"),
            elem_id="shape",
        )
        length = _choice(
            [(f"{count / preset.fps:.1f} s", count) for count in preset.num_frames],
            label=texts("create.length"),
            elem_id="length",
        )
        quality = gr.Radio(
            [(texts(f"create.{name}"), name) for name in qualities],
            value=qualities[-1],
            label=texts("create.quality"),
            elem_id="quality",
        )
    with gr.Accordion(texts("create.advanced"), open=False, elem_id="advanced"):
        seed = gr.Number(
            label=texts("create.seed"), info=texts("create.seed_hint"), precision=0, minimum=0
        )
        negative = gr.Textbox(label=texts("create.negative"), lines=1, max_length=prompt_limit)
        steps = gr.Slider(
            1,
            preset.max_steps,
            value=preset.qualities[qualities[-1]],
            step=1,
            label=texts("create.steps"),
        )
        guidance = gr.Slider(
            1,
            preset.max_guidance,
            value=preset.guidance_scale,
            step=0.5,
            label=texts("create.guidance"),
        )
    go = gr.Button(texts("create.go"), variant="primary", elem_id="go")
    screen("making", elem_id="making")

    def send(
        prompt: str,
        size: str,
        length: int,
        seed: float | None,
        negative: str,
        steps: int,
        guidance: float,
        request: gr.Request,
    ) -> None:
        with refusals_shown():
            width, _, height = size.partition("x")
            wish = Wish(
                prompt=prompt,
                negative_prompt=negative or None,
                seed=None if seed is None else int(seed),
                num_frames=int(length),
                width=int(width),
                height=int(height),
                num_inference_steps=int(steps),
                guidance_scale=float(guidance),
            )
            create(asking(current_user, request), wish)

    # Also when other code fills the field; `input` would only tell of a person's typing.
    saying = "(text) => window.dispatchEvent(new CustomEvent('gl-prompt', {detail: text}))"
    prompt.change(None, prompt, None, js=saying)
    # In the browser alone: what a quality means is public, and no trip to the server is needed.
    meaning = json.dumps(preset.qualities)
    quality.input(None, quality, steps, js=f"(name) => ({meaning})[name]")
    gr.on(
        [go.click, prompt.submit],
        send,
        [prompt, size, length, seed, negative, steps, guidance],
        None,
        show_progress="hidden",
        concurrency_limit=8,
        api_visibility="undocumented",
    ).success(None, None, None, js="() => window.dispatchEvent(new CustomEvent('gl-created'))")
    return CreateForm([prompt, size, length, seed, negative, steps, guidance])


def values_of(clip: Json) -> list[object]:
    """A clip's settings in the order of `CreateForm.fields`."""
    return [
        clip["prompt"],
        f"{clip['width']}x{clip['height']}",
        clip["num_frames"],
        clip["seed"],
        clip.get("negative_prompt", ""),
        clip.get("num_inference_steps", gr.skip()),
        clip.get("guidance_scale", gr.skip()),
    ]


def _choice(options: list[tuple[str, object]], *, label: object, elem_id: str) -> gr.Radio:
    """A choice with its first option taken; not shown where there is nothing to choose."""
    return gr.Radio(
        options,  # type: ignore[arg-type]
        value=options[0][1],  # type: ignore[arg-type]
        label=label,  # type: ignore[arg-type]
        visible=len(options) > 1,
        elem_id=elem_id,
    )


def _about(preset: Preset) -> str:
    """What the model can do, in its own words; server text, escaped."""
    width, height = preset.sizes[0]
    facts = f"{width} × {height}, {preset.num_frames[0] / preset.fps:.1f} s"
    about = f"{preset.about} " if preset.about else ""
    return f'<p class="gl-hint">{html.escape(about)}<span>{html.escape(facts)}</span></p>'
