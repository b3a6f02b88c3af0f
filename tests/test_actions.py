"""What an act does by itself, beyond the rooms that it calls."""

from __future__ import annotations

from collections.abc import Callable

from accounts.permissions import User
from app import Greenlight


def test_a_model_without_words_says_so(line: Greenlight, as_user: Callable[[str], User]) -> None:
    assert line.actions.reading(as_user("ana"), "a red ball") == {"lexicon": False}
