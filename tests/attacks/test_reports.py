"""Reports as a weapon: whoever floods, lies or probes with them gets nothing hidden and learns nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import select

from accounts.permissions import STRANGER, User
from app import Greenlight
from errors import GreenlightError, NotFound, TooMany
from gallery.question import Question
from media import MediaStore
from moderation.models import Clip, State
from moderation.report_models import Report, ReportCase
from moderation.reports import ADDRESS_LIMIT, PERSON_LIMIT, Complaint
from tests.conftest import House

AsUser = Callable[[str], User]
REASONS = ("violence", "hate", "minors", "copyright", "deception")


@pytest.fixture
def house(line: Greenlight) -> House:
    """People and clips in the store of the running line."""
    return House(line.store, MediaStore(line.settings.media_folder))


def try_to_report(
    line: Greenlight, user: User, clip_id: str, reason: str, address: str = "203.0.113.7"
) -> str:
    """`taken`, or the code of the refusal."""
    try:
        line.actions.reporting.report(user, clip_id, Complaint(reason), address=address)
    except GreenlightError as error:
        return error.code
    return "taken"


def what_the_public_sees(line: Greenlight) -> list[Any]:
    wall = line.actions.finding.wall(Question(), older=None, newer=None)
    api = line.actions.finding.page(Question(), None)["items"]
    return [[clip["id"] for clip in wall.clips], api, line.actions.sitemap_part(None)]


@pytest.mark.parametrize(("name", "limit"), [("ben", PERSON_LIMIT), ("", ADDRESS_LIMIT)])
def test_one_account_or_address_floods_without_hiding_anything(
    line: Greenlight, house: House, as_user: AsUser, name: str, limit: int
) -> None:
    victims = [house.clip(State.PUBLISHED).id for _ in range(3)]
    user = as_user(name) if name else STRANGER
    before = what_the_public_sees(line)
    answers = [
        try_to_report(line, user, victims[place % 3], REASONS[place % 5])
        for place in range(limit + 10)
    ]
    assert what_the_public_sees(line) == before
    assert answers == ["taken"] * limit + [TooMany.code] * 10
    with line.store.read() as session:
        counts = [case.count for case in session.exec(select(ReportCase))]
        assert (sum(counts), len(session.exec(select(Report)).all())) == (15, 15)


def test_a_hundred_addresses_do_not_overtake_a_graver_case(
    line: Greenlight, house: House, as_user: AsUser
) -> None:
    grave, loud = house.clip(State.PUBLISHED).id, house.clip(State.PUBLISHED).id
    for place in range(100):
        try_to_report(line, STRANGER, loud, "copyright", f"198.51.100.{place}")
    try_to_report(line, STRANGER, grave, "minors")
    items = line.actions.reporting.queue(as_user("rob"), None)["items"]
    assert [(item["clip_id"], item["count"]) for item in items] == [(grave, 1), (loud, 100)]


def test_the_limits_outlive_a_restart(line: Greenlight, house: House, as_user: AsUser) -> None:
    clip_id, ben = house.clip(State.PUBLISHED).id, as_user("ben")
    for _ in range(PERSON_LIMIT):
        try_to_report(line, ben, clip_id, "hate")
    fresh = type(line.actions.reporting)(line.store, shown=line.actions._shown)
    with pytest.raises(TooMany):
        fresh.report(ben, clip_id, Complaint("hate"), address="203.0.113.7")


@pytest.mark.parametrize("at_s", [None, 0.5, 60.0])
@pytest.mark.parametrize("name", ["", "ben", "ana", "rob"])
def test_a_report_is_no_way_to_ask_about_a_held_clip(
    line: Greenlight, house: House, as_user: AsUser, name: str, at_s: float | None
) -> None:
    """Also a moment past its end is answered as if there were no clip: its length stays hidden."""
    user = as_user(name) if name else STRANGER
    said = []
    for clip_id in (house.clip(State.PENDING_REVIEW).id, house.clip(State.TAKEN_DOWN).id, "0" * 16):
        with pytest.raises(NotFound) as refused:
            line.actions.reporting.report(
                user, clip_id, Complaint("hate", at_s=at_s), address="203.0.113.7"
            )
        said.append(refused.value.as_json())
    assert said[0] == said[1] == said[2]


def test_its_creator_finds_no_trace_of_a_report(
    line: Greenlight, house: House, as_user: AsUser
) -> None:
    ana = as_user("ana")
    clip_id = house.clip(State.PUBLISHED).id

    def all_that_ana_reads() -> list[Any]:
        return [
            line.actions.clip(ana, clip_id),
            line.actions.mine(ana, states=[], cursor=None),
            line.actions.statements(ana, clip_id),
        ]

    before = all_that_ana_reads()
    for name in ("ben", "rob"):
        assert try_to_report(line, as_user(name), clip_id, "hate") == "taken"
    assert all_that_ana_reads() == before


def test_files_that_a_crash_left_on_the_public_shelf_are_swept(
    line: Greenlight, house: House
) -> None:
    """The row of the take-down was written, and the process that wrote it went no further."""
    clip = house.clip(State.PUBLISHED)
    house._go(clip.id, "take_down")
    public = line.media.path("public", clip.public_sha256 or "", ".mp4")
    assert public.is_file()
    line.jobs._sweep()
    assert (public.is_file(), _down(line, clip).is_file()) == (False, True)


def _down(line: Greenlight, clip: Clip) -> Any:
    return line.media.path("down", clip.public_sha256 or "", ".mp4")
