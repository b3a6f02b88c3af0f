"""My clips stands on several scripts that become one function: none may take another's name."""

from __future__ import annotations

import re
from collections import Counter

from tests.server import ROOT
from ui.tabs import MINE_PARTS

STATIC = ROOT / "ui" / "static"
NAMED = re.compile(r"^(?:async )?(?:function|const|let) (\w+)", re.MULTILINE)


def names(script: str) -> list[str]:
    return NAMED.findall((STATIC / f"{script}.js").read_text(encoding="utf-8"))


def test_no_two_scripts_of_my_clips_use_one_name() -> None:
    """JavaScript would keep the later function without a word."""
    counted = Counter(name for script in ("kit", *MINE_PARTS, "mine") for name in names(script))
    assert {"drawLine", "kinOf", "compare", "sync"} <= set(counted)
    assert [name for name, count in counted.items() if count > 1] == []
