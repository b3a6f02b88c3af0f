"""Precedents: which decisions are shown beside a clip, to whom, and what is said of them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import col, select, update

from accounts.permissions import STRANGER, User
from errors import NotAllowed, NotFound, SignInNeeded
from moderation import clips
from moderation.decided import DecidedClips
from moderation.models import Appeal, Clip, Decision, Stage, State, Undoing, Verdict
from moderation.precedents import MOST, precedents
from store import utc_now
from tests.conftest import House

HASHES = ["0123456789abcdef", "fedcba9876543210"]
OTHER_HASHES = ["f0f0f0f00f0f0f0f", "00ff00ff12345678"]


def change(house: House, clip: Clip, **values: Any) -> Clip:
    with house.store.write() as session:
        session.execute(update(Clip).where(col(Clip.id) == clip.id).values(**values))
    return house.get(clip.id)


def asked_about(house: House, prompt: str = "a zeppelin", creator: str = "ben") -> Clip:
    """The clip beside which precedents are shown."""
    return change(house, house.clip(creator=creator), prompt=prompt, hashes=HASHES)


def case(
    house: House,
    verdict: Verdict = Verdict.REJECT,
    *reasons: str,
    prompt: str = "nothing of the kind",
    hashes: list[str] | None = None,
) -> Clip:
    """A clip that Rita decided on; its pictures are those that are asked about."""
    clip = change(house, house.clip(), prompt=prompt, hashes=HASHES if hashes is None else hashes)
    return house.decide("rita", clip, verdict, *(reasons or ("violence",)))


def shown(house: House, clip: Clip, user: User | None = None) -> list[dict[str, Any]]:
    with house.store.read() as session:
        return precedents(session, user or house.user("rob"), clip.id, DecidedClips())


# ---- which ones ----------------------------------------------------------------------------


def test_a_clip_with_the_same_pictures_is_a_precedent(house: House) -> None:
    clip, other = asked_about(house), case(house)
    (found,) = shown(house, clip)
    assert (found["id"], found["alike"], found["why"]) == (other.id, 1.0, "picture")


def test_a_clip_with_the_same_prompt_is_a_precedent(house: House) -> None:
    clip = asked_about(house)
    other = case(house, prompt="A ZEPPELIN!", hashes=OTHER_HASHES)
    (found,) = shown(house, clip)
    assert (found["id"], found["alike"], found["why"]) == (other.id, 1.0, "prompt")


def test_a_clip_that_is_alike_in_both_says_so(house: House) -> None:
    clip = asked_about(house)
    case(house, prompt=clip.prompt)
    assert shown(house, clip)[0]["why"] == "both"


def test_a_rare_word_in_common_counts_for_more_than_frequent_ones(house: House) -> None:
    clip = asked_about(house, prompt="a zeppelin in the night")
    case(house, prompt="a zeppelin by the sea", hashes=[])
    for place in range(4):
        case(house, prompt=f"a ball {place} in the night", hashes=[])
    assert shown(house, clip)[0]["prompt"] == "a zeppelin by the sea"


def test_what_is_unlike_in_both_is_not_shown(house: House) -> None:
    clip = asked_about(house)
    case(house, hashes=OTHER_HASHES)
    assert shown(house, clip) == []


def test_the_most_alike_stands_first(house: House) -> None:
    clip = asked_about(house)
    near = [f"{int(text, 16) ^ 0b11111:016x}" for text in HASHES]
    case(house, hashes=near)
    same = case(house)
    assert shown(house, clip)[0]["id"] == same.id


def test_of_equals_the_newest_come_first_and_no_more_than_five(house: House) -> None:
    clip = asked_about(house)
    made = [case(house).id for _ in range(MOST + 2)]
    assert [found["id"] for found in shown(house, clip)] == made[:1:-1]


def test_a_clip_that_nobody_has_decided_on_is_none(house: House) -> None:
    clip = asked_about(house)
    change(house, house.clip(), prompt=clip.prompt, hashes=HASHES)
    assert shown(house, clip) == []


def test_a_clip_is_no_precedent_of_itself(house: House) -> None:
    assert shown(house, case(house)) == []


def test_a_deleted_clip_is_never_shown(house: House) -> None:
    clip, other = asked_about(house), case(house)
    change(house, other, deleted_at=utc_now())
    assert shown(house, clip) == []


def test_a_clip_that_is_deleted_after_it_was_read_is_not_shown_either(house: House) -> None:
    clip, other, decided = asked_about(house), case(house), DecidedClips()
    with house.store.read() as session:
        assert precedents(session, house.user("rob"), clip.id, decided) != []
    change(house, other, deleted_at=utc_now())
    with house.store.read() as session:
        assert precedents(session, house.user("rob"), clip.id, decided) == []


def test_nothing_to_compare_is_kept_of_a_deleted_clip(house: House) -> None:
    other = case(house)
    with house.store.write() as session:
        clips.delete(session, house.user("ana"), other.id, remove=lambda _clip: None)
    assert house.get(other.id).hashes == []


def test_a_decision_that_was_taken_back_is_none(house: House) -> None:
    clip, other = asked_about(house), case(house)
    with house.store.write() as session:
        session.add(Undoing(decision_id=_only_decision(house, other).id))
    assert shown(house, clip) == []


def test_a_decision_made_after_the_first_look_is_found(house: House) -> None:
    clip, decided = asked_about(house), DecidedClips()
    with house.store.read() as session:
        assert precedents(session, house.user("rob"), clip.id, decided) == []
    other = case(house)
    with house.store.read() as session:
        (found,) = precedents(session, house.user("rob"), clip.id, decided)
    assert found["id"] == other.id


def test_a_clip_without_pictures_and_words_has_no_precedents(house: House) -> None:
    clip = change(house, house.clip(), prompt="…", hashes=[])
    case(house)
    assert shown(house, clip) == []


# ---- what is said of them ------------------------------------------------------------------


def test_a_precedent_says_what_was_decided_and_why(house: House) -> None:
    clip, _ = asked_about(house), case(house, Verdict.REQUEST_CHANGES, "copyright", "violence")
    (found,) = shown(house, clip)
    assert (found["verdict"], found["reasons"]) == ("request_changes", ["copyright", "violence"])


def test_a_precedent_says_what_became_of_the_clip(house: House) -> None:
    clip = asked_about(house)
    change(house, house.clip(State.PUBLISHED), hashes=HASHES)
    (found,) = shown(house, clip)
    assert (found["verdict"], found["became"], found["outcome"]) == (
        "approve",
        "published",
        "published",
    )


def test_a_rejection_that_is_appealed_says_so(house: House) -> None:
    clip, other = asked_about(house), case(house)
    change(house, other, state=State.APPEALED.value)
    (found,) = shown(house, clip)
    assert (found["verdict"], found["outcome"]) == ("reject", "appealed")


@pytest.mark.parametrize(("verdict", "outcome"), [("approve", "overturned"), ("reject", "upheld")])
def test_a_precedent_says_how_its_appeal_ended(house: House, verdict: str, outcome: str) -> None:
    clip, other = asked_about(house), case(house)
    _answer(house, other, verdict)
    (found,) = shown(house, clip)
    assert (found["verdict"], found["stage"], found["outcome"]) == ("reject", "first", outcome)


def test_of_two_looks_the_second_is_told(house: House) -> None:
    clip, other = asked_about(house), case(house, Verdict.APPROVE)
    with house.store.write() as session:
        session.add(_decision(house, other, "reject", Stage.SECOND))
    (found,) = shown(house, clip)
    assert (found["verdict"], found["stage"]) == ("reject", "second")


def test_a_precedent_names_nobody(house: House) -> None:
    clip, _ = asked_about(house), case(house)
    (found,) = shown(house, clip)
    assert {"reviewer", "reviewer_id", "creator", "note", "internal_note"}.isdisjoint(found)


# ---- for whom ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["rita", "lea", "aud", "ada"])
def test_whoever_may_see_held_clips_sees_precedents(house: House, name: str) -> None:
    clip, _ = asked_about(house), case(house)
    assert len(shown(house, clip, house.user(name))) == 1


def test_a_creator_does_not_see_precedents_of_their_own_clip(house: House) -> None:
    clip, _ = asked_about(house, creator="ben"), case(house)
    with pytest.raises(NotAllowed):
        shown(house, clip, house.user("ben"))


def test_a_stranger_is_asked_to_sign_in(house: House) -> None:
    clip, _ = asked_about(house), case(house)
    with pytest.raises(SignInNeeded):
        shown(house, clip, STRANGER)


def test_a_clip_that_is_not_there_has_none(house: House) -> None:
    with house.store.read() as session, pytest.raises(NotFound):
        precedents(session, house.user("rob"), "nothing", DecidedClips())


# ---- helpers of these tests ----------------------------------------------------------------


def _only_decision(house: House, clip: Clip) -> Decision:
    with house.store.read() as session:
        return session.exec(select(Decision).where(Decision.clip_id == clip.id)).one()


def _decision(house: House, clip: Clip, verdict: str, stage: Stage) -> Decision:
    return Decision(
        clip_id=clip.id,
        clip_version=clip.version + 1,
        verdict=verdict,
        policy_version="1",
        sha256=clip.sha256 or "",
        reviewer_id=house.user("lea").id,
        reviewer_role="lead",
        waited_s=1,
        stage=stage.value,
    )


def _answer(house: House, clip: Clip, verdict: str) -> None:
    answer = _decision(house, clip, verdict, Stage.APPEAL)
    with house.store.write() as session:
        session.add(answer)
        session.flush()
        rejection = _only_decision(house, clip)
        session.add(
            Appeal(
                decision_id=rejection.id, clip_id=clip.id, text="Look again.", answer_id=answer.id
            )
        )
