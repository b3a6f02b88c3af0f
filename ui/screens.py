"""The rich screens: `gr.HTML` with a constant template and JavaScript that fetches its own data.

Knows nothing of the data. A template is never filled with values: Gradio compiles templates to
code, so a prompt inside one would run. The scripts show all text with `textContent`.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Final

import gradio as gr

from language import LANGUAGES, catalogue

_STATIC: Final = Path(__file__).parent / "static"


def screen(
    name: str, *, elem_id: str, parts: tuple[str, ...] = (), facts: object = None
) -> gr.HTML:
    """One screen. `name` is its script in ui/static and its class in the style sheets; `parts`
    are further scripts that it stands on, in the order in which they are read. `facts` of this
    instance, which everyone may read, are there as JSON in the script's `props.value`.

    A function and no subclass: Gradio writes a `.pyi` file beside the source of every subclass.
    """
    return gr.HTML(
        value=None if facts is None else json.dumps(facts),
        html_template='<div class="gl gl-' + name + '"></div>',
        js_on_load="\n".join(_read(script + ".js") for script in ("kit", *parts, name)),
        apply_default_css=False,
        elem_id=elem_id,
    )


def style_sheet() -> str:
    """All style sheets as one, greenlight.css first because it defines what the others use."""
    names = sorted(path.name for path in _STATIC.glob("*.css"))
    names.sort(key=lambda name: name != "greenlight.css")
    return "\n".join(_read(name) for name in names)


def page_head() -> str:
    """What the page's head carries: the words of the screens in every language."""
    texts = json.dumps({language: catalogue(language) for language in LANGUAGES})
    safe = texts.replace("<", "\\u003c")  # no text can close the script element
    return "<script>window.GL = {text: " + safe + "};</script>"


@cache
def _read(name: str) -> str:
    return (_STATIC / name).read_text(encoding="utf-8")
