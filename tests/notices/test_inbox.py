"""What a creator is told in the app: by which moves, in the same transaction, and how it is listed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import col, select, update

from errors import Conflict
from moderation import clips, transitions
from moderation.models import Clip, State, Verdict
from moderation.transitions import MOVES, move
from notices import inbox
from notices.models import QUIET, Kind, Notice
from store import utc_now
from tests.conftest import House

# Typed by hand from the contract's drawing: what each move tells a creator who did not make it.
TOLD = {
    "screened": "waiting",
    "fail": "failed",
    "cancel": "cancelled",
    "hold": "second_review",
    "reject": "rejected",
    "request_changes": "changes_requested",
    "publish": "published",
    "take_down": "taken_down",
    "restore": "restored",
    "withdraw": "withdrawn",
}
SOURCE = {
    "screened": State.SCREENING,
    "fail": State.GENERATING,
    "cancel": State.QUEUED,
    "hold": State.PENDING_REVIEW,
    "reject": State.PENDING_REVIEW,
    "request_changes": State.PENDING_REVIEW,
    "publish": State.APPROVED,
    "take_down": State.PUBLISHED,
    "restore": State.TAKEN_DOWN,
    "withdraw": State.PENDING_REVIEW,
}


def notices(house: House, name: str = "ana") -> list[Notice]:
    person_id = house.user(name).id
    with house.store.read() as session:
        query = select(Notice).where(Notice.person_id == person_id)
        return list(session.exec(query.order_by(col(Notice.at), col(Notice.id))))


def tell(house: House, kind: Kind = Kind.PUBLISHED, name: str = "ana", clip_id: str = "c") -> None:
    with house.store.write() as session:
        person_id = house.user(name).id
        inbox.tell(session, person_id=person_id, kind=kind, clip_id=clip_id, actor="system")


def page(house: House, name: str = "ana", **options: Any) -> tuple[list[Notice], bool]:
    with house.store.read() as session:
        return inbox.page(session, house.user(name).id, **options)


def unseen(house: House, name: str = "ana") -> int:
    with house.store.read() as session:
        return inbox.unseen(session, house.user(name).id)


def mark_seen(house: House, ids: list[str] | None, name: str = "ana") -> None:
    with house.store.write() as session:
        inbox.mark_seen(session, house.user(name).id, ids)


# ---- by which moves -----------------------------------------------------------------------


def test_the_table_of_moves_tells_what_is_written_here() -> None:
    assert {name: step.tells.value for name, step in MOVES.items() if step.tells} == TOLD


@pytest.mark.parametrize("name", TOLD)
def test_a_move_that_somebody_else_made_is_told(house: House, name: str) -> None:
    clip = house.clip(SOURCE[name])
    before = len(notices(house))
    changes: dict[str, Any] = {}
    if name == "publish":
        changes = {"public_sha256": "p", "published_at": utc_now()}
    with house.store.write() as session:
        move(session, clip.id, name, actor=house.user("lea").id, **changes)
    told = notices(house)
    assert len(told) == before + 1
    assert (told[-1].kind, told[-1].clip_id, told[-1].seen_at) == (TOLD[name], clip.id, None)


def test_nobody_is_told_of_their_own_move(house: House) -> None:
    clip = house.clip(State.PENDING_REVIEW)
    before = len(notices(house))
    with house.store.write() as session:
        clips.withdraw(session, house.user("ana"), clip.id)
    assert len(notices(house)) == before


@pytest.mark.parametrize("name", sorted(set(MOVES) - set(TOLD)))
def test_the_other_moves_tell_nothing(house: House, name: str) -> None:
    assert MOVES[name].tells is None


def test_only_the_creator_is_told(house: House) -> None:
    house.decide("rita", house.clip(), Verdict.REJECT, "technical_fault")
    assert {name: len(notices(house, name)) for name in ("ben", "rita", "ada")} == {
        "ben": 0,
        "rita": 0,
        "ada": 0,
    }


# ---- in the same transaction --------------------------------------------------------------


def test_a_refused_move_tells_nothing(house: House) -> None:
    clip = house.clip(State.REJECTED)
    before = len(notices(house))
    with pytest.raises(Conflict), house.store.write() as session:
        move(session, clip.id, "publish", actor="system")
    assert len(notices(house)) == before


def test_a_transaction_that_fails_leaves_no_notice(house: House) -> None:
    clip = house.clip(State.GENERATING)
    with pytest.raises(KeyError), house.store.write() as session:  # noqa: PT012
        move(session, clip.id, "fail", actor="system")
        raise KeyError
    assert notices(house) == []


def test_a_notice_that_cannot_be_written_leaves_the_state(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = house.clip(State.GENERATING)

    def fail(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr(transitions, "tell", fail)
    with pytest.raises(OSError), house.store.write() as session:  # noqa: PT011
        move(session, clip.id, "fail", actor="system")
    assert house.get(clip.id).state == "generating"


# ---- the list -----------------------------------------------------------------------------


def test_the_newest_comes_first(house: House) -> None:
    for clip_id in ("one", "two", "three"):
        tell(house, clip_id=clip_id)
    assert [notice.clip_id for notice in page(house)[0]] == ["three", "two", "one"]


def test_pages_join_without_a_gap_or_a_double(house: House) -> None:
    for number in range(inbox.PAGE * 2 + 5):
        tell(house, clip_id=str(number))
    with house.store.write() as session:  # many at one moment: the id decides then
        session.execute(update(Notice).values(at=utc_now()))
    seen: list[Notice] = []
    found, more = page(house)
    seen += found
    while more:
        found, more = page(house, before=(seen[-1].at, seen[-1].id))
        seen += found
    assert sorted(int(notice.clip_id) for notice in seen) == list(range(inbox.PAGE * 2 + 5))


def test_a_page_says_whether_there_is_more(house: House) -> None:
    for _ in range(inbox.PAGE):
        tell(house)
    assert page(house)[1] is False
    tell(house)
    assert page(house)[1] is True


def test_nobody_lists_the_notices_of_another(house: House) -> None:
    tell(house, name="ben")
    assert page(house, "ana") == ([], False)


def test_old_notices_make_room(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "KEPT", 3)
    tell(house, name="ben", clip_id="of ben")
    for number in range(5):
        tell(house, clip_id=str(number))
    assert [notice.clip_id for notice in notices(house)] == ["2", "3", "4"]
    assert [notice.clip_id for notice in notices(house, "ben")] == ["of ben"]


def test_old_notices_make_room_at_one_moment_too(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "KEPT", 3)
    now = utc_now()
    monkeypatch.setattr(inbox, "utc_now", lambda: now)
    for number in range(5):
        tell(house, clip_id=str(number))
    assert len(notices(house)) == 3


# ---- seen ---------------------------------------------------------------------------------


def test_what_is_new_is_counted_unless_it_is_quiet(house: House) -> None:
    for kind in Kind:
        tell(house, kind)
    assert unseen(house) == len(Kind) - len(QUIET)


def test_seen_notices_are_not_counted(house: House) -> None:
    tell(house)
    mark_seen(house, None)
    assert unseen(house) == 0


def test_those_named_are_marked_and_no_others(house: House) -> None:
    tell(house, clip_id="one")
    tell(house, clip_id="two")
    mark_seen(house, [notices(house)[0].id])
    assert [notice.seen_at is not None for notice in notices(house)] == [True, False]


def test_naming_none_marks_none(house: House) -> None:
    tell(house)
    mark_seen(house, [])
    assert unseen(house) == 1


def test_nobody_marks_the_notices_of_another(house: House) -> None:
    tell(house)
    mark_seen(house, None, "ben")
    mark_seen(house, [notices(house)[0].id], "ben")
    assert unseen(house) == 1


def test_when_it_was_seen_first_is_kept(house: House) -> None:
    tell(house)
    mark_seen(house, None)
    first = notices(house)[0].seen_at
    mark_seen(house, None)
    assert notices(house)[0].seen_at == first


def test_a_clip_from_prompt_to_gallery_is_told_in_order(house: House) -> None:
    clip: Clip = house.clip(State.PUBLISHED)
    told = [(notice.kind, notice.clip_id) for notice in notices(house)]
    assert told == [("waiting", clip.id), ("published", clip.id)]
