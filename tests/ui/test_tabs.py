"""A screen stands on several scripts that become one function: none may take another's name."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.server import ROOT
from ui.tabs import DESK_PARTS, MINE_PARTS

STATIC = ROOT / "ui" / "static"
NAMED = re.compile(r"^(?:async )?(?:function|const|let) (\w+)", re.MULTILINE)


def names(script: str) -> list[str]:
    return NAMED.findall((STATIC / f"{script}.js").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("screen", "parts", "some"),
    [
        ("mine", MINE_PARTS, {"drawLine", "kinOf", "compare", "sync"}),
        ("curate", ("curate_draft",), {"makeProgramme", "propose", "sync"}),
        ("desk", DESK_PARTS, {"decide", "nudge", "compare", "sync"}),
    ],
)
def test_no_two_scripts_of_a_screen_use_one_name(
    screen: str, parts: tuple[str, ...], some: set[str]
) -> None:
    """JavaScript would keep the later function without a word."""
    counted = Counter(name for script in ("kit", *parts, screen) for name in names(script))
    assert some <= set(counted)
    assert [name for name, count in counted.items() if count > 1] == []
