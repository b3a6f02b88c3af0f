"""The pages of a report: the form by itself, and the thanks that say what happens next.

Knows nothing of what becomes of a report. The form on a clip's own page is the same
(templates/_report.html).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from errors import GreenlightError
from gallery.pages import render
from moderation.reports import TEXT_LIMIT, Choice


def form_page(
    clip: dict[str, Any],
    choices: Sequence[Choice],
    language: str,
    *,
    error: GreenlightError | None = None,
    written: Mapping[str, str] | None = None,
) -> str:
    """`written`: what was sent in vain, to be mended."""
    report = form(choices, written=written)
    return render("report.html", language, clip=clip, report=report, error=error)


def thanks_page(clip_id: str, language: str) -> str:
    return render("report_thanks.html", language, clip_id=clip_id)


def form(choices: Sequence[Choice], *, written: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What the form needs besides its clip."""
    blank = dict.fromkeys(("reason", "text", "at_s", "until_s"), "")
    return {
        "choices": choices,
        "text_limit": TEXT_LIMIT,
        "written": {**blank, **(written or {})},
    }
