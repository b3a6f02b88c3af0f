"""Where somebody wants to be told: proved before it is used, changed by its owner only, and limited."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select, update

from accounts import switches
from accounts.models import Role
from accounts.people import person_with_role
from audit import AuditRow
from errors import BadInput, NoMail, NothingToConfirm, NoWebhooks, Paused, TooMany
from moderation.models import State
from notices import address, outbox, proofs
from notices.models import CODE, TEST, Address, Channel, Kind, Outgoing
from settings import read_settings
from store import utc_now
from tests.notices.conftest import ALL_KINDS, CREATORS_KINDS, KEY, Office
from tests.notices.receivers import MailReceiver

EMAIL = "ana@a.example"


def shown(office: Office, name: str = "ana") -> dict[str, Any]:
    with office.store.read() as session:
        return address.as_json(session, office.house.user(name).id, office.settings)


def confirm(office: Office, code: str, name: str = "ana") -> bool:
    with office.store.write() as session:
        return address.confirm(session, office.house.user(name).id, code, KEY)


def ask_code(office: Office, name: str = "ana") -> None:
    with office.store.write() as session:
        address.send_code(session, office.house.user(name).id, office.settings)


def mailed_code(office: Office, post_office: MailReceiver) -> str:
    """The code as its reader finds it in the last mail."""
    office.deliver(Channel.EMAIL)
    found = re.search(r"^\s+(\d{6})\s*$", post_office.mails[-1].get_content(), re.MULTILINE)
    assert found is not None
    return found.group(1)


def settings_with(office: Office, **changes: Any) -> None:
    office.settings = read_settings(**{**office.settings.model_dump(), **changes})


# ---- what holds at first ------------------------------------------------------------------


def test_nobody_is_written_to_before_they_ask(office: Office) -> None:
    office.house.clip(State.PUBLISHED)
    assert (office.rows(), shown(office)["email"], shown(office)["webhook"]) == ([], None, None)


def test_looking_writes_nothing(office: Office) -> None:
    shown(office)
    with office.store.read() as session:
        assert session.exec(select(Address)).first() is None


def test_at_first_all_that_matters_is_chosen(office: Office) -> None:
    assert set(CREATORS_KINDS) - set(shown(office)["kinds"]) == {"waiting", "second_review"}


def test_what_is_possible_here_is_shown(office: Office) -> None:
    settings_with(office, smtp_url="", mail_from="", webhooks="off")
    assert shown(office)["possible"] == {"email": False, "webhook": False, "kinds": CREATORS_KINDS}


# ---- an e-mail address --------------------------------------------------------------------


def test_a_new_address_gets_a_code_and_nothing_else(
    office: Office, post_office: MailReceiver
) -> None:
    office.change("ana", email=EMAIL)
    office.house.clip(State.PUBLISHED)
    office.deliver(Channel.EMAIL)
    assert [mail["Subject"] for mail in post_office.mails] == ["Greenlight: your code"]
    assert post_office.envelopes[0][1] == [EMAIL]


def test_the_code_confirms_the_address(office: Office, post_office: MailReceiver) -> None:
    office.change("ana", email=EMAIL)
    assert confirm(office, mailed_code(office, post_office))
    assert shown(office)["email_confirmed"]
    office.house.clip(State.PUBLISHED)
    assert {row.kind for row in office.rows(Channel.EMAIL)} == {CODE, "waiting", "published"}


def test_a_code_may_be_typed_with_spaces(office: Office, post_office: MailReceiver) -> None:
    office.change("ana", email=EMAIL)
    code = mailed_code(office, post_office)
    assert confirm(office, f" {code[:3]} {code[3:]} ")


def test_a_wrong_code_confirms_nothing(office: Office, post_office: MailReceiver) -> None:
    office.change("ana", email=EMAIL)
    code = mailed_code(office, post_office)
    assert not confirm(office, f"{(int(code) + 1) % 10**6:06d}")
    assert not shown(office)["email_confirmed"]


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "0" * 10000])
def test_what_is_no_code_confirms_nothing(office: Office, code: str) -> None:
    office.change("ana", email=EMAIL)
    assert not confirm(office, code)


def test_after_five_wrong_codes_the_right_one_is_too_late(
    office: Office, post_office: MailReceiver
) -> None:
    office.change("ana", email=EMAIL)
    code = mailed_code(office, post_office)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    assert [confirm(office, wrong) for _ in range(5)] == [False] * 5
    assert not confirm(office, code)


def test_a_code_runs_out(office: Office, post_office: MailReceiver) -> None:
    office.change("ana", email=EMAIL)
    code = mailed_code(office, post_office)
    with office.store.write() as session:
        past = utc_now() - outbox.CODE_LIFE - timedelta(seconds=1)
        session.execute(update(Outgoing).values(at=past))
    assert not confirm(office, code)


def test_a_new_code_replaces_the_one_before(office: Office, post_office: MailReceiver) -> None:
    office.change("ana", email=EMAIL)
    first = mailed_code(office, post_office)
    ask_code(office)
    second = mailed_code(office, post_office)
    assert (confirm(office, first), confirm(office, second)) == (False, True)


def test_a_code_is_of_no_use_to_another_person(office: Office, post_office: MailReceiver) -> None:
    office.change("ana", email=EMAIL)
    code = mailed_code(office, post_office)
    office.change("ben", email=EMAIL)
    assert not confirm(office, code, "ben")


def test_a_code_does_not_confirm_an_address_that_was_put_in_meanwhile(
    office: Office, post_office: MailReceiver
) -> None:
    office.change("ana", email=EMAIL)
    code = mailed_code(office, post_office)
    office.change("ana", email="stranger@b.example")
    assert not confirm(office, code)


def test_another_address_is_confirmed_anew(office: Office, post_office: MailReceiver) -> None:
    office.change("ana", email=EMAIL)
    confirm(office, mailed_code(office, post_office))
    office.change("ana", email="other@a.example")
    assert not shown(office)["email_confirmed"]


def test_saving_the_same_address_again_keeps_it_confirmed(
    office: Office, post_office: MailReceiver
) -> None:
    office.change("ana", email=EMAIL)
    confirm(office, mailed_code(office, post_office))
    office.change("ana", email=EMAIL, kinds=["failed"])
    assert (shown(office)["email_confirmed"], shown(office)["kinds"]) == (True, ["failed"])
    assert len(office.rows()) == 1


def test_an_address_that_is_taken_away_gets_nothing_more(
    office: Office, post_office: MailReceiver
) -> None:
    office.change("ana", email=EMAIL)
    confirm(office, mailed_code(office, post_office))
    office.house.clip(State.PUBLISHED)
    office.change("ana", email=None)
    post_office.mails.clear()
    office.deliver(Channel.EMAIL)
    assert post_office.mails == []


@pytest.mark.parametrize(
    "email",
    [
        "ana",
        "ana@",
        "@a.example",
        "ana@a",
        "a na@a.example",
        "ana@a.example\r\nBcc: x@b.example",
        "ana@a.example, ben@b.example",
        "Ana <ana@a.example>",
        '"ana"@a.example',
        "anaé@a.example",
        "ana@é.example",
        "ana@-a.example",
        "ana@a..example",
        ".ana@a.example",
        "ana@[127.0.0.1]",
        "x" * 250 + "@a.example",
    ],
)
def test_what_is_no_address_is_refused(office: Office, email: str) -> None:
    with pytest.raises(BadInput, match="an e-mail address looks like"):
        office.change("ana", email=email)
    assert office.rows() == []


@pytest.mark.parametrize(
    "email", ["a@b.co", "ana.b+clips@mail.a-b.example", "x_y@xn--bcher-kva.example"]
)
def test_plain_addresses_are_taken(office: Office, email: str) -> None:
    office.change("ana", email=email)
    assert shown(office)["email"] == email


def test_an_address_is_refused_where_no_mail_is_sent(office: Office) -> None:
    settings_with(office, smtp_url="", mail_from="")
    with pytest.raises(NoMail):
        office.change("ana", email=EMAIL)


def test_an_address_of_better_days_may_stay_and_go(office: Office) -> None:
    office.change("ana", email=EMAIL)
    settings_with(office, smtp_url="", mail_from="")
    office.change("ana", email=EMAIL, kinds=["failed"])
    office.change("ana", email=None)
    assert shown(office)["email"] is None


def test_codes_are_few_for_one_person(office: Office) -> None:
    for number in range(3):
        office.change("ana", email=f"someone{number}@a.example")
    with pytest.raises(TooMany) as refused:
        office.change("ana", email="someone3@a.example")
    assert 3500 < int(str(refused.value.facts["retry_after_s"])) <= 3600
    assert shown(office)["email"] == "someone2@a.example"


def test_codes_are_few_for_one_address_whoever_asks(office: Office) -> None:
    for name in ("ana", "ben", "rita", "rob", "lea"):
        office.change(name, email="Stranger@B.example" if name == "ben" else "stranger@b.example")
    with pytest.raises(TooMany, match="to this address"):
        office.change("ada", email="stranger@b.example")


def test_codes_asked_for_again_count_too(office: Office) -> None:
    office.change("ana", email=EMAIL)
    ask_code(office)
    ask_code(office)
    with pytest.raises(TooMany):
        ask_code(office)


def test_there_is_no_code_without_an_address_that_waits(
    office: Office, post_office: MailReceiver
) -> None:
    with pytest.raises(NothingToConfirm):
        ask_code(office)
    with pytest.raises(NothingToConfirm):
        confirm(office, "123456")
    office.change("ana", email=EMAIL)
    confirm(office, mailed_code(office, post_office))
    with pytest.raises(NothingToConfirm):
        ask_code(office)


def test_the_code_is_stored_nowhere(office: Office, post_office: MailReceiver) -> None:
    office.change("ana", email=EMAIL)
    code = mailed_code(office, post_office)
    with office.store.read() as session:
        rows = [*session.exec(select(Address)), *session.exec(select(Outgoing))]
        rows += list(session.exec(select(AuditRow)))
    values = [str(value) for row in rows for value in row.model_dump().values()]
    assert [value for value in values if value == code] == []


# ---- a webhook ----------------------------------------------------------------------------


def test_a_new_webhook_comes_with_its_secret_once(office: Office) -> None:
    secret = office.change("ana", webhook="http://localhost:1/hook")
    assert secret is not None
    assert secret.startswith("glw_")
    assert office.change("ana", webhook="http://localhost:1/hook") is None
    assert secret not in str(shown(office))


def test_another_webhook_has_another_secret(office: Office) -> None:
    one = office.change("ana", webhook="http://localhost:1/one")
    other = office.change("ana", webhook="http://localhost:1/other")
    assert one != other


def test_a_secret_can_be_renewed(office: Office) -> None:
    one = office.change("ana", webhook="http://localhost:1/hook")
    with office.store.write() as session:
        other = address.new_secret(session, office.house.user("ana").id, KEY)
    assert one != other


def test_there_is_no_secret_without_a_webhook(office: Office) -> None:
    with pytest.raises(BadInput), office.store.write() as session:
        address.new_secret(session, office.house.user("ana").id, KEY)


def test_the_secret_is_stored_nowhere(office: Office) -> None:
    secret = office.change("ana", webhook="http://localhost:1/hook") or ""
    with office.store.read() as session:
        row = session.get_one(Address, office.house.user("ana").id)
        assert secret == proofs.secret_for(KEY, person_id=row.person_id, salt=row.webhook_salt)
        assert secret.removeprefix("glw_") not in str(row.model_dump())


def test_a_webhook_inside_is_refused_as_most_instances_are_set(office: Office) -> None:
    settings_with(office, webhooks="public")
    with pytest.raises(BadInput, match="public address"):
        office.change("ana", webhook="https://127.0.0.1/")


def test_a_webhook_is_refused_where_they_are_switched_off(office: Office) -> None:
    settings_with(office, webhooks="off")
    with pytest.raises(NoWebhooks):
        office.change("ana", webhook="https://hooks.example/")


# ---- kinds, tests, the log ----------------------------------------------------------------


def test_an_unknown_kind_is_refused(office: Office) -> None:
    with pytest.raises(BadInput, match="kinds is 'everything'"):
        office.change("ana", kinds=["everything"])


@pytest.mark.parametrize("name", ["lea", "ada"])
def test_who_hears_of_overdue_clips_may_choose_to_be_written_to(office: Office, name: str) -> None:
    office.change(name, kinds=["overdue"])
    said = shown(office, name)
    assert (said["kinds"], said["possible"]["kinds"]) == (["overdue"], ALL_KINDS)


@pytest.mark.parametrize("name", ["ana", "rita", "aud"])
def test_what_nobody_in_that_role_is_told_is_not_offered(office: Office, name: str) -> None:
    assert "overdue" not in shown(office, name)["kinds"]
    assert shown(office, name)["possible"]["kinds"] == CREATORS_KINDS
    with pytest.raises(BadInput, match="kinds is 'overdue'"):
        office.change(name, kinds=["overdue"])


def test_a_lead_who_is_none_any_more_is_not_shown_as_wanting_it(office: Office) -> None:
    office.change("lea", kinds=["overdue", "failed"])
    with office.store.write() as session:
        person_with_role(session, "lea", Role.REVIEWER, created_by="test")
    assert shown(office, "lea")["kinds"] == ["failed"]


def test_kinds_are_kept_once_and_in_order(office: Office) -> None:
    office.change("ana", kinds=["published", "failed", "published", "rejected"])
    assert shown(office)["kinds"] == ["rejected", "published", "failed"]


def test_what_is_wrong_changes_nothing(office: Office) -> None:
    office.change("ana", webhook="http://localhost:1/hook", kinds=["failed"])
    with pytest.raises(BadInput):
        office.change("ana", email="nothing", webhook=None, kinds=[])
    assert (shown(office)["webhook"], shown(office)["kinds"]) == (
        "http://localhost:1/hook",
        ["failed"],
    )


def send_test(office: Office) -> list[str]:
    with office.store.write() as session:
        return address.send_test(session, office.house.user("ana").id)


def test_a_test_goes_to_each_place_that_may_be_written_to(office: Office) -> None:
    assert send_test(office) == []
    office.change("ana", email=EMAIL, webhook="http://localhost:1/hook")
    assert send_test(office) == ["webhook"]
    assert [row.kind for row in office.rows(Channel.WEBHOOK)] == [TEST]


def test_tests_are_few(office: Office) -> None:
    office.change("ana", webhook="http://localhost:1/hook")
    for _ in range(6):
        send_test(office)
    with pytest.raises(TooMany):
        send_test(office)


def test_codes_and_tests_are_refused_while_notices_are_paused(office: Office) -> None:
    office.change("ana", webhook="http://localhost:1/hook")
    with office.store.write() as session:
        switches.pause(session, "notices", message="Back at noon.", paused_by="ada")
    with pytest.raises(Paused, match="Back at noon"):
        office.change("ana", email=EMAIL)
    with pytest.raises(Paused):
        send_test(office)
    office.change("ana", kinds=["failed"])  # the rest can be changed all the same
    assert (shown(office)["email"], shown(office)["kinds"]) == (None, ["failed"])


def test_every_change_is_logged_without_the_address(
    office: Office, post_office: MailReceiver
) -> None:
    office.change("ana", email=EMAIL, webhook="http://localhost:1/hook", kinds=[])
    confirm(office, mailed_code(office, post_office))
    with office.store.read() as session:
        rows = list(
            session.exec(select(AuditRow).where(AuditRow.subject == office.house.user("ana").id))
        )
    logged = [(row.action, row.body) for row in rows if row.action.startswith("notice_")]
    assert logged == [
        ("notice_address", {"email": True, "webhook": True, "kinds": []}),
        ("notice_confirm", {}),
    ]


def test_one_persons_address_is_not_anothers(office: Office) -> None:
    office.change("ana", email=EMAIL)
    assert shown(office, "ben")["email"] is None
    assert set(Kind) >= set(shown(office, "ben")["kinds"])
