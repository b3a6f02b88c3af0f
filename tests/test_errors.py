"""What people read on failure: each error has a code of its own, a sentence and a next step."""

from __future__ import annotations

import string

import pytest

import errors
from errors import BadInput, GreenlightError, NotAllowed

STATUSES = {400, 401, 403, 404, 409, 413, 422, 429, 500, 503}


def kinds(base: type[GreenlightError] = GreenlightError) -> list[type[GreenlightError]]:
    found = [base]
    for kind in base.__subclasses__():
        found += kinds(kind)
    return [kind for kind in dict.fromkeys(found) if kind.__module__ == errors.__name__]


KINDS = kinds()


def facts_of(kind: type[GreenlightError]) -> dict[str, object]:
    """Values for every place in the sentences of an error."""
    parsed = [*string.Formatter().parse(kind.says), *string.Formatter().parse(kind.fix_says)]
    return {name: "VALUE" for _, name, _, _ in parsed if name}


def test_no_two_errors_share_a_code() -> None:
    codes = [kind.code for kind in KINDS]
    assert len(codes) == len(set(codes)) > 20


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.__name__))
def test_an_error_is_a_sentence_and_a_next_step(kind: type[GreenlightError]) -> None:
    for text in (kind.says, kind.fix_says):
        assert text.endswith((".", "}")) or "python manage.py" in text
        assert text[0].isupper() or text.startswith(("{", "python"))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.__name__))
def test_an_error_has_a_status_of_the_contract(kind: type[GreenlightError]) -> None:
    assert kind.status in STATUSES


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.__name__))
def test_an_error_as_json_has_three_texts(kind: type[GreenlightError]) -> None:
    said = kind(**facts_of(kind)).as_json()
    assert set(said) == {"code", "message", "fix"}
    assert "{" not in said["message"] + said["fix"]


def test_the_facts_of_an_error_can_be_read() -> None:
    error = BadInput(field="seed", value=-1, rule="positive", step="Use 1.")
    assert error.facts["value"] == -1
    assert (error.message, error.fix) == ("seed is -1: positive.", "Use 1.")


def test_a_forgotten_fact_is_noticed_at_once() -> None:
    with pytest.raises(KeyError):
        BadInput(field="seed")


def test_a_fact_is_text_and_never_a_template() -> None:
    error = BadInput(field="prompt", value="{rule} {0}", rule="r", step="{field}")
    assert error.message == "prompt is '{rule} {0}': r."
    assert error.fix == "{field}"


def test_an_error_prints_as_both_sentences() -> None:
    error = NotAllowed(role="creator", action="review")
    assert str(error) == f"{error.message} {error.fix}"


def test_a_long_value_is_not_repeated_at_length() -> None:
    error = BadInput(field="prompt", value="x" * 100_000, rule="r", step="s")
    assert len(error.message) < 1000
