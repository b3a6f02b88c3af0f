"""Numbers as people read them, in the two languages."""

from __future__ import annotations

import pytest

from gallery.figures import duration, number, percent


@pytest.mark.parametrize(
    ("seconds", "english", "french"),
    [
        (0.0, "0 s", "0 s"),
        (4.24, "4.2 s", "4,2 s"),
        (45.0, "45 s", "45 s"),
        (600.0, "10 min", "10 min"),
        (7200.0, "2 h", "2 h"),
        (400_000.0, "5 days", "5 jours"),
    ],
)
def test_a_wait_is_told_in_the_unit_that_fits(seconds: float, english: str, french: str) -> None:
    assert (duration("en", seconds), duration("fr", seconds)) == (english, french)


def test_a_share_is_told_in_percent() -> None:
    assert (percent("en", 0.125), percent("fr", 0.5)) == ("12%", "50\u00a0%")


@pytest.mark.parametrize(
    ("value", "english", "french"),
    [(7, "7", "7"), (1200, "1,200", "1\u202f200"), (1200.5, "1,200.5", "1\u202f200,5")],
)
def test_a_number_has_the_separators_of_the_language(
    value: float, english: str, french: str
) -> None:
    assert (number("en", value), number("fr", value)) == (english, french)
