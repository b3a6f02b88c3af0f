"""The words that leave the house: what they say, and above all what they never say."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timezone

import pytest

from language import LANGUAGES, catalogue
from notices import proofs
from notices.messages import email_for, webhook_for
from notices.models import CODE, TEST, Channel, Kind
from notices.outbox import Parcel

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
PARCEL = Parcel(
    id="delivery1",
    person_id="ana",
    channel=Channel.EMAIL,
    kind="rejected",
    clip_id="clip1",
    at=AT,
    tries=1,
    to="ana@a.example",
    salt="salt",
    language="en",
)
FROM = "Greenlight <clips@house.example>"
HOME = "https://clips.example"


def test_a_mail_says_what_of_which_clip_and_where_to_look() -> None:
    mail = email_for(PARCEL, sender=FROM, address=HOME)
    assert mail["Subject"] == "Greenlight: Your clip was not approved"
    text = mail.get_content()
    assert "Your clip was not approved" in text
    assert "clip1" in text
    assert f"{HOME}/?tab=mine" in text


def test_a_mail_is_in_the_language_of_its_reader() -> None:
    mail = email_for(replace(PARCEL, language="fr"), sender=FROM, address=HOME)
    assert "Votre clip n’a pas été retenu" in mail["Subject"]


def test_a_mail_that_is_sent_again_is_the_same_mail() -> None:
    """Mailboxes show one Message-ID once."""
    one, other = (
        email_for(each, sender=FROM, address=HOME) for each in (PARCEL, replace(PARCEL, tries=2))
    )
    assert one["Message-ID"] == other["Message-ID"] == "<delivery1@clips.example>"
    assert one["Greenlight-Delivery"] == "delivery1"


def test_a_mail_asks_for_no_automatic_answer() -> None:
    assert email_for(PARCEL, sender=FROM, address=HOME)["Auto-Submitted"] == "auto-generated"


def test_a_code_is_in_its_mail_and_in_no_other() -> None:
    mail = email_for(replace(PARCEL, kind=CODE), sender=FROM, address=HOME, code="123456")
    assert "123456" in mail.get_content()
    assert "tab=mine" not in mail.get_content()


def test_a_webhook_says_the_same_in_json() -> None:
    body, _ = webhook_for(PARCEL, address=HOME, secret="s", now=AT)
    assert json.loads(body) == {
        "id": "delivery1",
        "kind": "rejected",
        "clip_id": "clip1",
        "at": "2026-01-02T03:04:05.000Z",
        "link": "https://clips.example/?tab=mine",
    }


def test_a_webhook_is_signed_over_its_time_and_its_body() -> None:
    body, headers = webhook_for(PARCEL, address=HOME, secret="s", now=AT)
    stamp = int(headers["Greenlight-Timestamp"])
    assert stamp == int(AT.timestamp())
    expected = proofs.signature("s", timestamp=stamp, body=body)
    assert headers["Greenlight-Signature"] == expected
    assert proofs.signature("s", timestamp=stamp + 1, body=body) != expected


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [*(kind.value for kind in Kind), CODE, TEST])
def test_every_kind_has_its_words(language: str, kind: str) -> None:
    parcel = replace(PARCEL, kind=kind, language=language)
    mail = email_for(parcel, sender=FROM, address=HOME, code="123456")
    assert mail["Subject"]
    assert mail.get_content().endswith("\n")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_trouble_has_its_words(language: str) -> None:
    codes = ["no_answer", "no_address", "too_slow", "too_old", "status", "refused"]
    codes += ["bad_certificate", "mail_server", "hour_limit", "no_mail", "no_webhooks"]
    assert {f"trouble.{code}" for code in codes} <= set(catalogue(language))


def test_a_parcel_has_no_place_for_a_prompt() -> None:
    """The words are made of these and of the catalogue alone."""
    assert set(Parcel.__dataclass_fields__) == {
        "id",
        "person_id",
        "channel",
        "kind",
        "clip_id",
        "at",
        "tries",
        "to",
        "salt",
        "language",
    }
