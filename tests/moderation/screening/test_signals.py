"""How signals are written down."""

from __future__ import annotations

from moderation.screening.signals import Signal, not_screened, strongest


def test_a_signal_says_what_where_how_sure_and_who_looked() -> None:
    signal = Signal("black", "Black.", 0.5, "pictures 2", 1.5, "technical_fault")
    assert list(signal.as_json()) == ["check", "says", "score", "at_s", "version", "reason"]


def test_checks_that_failed_for_one_cause_are_named_together() -> None:
    (signal,) = not_screened({"picture": "it died", "nudity": "it died"}, "screening 2")
    assert signal["says"] == "Not screened for picture, nudity: it died."


def test_each_cause_has_its_own_signal() -> None:
    signals = not_screened({"picture": "it died", "nudity": "it is missing"}, "screening 2")
    assert [signal["check"] for signal in signals] == ["not_screened", "not_screened"]


def test_what_was_not_looked_at_has_no_score() -> None:
    assert not_screened({"picture": "it died"}, "screening 2")[0]["score"] is None


def test_the_strongest_score_counts() -> None:
    assert strongest([{"score": 0.4}, {"score": 0.9}, {"score": None}]) == 0.9


def test_no_signal_is_no_advice() -> None:
    assert strongest([]) == 0.0
