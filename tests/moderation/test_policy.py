"""The review policy: fixed codes, plain words, and the refusal of what it does not know."""

from __future__ import annotations

import pytest

from errors import UnknownReason
from moderation import policy


def test_codes_stand_once_each() -> None:
    codes = [reason.code for reason in policy.REASONS]
    assert len(codes) == len(set(codes)) == 10


@pytest.mark.parametrize("reason", policy.REASONS, ids=lambda reason: str(reason.code))
def test_every_reason_reads_as_a_sentence(reason: policy.Reason) -> None:
    assert reason.text.startswith("The clip ")
    assert reason.text.endswith(".")


def test_known_codes_are_kept_in_order_without_repeats() -> None:
    assert policy.check_reasons(["hate", "violence", "hate"]) == ["hate", "violence"]


def test_no_codes_are_no_error_here() -> None:
    assert policy.check_reasons([]) == []


@pytest.mark.parametrize("code", ["", "Violence", "violence ", "spam"])
def test_an_unknown_code_is_refused_with_those_that_are_known(code: str) -> None:
    with pytest.raises(UnknownReason) as refused:
        policy.check_reasons(["violence", code])
    assert repr(code) in refused.value.message
    assert "technical_fault" in refused.value.fix


def test_a_code_of_an_older_policy_stands_for_itself() -> None:
    assert policy.explain("gone") == {"code": "gone", "label": "gone", "text": ""}


def test_the_api_gets_the_version_and_every_reason() -> None:
    said = policy.as_json()
    assert said["version"] == policy.VERSION
    assert said["reasons"][0] == {
        "code": "sexual_content",
        "label": "Sexual content",
        "text": "The clip shows nudity or a sexual act.",
    }
    assert len(said["reasons"]) == len(policy.REASONS)
