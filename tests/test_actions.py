"""What an act does by itself, beyond the rooms that it calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from accounts.permissions import User
from actions import Wish
from app import Greenlight
from moderation.models import Clip
from tests.doubles import FAST, FastEngine


def test_a_model_without_words_says_so(line: Greenlight, as_user: Callable[[str], User]) -> None:
    assert line.actions.reading(as_user("ana"), "a red ball") == {"lexicon": False}


def test_a_clip_has_the_style_that_its_prompt_asks_for(
    line: Greenlight, engine: FastEngine, as_user: Callable[[str], User]
) -> None:
    engine.preset = replace(FAST, styles={"quiet": "in silence", "loud": "with noise"})
    sent = line.actions.create(as_user("ana"), Wish(prompt="a ball, in silence"))
    with line.store.read() as session:
        assert session.get_one(Clip, sent["id"]).style == "quiet"
