"""What creators do with clips of their own, and what leads do with published ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlmodel import Session, col, func, select

from accounts import switches
from accounts.permissions import STRANGER
from audit import AuditRow
from errors import Conflict, NotAllowed, NotFound, OwnClip, Paused, SignInNeeded, TextTooLong
from gallery.publish import BytesChanged
from moderation import claims, clips, presentation
from moderation.models import Clip, State
from moderation.presentation import Presentation
from tests.conftest import REQUEST, House

Act = Callable[[House, str, str], Clip]


def submit(house: House, name: str = "ana", note: str = "", parent_id: str | None = None) -> Clip:
    with house.store.write() as session:
        return clips.submit(
            session,
            house.user(name) if name else STRANGER,
            request=dict(REQUEST),
            parent_id=parent_id,
            note=note,
            enqueue=house.note_job,
        )


def cancel(house: House, name: str, clip_id: str) -> Clip:
    with house.store.write() as session:
        return clips.cancel(session, house.user(name), clip_id)


def retry(house: House, name: str, clip_id: str) -> Clip:
    with house.store.write() as session:
        return clips.retry(session, house.user(name), clip_id, enqueue=house.note_job)


def withdraw(house: House, name: str, clip_id: str) -> Clip:
    with house.store.write() as session:
        return clips.withdraw(session, house.user(name), clip_id)


def take_down(house: House, name: str, clip_id: str, note: str = "") -> Clip:
    with house.store.write() as session:
        return clips.take_down(session, house.user(name), clip_id, reason="hate", note=note)


def nothing_changed(_clip: Clip) -> None:
    """Stands where gallery/publish.py looks at the public files."""


def restore(
    house: House,
    name: str,
    clip_id: str,
    note: str = "",
    check_file: Callable[[Clip], None] = nothing_changed,
) -> Clip:
    with house.store.write() as session:
        return clips.restore(session, house.user(name), clip_id, note=note, check_file=check_file)


def last_row(house: House, clip_id: str) -> AuditRow:
    with house.store.read() as session:
        query = select(AuditRow).where(AuditRow.subject == clip_id)
        return session.exec(query.order_by(col(AuditRow.seq).desc())).all()[0]


def pause(house: House, what: str) -> None:
    with house.store.write() as session:
        switches.pause(session, what, message="Back at noon.", paused_by="ada")


# ---- submit -------------------------------------------------------------------------------


def test_a_submitted_clip_is_queued(house: House) -> None:
    clip = submit(house)
    assert (house.get(clip.id).state, clip.version, clip.attempt) == ("queued", 1, 1)


def test_a_submitted_clip_keeps_the_request(house: House) -> None:
    kept = house.get(submit(house).id).model_dump()
    assert {name: kept[name] for name in REQUEST} == REQUEST


def test_a_submitted_clip_gets_its_job_and_its_row(house: House) -> None:
    clip = submit(house)
    row = last_row(house, clip.id)
    assert house.enqueued == [clip.id]
    assert (row.action, row.actor) == ("submit", house.user("ana").id)
    assert row.body == {
        "to": "queued",
        "version": 1,
        "parent": None,
        "request": clips.digest(REQUEST),
        "words": presentation.digest(Presentation().as_columns()),
    }


def test_the_log_carries_nobodys_words(house: House) -> None:
    body = str(last_row(house, submit(house, note="a note").id).body)
    assert str(REQUEST["prompt"]) not in body
    assert "a note" not in body


def test_the_digest_of_a_request_survives_the_database(house: House) -> None:
    """Columns give whole numbers back as floats: 8 frames a second are 8.0 then."""
    whole = {**REQUEST, "fps": 8, "guidance_scale": 3}
    with house.store.write() as session:
        clip = clips.submit(
            session,
            house.user("ana"),
            request=whole,
            parent_id=None,
            note="",
            enqueue=house.note_job,
        )
    kept = house.get(clip.id).model_dump()
    assert clips.digest(kept) == last_row(house, clip.id).body["request"]


@pytest.mark.parametrize("name", ["ana", "rita", "lea", "ada"])
def test_these_may_create(house: House, name: str) -> None:
    assert submit(house, name).creator_id == house.user(name).id


def test_an_auditor_may_not_create(house: House) -> None:
    with pytest.raises(NotAllowed, match="auditor may not create clips"):
        submit(house, "aud")


def test_a_stranger_is_asked_to_sign_in(house: House) -> None:
    with pytest.raises(SignInNeeded):
        submit(house, "")


def test_nothing_is_accepted_while_making_is_paused(house: House) -> None:
    pause(house, "generation")
    with pytest.raises(Paused, match="Back at noon"):
        submit(house)
    with house.store.read() as session:
        assert session.exec(select(func.count()).select_from(Clip)).one() == 0


def test_a_pause_of_publishing_stops_no_prompt(house: House) -> None:
    pause(house, "publishing")
    assert submit(house).state == "queued"


def test_a_prompt_whose_job_cannot_be_queued_is_not_accepted(house: House) -> None:
    def fail(_session: Session, _clip: Clip) -> None:
        raise OSError("no queue")

    with pytest.raises(OSError, match="no queue"), house.store.write() as session:
        clips.submit(
            session,
            house.user("ana"),
            request=dict(REQUEST),
            parent_id=None,
            note="",
            enqueue=fail,
        )
    with house.store.read() as session:
        assert session.exec(select(func.count()).select_from(Clip)).one() == 0


def test_a_note_of_the_longest_length_is_accepted(house: House) -> None:
    assert len(submit(house, note="x" * clips.NOTE_LIMIT).note) == 2000


def test_a_longer_note_is_refused_with_what_is_over(house: House) -> None:
    with pytest.raises(TextTooLong, match=r"2003 characters.*Shorten it by at least 3"):
        submit(house, note="x" * 2003)


def test_a_new_version_names_its_parent(house: House) -> None:
    parent = house.clip(State.CHANGES_REQUESTED)
    clip = submit(house, parent_id=parent.id)
    assert (clip.parent_id, last_row(house, clip.id).body["parent"]) == (parent.id, parent.id)


def test_a_new_version_supersedes_the_one_that_changes_were_asked_of(house: House) -> None:
    parent = house.clip(State.CHANGES_REQUESTED)
    submit(house, parent_id=parent.id)
    assert house.get(parent.id).state == "superseded"


@pytest.mark.parametrize("state", [State.REJECTED, State.PENDING_REVIEW, State.PUBLISHED])
def test_a_clip_that_no_changes_were_asked_of_stays_where_it_is(house: House, state: State) -> None:
    parent = house.clip(state)
    submit(house, parent_id=parent.id)
    assert house.get(parent.id) == parent


def test_nobody_supersedes_the_clip_of_another(house: House) -> None:
    parent = house.clip(State.CHANGES_REQUESTED, creator="ben")
    submit(house, "lea", parent_id=parent.id)
    assert house.get(parent.id).state == "changes_requested"


def test_a_published_clip_of_another_may_be_a_parent(house: House) -> None:
    parent = house.clip(State.PUBLISHED, creator="ben")
    assert submit(house, parent_id=parent.id).parent_id == parent.id


def test_a_hidden_clip_of_another_cannot_be_probed_as_a_parent(house: House) -> None:
    hidden = house.clip(State.PENDING_REVIEW, creator="ben")
    with pytest.raises(NotFound):
        submit(house, "ana", parent_id=hidden.id)


def test_a_parent_that_does_not_exist_is_not_found(house: House) -> None:
    with pytest.raises(NotFound):
        submit(house, parent_id="0" * 16)


# ---- cancel, retry, withdraw --------------------------------------------------------------


def test_a_queued_clip_is_cancelled_at_once(house: House) -> None:
    assert cancel(house, "ana", house.clip(State.QUEUED).id).state == "cancelled"


def test_a_running_clip_is_asked_to_stop(house: House) -> None:
    clip = cancel(house, "ana", house.clip(State.GENERATING).id)
    assert (clip.state, clip.cancel_requested) == ("generating", True)


def test_the_wish_to_cancel_is_logged(house: House) -> None:
    clip = cancel(house, "ana", house.clip(State.GENERATING).id)
    assert last_row(house, clip.id).action == "ask_cancel"


def possible_from(house: House, name: str, act: Act) -> list[str]:
    """The states that an act starts from, tried with one clip in each."""
    found = []
    for state in State:
        clip = house.clip(state)
        try:
            act(house, name, clip.id)
        except Conflict:
            assert house.get(clip.id) == clip
            continue
        found.append(state.value)
    return found


def test_only_a_clip_that_is_still_to_be_made_is_cancelled(house: House) -> None:
    assert possible_from(house, "ana", cancel) == ["queued", "generating"]


def test_a_failed_clip_goes_back_in_line(house: House) -> None:
    clip = house.clip(State.FAILED)
    house.enqueued.clear()
    again = retry(house, "ana", clip.id)
    assert (again.state, again.attempt, again.error) == ("queued", clip.attempt + 1, None)
    assert house.enqueued == [clip.id]


def test_a_retry_forgets_a_wish_to_cancel(house: House) -> None:
    clip = house.clip(State.GENERATING)
    cancel(house, "ana", clip.id)
    house._go(clip.id, "fail")
    assert retry(house, "ana", clip.id).cancel_requested is False


def test_only_a_failed_clip_is_tried_again(house: House) -> None:
    assert possible_from(house, "ana", retry) == ["failed"]


def test_nothing_is_tried_again_while_making_is_paused(house: House) -> None:
    clip = house.clip(State.FAILED)
    pause(house, "generation")
    with pytest.raises(Paused):
        retry(house, "ana", clip.id)
    assert house.get(clip.id).state == "failed"


@pytest.mark.parametrize("state", [State.PENDING_REVIEW, State.CHANGES_REQUESTED, State.PUBLISHED])
def test_a_creator_withdraws_a_clip(house: House, state: State) -> None:
    assert withdraw(house, "ana", house.clip(state).id).state == "withdrawn"


def test_a_withdrawn_clip_is_in_nobodys_hands(house: House) -> None:
    clip = house.clip()
    with house.store.write() as session:
        claims.claim(session, house.user("rita"), clip.id, lease_s=60)
    assert withdraw(house, "ana", clip.id).claimed_by is None


@pytest.mark.parametrize("act", [cancel, retry, withdraw])
def test_the_clips_of_others_are_not_there(house: House, act: Act) -> None:
    clip = house.clip(State.PUBLISHED if act is withdraw else State.FAILED)
    for name in ("ben", "rita", "lea", "ada", "aud"):
        with pytest.raises(NotFound):
            act(house, name, clip.id)
    assert house.get(clip.id) == clip


def test_a_stranger_owns_no_clip(house: House) -> None:
    clip = house.clip()
    with house.store.write() as session, pytest.raises(NotFound):
        clips.own_clip(session, STRANGER, clip.id)


# ---- take-down and restore ----------------------------------------------------------------


@pytest.mark.parametrize("name", ["lea", "ada"])
def test_these_take_a_clip_down(house: House, name: str) -> None:
    assert take_down(house, name, house.clip(State.PUBLISHED).id).state == "taken_down"


@pytest.mark.parametrize("act", [take_down, restore])
def test_others_may_neither_take_down_nor_restore(house: House, act: Act) -> None:
    clip = house.clip(State.PUBLISHED if act is take_down else State.TAKEN_DOWN)
    for name in ("ana", "ben", "rita", "aud"):
        with pytest.raises(NotAllowed):
            act(house, name, clip.id)
    assert house.get(clip.id) == clip


def test_a_take_down_is_logged_with_its_reason(house: House) -> None:
    clip = take_down(house, "lea", house.clip(State.PUBLISHED).id, note="A complaint.")
    body = last_row(house, clip.id).body
    assert (body["reason"], body["note"]) == ("hate", "A complaint.")


@pytest.mark.parametrize("name", ["lea", "ada"])
def test_these_restore_a_clip(house: House, name: str) -> None:
    assert restore(house, name, house.clip(State.TAKEN_DOWN).id).state == "published"


def test_only_a_public_clip_is_taken_down(house: House) -> None:
    assert possible_from(house, "lea", take_down) == ["published"]


def test_nothing_is_restored_that_was_not_taken_down(house: House) -> None:
    assert possible_from(house, "lea", restore) == ["taken_down"]


def test_a_clip_whose_file_was_changed_is_not_restored(house: House) -> None:
    def changed(_clip: Clip) -> None:
        raise BytesChanged(clip_id="x", ending=".mp4", found="a", expected="b")

    clip = house.clip(State.TAKEN_DOWN)
    with pytest.raises(BytesChanged):
        restore(house, "lea", clip.id, check_file=changed)
    assert house.get(clip.id) == clip


def test_nobody_restores_a_clip_of_their_own(house: House) -> None:
    clip = house.clip(State.TAKEN_DOWN, creator="lea")
    with pytest.raises(OwnClip):
        restore(house, "lea", clip.id)


def test_nothing_is_restored_while_publishing_is_paused(house: House) -> None:
    clip = house.clip(State.TAKEN_DOWN)
    pause(house, "publishing")
    with pytest.raises(Paused):
        restore(house, "lea", clip.id)


def test_the_reason_of_a_take_down_has_a_limit(house: House) -> None:
    clip = house.clip(State.PUBLISHED)
    with pytest.raises(TextTooLong), house.store.write() as session:
        clips.take_down(session, house.user("lea"), clip.id, reason="x" * 201, note="")


@pytest.mark.parametrize("act", [take_down, restore])
def test_the_note_of_a_take_down_has_a_limit(house: House, act: Callable[..., Clip]) -> None:
    clip = house.clip(State.PUBLISHED if act is take_down else State.TAKEN_DOWN)
    with pytest.raises(TextTooLong):
        act(house, "lea", clip.id, note="x" * 2001)
