"""How much of a clip each person reads: what is in the JSON, and what must never be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlmodel import text

from accounts.permissions import STRANGER
from moderation import claims, clips, desk
from moderation.desk import Ruling
from moderation.models import Clip, State, Verdict
from moderation.views import clip_json, clips_json
from tests.conftest import REQUEST, House

PUBLIC_FIELDS = {
    "id",
    "state",
    "version",
    "prompt",
    "title",
    "shares_prompt",
    "licence",
    "credits",
    "credit",
    "model_licence",
    "creator",
    "created_at",
    "published_at",
    "model",
    "preset",
    "seed",
    "num_frames",
    "width",
    "height",
    "fps",
    "duration_s",
    "media",
    "sha256",
    "public_sha256",
    "page",
    "progress",
    "queue",
    "timeline",
    "can",
}
SECRETS = ("SECRET-NEGATIVE", "SECRET-NOTE", "SECRET-ADVICE", "SECRET-INTERNAL", "SECRET-REASON")


def view(house: House, name: str, clip_id: str) -> dict[str, Any]:
    user = house.user(name) if name else STRANGER
    with house.store.read() as session:
        return clip_json(session, user, session.get_one(Clip, clip_id))


def reviewed(house: House, verdict: Verdict, creator: str = "ana") -> str:
    """A clip that carries a secret in every field that is not for everybody."""
    with house.store.write() as session:
        clip = clips.submit(
            session,
            house.user(creator),
            request={**REQUEST, "negative_prompt": "SECRET-NEGATIVE"},
            parent_id=None,
            note="SECRET-NOTE",
            enqueue=house.note_job,
        )
    for step in ("start", "made", "screened"):
        house._go(clip.id, step)
    advice = json.dumps([{"check": "black", "says": "SECRET-ADVICE", "score": 1.0}])
    with house.store.write() as session:
        session.execute(text("UPDATE clip SET screening = :s"), {"s": advice})
    version = house.get(clip.id).version
    ruling = Ruling(verdict, version, ["technical_fault"], "SECRET-REASON", "SECRET-INTERNAL")
    with house.store.write() as session:
        desk.decide(
            session,
            house.user("rita"),
            clip.id,
            ruling,
            rules=house.rules,
            enqueue_publish=house.note_job,
        )
    return clip.id


@pytest.fixture
def published(house: House) -> str:
    clip_id = reviewed(house, Verdict.APPROVE)
    house._go(clip_id, "publish")
    return clip_id


@pytest.fixture
def rejected(house: House) -> str:
    return reviewed(house, Verdict.REJECT)


# ---- strangers ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "ben"])
def test_others_read_the_public_fields_of_a_published_clip_and_no_more(
    house: House, published: str, name: str
) -> None:
    assert set(view(house, name, published)) == PUBLIC_FIELDS


@pytest.mark.parametrize("name", ["", "ben"])
def test_others_read_none_of_what_the_review_was_about(
    house: House, published: str, name: str
) -> None:
    said = json.dumps(view(house, name, published))
    assert [secret for secret in SECRETS if secret in said] == []


def test_others_read_no_timeline(house: House, published: str) -> None:
    assert view(house, "", published)["timeline"] == []


def test_others_may_do_nothing(house: House, published: str) -> None:
    assert view(house, "", published)["can"] == []


def test_a_stranger_does_not_read_who_approved(house: House, published: str) -> None:
    said = json.dumps(view(house, "", published))
    assert "rita" not in said
    assert house.user("rita").id not in said


def test_the_view_of_a_published_clip_says_what_it_is(house: House, published: str) -> None:
    seen, clip = view(house, "", published), house.get(published)
    assert seen["prompt"] == REQUEST["prompt"]
    assert seen["creator"] == "ana"
    assert seen["duration_s"] == 1.125
    assert seen["page"] == f"/clip/{published}"
    assert (seen["sha256"], seen["public_sha256"]) == (clip.sha256, clip.public_sha256)
    assert seen["media"] == {
        "mp4": f"/media/{published}.mp4",
        "poster": f"/media/{published}.jpg",
        "strip": f"/media/{published}.webp",
    }


def test_times_are_rfc_3339_in_utc(house: House, published: str) -> None:
    assert view(house, "", published)["published_at"].endswith("Z")


# ---- the creator --------------------------------------------------------------------------


def test_its_creator_reads_the_reasons_and_the_note_of_a_rejection(
    house: House, rejected: str
) -> None:
    last = view(house, "ana", rejected)["timeline"][-1]
    assert [reason["code"] for reason in last["reasons"]] == ["technical_fault"]
    assert last["reasons"][0]["text"].startswith("The clip is broken, blank, frozen")
    assert last["note"] == "SECRET-REASON"


def test_its_creator_never_reads_what_reviewers_keep_to_themselves(
    house: House, rejected: str
) -> None:
    said = json.dumps(view(house, "ana", rejected))
    assert [word for word in ("SECRET-INTERNAL", "SECRET-ADVICE", "rita") if word in said] == []


def test_its_creator_learns_the_role_and_not_the_id_of_who_decided(
    house: House, rejected: str
) -> None:
    seen = view(house, "ana", rejected)
    assert seen["timeline"][-1]["by"] == "reviewer"
    assert house.user("rita").id not in json.dumps(seen)


def test_its_creator_reads_their_own_words(house: House, rejected: str) -> None:
    seen = view(house, "ana", rejected)
    assert (seen["negative_prompt"], seen["note"]) == ("SECRET-NEGATIVE", "SECRET-NOTE")


def test_its_creator_does_not_see_who_is_looking(house: House) -> None:
    clip = house.clip()
    with house.store.write() as session:
        claims.claim(session, house.user("rita"), clip.id, lease_s=60)
    seen = view(house, "ana", clip.id)
    assert "claim" not in seen
    assert "rita" not in json.dumps(seen)


def test_its_creator_reads_why_it_failed(house: House) -> None:
    assert view(house, "ana", house.clip(State.FAILED).id)["error"]["code"] == "making_failed"


def test_a_clip_that_was_not_made_has_no_media(house: House) -> None:
    assert view(house, "ana", house.clip(State.QUEUED).id)["media"] is None


def test_only_a_public_clip_has_a_page(house: House) -> None:
    seen = {state: view(house, "ana", house.clip(state).id) for state in State}
    assert [state for state in State if seen[state]["page"]] == [State.PUBLISHED]
    assert [state for state in State if seen[state]["public_sha256"]] == [State.PUBLISHED]


# ---- reviewers ----------------------------------------------------------------------------


def test_the_desk_reads_advice_and_internal_notes(house: House, rejected: str) -> None:
    for name in ("rita", "lea", "aud", "ada"):
        seen = view(house, name, rejected)
        assert seen["internal_notes"] == ["SECRET-INTERNAL"]
        assert seen["screening"][0]["says"] == "SECRET-ADVICE"


@pytest.mark.parametrize("name", ["rob", "lea", "ada"])
def test_a_reviewer_does_not_read_internal_notes_on_a_clip_of_their_own(
    house: House, name: str
) -> None:
    clip_id = reviewed(house, Verdict.REJECT, creator=name)
    seen = view(house, name, clip_id)
    assert seen["internal_notes"] == []
    assert "SECRET-INTERNAL" not in json.dumps(seen)


def test_a_reviewer_sees_who_holds_the_clip(house: House) -> None:
    clip = house.clip()
    with house.store.write() as session:
        claims.claim(session, house.user("rita"), clip.id, lease_s=60)
    claim = view(house, "rob", clip.id)["claim"]
    assert (claim["holder"], claim["mine"]) == ("rita", False)
    assert view(house, "rita", clip.id)["claim"]["mine"] is True


def test_an_expired_claim_is_not_shown(house: House) -> None:
    clip = house.clip()
    with house.store.write() as session:
        claims.claim(session, house.user("rita"), clip.id, lease_s=0)
    assert view(house, "rob", clip.id)["claim"] is None


# ---- what can be done ---------------------------------------------------------------------

OWN = {
    State.QUEUED: ["cancel", "reword", "remix"],
    State.GENERATING: ["cancel", "reword", "remix"],
    State.SCREENING: ["reword", "remix", "download"],
    State.PENDING_REVIEW: ["withdraw", "reword", "remix", "download"],
    State.SECOND_REVIEW: ["withdraw", "unshare", "remix", "download"],
    State.CHANGES_REQUESTED: ["withdraw", "remix", "download"],
    State.REJECTED: ["delete", "appeal", "remix", "download"],
    State.APPEALED: ["withdraw", "unshare", "remix", "download"],
    State.APPROVED: ["withdraw", "unshare", "remix", "download"],
    State.PUBLISHED: ["withdraw", "unshare", "remix", "download"],
    State.TAKEN_DOWN: ["unshare", "remix", "download"],
    State.WITHDRAWN: ["delete", "remix", "download"],
    State.SUPERSEDED: ["delete", "remix", "download"],
    State.CANCELLED: ["delete", "remix"],
    State.FAILED: ["retry", "delete", "reword", "remix"],
}


def test_its_creator_is_offered_what_is_possible(house: House) -> None:
    offered = {state: view(house, "ana", house.clip(state).id)["can"] for state in State}
    assert offered == OWN


def test_a_clip_that_was_asked_to_stop_is_not_asked_again(house: House) -> None:
    clip = house.clip(State.GENERATING)
    with house.store.write() as session:
        clips.cancel(session, house.user("ana"), clip.id)
    assert "cancel" not in view(house, "ana", clip.id)["can"]


def test_a_reviewer_is_offered_to_claim_and_decide(house: House) -> None:
    assert view(house, "rita", house.clip().id)["can"] == ["claim", "decide", "skip", "hand_over"]


def test_an_auditor_is_offered_nothing(house: House) -> None:
    assert view(house, "aud", house.clip().id)["can"] == []


def test_a_reviewer_is_not_offered_to_decide_on_their_own(house: House) -> None:
    offered = view(house, "rob", house.clip(creator="rob").id)["can"]
    assert offered == ["withdraw", "reword", "remix", "download"]


@pytest.mark.parametrize(
    ("state", "act"), [(State.PUBLISHED, "takedown"), (State.TAKEN_DOWN, "restore")]
)
def test_a_lead_is_offered_the_public_side(house: House, state: State, act: str) -> None:
    assert act in view(house, "lea", house.clip(state).id)["can"]


def test_who_may_create_is_offered_to_remix_what_is_published(house: House, published: str) -> None:
    assert view(house, "ben", published)["can"] == ["remix"]


# ---- where it came from -------------------------------------------------------------------


def child_of(house: House, parent_id: str, creator: str) -> str:
    child = house.clip(State.QUEUED, creator)
    with house.store.write() as session:
        fresh = session.get_one(Clip, child.id)
        fresh.parent_id = parent_id
        session.add(fresh)
    return child.id


def test_a_clip_shows_what_it_was_made_from(house: House) -> None:
    parent = house.clip()
    shown = view(house, "ana", child_of(house, parent.id, "ana"))["parent"]
    assert (shown["id"], shown["own"], shown["media"]["mp4"]) == (
        parent.id,
        True,
        f"/media/{parent.id}.mp4",
    )


def test_what_a_remix_was_made_from_goes_when_it_is_no_longer_public(house: House) -> None:
    parent = house.clip(State.PUBLISHED)
    child = child_of(house, parent.id, "ben")
    with house.store.write() as session:
        clips.take_down(session, house.user("lea"), parent.id, reason="x", note="")
    assert view(house, "ben", child)["parent"] is None


def test_a_list_is_each_clip_for_the_one_who_asks(house: House, published: str) -> None:
    with house.store.read() as session:
        listed = clips_json(session, STRANGER, [session.get_one(Clip, published)])
    assert listed == [view(house, "", published)]
