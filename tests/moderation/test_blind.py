"""How a decided clip looks to whoever is asked about it blind: like one that waits, in every answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, update

from accounts.models import Role
from accounts.people import person_with_role
from errors import NotFound
from moderation import appeals, clips, desk, golden, marks, statements
from moderation.blind import as_seen
from moderation.decided import DecidedClips
from moderation.desk import Ruling
from moderation.marks import Note
from moderation.models import BlindTurn, Clip, State, Verdict
from moderation.precedents import precedents
from moderation.views import clip_json
from moderation.visibility import visible_clip
from store import utc_now
from tests.checks import answer, golden_clip, second_opinion, turn_of, work
from tests.conftest import REQUEST, House

HASHES = ["0123456789abcdef", "fedcba9876543210"]
JUDGED = [State.APPROVED, State.PUBLISHED, State.REJECTED, State.CHANGES_REQUESTED]


def seen(house: House, name: str, clip: Clip) -> dict[str, Any]:
    with house.store.read() as session:
        user = house.user(name)
        return clip_json(session, user, visible_clip(session, user, clip.id))


def listed(house: House, name: str, clip: Clip) -> dict[str, Any]:
    with house.store.read() as session:
        user = house.user(name)
        (found,) = [each for each in desk.queue(session, user) if each.id == clip.id]
        return clip_json(session, user, found)


@pytest.mark.parametrize("state", JUDGED)
def test_it_looks_like_a_clip_that_waits(house: House, state: State) -> None:
    clip, other = second_opinion(house, state=state), house.clip()
    blind, plain = seen(house, "rob", clip), seen(house, "rob", other)
    assert blind.keys() == plain.keys()
    same = (
        "state",
        "version",
        "can",
        "stage",
        "claim",
        "appeal",
        "internal_notes",
        "published_at",
        "public_sha256",
        "page",
        "overdue",
        "late",
        "error",
        "own",
        "progress",
        "queue",
    )
    assert {name: blind[name] for name in same} == {name: plain[name] for name in same}
    assert [entry["state"] for entry in blind["timeline"]] == [
        entry["state"] for entry in plain["timeline"]
    ]


@pytest.mark.parametrize("state", JUDGED)
def test_nothing_in_it_says_what_was_decided(house: House, state: State) -> None:
    clip = second_opinion(house, state=state)
    told = str(list(seen(house, "rob", clip).values()))
    said = {"approve", "reject", "changes", "publish", "technical", "decision"}
    assert [word for word in said if word in told.lower()] == []


def test_the_queue_shows_the_same(house: House) -> None:
    clip = second_opinion(house)
    assert listed(house, "rob", clip) == seen(house, "rob", clip)


def test_its_bytes_are_those_that_were_reviewed(house: House) -> None:
    clip = second_opinion(house)
    assert seen(house, "rob", clip)["sha256"] == clip.sha256


def test_its_times_are_those_of_its_neighbours(house: House) -> None:
    """It was made half a year ago, and nothing of that shows."""
    long_ago = timedelta(days=183)
    clip = house.clip(State.REJECTED)
    with house.store.write() as session:
        session.execute(
            update(Clip)
            .where(col(Clip.id) == clip.id)
            .values(created_at=clip.created_at - long_ago, pending_since=utc_now() - long_ago)
        )
        golden.mark(session, house.user("lea"), clip.id, Verdict.REJECT, ["hate"])
    blind = _asked(house, clip)
    times = [blind["created_at"], *(each["at"] for each in blind["timeline"]), blind["due_at"]]
    assert times[1:] == sorted(times[1:])
    assert all(_moment(each) > utc_now() - timedelta(hours=30) for each in times[1:])


def _asked(house: House, clip: Clip) -> dict[str, Any]:
    house.rules = replace(house.rules, golden_share=1.0)
    work(house, "rob")
    turn = turn_of(house, "rob")
    assert turn is not None
    assert turn.clip_id == clip.id
    return seen(house, "rob", clip)


def test_the_line_of_time_ends_when_it_began_to_wait(house: House) -> None:
    clip = second_opinion(house)
    blind = seen(house, "rob", clip)
    with house.store.read() as session:
        turn = session.get_one(BlindTurn, (house.user("rob").id, clip.id))
    at = blind["timeline"][-1]["at"]
    assert abs(_moment(at) - turn.waits_since) < timedelta(milliseconds=5)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@pytest.mark.parametrize("name", ["ana", "rita", "lea", "aud", "ben"])
def test_everybody_else_sees_the_clip_as_it_is(house: House, name: str) -> None:
    clip = second_opinion(house)
    assert seen(house, name, clip)["state"] == "published"


def test_after_the_answer_they_see_it_as_it_is(house: House) -> None:
    clip = second_opinion(house)
    answer(house, "rob", clip)
    view = seen(house, "rob", clip)
    assert (view["state"], view["timeline"][-1]["state"]) == ("published", "published")


def test_after_an_appeal_it_still_looks_undecided_to_them(house: House) -> None:
    clip = second_opinion(house, state=State.REJECTED)
    with house.store.write() as session:
        appeals.appeal(session, house.user("ana"), clip.id, "Please look again.", house.rules)
    view = listed(house, "rob", clip)
    assert (view["stage"], view["appeal"]) == ("first", None)


# ---- what stands beside it -----------------------------------------------------------------


def test_statements_are_hidden_as_if_there_were_none(house: House) -> None:
    clip = second_opinion(house, state=State.REJECTED)
    with house.store.read() as session:
        assert statements.readable(session, house.user("rob"), clip.id) == []
        assert len(statements.readable(session, house.user("lea"), clip.id)) == 1


def test_internal_notes_are_hidden(house: House) -> None:
    house.rules = replace(house.rules, opinion_share=1.0)
    waiting = house.clip()
    ruling = Ruling(Verdict.REJECT, waiting.version, ["hate"], internal_note="seen before")
    with house.store.write() as session:
        desk.decide(
            session,
            house.user("rita"),
            waiting.id,
            ruling,
            rules=house.rules,
            enqueue_publish=house.note_job,
        )
    house.rules = replace(house.rules, opinion_share=0.0)
    work(house, "rob")
    assert seen(house, "rob", waiting)["internal_notes"] == []
    assert seen(house, "lea", waiting)["internal_notes"] == ["seen before"]


def marked(house: House, name: str, clip: Clip, text: str) -> None:
    with house.store.write() as session:
        marks.add(session, house.user(name), clip.id, Note(0.5, text, public=True))


def words(house: House, name: str, clip: Clip) -> list[str]:
    with house.store.read() as session:
        return [each["text"] for each in marks.of_clip(session, house.user(name), clip.id)]


def test_marks_of_others_are_hidden_and_ones_own_are_there(house: House) -> None:
    house.rules = replace(house.rules, opinion_share=1.0)
    clip = house.clip()
    marked(house, "rita", clip, "look here")
    house.decide("rita", clip, Verdict.REJECT, "hate")
    house.rules = replace(house.rules, opinion_share=0.0)
    work(house, "rob")
    marked(house, "rob", clip, "and here")
    assert words(house, "rob", clip) == ["and here"]
    for name, told in (("lea", ["look here"]), ("rita", ["look here"]), ("ana", ["look here"])):
        assert words(house, name, clip) == told


def test_marks_of_a_blind_turn_are_its_author_s_for_ever(house: House) -> None:
    clip = second_opinion(house, state=State.REJECTED)
    marked(house, "rob", clip, "mine")
    answer(house, "rob", clip)
    with house.store.write() as session:
        appeals.appeal(session, house.user("ana"), clip.id, "Please look again.", house.rules)
    house.decide("lea", house.get(clip.id), Verdict.REJECT, "hate")
    assert (words(house, "ana", clip), words(house, "lea", clip)) == ([], [])
    assert words(house, "rob", clip) == ["mine"]


def near(house: House, name: str, clip: Clip) -> set[str]:
    with house.store.read() as session:
        found = precedents(session, house.user(name), clip.id, DecidedClips())
    return {each["id"] for each in found}


def same_pictures(house: House, *alike: Clip, **values: Any) -> None:
    with house.store.write() as session:
        for clip in alike:
            changed = update(Clip).where(col(Clip.id) == clip.id)
            session.execute(changed.values(hashes=HASHES, **values))


def test_beside_other_clips_it_is_no_precedent(house: House) -> None:
    clip, other = second_opinion(house, state=State.REJECTED), house.clip()
    same_pictures(house, clip, other)
    assert clip.id not in near(house, "rob", other)
    assert clip.id in near(house, "lea", other)


def test_a_clip_of_the_same_bytes_is_no_precedent(house: House) -> None:
    clip, twin, cousin = (
        second_opinion(house, state=State.REJECTED),
        house.clip(State.REJECTED),
        house.clip(State.REJECTED),
    )
    same_pictures(house, clip, cousin)
    same_pictures(house, twin, sha256=clip.sha256)
    assert near(house, "rob", clip) & {twin.id, cousin.id} == {cousin.id}
    answer(house, "rob", clip)
    assert twin.id in near(house, "rob", clip)


def test_a_new_version_does_not_say_what_became_of_it(house: House) -> None:
    clip = second_opinion(house, state=State.CHANGES_REQUESTED)
    with house.store.write() as session:
        again = clips.submit(
            session,
            house.user("ana"),
            request=dict(REQUEST),
            parent_id=clip.id,
            note="",
            enqueue=house.note_job,
        )
    assert house.get(clip.id).state == State.SUPERSEDED
    assert seen(house, "rob", again)["parent"]["state"] == "pending_review"
    assert seen(house, "lea", again)["parent"]["state"] == "superseded"


# ---- golden clips --------------------------------------------------------------------------


def test_a_golden_clip_looks_like_one_that_waits(house: House) -> None:
    clip = golden_clip(house)
    view = seen(house, "rob", clip)
    assert (view["state"], view["can"]) == (
        "pending_review",
        ["claim", "decide", "skip", "hand_over"],
    )


def test_whoever_becomes_a_lead_is_no_judge_of_golden_clips(house: House) -> None:
    clip = golden_clip(house)
    with house.store.write() as session:
        person_with_role(session, "rob", Role.LEAD, created_by="test")
    assert seen(house, "rob", clip)["state"] == "rejected"


# ---- the copy ------------------------------------------------------------------------------


def test_what_is_seen_is_a_copy_that_nothing_writes(house: House) -> None:
    clip = second_opinion(house)
    with house.store.write() as session:
        real = session.get_one(Clip, clip.id)
        copy = as_seen(session, house.user("rob"), real)
        copy.prompt = "changed"
    assert house.get(clip.id).prompt == clip.prompt


def test_a_deleted_clip_is_hidden_from_them_too(house: House) -> None:
    clip = second_opinion(house, state=State.REJECTED)
    with house.store.write() as session:
        clips.delete(session, house.user("ana"), clip.id, remove=lambda _: None)
    with pytest.raises(NotFound):
        seen(house, "rob", clip)
