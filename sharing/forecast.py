"""What a person reads while they wait: the place in line, and honest remaining seconds.

Knows nothing of pages. A forecast is the learned time of what lies ahead (timings.py); where
nothing was measured yet there is none.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel import Session, col, select

from accounts import switches
from moderation.models import Clip, State
from sharing import backlog, timings
from store import utc_now

_BUSY: Final = (State.QUEUED.value, State.GENERATING.value, State.SCREENING.value)
_ORDER: Final = ("text", "denoising", "decoding", "encoding")
_READ: Final = (
    Clip.id,
    Clip.state,
    Clip.priority,
    Clip.model,
    Clip.width,
    Clip.height,
    Clip.num_frames,
    Clip.num_inference_steps,
    Clip.phase,
    Clip.step,
    Clip.progress_at,
)


@dataclass(frozen=True)
class _Line:
    """The line at one moment: the same for everybody who asks."""

    places: dict[str, tuple[int, float | None]]  # of a waiting clip: 1 is next; seconds to go
    took: dict[str, dict[str, float] | None]
    unreviewed: backlog.Unreviewed
    is_paused: bool
    seen_at: float

    def knows(self, clips: Sequence[Clip]) -> bool:
        return all(
            clip.id in self.took and (clip.state != State.QUEUED or clip.id in self.places)
            for clip in clips
        )


class Forecaster:
    """Looks at the line `fresh_s` seconds apart at most: everybody who waits asks twice a second,
    and what they ask about moves four times a second (jobs/watch.py)."""

    def __init__(
        self,
        limits: backlog.Limits,
        *,
        fresh_s: float = 0.25,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits
        self._fresh_s = fresh_s
        self._clock = clock
        self._line: _Line | None = None
        self._looking = threading.Lock()

    def forecasts(self, session: Session, clips: Sequence[Clip]) -> dict[str, dict[str, Any]]:
        """`progress` and `queue` of those of the clips that are under way, by id."""
        under_way = [clip for clip in clips if clip.state in _BUSY]
        if not under_way:
            return {}
        line = self._look(session, under_way)
        return {
            clip.id: {
                "progress": _progress(clip, line.took[clip.id]),
                "queue": self._place(line, clip) if clip.state == State.QUEUED else None,
            }
            for clip in under_way
        }

    def _look(self, session: Session, clips: Sequence[Clip]) -> _Line:
        with self._looking:
            line = self._line
            is_old = line is None or self._clock() - line.seen_at >= self._fresh_s
            if line is None or is_old or not line.knows(clips):
                line = self._line = _look(session, clips, self._clock())
            return line

    def _place(self, line: _Line, clip: Clip) -> dict[str, Any]:
        position, eta_s = line.places[clip.id]
        held = line.unreviewed.holds(clip.creator_id, self._limits)
        waits_for = "paused" if line.is_paused else held
        known = eta_s is not None and waits_for is None
        return {
            "position": position,
            "eta_s": round(eta_s or 0.0, 1) if known else None,
            "waits_for": waits_for,
        }


def _look(session: Session, clips: Sequence[Clip], now: float) -> _Line:
    line = _rows(session)
    took = timings.phases_of(session, [*line, *clips])
    return _Line(
        places=_places(line, took),
        took=took,
        unreviewed=backlog.unreviewed(session),
        is_paused=switches.is_paused(session, "generation"),
        seen_at=now,
    )


def _places(
    line: Sequence[Any], took: dict[str, dict[str, float] | None]
) -> dict[str, tuple[int, float | None]]:
    """Place in line of every waiting clip, 1 is next, and the seconds until it is made."""
    places: dict[str, tuple[int, float | None]] = {}
    total: float | None = 0.0
    for clip in line:
        known = took[clip.id]
        if known is None or total is None:
            total = None
        else:
            running = clip.state == State.GENERATING
            total += _remaining(clip, known) if running else sum(known.values())
        if clip.state == State.QUEUED:
            places[clip.id] = (len(places) + 1, total)
    return places


def _rows(session: Session) -> list[Any]:
    """What is being made, then what waits, in order, with what a forecast reads and no more."""
    states = [State.GENERATING.value, State.QUEUED.value]
    query = select(*_READ).where(col(Clip.state).in_(states))  # type: ignore[call-overload]
    return sorted(session.exec(query), key=lambda clip: (states.index(clip.state), clip.priority))


def _progress(clip: Any, took: dict[str, float] | None) -> dict[str, Any]:
    steps = max(1, clip.num_inference_steps)
    phase = "queued" if clip.state == State.QUEUED else clip.phase or "text"
    done = {State.QUEUED: 0.0, State.SCREENING: 1.0}.get(State(clip.state))
    if done is None:
        done = min(0.95, 0.9 * clip.step / steps + 0.02)
    remaining = None
    if took is not None and clip.state == State.GENERATING:
        remaining = _remaining(clip, took)
        done = max(0.02, min(0.99, 1 - remaining / max(sum(took.values()), remaining, 0.001)))
    return {
        "phase": phase,
        "step": clip.step,
        "steps": steps,
        "fraction": round(done, 3),
        "eta_s": None if remaining is None else round(remaining, 1),
    }


def _remaining(clip: Any, took: dict[str, float]) -> float:
    """Seconds until a running clip is made, counted down between two signs of life."""
    phase = clip.phase if clip.phase in _ORDER else "text"
    left = sum(took.get(later, 0.0) for later in _ORDER[_ORDER.index(phase) + 1 :])
    this = took.get(phase, 0.0)
    if phase == timings.STEPPED:
        this *= 1 - clip.step / max(1, clip.num_inference_steps)
    since = (utc_now() - clip.progress_at).total_seconds() if clip.progress_at else 0.0
    return left + max(0.0, this - since)
