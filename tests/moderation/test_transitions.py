"""The moves between states, held against the contract's own drawing, which is written out here.

The table below is typed from `contract.md`, with what issue D added: taking a decision back, and
withdrawing at any time. It knows nothing of MOVES.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import Session, col, select

import audit
from audit import SYSTEM, AuditRow
from errors import Conflict, NotFound, StaleVersion
from moderation.models import Clip, State
from moderation.transitions import MOVES, allowed, move
from store import utc_now
from tests.conftest import REQUEST, House

CONTRACT = {
    # the making
    "start": (["queued"], "generating"),
    "made": (["generating"], "screening"),
    "screened": (["screening"], "pending_review"),
    "fail": (["queued", "generating"], "failed"),
    "retry": (["failed"], "queued"),
    "cancel": (["queued", "generating"], "cancelled"),
    # the review
    "hold": (["pending_review"], "second_review"),
    "approve": (["pending_review", "second_review", "appealed"], "approved"),
    "reject": (["pending_review", "second_review", "appealed"], "rejected"),
    "request_changes": (["pending_review", "second_review"], "changes_requested"),
    "undo": (["second_review", "changes_requested", "rejected", "approved"], "pending_review"),
    "undo_second": (["changes_requested", "rejected", "approved"], "second_review"),
    "undo_appeal": (["rejected", "approved"], "appealed"),
    "appeal": (["rejected"], "appealed"),
    "supersede": (["changes_requested"], "superseded"),
    # the public side
    "publish": (["approved"], "published"),
    "take_down": (["published"], "taken_down"),
    "restore": (["taken_down"], "published"),
    "withdraw": (
        [
            "pending_review",
            "second_review",
            "changes_requested",
            "appealed",
            "approved",
            "published",
        ],
        "withdrawn",
    ),
}


@pytest.fixture
def acting(house: House) -> Iterator[Session]:
    with house.store.write() as session:
        yield session


def placed(session: Session, house: House, state: str) -> Clip:
    """A clip put straight into a state, with all that the schema asks of that state."""
    values: dict[str, Any] = {**REQUEST, "state": state}
    if state in ("approved", "published", "taken_down"):
        values |= {"approved_by": house.user("rita").id, "approved_sha256": "a", "sha256": "a"}
    if state == "published":
        values |= {"public_sha256": "b", "published_at": utc_now()}
    clip = Clip(creator_id=house.user("ana").id, **values)
    session.add(clip)
    session.flush()
    return clip


def needed(name: str, house: House) -> dict[str, Any]:
    """The columns that the schema wants together with a move."""
    if name in ("approve", "publish", "restore"):
        return {
            "approved_by": house.user("rita").id,
            "sha256": "a",
            "approved_sha256": "a",
            "public_sha256": "b",
            "published_at": utc_now(),
        }
    return {}


def rows_of(session: Session, clip_id: str) -> list[AuditRow]:
    query = select(AuditRow).where(AuditRow.subject == clip_id).order_by(col(AuditRow.seq))
    return list(session.exec(query))


def test_the_contract_knows_every_move_there_is() -> None:
    assert set(MOVES) == set(CONTRACT)


def test_a_move_is_offered_only_where_the_contract_has_an_arrow() -> None:
    offered = {name: [state.value for state in State if allowed(name, state)] for name in CONTRACT}
    assert offered == {name: sources for name, (sources, _) in CONTRACT.items()}


@pytest.mark.parametrize("name", CONTRACT)
def test_a_move_starts_only_from_the_states_of_the_contract(
    house: House, acting: Session, name: str
) -> None:
    started = []
    for state in State:
        clip = placed(acting, house, state.value)
        try:
            move(acting, clip.id, name, actor=SYSTEM, **needed(name, house))
        except Conflict:
            continue
        started.append(state.value)
    assert started == CONTRACT[name][0]


@pytest.mark.parametrize("name", CONTRACT)
def test_a_move_is_one_state_one_version_and_one_row(
    house: House, acting: Session, name: str
) -> None:
    (source, *_), target = CONTRACT[name]
    clip = placed(acting, house, source)
    length = audit.length(acting)
    moved = move(acting, clip.id, name, actor="somebody", **needed(name, house))
    (row,) = rows_of(acting, clip.id)
    assert (moved.state, moved.version, audit.length(acting)) == (target, 2, length + 1)
    assert (row.actor, row.action) == ("somebody", name)
    assert row.body == {"from": source, "to": target, "version": 2}


def test_the_row_carries_what_the_act_adds(house: House, acting: Session) -> None:
    clip = placed(acting, house, "published")
    move(acting, clip.id, "take_down", actor="lea", body={"reason": "hate"})
    assert rows_of(acting, clip.id)[-1].body["reason"] == "hate"


def test_a_refused_move_writes_nothing(house: House, acting: Session) -> None:
    clip = placed(acting, house, "rejected")
    with pytest.raises(Conflict):
        move(acting, clip.id, "publish", actor=SYSTEM)
    acting.refresh(clip)
    assert (clip.state, clip.version, rows_of(acting, clip.id)) == ("rejected", 1, [])


def test_a_refused_move_says_where_the_clip_is(house: House, acting: Session) -> None:
    clip = placed(acting, house, "rejected")
    with pytest.raises(Conflict, match="The clip is rejected; publishing is not possible now"):
        move(acting, clip.id, "publish", actor=SYSTEM)


def test_a_transaction_that_fails_leaves_neither_state_nor_row(house: House) -> None:
    clip = house.clip(State.QUEUED)
    with pytest.raises(KeyError), house.store.write() as session:  # noqa: PT012
        move(session, clip.id, "start", actor=SYSTEM)
        raise KeyError
    after = house.get(clip.id)
    with house.store.read() as session:
        actions = [row.action for row in rows_of(session, clip.id)]
    assert (after.state, after.version, actions) == ("queued", clip.version, ["submit"])


def test_a_log_that_cannot_be_written_leaves_the_state(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = house.clip(State.QUEUED)

    def fail(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr(audit, "append", fail)
    with pytest.raises(OSError), house.store.write() as session:  # noqa: PT011
        move(session, clip.id, "start", actor=SYSTEM)
    assert house.get(clip.id).state == "queued"


def test_an_unknown_clip_is_not_found(acting: Session) -> None:
    with pytest.raises(NotFound):
        move(acting, "0" * 16, "start", actor=SYSTEM)


def test_a_move_from_an_old_version_is_stale(house: House, acting: Session) -> None:
    clip = placed(acting, house, "pending_review")
    with pytest.raises(StaleVersion, match="You saw version 7 of the clip; it is at version 1"):
        move(acting, clip.id, "reject", actor="rita", version=7)


def test_a_move_from_the_seen_version_is_made(house: House, acting: Session) -> None:
    clip = placed(acting, house, "pending_review")
    assert move(acting, clip.id, "reject", actor="rita", version=1).state == "rejected"


def test_an_old_version_in_the_wrong_state_is_a_plain_conflict(
    house: House, acting: Session
) -> None:
    clip = placed(acting, house, "withdrawn")
    with pytest.raises(Conflict) as refused:
        move(acting, clip.id, "reject", actor="rita", version=7)
    assert type(refused.value) is Conflict


def test_a_move_leaves_other_clips_alone(house: House, acting: Session) -> None:
    clip, other = placed(acting, house, "queued"), placed(acting, house, "queued")
    move(acting, clip.id, "start", actor=SYSTEM)
    acting.refresh(other)
    assert (other.state, other.version) == ("queued", 1)


def test_a_move_sets_the_time_of_the_change(house: House, acting: Session) -> None:
    clip = placed(acting, house, "queued")
    before = clip.updated_at
    assert move(acting, clip.id, "start", actor=SYSTEM).updated_at > before
