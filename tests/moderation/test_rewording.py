"""Changing the words of a clip: while it waits, never behind a reviewer's back, and on the log."""

from __future__ import annotations

import pytest
from sqlmodel import Session, col, select, update

from audit import AuditRow
from errors import NotFound, StaleVersion
from moderation import clips, proof, undo
from moderation.clips import submit
from moderation.models import Clip, State, Verdict
from moderation.presentation import SAID_NOTHING, Credit, Said
from moderation.rewording import OPEN, WordsFixed, acts, reword
from moderation.rules import rules_of
from moderation.views import clip_json
from settings import read_settings
from tests.conftest import REQUEST, House

DUSK = Said(title="Dusk", licence="cc-by", credits=(Credit("Bea", "music"),))
FIXED = [state for state in State if state not in OPEN]


def say(house: House, clip: Clip, said: Said, who: str = "ana") -> Clip:
    with house.store.write() as session:
        return reword(session, house.user(who), clip.id, said)


def problems(house: House) -> list[str]:
    with house.store.read() as session:
        return proof.problems(session, session.info["audit_key"])


def rows(house: House, clip: Clip) -> list[AuditRow]:
    with house.store.read() as session:
        query = select(AuditRow).where(AuditRow.subject == clip.id, AuditRow.action == "reword")
        return list(session.exec(query))


@pytest.mark.parametrize("state", sorted(OPEN), ids=lambda state: state.value)
def test_words_can_be_changed_before_anybody_decided(house: House, state: State) -> None:
    after = say(house, house.clip(state), DUSK)
    assert (after.title, after.licence, after.credits) == (
        "Dusk",
        "cc-by",
        [{"name": "Bea", "role": "music", "link": ""}],
    )


@pytest.mark.parametrize("state", sorted(FIXED), ids=lambda state: state.value)
def test_words_that_were_decided_on_stay(house: House, state: State) -> None:
    clip = house.clip(state)
    with pytest.raises(WordsFixed):
        say(house, clip, DUSK)
    assert house.get(clip.id).title == ""


@pytest.mark.parametrize("state", list(State), ids=lambda state: state.value)
def test_sharing_of_the_prompt_can_be_ended_at_any_time(house: House, state: State) -> None:
    assert not say(house, house.clip(state), Said(shares_prompt=False)).shares_prompt


def test_a_prompt_is_not_shared_again_after_the_decision(house: House) -> None:
    clip = house.clip(State.PUBLISHED, said=Said(shares_prompt=False))
    with pytest.raises(WordsFixed):
        say(house, clip, Said(shares_prompt=True))


def test_ending_the_sharing_changes_no_other_word_by_the_way(house: House) -> None:
    with pytest.raises(WordsFixed):
        say(house, house.clip(State.PUBLISHED), Said(title="Dusk", shares_prompt=False))


@pytest.mark.parametrize("who", ["ben", "rita", "ada"])
def test_nobody_changes_the_words_of_another(house: House, who: str) -> None:
    with pytest.raises(NotFound):
        say(house, house.clip(), DUSK, who)


def test_a_decision_on_the_older_words_is_refused(house: House) -> None:
    seen = house.clip()
    say(house, seen, DUSK)
    with pytest.raises(StaleVersion):
        house.decide("rita", seen, Verdict.APPROVE)
    assert house.get(seen.id).state == State.PENDING_REVIEW


def test_a_decision_on_the_newer_words_holds(house: House) -> None:
    after = say(house, house.clip(), DUSK)
    assert house.decide("rita", after, Verdict.APPROVE).state == State.APPROVED


def test_the_same_words_again_change_nothing(house: House) -> None:
    clip = house.clip(said=DUSK)
    assert say(house, clip, DUSK).version == clip.version
    assert rows(house, clip) == []


def test_each_change_has_its_row_and_the_row_nobody_s_words(house: House) -> None:
    clip = house.clip()
    say(house, clip, DUSK)
    [row] = rows(house, clip)
    assert (row.actor, row.body["version"]) == (clip.creator_id, clip.version + 1)
    assert "Dusk" not in str(row.body)
    assert "Bea" not in str(row.body)


def test_the_proof_holds_after_changes_and_decisions(house: House) -> None:
    clip = say(house, house.clip(State.QUEUED), DUSK)
    clip = say(house, clip, Said(title="Dawn"))
    published = house.clip(State.PUBLISHED, said=DUSK)
    say(house, published, Said(shares_prompt=False))
    assert problems(house) == []


@pytest.mark.parametrize(
    "forged",
    [
        {"title": "Other"},
        {"licence": "cc0"},
        {"shares_prompt": False},
        {"credits": [{"name": "Mallory", "role": "", "link": ""}]},
    ],
    ids=lambda forged: next(iter(forged)),
)
def test_words_changed_past_the_log_show(house: House, forged: dict[str, object]) -> None:
    clip = say(house, house.clip(), DUSK)
    with house.store.write() as session:
        session.execute(update(Clip).where(col(Clip.id) == clip.id).values(**forged))
    assert problems(house) == [f"Clip {clip.id} has another words than the log."]


def test_words_of_a_clip_from_before_the_log_told_them_are_none(house: House) -> None:
    clip = house.clip()
    with house.store.write() as session:
        row = session.exec(select(AuditRow).where(AuditRow.action == "submit")).one()
        assert row.body.pop("words")
        told = proof._Told()
        told.add(row)
        session.rollback()
    assert told.facts["words"] == proof._NO_WORDS
    assert clip.title == ""


def test_a_decision_can_be_taken_back_after_the_prompt_was_unshared(house: House) -> None:
    clip = house.clip(State.APPROVED)
    say(house, clip, Said(shares_prompt=False))
    rules = rules_of(read_settings(undo_s=60, opinion_share=0, golden_share=0))
    with house.store.write() as session:
        back = undo.undo(session, house.user("rita"), clip.id, rules)
    assert (back.state, back.shares_prompt) == (State.PENDING_REVIEW, False)
    assert problems(house) == []


def test_deleting_a_clip_takes_its_words_away(house: House) -> None:
    clip = house.clip(State.WITHDRAWN, said=DUSK)
    with house.store.write() as session:
        clips.delete(session, house.user("ana"), clip.id, remove=lambda _clip: None)
    gone = house.get(clip.id)
    assert (gone.title, gone.credits, gone.licence) == ("", [], "all-rights-reserved")
    assert problems(house) == []


def send(session: Session, house: House, parent: Clip, who: str, said: Said = SAID_NOTHING) -> Clip:
    return submit(
        session,
        house.user(who),
        request=dict(REQUEST),
        parent_id=parent.id,
        note="",
        enqueue=house.note_job,
        said=said,
    )


def test_a_new_version_of_one_s_own_clip_has_its_words(house: House) -> None:
    parent = house.clip(State.CHANGES_REQUESTED, said=DUSK)
    with house.store.write() as session:
        child = send(session, house, parent, "ana", Said(title="Dawn"))
    assert (child.title, child.licence, child.credits) == ("Dawn", "cc-by", parent.credits)


def test_a_remix_of_somebody_else_s_has_none_of_theirs(house: House) -> None:
    parent = house.clip(State.PUBLISHED, said=DUSK)
    with house.store.write() as session:
        child = send(session, house, parent, "ben")
    assert (child.title, child.licence, child.credits) == ("", "all-rights-reserved", [])


@pytest.mark.parametrize(
    ("state", "can"),
    [
        (State.PENDING_REVIEW, ["reword"]),
        (State.SECOND_REVIEW, ["unshare"]),
        (State.PUBLISHED, ["unshare"]),
        (State.REJECTED, []),
    ],
    ids=lambda value: str(value),
)
def test_its_creator_is_told_what_can_be_changed(
    house: House, state: State, can: list[str]
) -> None:
    assert acts(house.clip(state)) == can


def test_reviewers_are_offered_no_change_of_another_s_words(house: House) -> None:
    clip = house.clip()
    with house.store.read() as session:
        offered = clip_json(session, house.user("rita"), session.get_one(Clip, clip.id))["can"]
    assert {"reword", "unshare"} & set(offered) == set()
