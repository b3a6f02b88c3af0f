"""What waits to be sent: written with the notice, taken by one at a time, tried again, given up."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlmodel import update

from accounts import people, switches
from moderation.models import State, Verdict
from notices import outbox
from notices.models import CODE, TEST, Address, Channel, Kind, Outgoing
from notices.outbox import Parcel
from store import utc_now
from tests.notices.conftest import Clock, Office

HOOK = {"webhook": "http://localhost:1/hook"}
MAIL: dict[str, Any] = {"email": "ana@a.example", "confirmed_at": utc_now()}


def take(office: Office, channel: Channel = Channel.WEBHOOK, per_hour: int = 100) -> Parcel | None:
    with office.store.write() as session:
        return outbox.take(session, channel, now=office.clock(), per_hour=per_hour)


def taken(office: Office, **options: Any) -> Parcel:
    parcel = take(office, **options)
    assert parcel is not None
    return parcel


def add(office: Office, kind: str = "published", name: str = "ana", **options: Any) -> Outgoing:
    with office.store.write() as session:
        return outbox.add(
            session,
            office.house.user(name).id,
            options.pop("channel", Channel.WEBHOOK),
            kind,
            now=office.clock(),
            clip_id="c",
            **options,
        )


def fail(office: Office, parcel: Parcel, *, is_final: bool = False) -> None:
    with office.store.write() as session:
        outbox.failed(
            session,
            parcel,
            now=office.clock(),
            error="status:500",
            is_final=is_final,
            chance=random.Random(1),
        )


def mark_sent(office: Office, parcel: Parcel) -> None:
    with office.store.write() as session:
        outbox.sent(session, parcel, office.clock())


def only(office: Office) -> Outgoing:
    (row,) = office.rows()
    return row


# ---- written with the act -----------------------------------------------------------------


def test_a_decision_is_queued_for_each_channel_that_was_chosen(office: Office) -> None:
    office.set_address(**HOOK, **MAIL)
    office.house.decide("rita", office.house.clip(), Verdict.REJECT, "technical_fault")
    queued = {(row.channel, row.kind) for row in office.rows()}
    assert queued == {
        ("email", "waiting"),
        ("webhook", "waiting"),
        ("email", "rejected"),
        ("webhook", "rejected"),
    }


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"email": "ana@a.example"},  # not confirmed
        {**HOOK, "kinds": ["rejected"]},
        {**HOOK, "kinds": []},
    ],
)
def test_nothing_is_queued_that_was_not_asked_for(office: Office, columns: dict[str, Any]) -> None:
    office.set_address(**columns)
    office.house.clip(State.PUBLISHED)
    assert office.rows() == []


def test_the_address_of_one_is_not_told_about_the_clips_of_another(office: Office) -> None:
    office.set_address("ben", **HOOK)
    office.house.clip(State.PUBLISHED, creator="ana")
    assert office.rows() == []


def test_a_transaction_that_fails_queues_nothing(office: Office) -> None:
    office.set_address(**HOOK)
    with pytest.raises(KeyError), office.store.write() as session:  # noqa: PT012
        person_id = office.house.user("ana").id
        now = utc_now()
        outbox.add_notice(session, person_id=person_id, kind=Kind.PUBLISHED, clip_id="c", now=now)
        raise KeyError
    assert office.rows() == []


# ---- taken by one at a time ---------------------------------------------------------------


def test_what_is_taken_is_left_alone_until_its_lease_ends(office: Office, clock: Clock) -> None:
    office.set_address(**HOOK)
    row = add(office)
    assert taken(office).id == row.id
    assert take(office) is None
    clock.move_on(seconds=outbox.LEASE.total_seconds() + 1)
    assert taken(office).id == row.id


def test_eight_at_once_take_each_message_once(office: Office) -> None:
    office.set_address(**HOOK)
    ids = {add(office).id for _ in range(20)}

    def take_all(_: int) -> list[str]:
        mine = []
        while (parcel := take(office)) is not None:
            mine.append(parcel.id)
        return mine

    with ThreadPoolExecutor(8) as threads:
        found = [each for mine in threads.map(take_all, range(8)) for each in mine]
    assert sorted(found) == sorted(ids)


def test_the_longest_due_comes_first(office: Office, clock: Clock) -> None:
    office.set_address(**HOOK)
    first = add(office)
    clock.move_on(seconds=1)
    add(office)
    assert taken(office).id == first.id


def test_channels_do_not_take_from_each_other(office: Office) -> None:
    office.set_address(**HOOK, **MAIL)
    add(office, channel=Channel.EMAIL)
    assert take(office, Channel.WEBHOOK) is None
    assert taken(office, channel=Channel.EMAIL).to == "ana@a.example"


def test_it_goes_where_its_person_wants_it_now(office: Office) -> None:
    office.set_address(**HOOK)
    add(office)
    office.set_address(webhook="http://localhost:2/other")
    assert taken(office).to == "http://localhost:2/other"


def test_what_was_sent_is_not_taken_again(office: Office, clock: Clock) -> None:
    office.set_address(**HOOK)
    add(office)
    mark_sent(office, taken(office))
    clock.move_on(days=1)
    assert take(office) is None


def test_who_comes_back_after_the_lease_changes_nothing(office: Office, clock: Clock) -> None:
    office.set_address(**HOOK)
    add(office)
    late = taken(office)
    clock.move_on(minutes=5)
    taken(office)
    before = only(office)
    fail(office, late)
    mark_sent(office, late)
    assert only(office) == before


# ---- tried again --------------------------------------------------------------------------


def test_the_waits_double_from_less_than_a_minute_to_about_a_day_in_all(
    office: Office, clock: Clock
) -> None:
    office.set_address(**HOOK)
    add(office)
    began, waits = clock(), list[float]()
    while (parcel := take(office)) is not None:
        fail(office, parcel)
        row = only(office)
        waits.append((row.due_at - clock()).total_seconds())
        if row.gave_up_at is None:
            clock.move_on(seconds=waits[-1] + 1)
    lasted = clock() - began
    assert len(waits) == outbox.TRIES
    assert all(1.3 < later / sooner < 3.1 for sooner, later in pairwise(waits[:-1]))
    assert 33 < waits[0] < 51
    assert timedelta(hours=18) < lasted < timedelta(hours=30)


def test_the_waits_are_not_all_the_same(office: Office) -> None:
    office.set_address(**HOOK)
    office.set_address("ben", **HOOK)
    due = []
    for name, seed in (("ana", 1), ("ben", 2)):
        add(office, name=name)
        parcel = taken(office)
        with office.store.write() as session:
            outbox.failed(
                session,
                parcel,
                now=utc_now(),
                error="x",
                is_final=False,
                chance=random.Random(seed),
            )
            due.append(session.get_one(Outgoing, parcel.id).due_at)
    assert abs((due[0] - due[1]).total_seconds()) > 0.5


def test_a_final_refusal_is_given_up_at_once(office: Office) -> None:
    office.set_address(**HOOK)
    add(office)
    fail(office, taken(office), is_final=True)
    row = only(office)
    assert (row.gave_up_at is not None, row.error) == (True, "status:500")


def test_others_to_a_place_that_does_not_answer_wait_too(office: Office, clock: Clock) -> None:
    office.set_address(**HOOK)
    office.set_address("ben", **HOOK)
    for name in ("ana", "ana", "ben"):
        add(office, name=name)
        clock.move_on(seconds=1)
    fail(office, taken(office))
    assert taken(office).person_id == office.house.user("ben").id
    assert take(office) is None


def test_others_do_not_wait_as_long_as_the_one_that_failed_often(
    office: Office, clock: Clock
) -> None:
    office.set_address(**HOOK)
    first = add(office)
    with office.store.write() as session:
        session.execute(update(Outgoing).values(tries=10))
    second = add(office)
    fail(office, taken(office))
    clock.move_on(minutes=6)
    assert (taken(office).id, first.id != second.id) == (second.id, True)


def test_a_try_that_our_own_stop_cut_short_does_not_count(office: Office) -> None:
    office.set_address(**HOOK)
    add(office)
    with office.store.write() as session:
        parcel = outbox.take(session, Channel.WEBHOOK, now=utc_now(), per_hour=9)
        assert parcel is not None
        outbox.give_back(session, parcel, utc_now())
    assert (only(office).tries, taken(office).tries) == (0, 1)


# ---- not sent any more --------------------------------------------------------------------


def test_nothing_is_taken_while_notices_are_paused(office: Office) -> None:
    office.set_address(**HOOK)
    add(office)
    with office.store.write() as session:
        switches.pause(session, "notices", message=None, paused_by="ada")
    assert take(office) is None
    with office.store.write() as session:
        switches.resume(session, "notices", resumed_by="ada")
    assert taken(office).kind == "published"


def test_notices_are_written_while_they_are_paused(office: Office) -> None:
    office.set_address(**HOOK)
    with office.store.write() as session:
        switches.pause(session, "all", message=None, paused_by="ada")
        outbox.add_notice(
            session,
            person_id=office.house.user("ana").id,
            kind=Kind.PUBLISHED,
            clip_id="c",
            now=utc_now(),
        )
    assert len(office.rows()) == 1


@pytest.mark.parametrize(
    "columns",
    [
        {"webhook": None},
        {"webhook": None, "email": "ana@a.example"},
        {**HOOK, "kinds": ["failed"]},
    ],
)
def test_what_somebody_no_longer_wants_is_dropped(office: Office, columns: dict[str, Any]) -> None:
    office.set_address(**HOOK)
    add(office)
    office.set_address(**columns)
    assert take(office) is None
    assert only(office).error == "gone"


def test_nothing_goes_to_somebody_whose_access_ended(office: Office) -> None:
    office.set_address(**HOOK)
    add(office)
    with office.store.write() as session:
        people.revoke(session, "ana", revoked_by="ada")
    assert take(office) is None


def test_what_waited_for_more_than_a_day_is_not_news(office: Office, clock: Clock) -> None:
    office.set_address(**HOOK)
    add(office)
    clock.move_on(days=2)
    assert take(office) is None
    assert only(office).error == "too_old"


def test_a_long_pause_is_cleared_away_in_turns(
    office: Office, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "_AT_ONCE", 3)
    office.set_address(**HOOK)
    for _ in range(5):
        add(office)
    clock.move_on(days=2)
    assert take(office) is None
    assert len([row for row in office.rows() if row.gave_up_at]) == 3


def test_one_person_gets_so_many_within_an_hour(office: Office, clock: Clock) -> None:
    office.set_address(**HOOK)
    office.set_address("ben", **HOOK)
    for name in ("ana", "ana", "ana", "ben"):
        add(office, name=name)
    got = []
    while (parcel := take(office, per_hour=2)) is not None:
        got.append(parcel.person_id)
        mark_sent(office, parcel)
    ana, ben = office.house.user("ana").id, office.house.user("ben").id
    assert sorted(got) == sorted([ana, ana, ben])
    clock.move_on(minutes=61)
    add(office)
    assert taken(office, per_hour=2).person_id == ana


def test_a_code_goes_to_an_address_that_is_not_confirmed(office: Office) -> None:
    row = add(office, CODE, channel=Channel.EMAIL)
    office.set_address(email="ana@a.example", code_id=row.id)
    assert taken(office, channel=Channel.EMAIL).to == "ana@a.example"


@pytest.mark.parametrize("columns", [{"code_id": "other"}, {"email": None}, {"email": "x@y.zz"}])
def test_a_code_that_is_good_no_more_is_not_sent(office: Office, columns: dict[str, Any]) -> None:
    add(office, CODE, channel=Channel.EMAIL)
    office.set_address(**{"email": "ana@a.example", "code_id": None, **columns})
    assert take(office, Channel.EMAIL) is None


def test_an_old_code_is_not_sent(office: Office, clock: Clock) -> None:
    row = add(office, CODE, channel=Channel.EMAIL)
    office.set_address(email="ana@a.example", code_id=row.id)
    clock.move_on(minutes=31)
    assert take(office, Channel.EMAIL) is None


def test_a_test_goes_whatever_kinds_were_chosen(office: Office) -> None:
    office.set_address(**HOOK, kinds=[])
    add(office, TEST)
    assert taken(office).kind == TEST


# ---- told and forgotten -------------------------------------------------------------------


def test_what_was_given_up_is_told_newest_first(office: Office, clock: Clock) -> None:
    office.set_address(**HOOK)
    for _ in range(2):
        add(office)
        clock.move_on(seconds=1)
        fail(office, taken(office), is_final=True)
    with office.store.read() as session:
        told = outbox.troubles(session, office.house.user("ana").id)
    assert [trouble.error for trouble in told] == ["status:500", "status:500"]
    assert told[0].at > told[1].at


def test_what_somebody_dropped_themselves_is_no_trouble(office: Office) -> None:
    office.set_address(**HOOK)
    add(office)
    office.set_address(webhook=None)
    take(office)
    with office.store.read() as session:
        assert outbox.troubles(session, office.house.user("ana").id) == []


def test_what_ended_long_ago_is_forgotten(office: Office, clock: Clock) -> None:
    office.set_address(**HOOK)
    add(office)
    clock.move_on(days=6)
    add(office)
    clock.move_on(days=2)
    with office.store.write() as session:
        outbox.forget_old(session, clock())
    assert len(office.rows()) == 1


def test_a_row_holds_nobodys_address(office: Office) -> None:
    """It is looked up when the message is sent, so a removed address is gone everywhere."""
    office.set_address(**HOOK, **MAIL)
    office.house.clip(State.PUBLISHED)
    held = " ".join(str(row.model_dump()) for row in office.rows())
    assert "a.example" not in held
    assert "hook" not in held.replace("'webhook'", "")
    with office.store.read() as session:
        assert session.get_one(Address, office.house.user("ana").id).email == "ana@a.example"
