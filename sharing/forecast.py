"""What a person reads while they wait: the place in line, and honest remaining seconds.

Knows nothing of pages. A forecast is the learned time of what lies ahead (timings.py); where
nothing was measured yet there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
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


def forecasts(
    session: Session, clips: Sequence[Clip], limits: backlog.Limits
) -> dict[str, dict[str, Any]]:
    """`progress` and `queue` of those of the clips that are under way, by id."""
    under_way = [clip for clip in clips if clip.state in _BUSY]
    if not under_way:
        return {}
    line = _line(session)
    took = timings.phases_of(session, [*line, *under_way])
    places = _places(line, took)
    paused = switches.is_paused(session, "generation")
    waits: dict[str, str | None] = {}
    found: dict[str, dict[str, Any]] = {}
    for clip in under_way:
        found[clip.id] = {"progress": _progress(clip, took[clip.id]), "queue": None}
        if clip.state == State.QUEUED:
            person = clip.creator_id
            if person not in waits:
                held = backlog.waits_for(session, person, limits)
                waits[person] = "paused" if paused else held
            position, eta_s = places[clip.id]
            known = eta_s is not None and waits[person] is None
            found[clip.id]["queue"] = {
                "position": position,
                "eta_s": round(eta_s or 0.0, 1) if known else None,
                "waits_for": waits[person],
            }
    return found


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


def _line(session: Session) -> list[Any]:
    """What is being made, then what waits, in order. Rows of what a forecast reads, and no more:
    everybody who waits asks for them twice a second."""
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
