"""Agreement in numbers: kappa against sums done by hand, which pairs count, and who reads them."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import text

from errors import NotAllowed, SignInNeeded
from moderation import golden
from moderation.agreement import LEAST, agreement, kappa, measure
from moderation.models import Clip, Verdict
from store import utc_now
from tests.checks import answer, golden_clip, second_opinion
from tests.conftest import House

Table = list[list[int]]


def pairs_of(table: Table) -> list[tuple[Hashable, Hashable]]:
    """Row: what the first said; column: what the second said."""
    return [
        (row, column)
        for row, counts in enumerate(table)
        for column, count in enumerate(counts)
        for _ in range(count)
    ]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        # Fifty proposals, two readers, yes or no: the usual textbook case. They agree on 35 of 50,
        # 0.7; by chance on 0.5 · 0.6 + 0.5 · 0.4 = 0.5; so (0.7 - 0.5) / (1 - 0.5).
        ([[20, 5], [10, 15]], 0.4),
        # The same agreement of 0.6 twice, which is worth more where chance would give less:
        # chance is 0.54 and 0.46.
        ([[45, 15], [25, 15]], 6 / 46),
        ([[25, 35], [5, 35]], 14 / 54),
        # Three kinds, two hundred patients, after the example in Cohen's paper of 1960: agreement
        # 140 / 200 = 0.70, chance (120·100 + 60·60 + 20·40) / 200² = 0.41; 0.29 / 0.59 = 0.492.
        ([[88, 14, 18], [10, 40, 10], [2, 6, 12]], 0.29 / 0.59),
        ([[7, 0], [0, 9]], 1.0),
        # Always the opposite, in halves: agreement 0, chance 0.5.
        ([[0, 8], [8, 0]], -1.0),
        # Independent of each other: agreement is what chance gives.
        ([[9, 9], [9, 9]], 0.0),
    ],
)
def test_kappa_is_what_the_sum_by_hand_gives(table: Table, expected: float) -> None:
    assert kappa(pairs_of(table)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("table", [[[0, 0], [0, 12]], [[12]], []])
def test_where_both_always_said_one_thing_there_is_no_kappa(table: Table) -> None:
    assert kappa(pairs_of(table)) is None


def test_who_says_one_thing_to_everything_is_no_better_than_chance() -> None:
    assert kappa(pairs_of([[7, 5], [0, 0]])) == 0.0


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=60))
def test_kappa_is_the_same_from_both_sides_and_never_above_one(
    pairs: list[tuple[int, int]],
) -> None:
    value = kappa(pairs)
    assert value == kappa([(other, one) for one, other in pairs])
    assert value is None or value <= 1


def test_fewer_pairs_than_five_are_too_few() -> None:
    assert measure([(1, 1), (0, 0), (1, 0), (0, 0)]) == {
        "pairs": 4,
        "same": 3,
        "kappa": None,
        "why": "few",
    }


def test_five_pairs_are_enough() -> None:
    told = measure([(1, 1), (0, 0), (1, 0), (0, 0), (1, 1)])
    # 4 of 5 agree; chance 0.6 · 0.4 + 0.4 · 0.6 = 0.48; 0.32 / 0.52
    assert (told["kappa"], told["why"]) == (round(0.32 / 0.52, 3), None)


def test_what_cannot_be_measured_says_why() -> None:
    assert measure([(1, 1)] * 5)["why"] == "constant"


# ---- which pairs ---------------------------------------------------------------------------


def read(house: House, name: str) -> dict[str, Any]:
    with house.store.read() as session:
        return agreement(session, house.user(name))


def of(house: House, who: str, asked_by: str = "lea") -> dict[str, Any]:
    found: dict[str, Any]
    (found,) = [each for each in read(house, asked_by)["by_reviewer"] if each["name"] == who]
    return found


def counts(side: dict[str, Any]) -> tuple[int, int]:
    return side["verdict"]["pairs"], side["verdict"]["same"]


@pytest.fixture
def pair(house: House) -> Clip:
    """rita approved it; rob, asked blind, would have rejected it."""
    clip = second_opinion(house)
    answer(house, "rob", clip, Verdict.REJECT, "violence")
    return clip


@pytest.mark.parametrize("who", ["rita", "rob"])
def test_a_pair_counts_for_both_of_it(house: House, pair: Clip, who: str) -> None:
    assert counts(of(house, who)["second"]) == (1, 0)


def test_a_pair_counts_once_in_all(house: House, pair: Clip) -> None:
    assert counts(read(house, "lea")["overall"]["second"]) == (1, 0)


def test_a_reason_that_one_of_them_named_is_listed(house: House, pair: Clip) -> None:
    (reason,) = of(house, "rita")["second"]["reasons"]
    assert (reason["code"], reason["named"], reason["same"]) == ("violence", 1, 0)


def test_a_golden_clip_counts_for_whoever_was_asked(house: House) -> None:
    clip = golden_clip(house)
    answer(house, "rob", clip, Verdict.REJECT, "violence")
    assert counts(of(house, "rob")["golden"]) == (1, 1)
    assert counts(of(house, "rita")["golden"]) == (0, 0)


def test_a_golden_clip_that_is_retired_counts_no_more(house: House) -> None:
    clip = golden_clip(house)
    answer(house, "rob", clip)
    with house.store.write() as session:
        golden.retire(session, house.user("lea"), clip.id)
    assert counts(of(house, "rob")["golden"]) == (0, 0)


def test_a_decision_that_was_taken_back_does_not_count(house: House, pair: Clip) -> None:
    with house.store.write() as session:
        session.execute(
            text(
                "INSERT INTO undoing SELECT decision_id, :now FROM opinion"
                " WHERE decision_id IS NOT NULL"
            ),
            {"now": utc_now().replace(tzinfo=None)},
        )
    assert counts(read(house, "lea")["overall"]["second"]) == (0, 0)


def test_enough_pairs_give_a_figure(house: House) -> None:
    """Five clips that rita approved; rob approves three of them."""
    for number in range(LEAST):
        clip = second_opinion(house)
        if number < 3:
            answer(house, "rob", clip)
        else:
            answer(house, "rob", clip, Verdict.REJECT, "violence")
    told = of(house, "rob")["second"]
    # rita said one thing to all five: chance agrees as often as they do.
    assert (told["verdict"]["kappa"], told["reasons"][0]["kappa"]) == (0.0, 0.0)


# ---- who reads it --------------------------------------------------------------------------


def test_a_reviewer_reads_their_own_and_nothing_else(house: House, pair: Clip) -> None:
    told = read(house, "rob")
    assert ([each["name"] for each in told["by_reviewer"]], told["overall"]) == (["rob"], None)


@pytest.mark.parametrize("name", ["lea", "ada", "aud"])
def test_leads_admins_and_auditors_read_everybody_s(house: House, pair: Clip, name: str) -> None:
    names = {each["name"] for each in read(house, name)["by_reviewer"]}
    assert names == {"rita", "rob", "lea", "ada"}


def test_a_creator_reads_none_of_it(house: House) -> None:
    with pytest.raises(NotAllowed, match="creator may not review"):
        read(house, "ana")


def test_a_stranger_is_asked_to_sign_in(house: House) -> None:
    from accounts.permissions import STRANGER

    with house.store.read() as session, pytest.raises(SignInNeeded):
        agreement(session, STRANGER)
