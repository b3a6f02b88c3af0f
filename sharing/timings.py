"""How long the pipeline takes, learned from what it took: seconds per phase, model and size.

Knows nothing of models. What was never measured is guessed from the nearest thing that was, by
pixels; where nothing was, there is no guess, because a made-up wait is worse than none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlmodel import Session, col, select

from moderation.models import Clip
from sharing.models import Timing

STEPPED: Final = "denoising"
_ONCE: Final = ("text", "decoding", "encoding")
_NEWEST_COUNTS: Final = 0.3  # of the running mean, from the fourth run on


def learn(session: Session, clip: Clip, seconds: Mapping[str, float]) -> None:
    """Take in what one finished clip took: phase → seconds. Loading happens once and is no guide."""
    for phase in (*_ONCE, STEPPED):
        if phase not in seconds:
            continue
        took = seconds[phase] / (clip.num_inference_steps if phase == STEPPED else 1)
        key = (clip.model, clip.width, clip.height, clip.num_frames, phase)
        known = session.get(Timing, key)
        if known is None:
            model, width, height, num_frames, _ = key
            known = Timing(
                model=model,
                width=width,
                height=height,
                num_frames=num_frames,
                phase=phase,
                seconds=took,
            )
        else:
            known.runs += 1
            known.seconds += (took - known.seconds) * max(_NEWEST_COUNTS, 1 / known.runs)
        session.add(known)
    session.flush()


def phases(session: Session, clip: Clip) -> dict[str, float] | None:
    """Seconds per phase that a clip like this takes in all, or None when nothing was measured."""
    return phases_of(session, [clip])[clip.id]


def phases_of(session: Session, clips: Sequence[Any]) -> dict[str, dict[str, float] | None]:
    """The same for many clips, or rows of their columns, by id, with one look at the table."""
    models = {clip.model for clip in clips}
    known: dict[str, list[Timing]] = {model: [] for model in models}
    for row in session.exec(select(Timing).where(col(Timing.model).in_(models))):
        known[row.model].append(row)
    alike: dict[tuple[Any, ...], dict[str, float] | None] = {}
    found = {}
    for clip in clips:
        kind = (clip.model, clip.width, clip.height, clip.num_frames, clip.num_inference_steps)
        if kind not in alike:
            alike[kind] = _phases(clip, known[clip.model])
        found[clip.id] = alike[kind]
    return found


def _phases(clip: Any, known: list[Timing]) -> dict[str, float] | None:
    pixels = clip.width * clip.height * clip.num_frames
    nearest: dict[str, tuple[float, float]] = {}  # phase → (how far in size, seconds)
    for row in known:
        ratio = pixels / (row.width * row.height * row.num_frames)
        distance = abs(ratio - 1)
        if row.phase not in nearest or distance < nearest[row.phase][0]:
            nearest[row.phase] = (distance, row.seconds * (1 if row.phase == "text" else ratio))
    if STEPPED not in nearest:
        return None
    took = {phase: seconds for phase, (_, seconds) in nearest.items()}
    took[STEPPED] *= clip.num_inference_steps
    return took


def total(took: Mapping[str, float] | None, *, otherwise: float) -> float:
    return otherwise if took is None else sum(took.values())
