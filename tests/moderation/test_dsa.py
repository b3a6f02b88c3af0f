"""The export of a statement in the shape of the Digital Services Act, and that it names nobody."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from errors import NothingRestricted
from language import LANGUAGES
from moderation import clips, desk, policy
from moderation.dsa import CATEGORIES, EXPLANATION_LIMIT, GROUND_LIMIT, as_dsa
from moderation.models import Clip, State, Verdict
from moderation.policy import Policy, Reason, Words
from moderation.statements import Statement, statements
from moderation.undo import undo
from tests.conftest import REQUEST, House
from tests.moderation.commission import refusals


def last(house: House, clip: Clip) -> Statement:
    with house.store.read() as session:
        return statements(session, session.get_one(Clip, clip.id))[-1]


def exported(house: House, clip: Clip, language: str = "en") -> dict[str, Any]:
    statement = last(house, clip)
    return as_dsa(statement, clip, language=language, address="https://clips.example")


def rejected(house: House, *codes: str, note: str = "") -> Clip:
    clip = house.clip()
    ruling = desk.Ruling(Verdict.REJECT, clip.version, reasons=list(codes), note=note)
    with house.store.write() as session:
        return desk.decide(
            session,
            house.user("rita"),
            clip.id,
            ruling,
            rules=house.rules,
            enqueue_publish=house.note_job,
        )


def taken_down(house: House, reason: str) -> Clip:
    clip = house.clip(State.PUBLISHED)
    with house.store.write() as session:
        return clips.take_down(
            session, house.user("lea"), clip.id, reason=reason, note="Ana Smith asked."
        )


def restored(house: House) -> Clip:
    """A clip that was taken down and is shown again."""
    clip = taken_down(house, "hate")
    with house.store.write() as session:
        return clips.restore(
            session, house.user("lea"), clip.id, note="", check_file=lambda _: None
        )


# ---- what the Transparency Database takes --------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", [reason.code for reason in policy.shipped().reasons])
def test_the_database_takes_a_rejection(house: House, code: str, language: str) -> None:
    assert refusals(exported(house, rejected(house, code), language)) == []


def test_the_database_takes_a_rejection_under_many_rules(house: House) -> None:
    codes = [reason.code for reason in policy.shipped().reasons]
    assert refusals(exported(house, rejected(house, *codes))) == []


def test_the_database_takes_a_wish_for_changes(house: House) -> None:
    assert refusals(exported(house, house.clip(State.CHANGES_REQUESTED))) == []


@pytest.mark.parametrize("reason", ["hate", "Ana Smith asked us to"])
def test_the_database_takes_a_take_down(house: House, reason: str) -> None:
    assert refusals(exported(house, taken_down(house, reason))) == []


def test_the_database_takes_a_restriction_that_was_lifted(house: House) -> None:
    assert refusals(exported(house, restored(house))) == []


@pytest.mark.parametrize(
    "change",
    [
        {
            "category": "STATEMENT_CATEGORY_PORNOGRAPHY_OR_SEXUALIZED_CONTENT"
        },  # of the first version
        {"decision_visibility_other": None},
        {"decision_monetary": None},
        {"application_date": "2026-11-22-10"},
        {"puid": "a b"},
        {"territorial_scope": []},
    ],
)
def test_the_check_itself_refuses_what_the_database_refuses(
    house: House, change: dict[str, Any]
) -> None:
    assert refusals(exported(house, rejected(house, "hate")) | change) != []


# ---- what it says --------------------------------------------------------------------------


def test_a_rejection_is_a_restriction_of_another_kind_in_words(house: House) -> None:
    said = exported(house, rejected(house, "violence"))
    assert said["decision_visibility"] == ["DECISION_VISIBILITY_OTHER"]
    assert said["decision_visibility_other"].startswith("The clip is not published.")


def test_the_facts_say_that_a_person_decided(house: House) -> None:
    said = exported(house, rejected(house, "violence"))
    assert "The decision was made by a person." in said["decision_facts"]


def test_a_take_down_disables_the_clip(house: House) -> None:
    said = exported(house, taken_down(house, "hate"))
    assert said["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_DISABLED"]
    assert "decision_visibility_other" not in said


def test_a_decision_that_was_taken_back_restricted_nothing(house: House) -> None:
    clip = rejected(house, "hate")
    with house.store.write() as session:
        undo(session, house.user("rita"), clip.id, replace(house.rules, undo_s=60.0))
    with pytest.raises(NothingRestricted):
        exported(house, clip)


@pytest.mark.parametrize("state", [State.APPROVED, State.PUBLISHED])
def test_an_approval_restricts_nothing(house: House, state: State) -> None:
    with pytest.raises(NothingRestricted):
        exported(house, house.clip(state))


def test_the_ground_is_the_policy_by_version_and_label(house: House) -> None:
    said = exported(house, rejected(house, "violence", "hate"))
    assert said["decision_ground"] == "DECISION_GROUND_INCOMPATIBLE_CONTENT"
    assert said["incompatible_content_ground"] == "Review policy, version 1: Violence; Hate"
    assert said["incompatible_content_explanation"].startswith("The clip shows cruelty")
    assert said["decision_ground_reference_url"].endswith("/api/v1/policy?version=1")


def test_it_can_be_had_in_french(house: House) -> None:
    said = exported(house, rejected(house, "violence"), "fr")
    assert said["incompatible_content_explanation"].startswith("Le clip montre")
    assert said["decision_facts"].startswith("Une personne a regardé")


def test_categories_come_in_the_order_of_the_reasons_and_once_each(house: House) -> None:
    said = exported(house, rejected(house, "private_data", "real_person", "violence"))
    assert said["category"] == "STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS"
    assert said["category_addition"] == ["STATEMENT_CATEGORY_VIOLENCE"]


def test_a_rule_of_this_gallery_alone_is_another_violation_of_its_terms(house: House) -> None:
    said = exported(house, rejected(house, "not_in_brief"))
    assert said["category"] == "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"


@pytest.mark.parametrize(("advised", "said"), [(True, "Yes"), (False, "No")])
def test_it_says_whether_a_machine_detected_anything(
    house: House, advised: bool, said: str
) -> None:
    clip = rejected(house, "violence")
    statement = replace(last(house, clip), is_advised=advised)
    found = as_dsa(statement, clip, language="en", address="")
    assert found["automated_detection"] == said
    assert found["automated_decision"] == "AUTOMATED_DECISION_NOT_AUTOMATED"


def test_a_restriction_that_was_lifted_has_an_end(house: House) -> None:
    said = exported(house, restored(house))
    assert said["end_date_visibility_restriction"] >= said["application_date"]


def test_one_that_lasts_has_none(house: House) -> None:
    said = exported(house, rejected(house, "hate"))
    assert "end_date_visibility_restriction" not in said


def test_no_personal_data_leaves(house: House) -> None:
    """No name, no pseudonym, and nothing that anybody typed."""
    for clip in (
        rejected(house, "hate", note="Dear Ana Smith, no."),
        taken_down(house, "Ana Smith asked us to"),
    ):
        said = json.dumps(exported(house, clip))
        for name in ("ana", "rita", "lea"):
            assert house.user(name).id not in said
        for words in ("Ana Smith", str(REQUEST["prompt"]), last(house, clip).pseudonym):
            assert words not in said


def test_a_reason_in_words_is_left_out_and_that_is_said(house: House) -> None:
    said = exported(house, taken_down(house, "Ana Smith asked us to"))
    assert said["incompatible_content_ground"] == "Review policy, version 1"
    assert said["incompatible_content_explanation"].startswith("No rule of the policy")


def test_long_texts_are_cut_to_what_the_database_takes(house: House) -> None:
    clip = rejected(house, "hate")
    long = Words("L" * 60, "T" * 300, "N")
    reasons = tuple(Reason(f"code_{n}", long, long) for n in range(20))
    many = Policy(2, reasons)
    codes = tuple(reason.code for reason in reasons)
    statement = replace(last(house, clip), policy=many, codes=codes)
    said = as_dsa(statement, clip, language="en", address="")
    assert len(said["incompatible_content_ground"]) == GROUND_LIMIT
    assert len(said["incompatible_content_explanation"]) == EXPLANATION_LIMIT


def test_no_category_is_kept_for_a_code_that_does_not_ship() -> None:
    assert set(CATEGORIES) <= {reason.code for reason in policy.shipped().reasons}
