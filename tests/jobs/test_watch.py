"""What is written about a clip while it is made, and how often."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlmodel import col, update

from jobs import watch as watch_module
from jobs.watch import Watch
from moderation.models import Clip, State
from pipeline.made import Progress
from store import Store
from tests.conftest import House


class Clock:
    """Stands where the watch looks at the time."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(watch_module, "time", clock)
    return clock


@pytest.fixture
def clip(house: House) -> Clip:
    return house.clip(State.GENERATING)


@pytest.fixture
def watch(house: House, clip: Clip, clock: Clock) -> Watch:
    return Watch(house.store, house.media, clip.id)


def step(number: int) -> Progress:
    return Progress("denoising", number, 100)


def test_progress_is_written_to_the_clip_s_row(
    house: House, clip: Clip, watch: Watch, clock: Clock
) -> None:
    clock.now += 1
    watch.note(step(3))
    fresh = house.get(clip.id)
    assert (fresh.phase, fresh.step, fresh.progress_at is not None) == ("denoising", 3, True)


def test_it_is_written_four_times_a_second_at_most(
    house: House, clip: Clip, watch: Watch, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[float] = []
    write = Store.write

    def noted(self: Store):  # type: ignore[no-untyped-def]
        written.append(clock.now)
        return write(self)

    monkeypatch.setattr(Store, "write", noted)
    for number in range(300):
        clock.now += 0.01
        watch.note(step(number) if number % 40 else Progress("decoding", 0, 100))
    for first in written:
        assert len([at for at in written if first <= at < first + 1]) <= 4
    assert len(written) >= 8


def test_a_new_phase_is_said_at_once(house: House, clip: Clip, watch: Watch, clock: Clock) -> None:
    clock.now += 0.5
    watch.note(step(99))
    clock.now += 0.01
    watch.note(Progress("decoding", 100, 100))
    assert house.get(clip.id).phase == "decoding"


def test_a_preview_is_kept_for_the_creator(
    house: House, clip: Clip, watch: Watch, clock: Clock
) -> None:
    clock.now += 2
    frame = np.full((16, 24, 3), 200, np.uint8)
    watch.note(Progress("denoising", 1, 9, preview=lambda: frame))
    with Image.open(house.media.preview(clip.id)) as picture:
        assert picture.size == (24, 16)


def test_without_a_look_at_the_latents_no_preview_is_written(
    house: House, clip: Clip, watch: Watch, clock: Clock
) -> None:
    clock.now += 2
    watch.note(Progress("denoising", 1, 9, preview=lambda: None))
    assert not house.media.preview(clip.id).exists()


def test_a_preview_that_cannot_be_written_stops_nothing(
    house: House, clip: Clip, watch: Watch, clock: Clock
) -> None:
    previews = house.media.preview(clip.id).parent
    previews.parent.mkdir(parents=True, exist_ok=True)
    Path(previews).write_bytes(b"a file where the folder should be")
    clock.now += 2
    frame = np.zeros((8, 8, 3), np.uint8)
    watch.note(Progress("denoising", 1, 9, preview=lambda: frame))
    assert house.get(clip.id).step == 1


def test_the_wish_to_cancel_is_read_with_what_is_written(
    house: House, clip: Clip, watch: Watch, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch.is_cancelled()
    with house.store.write() as session:
        session.execute(update(Clip).where(col(Clip.id) == clip.id).values(cancel_requested=True))
    monkeypatch.setattr(Store, "read", None)
    clock.now += 0.6
    watch.note(step(3))
    assert watch.is_cancelled()


def test_in_a_long_clip_steps_are_written_once_a_second(
    house: House, clip: Clip, watch: Watch, clock: Clock
) -> None:
    clock.now += 10
    watch.note(step(3))
    clock.now += 0.9
    watch.note(step(4))
    before = house.get(clip.id).step
    clock.now += 0.2
    watch.note(step(5))
    assert (before, house.get(clip.id).step) == (3, 5)


def test_the_wish_to_cancel_is_read(house: House, clip: Clip, watch: Watch, clock: Clock) -> None:
    assert not watch.is_cancelled()
    with house.store.write() as session:
        fresh = session.get_one(Clip, clip.id)
        fresh.cancel_requested = True
        session.add(fresh)
    clock.now += 1
    assert watch.is_cancelled()


def test_a_wish_that_was_made_here_is_read_at_once(
    house: House, clip: Clip, watch: Watch, clock: Clock
) -> None:
    watch.is_cancelled()
    with house.store.write() as session:
        session.execute(update(Clip).where(col(Clip.id) == clip.id).values(cancel_requested=True))
    before = watch.is_cancelled()
    watch.ask_now()
    assert (before, watch.is_cancelled()) == (False, True)
