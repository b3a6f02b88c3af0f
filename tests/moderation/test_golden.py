"""Golden clips: who keeps them, which clips can be, and that an answer that was told stays."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import select

from audit import AuditRow
from errors import (
    AlreadyGolden,
    Conflict,
    NotAllowed,
    NotFound,
    NotGolden,
    OwnClip,
    ReasonMissing,
    UnknownReason,
)
from moderation import clips, golden
from moderation.models import Clip, State, Verdict
from moderation.proof import problems
from moderation.views import clip_json
from tests.checks import answer, golden_clip, make_golden, second_opinion, turn_of
from tests.conftest import House


def listed(house: House, name: str = "lea") -> list[dict[str, Any]]:
    with house.store.read() as session:
        return golden.listed(session, house.user(name))


def retire(house: House, clip: Clip, by: str = "lea") -> None:
    with house.store.write() as session:
        golden.retire(session, house.user(by), clip.id)


def can(house: House, name: str, clip: Clip) -> set[str]:
    with house.store.read() as session:
        view = clip_json(session, house.user(name), session.get_one(Clip, clip.id))
    return {"golden", "retire_golden"} & set(view["can"])


# ---- making --------------------------------------------------------------------------------

DECIDED = [
    State.APPROVED,
    State.PUBLISHED,
    State.REJECTED,
    State.CHANGES_REQUESTED,
    State.SUPERSEDED,
    State.TAKEN_DOWN,
]


@pytest.mark.parametrize("state", DECIDED)
def test_a_decided_clip_can_be_golden(house: House, state: State) -> None:
    clip = house.clip(state)
    assert can(house, "lea", clip) == {"golden"}
    make_golden(house, clip)
    (found,) = listed(house)
    assert (found["clip_id"], found["verdict"], found["reasons"]) == (
        clip.id,
        "reject",
        ["violence"],
    )


@pytest.mark.parametrize("state", sorted(set(State) - set(DECIDED)))
def test_no_other_clip_can(house: House, state: State) -> None:
    clip = house.clip(state)
    assert can(house, "lea", clip) == set()
    with pytest.raises(Conflict):
        make_golden(house, clip)


@pytest.mark.parametrize("name", ["ana", "rita", "aud"])
def test_only_leads_and_admins_keep_them(house: House, name: str) -> None:
    clip = house.clip(State.REJECTED)
    assert can(house, name, clip) == set()
    with pytest.raises(NotAllowed, match="keep golden clips"):
        make_golden(house, clip, by=name)
    with pytest.raises(NotAllowed):
        listed(house, name)
    with pytest.raises(NotAllowed):
        retire(house, clip, by=name)


def test_ones_own_clip_cannot_be_golden(house: House) -> None:
    clip = house.clip(State.REJECTED, creator="lea")
    assert can(house, "lea", clip) == set()
    with pytest.raises(OwnClip):
        make_golden(house, clip)


def test_a_deleted_clip_cannot_be_golden(house: House) -> None:
    clip = house.clip(State.REJECTED)
    with house.store.write() as session:
        clips.delete(session, house.user("ana"), clip.id, remove=lambda _: None)
    with pytest.raises(NotFound):
        make_golden(house, clip)


def test_a_rejection_names_a_reason(house: House) -> None:
    with pytest.raises(ReasonMissing):
        make_golden(house, house.clip(State.REJECTED), Verdict.REJECT, ())


def test_an_unknown_reason_is_refused(house: House) -> None:
    with pytest.raises(UnknownReason):
        make_golden(house, house.clip(State.REJECTED), Verdict.REJECT, ("made_up",))


def test_the_answer_cannot_be_changed_by_making_it_again(house: House) -> None:
    clip = make_golden(house, house.clip(State.REJECTED))
    with pytest.raises(AlreadyGolden):
        make_golden(house, clip, Verdict.APPROVE, ())


def test_the_clip_itself_stays_as_it_was(house: House) -> None:
    clip = house.clip(State.REJECTED)
    assert make_golden(house, clip).model_dump() == clip.model_dump()


def test_making_and_retiring_are_in_the_log(house: House) -> None:
    clip = make_golden(house, house.clip(State.REJECTED))
    retire(house, clip)
    with house.store.read() as session:
        rows = select(AuditRow).where(AuditRow.subject == clip.id)
        acts = [row.action for row in session.exec(rows)][-2:]
        assert problems(session, house.store.session_info["audit_key"]) == []
    assert acts == ["golden", "retire_golden"]


# ---- retiring ------------------------------------------------------------------------------


def test_a_retired_clip_is_taken_from_the_desk_at_once(house: House) -> None:
    clip = golden_clip(house)
    retire(house, clip)
    assert turn_of(house, "rob") is None


def test_it_is_retired_once(house: House) -> None:
    clip = make_golden(house, house.clip(State.REJECTED))
    assert can(house, "lea", clip) == {"retire_golden"}
    retire(house, clip)
    assert can(house, "lea", clip) == set()
    with pytest.raises(NotGolden):
        retire(house, clip)


def test_what_is_not_golden_is_not_retired(house: House) -> None:
    with pytest.raises(NotGolden):
        retire(house, house.clip(State.REJECTED))


# ---- the list ------------------------------------------------------------------------------


def test_the_list_counts_the_answers(house: House) -> None:
    clip = golden_clip(house)
    answer(house, "rob", clip)
    (found,) = listed(house)
    assert (found["answers"], found["made_by"]) == (1, "lea")


def test_a_lead_who_judges_it_blind_does_not_read_its_answer(house: House) -> None:
    """It was made golden while she was being asked for a second opinion on it."""
    clip = second_opinion(house, "ada", state=State.REJECTED)
    make_golden(house, clip)
    assert listed(house, "ada") == []
    assert len(listed(house, "lea")) == 1


def test_a_lead_who_judges_it_blind_cannot_make_it_golden(house: House) -> None:
    clip = second_opinion(house, "ada", state=State.REJECTED)
    with pytest.raises(Conflict, match="pending_review"):
        make_golden(house, clip, by="ada")
