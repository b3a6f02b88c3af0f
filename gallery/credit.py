"""The words under which a clip is shown: its heading, who made it, and what may be done with it.

Knows nothing of who may see a clip: it is handed one as a stranger reads it, whose prompt is empty
where it is not shared.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from language import say

_LONGEST: Final = 120
_NO_RIGHTS: Final = "cc0"


def heading(clip: dict[str, Any], language: str, longest: int | None = None) -> str:
    """The title; else the prompt, where it is shared; else that there is none. Cut to `longest`."""
    text: str = clip["title"] or clip["prompt"]
    if longest is not None:
        text = " ".join(text.split())
        text = text if len(text) <= longest else text[: longest - 1] + "…"
    return text or say(language, "page.untitled")


def headline(clip: dict[str, Any], language: str) -> str:
    """The heading on one line, as feeds and previews take it."""
    return heading(clip, language, _LONGEST)


def credit_line(clip: dict[str, Any], language: str) -> str:
    """Everybody who made the clip, in one line."""
    name: str = clip["credit"]
    if not clip["credits"]:
        return name
    others = ", ".join(
        f"{each['name']} ({each['role']})" if each["role"] else each["name"]
        for each in clip["credits"]
    )
    return say(language, "credit.with", name=name, others=others)


def rights(clip: dict[str, Any], language: str) -> str:
    """Whose it is and under which licence, in one line."""
    licence = clip["licence"]
    name: str = licence["names"][language]
    if licence["code"] == _NO_RIGHTS:
        return name
    return f"© {clip['published_at'][:4]} {clip['credit']}. {name}."


def creator_page(clip: dict[str, Any], address: str) -> str:
    """The page of a clip's creator, under the name that they sign in with."""
    return f"{address}/creator/{quote(clip['creator'], safe='')}"
