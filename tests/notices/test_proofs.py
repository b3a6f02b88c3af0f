"""Codes and secrets: derived from the instance's key, different for everyone, checked as documented."""

from __future__ import annotations

import hashlib
import hmac

from notices import proofs

WHO = {"person_id": "ana", "email": "ana@a.example", "code_id": "1"}


def test_a_code_is_six_digits() -> None:
    codes = {proofs.code_for(b"k", **{**WHO, "code_id": str(each)}) for each in range(200)}
    assert all(len(code) == 6 and code.isdigit() for code in codes)
    assert len(codes) > 190


def test_a_code_belongs_to_one_person_one_address_one_mail_and_one_instance() -> None:
    changed = [{**WHO, name: "other"} for name in WHO]
    others = {proofs.code_for(b"k", **who) for who in changed} | {proofs.code_for(b"K", **WHO)}
    assert len(others) == 4
    assert proofs.code_for(b"k", **WHO) not in others


def test_parts_cannot_be_shifted_into_each_other() -> None:
    one = proofs.secret_for(b"k", person_id="ab", salt="c")
    assert one != proofs.secret_for(b"k", person_id="a", salt="bc")


def test_a_new_salt_is_a_new_secret() -> None:
    one, other = (proofs.secret_for(b"k", person_id="ana", salt=salt) for salt in "ab")
    assert one != other
    assert one.startswith("glw_")


def test_a_signature_is_checked_as_the_documents_say() -> None:
    """Written out as a receiver would, from docs/notices.md."""
    body, timestamp, secret = b'{"id":"1"}', 1_700_000_000, "glw_secret"
    expected = hmac.new(
        secret.encode(), str(timestamp).encode() + b"." + body, hashlib.sha256
    ).hexdigest()
    assert proofs.signature(secret, timestamp=timestamp, body=body) == f"v1={expected}"


def test_what_is_compared_may_be_any_text() -> None:
    assert not proofs.is_same("123456", "١٢٣٤٥٦")
    assert proofs.is_same("123456", "123456")
