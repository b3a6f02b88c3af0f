"""What was shown and opened: sums that are written together, and nothing about anybody."""

from __future__ import annotations

from accounts.permissions import STRANGER
from finding import Finding
from gallery.exposure import Counts, figures
from gallery.question import Question
from gallery.wall import creator_wall
from moderation.models import State
from tests.conftest import House
from tests.gallery.shelves import publish


def sums(house: House, clip_id: str) -> tuple[int, int]:
    with house.store.read() as session:
        row = figures(session, [clip_id]).get(clip_id)
        return (row.shown, row.opened) if row else (0, 0)


def test_nothing_is_written_while_it_is_counted(house: House) -> None:
    (made,) = publish(house, "a ball")
    Counts(house.store).shown([made])
    assert sums(house, made) == (0, 0)


def test_sums_add_up_over_writes(house: House) -> None:
    (made,) = publish(house, "a ball")
    counts = Counts(house.store)
    for _ in range(2):
        counts.shown([made, made])
        counts.opened(made)
        counts.flush()
    assert sums(house, made) == (4, 2)


def test_what_was_counted_is_written_at_the_end(house: House) -> None:
    (made,) = publish(house, "a ball")
    with Counts(house.store) as counts:
        counts.opened(made)
    assert sums(house, made) == (0, 1)


def test_a_clip_that_is_not_there_is_no_sum(house: House) -> None:
    (made,) = publish(house, "a ball")
    counts = Counts(house.store)
    counts.shown(["nobody", made])
    counts.flush()
    assert sums(house, made) == (1, 0)


def test_a_first_place_that_was_served_counts_and_other_places_do_not(house: House) -> None:
    made = publish(house, "one", "two")
    finding = Finding(house.store)
    finding.page(Question(), None)
    finding.page(Question(order="rotating"), None)
    finding.counts.flush()
    assert [sums(house, clip_id) for clip_id in made] == [(0, 0), (1, 0)]


def test_they_stand_on_the_creator_s_page(house: House) -> None:
    clip = house.clip(State.PUBLISHED)
    counts = Counts(house.store)
    counts.shown([clip.id] * 3)
    counts.flush()
    with house.store.read() as session:
        shown = creator_wall(session, "ana").figures[clip.id]
    assert (shown.shown, shown.opened, STRANGER.id) == (3, 0, "")
