"""The timeline of a clip: one entry per change of state, people by role, never by name."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from moderation import claims, clips
from moderation.history import timeline
from moderation.models import Clip, State, Verdict
from moderation.statements import readable, statements
from moderation.undo import undo
from moderation.views import clip_json
from tests.conftest import House


def told(house: House, clip_id: str) -> list[dict[str, Any]]:
    with house.store.read() as session:
        return timeline(session, session.get_one(Clip, clip_id))


def shown(house: House, name: str, clip_id: str) -> list[dict[str, Any]]:
    """The timeline as somebody reads it."""
    with house.store.read() as session:
        clip = session.get_one(Clip, clip_id)
        entries: list[dict[str, Any]] = clip_json(session, house.user(name), clip)["timeline"]
        return entries


def test_every_change_of_state_has_an_entry_in_order(house: House) -> None:
    clip = house.clip(State.TAKEN_DOWN)
    assert [entry["state"] for entry in told(house, clip.id)] == [
        "queued",
        "generating",
        "screening",
        "pending_review",
        "approved",
        "published",
        "taken_down",
    ]


def test_times_run_forward(house: House) -> None:
    times = [entry["at"] for entry in told(house, house.clip(State.PUBLISHED).id)]
    assert times == sorted(times)


def test_each_entry_says_in_which_role_somebody_acted(house: House) -> None:
    clip = house.clip(State.REJECTED)
    assert [entry["by"] for entry in told(house, clip.id)] == [
        "creator",
        "system",
        "system",
        "system",
        "reviewer",
    ]


def test_a_reviewer_who_makes_clips_acts_on_them_as_creator(house: House) -> None:
    clip = house.clip(State.QUEUED, creator="rob")
    assert told(house, clip.id)[0]["by"] == "creator"


def test_the_role_of_a_decision_is_the_one_of_that_day(house: House) -> None:
    from accounts.models import Role
    from accounts.people import person_with_role

    clip = house.clip(State.REJECTED)
    with house.store.write() as session:
        person_with_role(session, "rita", Role.ADMIN, created_by="test")
    assert told(house, clip.id)[-1]["by"] == "reviewer"


def test_no_name_and_no_id_of_a_person_is_told(house: House) -> None:
    said = json.dumps(told(house, house.clip(State.REJECTED).id))
    for name in ("ana", "rita"):
        assert house.user(name).id not in said
        assert f'"{name}"' not in said


def test_a_decision_brings_its_reasons_in_plain_words(house: House) -> None:
    clip = house.decide("rita", house.clip(), Verdict.REJECT, "violence", "hate")
    reasons = told(house, clip.id)[-1]["reasons"]
    assert [reason["label"] for reason in reasons] == ["Violence", "Hate"]


def test_what_an_approval_names_is_told_as_kept_in_mind(house: House) -> None:
    clip = house.decide("rita", house.clip(), Verdict.APPROVE, "minors")
    last = told(house, clip.id)[-1]
    assert (last["reasons"], [each["code"] for each in last["considered"]]) == ([], ["minors"])


def test_the_note_of_a_take_down_is_told(house: House) -> None:
    clip = house.clip(State.PUBLISHED)
    with house.store.write() as session:
        clips.take_down(session, house.user("lea"), clip.id, reason="hate", note="Complaints.")
    last = told(house, clip.id)[-1]
    assert (last["state"], last["by"], last["note"]) == ("taken_down", "lead", "Complaints.")


def test_a_decision_names_its_statement_and_what_stands_in_it(house: House) -> None:
    clip = house.clip(State.REJECTED)
    with house.store.read() as session:
        (statement,) = statements(session, session.get_one(Clip, clip.id))
    last = told(house, clip.id)[-1]
    assert (last["statement"], last["pseudonym"]) == (statement.id, statement.pseudonym)
    assert (last["policy_version"], last["stage"], last["advised"]) == ("1", "first", False)
    assert last["can"] == ["appeal", "new_clip"]


def taken_back(house: House) -> Clip:
    clip = house.decide("rita", house.clip(), Verdict.REJECT, "violence")
    with house.store.write() as session:
        return undo(session, house.user("rita"), clip.id, replace(house.rules, undo_s=60.0))


def test_reviewers_see_a_decision_that_was_taken_back_marked_as_such(house: House) -> None:
    entries = shown(house, "rob", taken_back(house).id)
    assert [entry["state"] for entry in entries][-3:] == [
        "pending_review",
        "rejected",
        "pending_review",
    ]
    assert [bool(entry.get("taken_back_at")) for entry in entries][-3:] == [False, True, False]


def test_its_creator_sees_nothing_of_a_decision_that_was_taken_back(house: House) -> None:
    clip = taken_back(house)
    entries = shown(house, "ana", clip.id)
    assert [entry["state"] for entry in entries] == [
        "queued",
        "generating",
        "screening",
        "pending_review",
    ]
    with house.store.read() as session:
        assert readable(session, house.user("ana"), clip.id) == []


def test_what_is_decided_after_that_is_told_as_ever(house: House) -> None:
    clip = house.decide("rob", taken_back(house), Verdict.REQUEST_CHANGES, "hate")
    last = shown(house, "ana", clip.id)[-1]
    assert (last["state"], last["can"]) == ("changes_requested", ["new_version", "withdraw"])


def test_a_take_down_names_its_statement(house: House) -> None:
    clip = house.clip(State.TAKEN_DOWN)
    with house.store.read() as session:
        ids = [each.id for each in statements(session, session.get_one(Clip, clip.id))]
    named = [entry["statement"] for entry in told(house, clip.id) if entry["statement"]]
    assert named == ids
    assert len(ids) == 2


def test_a_step_that_nobody_decided_has_no_statement(house: House) -> None:
    assert {entry["statement"] for entry in told(house, house.clip().id)} == {None}


def test_every_entry_has_the_fields_that_pages_read(house: House) -> None:
    for entry in told(house, house.clip(State.TAKEN_DOWN).id):
        assert {"at", "state", "by", "reasons", "considered", "note", "statement"} <= set(entry)


def test_a_claim_and_a_wish_to_cancel_are_no_changes(house: House) -> None:
    clip = house.clip()
    before = told(house, clip.id)
    with house.store.write() as session:
        claims.claim(session, house.user("rita"), clip.id, lease_s=60)
        claims.release(session, house.user("rita"), clip.id)
    running = house.clip(State.GENERATING)
    with house.store.write() as session:
        clips.cancel(session, house.user("ana"), running.id)
    assert told(house, clip.id) == before
    assert [entry["state"] for entry in told(house, running.id)] == ["queued", "generating"]


def test_the_timeline_of_one_clip_holds_nothing_of_another(house: House) -> None:
    clip = house.clip(State.QUEUED)
    house.clip(State.PUBLISHED)
    assert len(told(house, clip.id)) == 1
