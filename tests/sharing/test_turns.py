"""Whose turn is next: tags, late comers, weights, refunds, and the clock that starts over."""

from __future__ import annotations

import pytest
from sqlmodel import col, select

from audit import AuditRow
from errors import BadInput
from moderation.models import Clip, State
from moderation.transitions import move
from sharing import turns
from sharing.models import FairShare
from tests.conftest import House


def send(house: House, creator: str, *, cost_s: float = 1.0) -> str:
    clip = house.clip(State.QUEUED, creator)
    with house.store.write() as session:
        turns.join(session, session.get_one(Clip, clip.id), cost_s)
    return clip.id


def weigh(house: House, creator: str, weight: float) -> None:
    with house.store.write() as session:
        turns.weigh(session, house.user(creator).id, weight, weighed_by="console")


def begin_next(house: House) -> str:
    """What the queue does: the lowest tag starts, and is made at once."""
    with house.store.write() as session:
        query = select(Clip).where(Clip.state == State.QUEUED.value)
        clip = session.exec(query.order_by(col(Clip.priority))).first()
        assert clip is not None
        turns.start(session, clip)
        move(session, clip.id, "start", actor="system")
        return clip.creator_id


def end(house: House) -> None:
    with house.store.write() as session:
        for clip in session.exec(select(Clip).where(Clip.state == State.GENERATING.value)):
            move(session, clip.id, "cancel", actor="system")


def order(house: House) -> str:
    """Whose clips are made, one after another, as first letters of names."""
    names = {house.user(name).id: name[0] for name in ("ana", "ben", "rita")}
    said = ""
    with house.store.read() as session:
        waiting = len(list(session.exec(select(Clip).where(Clip.state == State.QUEUED.value))))
    for _ in range(waiting):
        said += names[begin_next(house)]
        end(house)
    return said


def test_clips_of_one_person_go_in_the_order_they_were_sent(house: House) -> None:
    sent = [send(house, "ana") for _ in range(3)]
    with house.store.read() as session:
        query = select(Clip.id).order_by(col(Clip.priority))
        assert list(session.exec(query)) == sent


def test_two_people_take_turns_whoever_sent_more_before(house: House) -> None:
    for _ in range(4):
        send(house, "ana")
    for _ in range(2):
        send(house, "ben")
    assert order(house) == "ababaa"


def test_a_late_comer_waits_for_one_clip_of_a_crowd_at_most(house: House) -> None:
    for _ in range(200):
        send(house, "ana")
    begin_next(house)
    send(house, "ben")
    assert order(house).index("b") <= 1


def test_double_weight_is_a_double_share(house: House) -> None:
    weigh(house, "ana", 2)
    for _ in range(6):
        send(house, "ana")
    for _ in range(3):
        send(house, "ben")
    assert sorted(order(house)[:6]) == list("aaaabb")


def test_a_share_out_of_bounds_is_refused(house: House) -> None:
    for weight in (0, -1, 11, float("nan"), float("inf")):
        with pytest.raises(BadInput, match="a share lies between"):
            weigh(house, "ana", weight)


def test_a_change_of_share_is_in_the_audit_log(house: House) -> None:
    weigh(house, "ana", 2)
    with house.store.read() as session:
        row = session.exec(select(AuditRow).where(AuditRow.action == "share")).one()
    assert (row.actor, row.body) == ("console", {"from": 1.0, "to": 2.0})


def test_who_asks_for_longer_clips_has_fewer_of_them(house: House) -> None:
    for _ in range(3):
        send(house, "ana", cost_s=30)
    for _ in range(9):
        send(house, "ben", cost_s=10)
    assert order(house)[:8].count("a") == 2


def test_of_two_first_clips_the_one_sent_first_goes_first(house: House) -> None:
    send(house, "rita")
    begin_next(house)
    send(house, "ben")
    send(house, "ana")
    assert order(house) == "ba"


def test_what_a_clip_did_not_use_is_given_back(house: House) -> None:
    unused = house.get(send(house, "ana", cost_s=100))
    send(house, "ben", cost_s=100)
    with house.store.write() as session:
        turns.give_back(session, unused, 100)
    again, second_of_ben = send(house, "ana"), send(house, "ben")
    assert house.get(again).priority < house.get(second_of_ben).priority


def test_giving_back_never_puts_anyone_before_the_present(house: House) -> None:
    clip = house.get(send(house, "ana", cost_s=5))
    with house.store.write() as session:
        turns.give_back(session, clip, 1_000_000)
        share = session.get_one(FairShare, clip.creator_id)
    assert share.finish == 0


def test_the_clock_starts_over_when_nobody_waits(house: House) -> None:
    first = house.get(send(house, "ana", cost_s=500)).priority
    begin_next(house)
    end(house)
    assert house.get(send(house, "ana")).priority == first


def test_tags_never_leave_what_the_job_engine_takes(house: House) -> None:
    send(house, "ana", cost_s=1e9)
    assert house.get(send(house, "ana")).priority == turns.LAST_TAG


@pytest.mark.parametrize(("creator", "overtaken"), [("ben", True), ("ana", False)])
def test_a_clip_is_overtaken_by_an_earlier_tag_only(
    house: House, creator: str, overtaken: bool
) -> None:
    send(house, "ana")
    begin_next(house)
    second = send(house, "ana")
    send(house, creator)
    with house.store.read() as session:
        assert turns.is_overtaken(session, session.get_one(Clip, second)) is overtaken
