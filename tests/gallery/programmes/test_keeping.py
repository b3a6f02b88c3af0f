"""What curators do: who may, what comes in, what the log says, and that nobody's work is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlmodel import col, select, update

from accounts.models import Person, Role
from accounts.permissions import STRANGER, User
from audit import AuditRow
from curating import Curating
from errors import BadInput, GreenlightError, NotAllowed, NotFound, SignInNeeded, TextTooLong
from gallery.programmes.keeping import (
    Content,
    Entry,
    ProgrammeEmpty,
    SlugTaken,
    StaleProgramme,
    WasOpen,
)
from gallery.programmes.models import Programme
from gallery.question import Question
from moderation import proof
from moderation.models import State
from moderation.transitions import move
from tests.conftest import PEOPLE, House
from tests.gallery.programmes.bills import content, draft, opened
from tests.gallery.shelves import publish

Act = Callable[[Curating, User, str], object]

ACTS: dict[str, Act] = {
    "make": lambda acts, user, _: acts.make(user, content()),
    "change": lambda acts, user, slug: acts.change(user, slug, content(), version=1),
    "open": lambda acts, user, slug: acts.open_up(user, slug, version=1),
    "close": lambda acts, user, slug: acts.close(user, slug),
    "delete": lambda acts, user, slug: acts.remove(user, slug, version=1),
    "list all": lambda acts, user, _: acts.everything(user, None),
    "have proposed": lambda acts, user, slug: acts.suggestions(user, slug, Question(), 4),
}


def rows(house: House) -> list[tuple[str, str]]:
    """Who did what to programmes, in order."""
    with house.store.read() as session:
        query = select(AuditRow).where(col(AuditRow.action).startswith("programme_"))
        found = session.exec(query.order_by(col(AuditRow.seq))).all()
        return [(row.action.removeprefix("programme_"), row.actor) for row in found]


def stored(house: House) -> list[Programme]:
    with house.store.read() as session:
        return list(session.exec(select(Programme)))


# ---- who may ------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("name", [name for name in PEOPLE if name not in ("lea", "ada")])
def test_nobody_but_leads_and_admins_may(house: House, name: str, act: str) -> None:
    slug = draft(house, *publish(house, "a ball"))["slug"]
    with pytest.raises(NotAllowed):
        ACTS[act](Curating(house.store), house.user(name), slug)
    assert rows(house) == [("make", house.user("lea").id)]


@pytest.mark.parametrize("act", ACTS)
def test_a_stranger_is_asked_to_sign_in(house: House, act: str) -> None:
    with pytest.raises(SignInNeeded):
        ACTS[act](Curating(house.store), STRANGER, "night")


@pytest.mark.parametrize("act", ACTS)
def test_a_refusal_is_the_same_whether_there_is_such_a_programme(house: House, act: str) -> None:
    draft(house)
    told = set()
    for slug in ("night", "no-such"):
        with pytest.raises(NotAllowed) as refused:
            ACTS[act](Curating(house.store), house.user("rita"), slug)
        told.add(str(refused.value))
    assert len(told) == 1


@pytest.mark.parametrize("name", ["lea", "ada"])
@pytest.mark.parametrize("act", ACTS)
def test_leads_and_admins_may(house: House, name: str, act: str) -> None:
    slug = draft(house, *publish(house, "a ball"))["slug"]
    assert ACTS[act](Curating(house.store), house.user(name), slug)


def test_a_lead_who_is_one_no_more_may_not(house: House) -> None:
    slug = draft(house)["slug"]
    with house.store.write() as session:
        named = col(Person.name) == "lea"
        session.execute(update(Person).where(named).values(role=Role.CREATOR.value))
    demoted = house.user("lea")
    with pytest.raises(NotAllowed):
        Curating(house.store).change(demoted, slug, content(), version=1)


# ---- what comes in ------------------------------------------------------------------------


@pytest.mark.parametrize("state", [state for state in State if state != State.PUBLISHED])
def test_only_published_clips_come_in(house: House, state: State) -> None:
    clip = house.clip(state)
    with pytest.raises(BadInput, match="only published clips"):
        draft(house, clip.id)
    assert stored(house) == []


def test_a_clip_that_never_was_is_refused_in_the_same_words(house: House) -> None:
    hidden = house.clip(State.REJECTED).id
    told = set()
    for clip_id in (hidden, "0" * 16):
        with pytest.raises(BadInput) as refused:
            draft(house, clip_id)
        told.add(str(refused.value).replace(clip_id, "ID"))
    assert len(told) == 1


def test_a_clip_that_is_taken_down_keeps_its_place(house: House) -> None:
    first, second, third = (house.clip(State.PUBLISHED).id for _ in range(3))
    made = draft(house, first, second, third)
    with house.store.write() as session:
        move(session, second, "take_down", actor="test")
    acts = Curating(house.store)
    again = content(third, second, first)
    changed = acts.change(house.user("lea"), made["slug"], again, version=1)
    assert [each["id"] for each in changed["entries"]] == [third, second, first]
    assert [each["clip"]["id"] for each in changed["items"]] == [third, first]
    with house.store.write() as session:
        move(session, second, "restore", actor="test")
    restored = acts.programme(house.user("lea"), made["slug"])
    assert [each["clip"]["id"] for each in restored["items"]] == [third, second, first]


def test_a_clip_comes_in_once(house: House) -> None:
    (made,) = publish(house, "a ball")
    with pytest.raises(BadInput, match="once"):
        content(made, made)


def test_there_is_an_end_to_a_programme() -> None:
    with pytest.raises(BadInput, match="at most 200"):
        content(*(str(number) for number in range(201)))


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"title": ""}, BadInput),
        ({"title": " \n"}, BadInput),
        ({"title": "x" * 121}, TextTooLong),
        ({"text": "x" * 2001}, TextTooLong),
        ({"text": "a\u202eb"}, BadInput),
        ({"curator": "\x00"}, BadInput),
        ({"curator": "x" * 81}, TextTooLong),
        ({"entries": (Entry("1", "x" * 281),)}, TextTooLong),
    ],
)
def test_words_that_cannot_be_shown_are_refused(
    change: dict[str, object], kind: type[GreenlightError]
) -> None:
    with pytest.raises(kind):
        replace(content(), **change)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Night", "night"),
        ("Une étoile, là-bas!", "une-etoile-la-bas"),
        ("夜", "programme"),
        ("x" * 120, "x" * 54),
    ],
)
def test_the_address_is_made_of_the_title(house: House, title: str, slug: str) -> None:
    assert draft(house, title=title)["slug"] == slug


def test_two_programmes_of_one_title_have_two_addresses(house: House) -> None:
    assert [draft(house)["slug"] for _ in range(3)] == ["night", "night-2", "night-3"]


def test_an_address_that_was_wished_for_is_taken_or_refused(house: House) -> None:
    acts, lea = Curating(house.store), house.user("lea")
    assert acts.make(lea, content(), slug="a-b-2")["slug"] == "a-b-2"
    with pytest.raises(SlugTaken):
        acts.make(lea, content(), slug="a-b-2")


@pytest.mark.parametrize("slug", ["A", "a--b", "-a", "a-", "a/b", "a b", "é", "x" * 61, "play\n"])
def test_an_address_is_small_letters_and_hyphens(house: House, slug: str) -> None:
    with pytest.raises(BadInput):
        Curating(house.store).make(house.user("lea"), content(), slug=slug)


# ---- open, closed, gone -------------------------------------------------------------------


def test_an_empty_programme_is_not_opened(house: House) -> None:
    made = draft(house)
    with pytest.raises(ProgrammeEmpty):
        Curating(house.store).open_up(house.user("lea"), made["slug"], version=1)


def test_an_open_programme_is_not_emptied(house: House) -> None:
    made = opened(house, *publish(house, "a ball"))
    with pytest.raises(ProgrammeEmpty):
        Curating(house.store).change(
            house.user("lea"), made["slug"], content(), version=made["version"]
        )


def test_what_was_public_cannot_be_deleted(house: House) -> None:
    made = opened(house, *publish(house, "a ball"))
    acts, lea = Curating(house.store), house.user("lea")
    closed = acts.close(lea, made["slug"])
    for version in (made["version"], closed["version"]):
        with pytest.raises((WasOpen, StaleProgramme)):
            acts.remove(lea, made["slug"], version=version)
    assert len(stored(house)) == 1


def test_opening_again_keeps_its_place_among_programmes(house: House) -> None:
    first = opened(house, *publish(house, "a ball"), title="One")
    opened(house, *publish(house, "a cube"), title="Two")
    acts, lea = Curating(house.store), house.user("lea")
    closed = acts.close(lea, first["slug"])
    acts.open_up(lea, first["slug"], version=closed["version"])
    assert [each["title"] for each in acts.opened(None)["items"]] == ["Two", "One"]


def test_a_deleted_draft_is_gone(house: House) -> None:
    made = draft(house, *publish(house, "a ball"))
    acts, lea = Curating(house.store), house.user("lea")
    acts.remove(lea, made["slug"], version=1)
    with pytest.raises(NotFound):
        acts.programme(lea, made["slug"])


@pytest.mark.parametrize("act", ["change", "open", "delete"])
def test_a_stale_write_is_refused_and_changes_nothing(house: House, act: str) -> None:
    made = draft(house, *publish(house, "a ball"))
    acts, lea = Curating(house.store), house.user("lea")
    acts.change(lea, made["slug"], replace(content(), title="Changed"), version=1)
    with pytest.raises(StaleProgramme):
        ACTS[act](acts, house.user("ada"), made["slug"])
    assert (stored(house)[0].title, rows(house)[-1]) == ("Changed", ("change", lea.id))


# ---- the log ------------------------------------------------------------------------------


def test_every_act_has_its_row(house: House) -> None:
    clip = house.clip(State.PUBLISHED).id
    acts, lea, ada = Curating(house.store), house.user("lea"), house.user("ada")
    made = draft(house, clip)
    acts.change(lea, made["slug"], content(clip, title="Day"), version=1)
    acts.open_up(ada, made["slug"], version=2)
    acts.open_up(ada, made["slug"], version=3)  # nothing changed, so nothing is said
    acts.close(lea, made["slug"])
    other = draft(house)
    acts.remove(ada, other["slug"], version=1)
    assert rows(house) == [
        ("make", lea.id),
        ("change", lea.id),
        ("open", ada.id),
        ("close", lea.id),
        ("make", lea.id),
        ("delete", ada.id),
    ]
    with house.store.read() as session:
        assert proof.problems(session, house.store.session_info["audit_key"]) == []


def test_the_log_carries_no_words_of_a_curator(house: House) -> None:
    opened(house, *publish(house, "a ball"), title="Zanzibar", words="Zanzibar")
    with house.store.read() as session:
        assert "anzibar" not in str([row.body for row in session.exec(select(AuditRow))])


def test_an_act_that_cannot_be_logged_is_not_done(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("the log is full")

    made = draft(house, *publish(house, "a ball"))
    monkeypatch.setattr("audit.append", refuse)
    with pytest.raises(RuntimeError):
        Curating(house.store).open_up(house.user("lea"), made["slug"], version=1)
    assert stored(house)[0].status == "draft"


def test_content_without_clips_is_content() -> None:
    assert Content("Night", "", "Lea").entries == ()
