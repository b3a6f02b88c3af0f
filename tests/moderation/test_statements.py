"""The statement of reasons: what its fields and sentences say, who may read it, and who is in it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import col, select

from accounts.models import Role
from accounts.people import person_with_role
from accounts.permissions import STRANGER
from audit import AuditRow
from errors import NotFound
from language import LANGUAGES
from moderation import amendment, appeals, clips, desk, policy
from moderation.models import Clip, State, Verdict
from moderation.screening.signals import not_screened
from moderation.statements import Statement, as_json, pseudonym, readable, statements
from moderation.undo import undo
from settings import read_settings
from store import open_store
from tests.conftest import House

NAMES = ("ana", "ben", "rita", "rob", "lea", "ada", "aud")


def rejected(house: House, *codes: str, by: str = "rita", note: str = "") -> Clip:
    clip = house.clip()
    ruling = desk.Ruling(
        Verdict.REJECT,
        clip.version,
        reasons=list(codes) or ["violence"],
        note=note,
        internal_note="Between us.",
    )
    with house.store.write() as session:
        return desk.decide(
            session,
            house.user(by),
            clip.id,
            ruling,
            rules=house.rules,
            enqueue_publish=house.note_job,
        )


def taken_down(house: House, *, reason: str = "hate", note: str = "") -> Clip:
    clip = house.clip(State.PUBLISHED)
    with house.store.write() as session:
        return clips.take_down(session, house.user("lea"), clip.id, reason=reason, note=note)


def told(house: House, clip: Clip) -> list[Statement]:
    with house.store.read() as session:
        return statements(session, session.get_one(Clip, clip.id))


def last(house: House, clip: Clip) -> Statement:
    return told(house, clip)[-1]


def words(house: House, clip: Clip, language: str = "en") -> dict[str, Any]:
    said: dict[str, Any] = as_json(last(house, clip))["words"][language]
    return said


def appealed(house: House) -> Clip:
    """A rejected clip that its creator wants to be looked at again."""
    clip = rejected(house)
    with house.store.write() as session:
        return appeals.appeal(session, house.user("ana"), clip.id, "Look again.", house.rules)


def taken_back(house: House) -> Clip:
    """A clip whose rejection its reviewer took back."""
    clip = rejected(house)
    with house.store.write() as session:
        return undo(session, house.user("rita"), clip.id, replace(house.rules, undo_s=60.0))


def test_a_rejection_has_a_statement_at_once(house: House) -> None:
    clip = rejected(house, "violence", "hate", note="The end is too much.")
    found = last(house, clip)
    assert (found.outcome, found.codes) == ("rejected", ("violence", "hate"))
    assert (found.note, found.role, found.stage) == ("The end is too much.", "reviewer", "first")


@pytest.mark.parametrize("state", [State.QUEUED, State.PENDING_REVIEW, State.FAILED])
def test_a_clip_that_nobody_decided_on_has_none(house: House, state: State) -> None:
    assert told(house, house.clip(state)) == []


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        (State.APPROVED, "approved"),
        (State.CHANGES_REQUESTED, "changes_requested"),
        (State.REJECTED, "rejected"),
    ],
)
def test_every_verdict_has_one(house: House, state: State, outcome: str) -> None:
    assert [each.outcome for each in told(house, house.clip(state))] == [outcome]


def test_a_take_down_has_one_after_that_of_the_approval(house: House) -> None:
    assert [each.outcome for each in told(house, taken_down(house))] == ["approved", "taken_down"]


def test_a_take_down_in_words_is_told_in_these_words(house: House) -> None:
    clip = taken_down(house, reason="Asked for by the museum", note="They wrote to us.")
    said = as_json(last(house, clip))
    assert said["reasons"][0]["label"] == "Asked for by the museum"
    assert said["note"] == "They wrote to us."


def test_it_names_the_version_of_the_policy_that_the_decision_names(house: House) -> None:
    before = rejected(house, "violence")
    with house.store.write() as session:
        edited = [
            policy.Reason(each.code, policy.Words("New", "New.", "New."), each.fr)
            for each in policy.current(session).reasons
        ]
        amendment.publish(session, house.user("ada"), seen=1, reasons=edited)
    after = rejected(house, "violence")
    labels = [words(house, clip)["rule"] for clip in (before, after)]
    assert labels == [
        "Under the review policy, version 1: Violence.",
        "Under the review policy, version 2: New.",
    ]


def test_a_take_down_is_explained_by_the_policy_of_its_day(house: House) -> None:
    clip = taken_down(house)
    with house.store.write() as session:
        edited = [
            policy.Reason(each.code, policy.Words("New", "New.", "New."), each.fr)
            for each in policy.current(session).reasons
        ]
        amendment.publish(session, house.user("ada"), seen=1, reasons=edited)
    assert last(house, clip).policy.version == 1


# ---- who decided --------------------------------------------------------------------------


def test_a_reviewer_has_one_pseudonym_in_all_their_decisions(house: House) -> None:
    names = {last(house, rejected(house, by="rita")).pseudonym for _ in range(3)}
    assert len(names) == 1


def test_two_reviewers_have_two_pseudonyms(house: House) -> None:
    names = {last(house, rejected(house, by=name)).pseudonym for name in ("rita", "rob", "lea")}
    assert len(names) == 3


def test_a_pseudonym_stays_when_a_name_or_a_role_changes(house: House) -> None:
    before = last(house, rejected(house)).pseudonym
    with house.store.write() as session:
        person, _ = person_with_role(session, "rita", Role.LEAD, created_by="test")
        person.name, person.name_key = "Margherita", "margherita"
        session.add(person)
    assert last(house, rejected(house, by="margherita")).pseudonym == before


def test_the_same_person_has_another_pseudonym_on_another_instance(
    house: House, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """It comes from the instance's key, so it cannot be worked out from an id alone."""
    person_id = house.user("rita").id
    other = open_store(read_settings(data=tmp_path_factory.mktemp("other")))
    with house.store.read() as here, other.read() as there:
        assert pseudonym(here, person_id) != pseudonym(there, person_id)
    other.close()


def test_a_pseudonym_holds_nothing_of_a_name_or_an_id(house: House) -> None:
    with house.store.read() as session:
        name = pseudonym(session, house.user("rita").id)
    assert len(name) == len("abcd-efgh")
    assert name.replace("-", "") not in house.user("rita").id


def test_no_name_no_id_and_no_internal_note_is_told(house: House) -> None:
    for clip in (rejected(house), taken_down(house)):
        said = json.dumps([as_json(each) for each in told(house, clip)])
        for name in NAMES:
            assert f'"{name}"' not in said
            assert house.user(name).id not in said
        assert "Between us" not in said


# ---- what a machine had to do with it ------------------------------------------------------


@pytest.mark.parametrize(("advised", "said"), [(True, "had pointed"), (False, "No automatic")])
def test_it_says_whether_a_machine_had_advised(house: House, advised: bool, said: str) -> None:
    clip = house.clip()
    with house.store.write() as session:
        session.get_one(Clip, clip.id).screening = [{"code": "flash"}] if advised else []
    clip = house.decide("rita", house.get(clip.id), Verdict.REJECT, "violence")
    assert last(house, clip).is_advised is advised
    assert said in words(house, clip)["advice"]


def test_a_check_that_could_not_look_has_pointed_nothing_out(house: House) -> None:
    clip = house.clip()
    with house.store.write() as session:
        screening = not_screened({"nudity": "it took too long"}, "screener 1")
        session.get_one(Clip, clip.id).screening = screening
    clip = house.decide("rita", house.get(clip.id), Verdict.REJECT, "violence")
    assert last(house, clip).is_advised is False


def test_no_decision_is_ever_a_machines(house: House) -> None:
    assert as_json(last(house, rejected(house)))["automated_decision"] is False


# ---- what can be done now ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "acts"),
    [
        (State.REJECTED, ("appeal", "new_clip")),
        (State.CHANGES_REQUESTED, ("new_version", "withdraw")),
        (State.PUBLISHED, ("withdraw",)),
        (State.WITHDRAWN, ()),
        (State.TAKEN_DOWN, ("new_clip", "contact")),
    ],
)
def test_it_says_what_can_be_done_now(house: House, state: State, acts: tuple[str, ...]) -> None:
    clip = taken_down(house) if state == State.TAKEN_DOWN else house.clip(state)
    found = told(house, clip)
    assert (found[-1].can if found else ()) == acts


def test_a_rejection_can_be_appealed_once(house: House) -> None:
    found = last(house, appealed(house))
    assert found.appealed_at is not None
    assert found.can == ("wait", "withdraw")


def test_the_answer_to_an_appeal_is_final_and_says_so(house: House) -> None:
    clip = house.decide("rob", appealed(house), Verdict.REJECT, "violence")
    assert last(house, clip).can == ("new_clip",)
    assert words(house, clip)["decided"].startswith("Somebody else watched the clip again")


def test_the_answer_to_an_appeal_brings_its_words(house: House) -> None:
    clip = house.decide("rob", appealed(house), Verdict.APPROVE)
    assert last(house, clip).note == "We looked again."


def test_an_appeal_that_was_upheld_ends_the_restriction(house: House) -> None:
    rejection, answer = told(house, house.decide("rob", appealed(house), Verdict.APPROVE))
    assert rejection.ended_at is not None
    assert (rejection.can, answer.outcome) == ((), "approved")


def test_a_first_approval_of_two_says_that_a_second_person_looks(house: House) -> None:
    rules = replace(house.rules, second_reasons=frozenset({"minors"}))
    clip = house.clip()
    ruling = desk.Ruling(Verdict.APPROVE, clip.version, reasons=["minors"])
    with house.store.write() as session:
        clip = desk.decide(
            session,
            house.user("rita"),
            clip.id,
            ruling,
            rules=rules,
            enqueue_publish=house.note_job,
        )
    assert (clip.state, last(house, clip).outcome) == ("second_review", "second_review")
    assert "a second person watches it" in words(house, clip)["decided"]


def approved_with(house: House, *codes: str) -> Clip:
    """Held for a second look, because of what its reviewer named."""
    clip = house.clip()
    rules = replace(house.rules, second_reasons=frozenset(codes))
    with house.store.write() as session:
        return desk.decide(
            session,
            house.user("rita"),
            clip.id,
            desk.Ruling(Verdict.APPROVE, clip.version, reasons=list(codes)),
            rules=rules,
            enqueue_publish=house.note_job,
        )


@pytest.mark.parametrize("hold", [True, False], ids=["held", "approved"])
def test_what_an_approval_names_does_not_read_as_broken(house: House, hold: bool) -> None:
    clip = (
        approved_with(house, "minors")
        if hold
        else house.decide("rita", house.clip(), Verdict.APPROVE, "minors")
    )
    said = as_json(last(house, clip))
    assert said["reasons"] == []
    assert [each["en"]["label"] for each in said["considered"]] == ["Minors"]
    assert "does not publish" not in json.dumps(said)
    english = said["words"]["en"]
    assert english["rule"].endswith("kept in mind and not found broken: Minors.")
    assert english["why"] == []


def test_what_a_rejection_names_is_told_as_broken(house: House) -> None:
    said = as_json(last(house, rejected(house, "minors")))
    assert (len(said["reasons"]), said["considered"]) == (1, [])
    assert said["words"]["en"]["why"] != []


def test_an_appeal_that_was_upheld_with_a_rule_in_mind_names_none_broken(house: House) -> None:
    clip = house.decide("rob", appealed(house), Verdict.APPROVE, "violence")
    said = as_json(last(house, clip))
    assert (said["reasons"], said["words"]["fr"]["why"]) == ([], [])


def test_a_decision_that_was_taken_back_counts_no_more(house: House) -> None:
    clip = taken_back(house)
    found = last(house, clip)
    assert (found.can, found.taken_back_at is not None) == ((), True)
    assert words(house, clip)["next"] == [
        "The person who decided took this back; it counts no more."
    ]


def test_taking_a_decision_back_is_no_decision_of_its_own(house: House) -> None:
    assert [each.outcome for each in told(house, taken_back(house))] == ["rejected"]


def test_the_next_decision_after_that_is_the_one_that_counts(house: House) -> None:
    clip = house.decide("rob", taken_back(house), Verdict.REJECT, "hate")
    first, second = told(house, clip)
    assert (first.can, second.can) == ((), ("appeal", "new_clip"))


def test_an_answer_that_was_taken_back_leaves_the_rejection_open_to_be_answered(
    house: House,
) -> None:
    answered = house.decide("rob", appealed(house), Verdict.REJECT, "hate")
    with house.store.write() as session:
        clip = undo(session, house.user("rob"), answered.id, replace(house.rules, undo_s=60.0))
    first, second = told(house, clip)
    assert (first.can, second.can) == (("wait", "withdraw"), ())


def test_only_the_newest_statement_offers_anything(house: House) -> None:
    approval, removal = told(house, taken_down(house))
    assert approval.can == ()
    assert removal.can != ()


def test_a_reasons_own_advice_comes_before_the_general_one(house: House) -> None:
    steps = words(house, rejected(house, "technical_fault"))["next"]
    assert "another seed" in steps[0]
    assert "appeal" in steps[1]


def test_a_restriction_ends_when_the_clip_is_shown_again(house: House) -> None:
    clip = taken_down(house)
    with house.store.write() as session:
        clips.restore(session, house.user("lea"), clip.id, note="", check_file=lambda _: None)
    assert last(house, clip).ended_at is not None


def test_a_restriction_that_lasts_has_no_end(house: House) -> None:
    assert last(house, rejected(house)).ended_at is None


# ---- in words, for those who may read it ---------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "state",
    [State.APPROVED, State.REJECTED, State.CHANGES_REQUESTED, State.PUBLISHED, State.SUPERSEDED],
)
def test_every_statement_reads_as_sentences(house: House, state: State, language: str) -> None:
    said = words(house, house.clip(state), language)
    for sentence in (said["decided"], said["rule"], said["by"], said["advice"], *said["next"]):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert "{" not in sentence


def test_the_two_languages_say_it_differently(house: House) -> None:
    clip = rejected(house)
    english, french = (words(house, clip, language) for language in LANGUAGES)
    for name in ("decided", "rule", "by", "advice", "why", "next"):
        assert english[name] != french[name]


@pytest.mark.parametrize("name", ["ana", "rita", "rob", "lea", "ada", "aud"])
def test_its_creator_and_those_who_see_held_clips_may_read_it(house: House, name: str) -> None:
    clip = rejected(house)
    with house.store.read() as session:
        assert len(readable(session, house.user(name), clip.id)) == 1


@pytest.mark.parametrize("state", [State.REJECTED, State.PUBLISHED])
def test_another_creator_finds_nothing(house: House, state: State) -> None:
    """Also once the clip is public: what reviewers said of it stays between them."""
    clip = house.clip(state)
    with house.store.read() as session, pytest.raises(NotFound):
        readable(session, house.user("ben"), clip.id)


@pytest.mark.parametrize("state", [State.REJECTED, State.PUBLISHED])
def test_a_stranger_finds_nothing(house: House, state: State) -> None:
    clip = house.clip(state)
    with house.store.read() as session, pytest.raises(NotFound):
        readable(session, STRANGER, clip.id)


def test_a_statement_of_a_take_down_is_found_by_the_log(house: House) -> None:
    clip = taken_down(house)
    with house.store.read() as session:
        row = session.exec(
            select(AuditRow).where(AuditRow.subject == clip.id).order_by(col(AuditRow.seq).desc())
        ).first()
    assert row is not None
    assert last(house, clip).id == row.hash[:16]
