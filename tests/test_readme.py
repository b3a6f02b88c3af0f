"""The README's table of settings is complete and true."""

from __future__ import annotations

import re
from pathlib import Path

from settings import Settings

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def test_every_setting_stands_in_the_table_and_no_other() -> None:
    table = README.split("## Settings")[1].split("\n## ")[0]
    documented = set(re.findall(r"`GREENLIGHT_(\w+)`", table))
    of_the_space = {"SYSTEM", "SPACE_ID", "SPACE_HOST", "OAUTH_CLIENT_SECRET"}
    assert documented == {name.upper() for name in Settings.model_fields} - of_the_space


def test_every_picture_it_shows_is_there() -> None:
    missing = [
        name
        for name in re.findall(r"\]\((docs/[\w.-]+)\)", README)
        if not (Path(__file__).parent.parent / name).is_file()
    ]
    assert missing == []
