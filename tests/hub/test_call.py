"""How a failure of the Hub is read, whatever it is wrapped in."""

from __future__ import annotations

from email.utils import formatdate
from types import SimpleNamespace

import pytest

from hub.call import Over, explain, refusal


def answer(status: int, **headers: str) -> SimpleNamespace:
    return SimpleNamespace(status_code=status, headers=headers)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "unauthorized"),
        (402, "forbidden"),
        (403, "forbidden"),
        (404, "refused"),
        (409, "conflict"),
        (412, "conflict"),
        (422, "refused"),
        (429, "limited"),
        (500, "failing"),
        (504, "failing"),
    ],
)
def test_a_status_has_its_name(status: int, code: str) -> None:
    assert refusal(answer(status)).failure["failure"] == code


def test_a_wait_is_read_from_seconds() -> None:
    assert refusal(answer(429, **{"retry-after": "30"})).failure["wait_s"] == 30


def test_a_wait_is_read_from_a_date() -> None:
    when = formatdate(4102444800, usegmt=True)
    assert refusal(answer(503, **{"retry-after": when})).failure["wait_s"] > 1e6


def test_a_wait_is_read_from_what_is_left_of_a_limit() -> None:
    said = answer(429, ratelimit='"api";r=0;t=55')
    assert refusal(said).failure["wait_s"] == 55


def test_a_limit_that_is_not_used_up_asks_for_no_wait() -> None:
    assert refusal(answer(500, ratelimit='"api";r=9;t=55')).failure["wait_s"] == 0


def test_the_innermost_cause_is_what_is_told() -> None:
    wrapped = RuntimeError("Error while uploading")
    wrapped.__cause__ = Over("limited", status=429)
    assert explain(wrapped)["failure"] == "limited"


def test_nobodys_words_are_in_a_failure() -> None:
    assert explain(ValueError("hf_SecretThatNobodyMaySee")) == {
        "failure": "strange",
        "status": 0,
        "wait_s": 0.0,
    }
