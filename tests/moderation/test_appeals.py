"""Appeals: with words, by the creator, once, decided by somebody else and answered with words."""

from __future__ import annotations

import pytest

from errors import (
    AnswerMissing,
    AppealEmpty,
    AppealFinal,
    BadInput,
    Conflict,
    DecidedBefore,
    NotFound,
    TextTooLong,
)
from moderation import appeals, desk
from moderation.appeals import TEXT_LIMIT
from moderation.desk import Ruling
from moderation.models import Appeal, Clip, State, Verdict
from tests.conftest import House

WORDS = "The blood is ketchup, <b>look</b> again."


def appeal(house: House, clip: Clip, name: str = "ana", text: str = WORDS) -> Clip:
    with house.store.write() as session:
        return appeals.appeal(session, house.user(name), clip.id, text, house.rules)


@pytest.fixture
def rejected(house: House) -> Clip:
    """By rita."""
    return house.clip(State.REJECTED)


def test_a_rejected_clip_is_looked_at_again(house: House, rejected: Clip) -> None:
    assert appeal(house, rejected).state == State.APPEALED


def test_an_appeal_waits_from_its_own_beginning(house: House, rejected: Clip) -> None:
    appealed = appeal(house, rejected)
    assert appealed.due_at is not None
    assert appealed.pending_since is not None
    hours = (appealed.due_at - appealed.pending_since).total_seconds() / 3600
    assert hours == pytest.approx(house.rules.appeal_h)


def test_whoever_decides_reads_the_words_as_they_were_typed(house: House, rejected: Clip) -> None:
    appealed = appeal(house, rejected)
    with house.store.read() as session:
        told = appeals.appeal_json(session, appealed)
    assert told is not None
    assert (told["text"], told["decision"]["verdict"]) == (WORDS, "reject")


def test_nobody_appeals_for_another(house: House, rejected: Clip) -> None:
    with pytest.raises(NotFound):
        appeal(house, rejected, "ben")


@pytest.mark.parametrize("text", ["", "  \n", "​"])
def test_an_appeal_needs_words(house: House, rejected: Clip, text: str) -> None:
    with pytest.raises(AppealEmpty):
        appeal(house, rejected, text=text)


def test_an_appeal_has_an_end(house: House, rejected: Clip) -> None:
    with pytest.raises(TextTooLong):
        appeal(house, rejected, text="a" * (TEXT_LIMIT + 1))


def test_an_appeal_holds_no_control_characters(house: House, rejected: Clip) -> None:
    with pytest.raises(BadInput, match=r"U\+0007"):
        appeal(house, rejected, text="ring\x07")


@pytest.mark.parametrize("state", [State.PENDING_REVIEW, State.PUBLISHED, State.APPEALED])
def test_only_a_rejected_clip_is_appealed(house: House, state: State) -> None:
    with pytest.raises(Conflict):
        appeal(house, house.clip(state))


def test_whoever_rejected_never_decides_the_appeal(house: House, rejected: Clip) -> None:
    appealed = appeal(house, rejected)
    with pytest.raises(DecidedBefore):
        house.decide("rita", appealed, Verdict.REJECT, "violence")


@pytest.mark.parametrize("verdict", [Verdict.APPROVE, Verdict.REJECT])
def test_an_appeal_is_answered_with_words(house: House, rejected: Clip, verdict: Verdict) -> None:
    appealed = appeal(house, rejected)
    ruling = Ruling(verdict, appealed.version, ["violence"], note=" ")
    with pytest.raises(AnswerMissing), house.store.write() as session:
        desk.decide(
            session,
            house.user("rob"),
            appealed.id,
            ruling,
            rules=house.rules,
            enqueue_publish=house.note_job,
        )


def test_an_upheld_appeal_publishes_by_itself(house: House, rejected: Clip) -> None:
    upheld = house.decide("rob", appeal(house, rejected), Verdict.APPROVE)
    assert (upheld.state, house.enqueued[-1]) == (State.APPROVED, rejected.id)


def test_a_second_rejection_is_final(house: House, rejected: Clip) -> None:
    again = house.decide("rob", appeal(house, rejected), Verdict.REJECT, "violence")
    with pytest.raises(AppealFinal, match="final"):
        appeal(house, again)


def test_the_appeal_knows_its_answer(house: House, rejected: Clip) -> None:
    house.decide("rob", appeal(house, rejected), Verdict.REJECT, "violence")
    with house.store.read() as session:
        first, last = desk.decisions(session, rejected.id)
        assert session.get_one(Appeal, first.id).answer_id == last.id


def test_an_appeal_costs_nothing(house: House, rejected: Clip) -> None:
    appealed = appeal(house, rejected)
    assert (appealed.cost_s, appealed.used_s) == (rejected.cost_s, rejected.used_s)
