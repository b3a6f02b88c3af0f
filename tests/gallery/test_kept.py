"""Pages are kept while nothing changes, and not a moment longer."""

from __future__ import annotations

from gallery.kept import KEEP_S, MOST_BYTES, Kept, Made


class Press:
    """Counts what it made."""

    def __init__(self) -> None:
        self.count = 0
        self.now = 0.0
        self.kept = Kept(clock=lambda: self.now)

    def get(self, key: str, edition: object, length: int = 1) -> int:
        """How many were made when this page was asked for."""

        def make() -> Made:
            self.count += 1
            return Made(b"x" * length)

        self.kept.get(key, edition, make)
        return self.count


def test_a_page_is_made_once_for_an_edition() -> None:
    press = Press()
    assert [press.get("a", 1), press.get("a", 1), press.get("b", 1)] == [1, 1, 2]


def test_another_edition_makes_it_anew() -> None:
    press = Press()
    assert [press.get("a", 1), press.get("a", 2)] == [1, 2]


def test_it_is_made_anew_after_a_while() -> None:
    press = Press()
    press.get("a", 1)
    press.now = KEEP_S
    assert press.get("a", 1) == 2


def test_without_an_edition_nothing_is_kept() -> None:
    press = Press()
    assert [press.get("a", None), press.get("a", None)] == [1, 2]


def test_the_pages_asked_for_longest_ago_make_room() -> None:
    press = Press()
    press.get("a", 1, MOST_BYTES // 2)
    press.get("b", 1, MOST_BYTES // 2)
    press.get("a", 1)
    press.get("c", 1, MOST_BYTES // 2)
    assert [press.get("a", 1), press.get("b", 1)] == [3, 4]
