"""The Create tab: one big prompt, the choices that matter, the rest under Advanced.

Knows nothing of how clips are made. What it offers is what the preset says the model can do; what
the model does not take is not shown, and not sent.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import gradio as gr
from gradio.components import Component

from accounts.permissions import User
from actions import Json, Wish
from errors import BadInput, GreenlightError
from moderation.presentation import COLUMNS, Said, read_said
from pipeline.presets import Preset
from pipeline.request import SEED_LIMIT
from ui.events import CurrentUser, asking
from ui.offers import length_key, quality_key, size_key
from ui.screens import screen

_SENDING: Final = """async (...values) => {
  const { first_frame = null, parent_id = null, words = null } = window.GL.wish || {};
  return [...values.slice(0, -3), await first_frame, parent_id, words && JSON.stringify(words)];
}"""
"""What a picture, an earlier clip or its credits add to the request is known in the browser alone, and the
picture may still be on its way when the button is pressed."""

_SENT: Final = """(told) => window.dispatchEvent(
  new CustomEvent('gl-sent', {detail: JSON.parse(told)}))"""

_CHANGED: Final = """(value) => window.dispatchEvent(
  new CustomEvent('gl-NAME', {detail: value}))"""


@dataclass(frozen=True)
class CreateForm:
    """The fields that other tabs may fill, in the order of `values_of`."""

    preset: Preset
    fields: list[Component]

    def values_of(self, clip: Json) -> list[object]:
        """A clip's settings; what this model does not offer leaves the field as it is."""
        preset, steps = self.preset, clip.get("num_inference_steps")
        size = (clip["width"], clip["height"])
        return [
            clip["prompt"],
            _size_value(*size) if size in preset.sizes else gr.skip(),
            clip["num_frames"] if clip["num_frames"] in preset.num_frames else gr.skip(),
            gr.skip() if steps is None else _quality_of(preset, steps),
            str(clip["seed"]),
            clip.get("negative_prompt", ""),
            gr.skip() if steps is None else min(max(steps, preset.min_steps), preset.max_steps),
            clip.get("guidance_scale", gr.skip()),
            _origin(clip),
        ]


def create_tab(
    preset: Preset,
    texts: gr.I18n,
    *,
    current_user: CurrentUser,
    create: Callable[[User, Wish], Json],
    prompt_limit: int,
) -> CreateForm:
    """`texts` must know the words of `offers(preset)` too."""
    # Without guidance a model follows the prompt alone, and hears of nothing to leave out.
    guided = "guidance_scale" in preset.takes and preset.max_guidance > 1
    with_negative = "negative_prompt" in preset.takes and preset.max_guidance > 1
    stepped = "num_inference_steps" in preset.takes
    best = list(preset.qualities)[-1]

    with gr.Row(elem_id="studio", elem_classes=["gl", "gl-studio"]):
        with gr.Column(elem_id="composer"):
            origin = screen("parent", elem_id="parent")
            prompt = gr.Textbox(
                label=texts("create.prompt"),
                # In words that the model knows, so not in the reader's language.
                placeholder=preset.examples[0] if preset.examples else texts("create.prompt_hint"),
                lines=3,
                elem_id="prompt",
                autofocus=True,
            )
            helps = {"limit": prompt_limit, "styles": preset.styles}
            screen("writing", elem_id="writing", facts=helps)
            with gr.Column(elem_id="below-prompt"):
                gr.HTML(_about(preset), elem_id="hint", apply_default_css=False)
                if preset.lexicon:
                    screen("reading", elem_id="reading", facts={"limit": prompt_limit})
            if preset.first_frame:
                screen("first_frame", elem_id="first-frame")
            with gr.Row(elem_id="choices"):
                size = _choice(
                    [(texts(size_key(*size)), _size_value(*size)) for size in preset.sizes],
                    label=texts("create.shape"),
                    elem_id="shape",
                )
                length = _choice(
                    [(texts(length_key(count)), count) for count in sorted(preset.num_frames)],
                    value=preset.num_frames[0],
                    label=texts("create.length"),
                    elem_id="length",
                )
                quality = _choice(
                    [(texts(quality_key(name)), name) for name in preset.qualities],
                    value=best,
                    label=texts("create.quality"),
                    elem_id="quality",
                )
            with gr.Accordion(texts("create.advanced"), open=False, elem_id="advanced"):
                negative = gr.Textbox(
                    label=texts("create.negative"),
                    lines=1,
                    visible=with_negative,
                    elem_id="negative",
                )
                with gr.Row():
                    steps = gr.Slider(
                        preset.min_steps,
                        preset.max_steps,
                        value=preset.qualities[best],
                        step=1,
                        label=texts("create.steps"),
                        visible=stepped,
                        elem_id="steps",
                    )
                    guidance = gr.Slider(
                        1,
                        max(preset.max_guidance, 2),
                        value=preset.guidance_scale,
                        step=0.5,
                        label=texts("create.guidance"),
                        visible=guided,
                        elem_id="guidance",
                    )
                # No gr.Number: an empty one fills itself with 0 when it is first shown.
                seed = gr.Textbox(
                    label=texts("create.seed"),
                    info=texts("create.seed_hint"),
                    max_lines=1,
                    elem_id="seed",
                )
            screen("credit", elem_id="credit", parts=("words",))
            with gr.Row(elem_id="sending-row"):
                variants = _choice(
                    [(str(count), count) for count in range(1, preset.most_variants + 1)],
                    label=texts("create.variants"),
                    elem_id="variants",
                )
                go = gr.Button(texts("create.go"), variant="primary", elem_id="go")
            screen("sending", elem_id="sending")
            screen("allowance", elem_id="allowance")
        with gr.Column(elem_id="stage"):
            made = {"fps": preset.fps, "sound": preset.sound}
            first = [*preset.sizes[0], preset.num_frames[0]]
            screen(
                "making",
                elem_id="making",
                parts=("progress", "remaining", "look", "tile", "batch"),
                facts={**made, "first": first},
            )

    first_frame, parent, words = (gr.Textbox(visible=False) for _ in range(3))
    told = gr.Textbox(visible=False)

    def send(
        prompt: str | None,
        size: str,
        length: int,
        seed: str | None,
        negative: str | None,
        steps: int,
        guidance: float,
        variants: int,
        first_frame: str | None,
        parent: str | None,
        words: str | None,
        request: gr.Request,
    ) -> str:
        """What came of it, for the screen beside the button: the clip's id, or the refusal."""
        width, _, height = size.partition("x")
        try:
            wish = Wish(
                prompt=prompt or "",
                negative_prompt=(negative or None) if with_negative else None,
                seed=_seed(seed or ""),
                num_frames=int(length),
                width=int(width),
                height=int(height),
                num_inference_steps=int(steps) if stepped else None,
                guidance_scale=float(guidance) if guided else None,
                parent_id=parent or None,
                variants=int(variants),
                first_frame=first_frame or None,
                said=read_said(words) if words else Said(),
            )
            clip = create(asking(current_user, request), wish)
        except GreenlightError as error:
            return json.dumps({"error": {**error.as_json(), "field": error.facts.get("field")}})
        return json.dumps({"id": clip["id"]})

    asked = [prompt, size, length, seed, negative, steps, guidance, variants]
    gr.on(
        [go.click, prompt.submit],
        send,
        [*asked, first_frame, parent, words],
        told,
        js=_SENDING,
        show_progress="hidden",
        concurrency_limit=8,
        api_visibility="undocumented",
    ).success(None, told, None, js=_SENT)
    _tell_screens(prompt=prompt, size=size, length=length, variants=variants)
    if stepped:
        _keep_together(preset, quality, steps)
    filled = [prompt, size, length, quality, seed, negative, steps, guidance, origin]
    return CreateForm(preset, filled)


def _tell_screens(**fields: Any) -> None:
    """Say every change in the browser, also when other code fills the field; `input` would only
    tell of a person's doing. No trip to the server."""
    for name, field in fields.items():
        field.change(None, field, None, js=_CHANGED.replace("NAME", name))


def _keep_together(preset: Preset, quality: gr.Radio, steps: gr.Slider) -> None:
    """A quality is a number of steps, and other numbers are no quality. In the browser alone."""
    meaning = json.dumps(preset.qualities)
    named = json.dumps({steps: name for name, steps in preset.qualities.items()})
    quality.input(None, quality, steps, js=f"(name) => ({meaning})[name]")
    steps.input(None, steps, quality, js=f"(count) => ({named})[count] ?? null")


def _choice(
    options: list[tuple[Any, Any]], *, label: object, elem_id: str, value: object = None
) -> gr.Radio:
    """A choice with one option taken; not shown where there is nothing to choose."""
    return gr.Radio(
        options,
        value=options[0][1] if value is None else value,  # type: ignore[arg-type]
        label=label,  # type: ignore[arg-type]
        visible=len(options) > 1,
        elem_id=elem_id,
    )


def _origin(clip: Json) -> str:
    """What the form says of the clip that the next one starts from. JSON, never a template."""
    # Only its creator reads the timeline of a clip, and only their own can be replaced.
    replaces = clip["state"] == "changes_requested" and bool(clip["timeline"])
    poster = clip["media"]["poster"] if clip["media"] else None
    facts = {name: clip[name] for name in ("id", "prompt", "title", "width")}
    if "download" in clip["can"]:  # one's own: the next one is said to be like it
        facts |= {name: clip[name] for name in COLUMNS}
    first_frame = bool(clip.get("first_frame"))
    return json.dumps({**facts, "poster": poster, "replaces": replaces, "first_frame": first_frame})


def _seed(text: str) -> int | None:
    """What was typed as a seed: nothing for a new one. Its range is checked with the request."""
    try:
        return int(text) if text.strip() else None
    except ValueError as error:
        rule = f"a seed is 0 to {SEED_LIMIT}"
        raise BadInput(field="seed", value=text, rule=rule, step="Or leave it empty.") from error


def _size_value(width: int, height: int) -> str:
    return f"{width}x{height}"


def _quality_of(preset: Preset, steps: int) -> str | None:
    return next((name for name, count in preset.qualities.items() if count == steps), None)


def _about(preset: Preset) -> str:
    """What the model can do, in its own words; server text, escaped."""
    return f'<p class="gl-hint">{html.escape(preset.about)}</p>'
