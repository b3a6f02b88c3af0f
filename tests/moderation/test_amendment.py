"""A new version of the policy: who may make it, what it may change, and the log of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlmodel import Session, select

import audit
from accounts.permissions import STRANGER, User
from app import Greenlight
from audit import AuditRow
from errors import BadInput, NotAllowed, SamePolicy, SignInNeeded, StalePolicy, TextTooLong
from keys import read_key
from moderation import amendment, policy
from moderation.amendment import Change
from moderation.models import Clip, PolicyVersion, State, Verdict
from moderation.policy import Policy, Reason, Words
from moderation.proof import problems
from moderation.statements import statements
from settings import Settings
from tests.conftest import House

WORDS = Words("Loud", "The clip is loud.", "Make it quieter.")
NEW = Reason("too_loud", WORDS, Words("Fort", "Le clip est fort.", "Baissez le son."))

Edit = Callable[[list[Reason]], list[Reason]]


def publish(house: House, edit: Edit, *, who: str = "ada", seen: int | None = None) -> Policy:
    return _made(house, edit, who, seen)[0]


def changes(house: House, edit: Edit) -> list[tuple[str, str]]:
    return [(change.kind, change.code) for change in _made(house, edit, "ada", None)[1]]


def _made(house: House, edit: Edit, who: str, seen: int | None) -> tuple[Policy, list[Change]]:
    with house.store.write() as session:
        before = policy.current(session)
        reasons = edit(list(before.reasons))
        version = before.version if seen is None else seen
        return amendment.publish(session, house_user(house, who), seen=version, reasons=reasons)


def house_user(house: House, name: str) -> User:
    return house.user(name) if name else STRANGER


def add(reasons: list[Reason]) -> list[Reason]:
    return [*reasons, NEW]


def edit_one(code: str, **words: str) -> Edit:
    def edit(reasons: list[Reason]) -> list[Reason]:
        return [
            replace(each, en=replace(each.en, **words)) if each.code == code else each
            for each in reasons
        ]

    return edit


def retire(*codes: str, back: bool = False) -> Edit:
    def edit(reasons: list[Reason]) -> list[Reason]:
        return [replace(each, retired=not back) if each.code in codes else each for each in reasons]

    return edit


def versions(house: House) -> list[int]:
    with house.store.read() as session:
        return list(session.exec(select(PolicyVersion.version)))


def log_of(session: Session) -> list[AuditRow]:
    return list(session.exec(select(AuditRow).where(AuditRow.action == "amend_policy")))


def test_a_new_version_is_in_force_at_once(house: House) -> None:
    publish(house, add)
    with house.store.read() as session:
        newest = policy.current(session)
        assert policy.check_reasons(session, ["too_loud"]) == ["too_loud"]
    assert (newest.version, newest.reasons[-1]) == (2, NEW)


def test_versions_count_up(house: House) -> None:
    publish(house, add)
    publish(house, retire("too_loud"))
    assert versions(house) == [2, 3]
    with house.store.read() as session:
        assert policy.current(session).version == 3


@pytest.mark.parametrize("who", ["ana", "rita", "lea", "aud"])
def test_only_an_admin_may(house: House, who: str) -> None:
    with pytest.raises(NotAllowed):
        publish(house, add, who=who)
    assert versions(house) == []


def test_a_stranger_is_asked_to_sign_in(house: House) -> None:
    with pytest.raises(SignInNeeded):
        publish(house, add, who="")


def test_the_log_says_who_made_which_version_and_what_changed(house: House) -> None:
    publish(house, add)
    with house.store.read() as session:
        (row,) = log_of(session)
    assert (row.actor, row.subject) == (house.user("ada").id, "policy")
    assert (row.body["version"], row.body["changes"]) == (2, [["added", "too_loud"]])


def test_the_log_carries_a_digest_of_the_words_and_none_of_them(house: House) -> None:
    publish(house, add)
    with house.store.read() as session:
        (row,) = log_of(session)
        stored = session.get_one(PolicyVersion, 2)
    assert row.body["sha256"] == amendment.digest(stored.reasons)
    assert "quieter" not in str(row.body)


def test_the_proof_of_the_log_holds_after_a_new_version(house: House, settings: Settings) -> None:
    publish(house, add)
    house.decide("rita", house.clip(), Verdict.REJECT, "too_loud")
    key = read_key(settings.keys_folder, "audit.key")
    with house.store.read() as session:
        assert problems(session, key) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE policy_version SET reasons = replace(reasons, 'quieter', 'louder')",
        "UPDATE policy_version SET version = 3",
        "DELETE FROM policy_version",
    ],
)
def test_the_proof_finds_a_version_that_was_edited_by_hand(
    house: House, settings: Settings, statement: str
) -> None:
    publish(house, add)
    connection = sqlite3.connect(settings.database_file, isolation_level=None)
    for act in ("update", "delete"):
        connection.execute(f"DROP TRIGGER policy_version_no_{act}")
    assert connection.execute(statement).rowcount == 1
    connection.close()
    key = read_key(settings.keys_folder, "audit.key")
    with house.store.read() as session:
        found = problems(session, key)
    assert "Version 2 of the review policy is not what the log says." in found


def test_no_version_is_left_when_the_log_cannot_be_written(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("full")

    monkeypatch.setattr(audit, "append", full)
    with pytest.raises(OSError, match="full"):
        publish(house, add)
    assert versions(house) == []


def test_an_edit_of_an_older_version_is_refused(house: House) -> None:
    publish(house, add)
    with pytest.raises(StalePolicy) as refused:
        publish(house, retire("hate"), seen=1)
    assert "version 2 is in force" in refused.value.message
    assert versions(house) == [2]


def test_publishing_the_same_again_is_refused(house: House) -> None:
    with pytest.raises(SamePolicy):
        publish(house, lambda reasons: reasons)


def test_a_preview_writes_nothing(house: House) -> None:
    with house.store.write() as session:
        reasons = add(list(policy.current(session).reasons))
        after, found = amendment.preview(session, house.user("ada"), seen=1, reasons=reasons)
    assert (after.version, [change.code for change in found]) == (2, ["too_loud"])
    assert versions(house) == []


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (add, [("added", "too_loud")]),
        (edit_one("hate", text="The clip hurts."), [("changed", "hate")]),
        (retire("hate"), [("retired", "hate")]),
        (lambda reasons: [reasons[1], reasons[0], *reasons[2:]], ["minors", "sexual_content"]),
    ],
    ids=["added", "changed", "retired", "moved"],
)
def test_what_changes_is_told(house: House, edit: Edit, expected: list[object]) -> None:
    found = changes(house, edit)
    if isinstance(expected[0], str):
        expected = [("moved", code) for code in expected]
    assert found == expected


def test_a_retired_reason_can_come_back_as_it_was(house: House) -> None:
    publish(house, retire("hate"))
    assert changes(house, retire("hate", back=True)) == [("returned", "hate")]


def test_a_retired_reason_cannot_come_back_as_something_else(house: House) -> None:
    """A code is never used for another meaning."""
    publish(house, retire("hate"))

    def reuse(reasons: list[Reason]) -> list[Reason]:
        return edit_one("hate", text="The clip is too long.")(retire("hate", back=True)(reasons))

    with pytest.raises(BadInput, match="never means something else"):
        publish(house, reuse)
    assert versions(house) == [2]


def test_a_code_cannot_be_taken_out_of_the_policy(house: House) -> None:
    with pytest.raises(BadInput, match="Retire it instead"):
        publish(house, lambda reasons: reasons[1:])


def test_a_retired_code_cannot_be_taken_out_either(house: House) -> None:
    publish(house, retire("hate"))
    with pytest.raises(BadInput, match="without hate"):
        publish(house, lambda reasons: [each for each in reasons if not each.retired])


@pytest.mark.parametrize("code", ["", "x", "Loud", "1st", "a b", "café", "a" * 41, "a\n"])
def test_a_code_is_small_letters_digits_and_underscores(house: House, code: str) -> None:
    with pytest.raises(BadInput, match="a code is"):
        publish(house, lambda reasons: [*reasons, replace(NEW, code=code)])


def test_a_code_stands_once(house: House) -> None:
    with pytest.raises(BadInput, match="stands once"):
        publish(house, lambda reasons: [*reasons, NEW, NEW])


@pytest.mark.parametrize("name", ["label", "text", "next"])
@pytest.mark.parametrize("value", ["", "  \n", "\u200b"])
def test_no_word_may_be_missing(house: House, name: str, value: str) -> None:
    with pytest.raises(BadInput, match=f"en\\.{name}"):
        publish(house, edit_one("hate", **{name: value}))


def test_a_word_in_one_language_only_is_refused(house: House) -> None:
    with pytest.raises(BadInput, match=r"fr\.text"):
        publish(house, lambda reasons: [*reasons, replace(NEW, fr=replace(NEW.fr, text=""))])


@pytest.mark.parametrize(("name", "limit"), amendment.LIMITS.items())
def test_a_word_has_a_longest_length(house: House, name: str, limit: int) -> None:
    publish(house, edit_one("hate", **{name: "x" * limit}))
    with pytest.raises(TextTooLong):
        publish(house, edit_one("hate", **{name: "x" * (limit + 1)}))


@pytest.mark.parametrize("value", ["a\x00b", "a\u202eb"])
def test_a_character_that_nobody_sees_is_refused(house: House, value: str) -> None:
    with pytest.raises(BadInput):
        publish(house, edit_one("hate", text=value))


def test_a_label_is_one_line(house: House) -> None:
    with pytest.raises(BadInput, match="one line"):
        publish(house, edit_one("hate", label="two\nlines"))


def test_one_reason_at_least_can_be_named(house: House) -> None:
    everything = [reason.code for reason in policy.shipped().reasons]
    with pytest.raises(BadInput, match="a list with 0 of 10"):
        publish(house, retire(*everything))


def test_no_more_can_be_named_than_a_decision_takes(house: House) -> None:
    more = [replace(NEW, code=f"more_{n}") for n in range(11)]
    publish(house, lambda reasons: [*reasons, *more[:10]])
    with pytest.raises(BadInput, match="a list with 21 of 21"):
        publish(house, lambda reasons: [*reasons, more[10]])


def test_a_new_reason_is_not_born_retired(house: House) -> None:
    with pytest.raises(BadInput, match="a new reason is there to be named"):
        publish(house, lambda reasons: [*reasons, replace(NEW, retired=True)])


def test_a_decision_names_the_version_that_it_was_made_under(house: House) -> None:
    first = house.decide("rita", house.clip(), Verdict.REJECT, "hate")
    publish(house, add)
    second = house.decide("rita", house.clip(), Verdict.REJECT, "hate")
    from moderation.desk import decisions

    with house.store.read() as session:
        named = [decisions(session, clip.id)[0].policy_version for clip in (first, second)]
    assert named == ["1", "2"]


# ---- what ships since version 1 ------------------------------------------------------------


def install(house: House) -> list[str]:
    """The codes in force after a start."""
    with house.store.write() as session:
        amendment.install(session)
        return [reason.code for reason in policy.current(session).reasons]


def test_a_policy_that_nobody_edited_gets_what_ships_since_last_in_the_list(house: House) -> None:
    codes = [reason.code for reason in policy.shipped().reasons]
    assert install(house) == [*codes, "flashing"]
    assert versions(house) == [2]


def test_an_edited_policy_is_left_as_it_is(house: House) -> None:
    publish(house, retire("hate"))
    assert "flashing" not in install(house)
    assert versions(house) == [2]


def test_the_next_start_adds_nothing_more(house: House) -> None:
    assert install(house) == install(house)
    assert versions(house) == [2]


def test_what_ships_is_in_the_log_as_nobodys_act(house: House, settings: Settings) -> None:
    install(house)
    key = read_key(settings.keys_folder, "audit.key")
    with house.store.read() as session:
        (row,) = log_of(session)
        assert problems(session, key) == []
    assert (row.actor, row.body["changes"]) == ("system", [["added", "flashing"]])


def test_a_take_down_from_before_keeps_the_version_of_its_day(house: House) -> None:
    clip = house.clip(State.TAKEN_DOWN)
    install(house)
    with house.store.read() as session:
        (_, removal) = statements(session, session.get_one(Clip, clip.id))
    assert removal.policy.version == 1


def test_an_instance_that_starts_has_it(line: Greenlight) -> None:
    with line.store.read() as session:
        assert policy.check_reasons(session, ["flashing"]) == ["flashing"]
