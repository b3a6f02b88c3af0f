"""Technical faults of the pictures: black, blank, still from end to end, or frozen for a while.

Knows nothing of what a picture shows. A clip can be meant to be any of these.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.screening.frames import Film
from moderation.screening.signals import Signal

VERSION: Final = "pictures 2"
_REASON: Final = "technical_fault"

_DARK: Final = 8.0
"""Mean luma (0 to 255) under which a frame counts as black."""
_FLAT: Final = 2.0
"""Spread of luma within a frame under which it counts as blank."""
_CHANGE: Final = 4.0
"""Change of luma in a cell that is more than what encoding leaves behind."""
_CHANGED_CELLS: Final = 4
"""Up to this many of the 4096 cells may change while a picture counts as standing still."""
_MOST: Final = 0.5
"""Share of a clip from which on a fault is worth a word."""
_WHOLE: Final = 0.9
_FROZEN_S: Final = 1.0


def faults(film: Film) -> list[Signal]:
    luma = film.luma
    dark = luma.mean(axis=(1, 2)) < _DARK
    flat = (luma.std(axis=(1, 2)) < _FLAT) & ~dark
    noticed = []
    if dark.mean() >= _MOST:
        noticed.append(_lasting("black", "The picture is black", dark, film))
    if flat.mean() >= _MOST:
        noticed.append(_lasting("blank", "The picture is one flat tone", flat, film))
    if len(luma) > 1:
        noticed += _standing(luma, film)
    return noticed


def _lasting(check: str, says: str, having: NDArray[np.bool_], film: Film) -> Signal:
    share = float(having.mean())
    first = film.at(int(having.argmax()))
    if share >= _WHOLE:
        return Signal(check, f"{says} throughout.", 1.0, VERSION, first, _REASON)
    says = f"{says} for {round(100 * share)} % of the time."
    return Signal(check, says, round(share, 2), VERSION, first, _REASON)


def _standing(luma: NDArray[np.float32], film: Film) -> list[Signal]:
    changed = (np.abs(np.diff(luma, axis=0)) > _CHANGE).sum(axis=(1, 2))
    stands = changed <= _CHANGED_CELLS
    if stands.all():
        return [Signal("still", "Nothing moves.", 1.0, VERSION, film.at(0), _REASON)]
    start, length = _longest_run(stands)
    share, lasts_s = length / len(stands), length / film.fps
    if share < _MOST or lasts_s < _FROZEN_S:
        return []
    says = f"The picture stands still for {lasts_s:.1f} s."
    return [Signal("frozen", says, round(share, 2), VERSION, film.at(start), _REASON)]


def _longest_run(marks: NDArray[np.bool_]) -> tuple[int, int]:
    """Where the longest run of true marks begins, and how long it is."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], marks.astype(np.int8), [0]))))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return 0, 0
    longest = int((ends - starts).argmax())
    return int(starts[longest]), int(ends[longest] - starts[longest])
