"""Flashes that can harm people with photosensitive epilepsy, after ITU-R BT.1702.

Knows nothing of what flashes. A flash is a pair of opposing changes on more than a quarter of the
picture at a time: of luminance by 20 cd/m² or more where the darker one is under 160 cd/m², or to
and from a saturated red. More than three within one second are too many.

Limits: a screen of 200 cd/m² with a gamma of 2.2 is taken for granted; regular patterns
(stripes), and flashing that keeps to three a second for longer than five, are not looked for.
No substitute for a certified test.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.screening.frames import GRID, Film
from moderation.screening.signals import Signal

VERSION: Final = "flashes 2 (ITU-R BT.1702)"
_REASON: Final = "flashing"
MOST_FLASHES: Final = 3
"""So many flashes within one second are still allowed."""

_SIDE: Final = 16
"""Cells a side that are watched: fine noise and texture average out in them."""
_WHITE: Final = 200.0
_GAMMA: Final = 2.2
_STEP: Final = 20.0
"""cd/m² for luminance, and WCAG's red less green and blue, × 320."""
_DARKER: Final = 160.0
_AREA: Final = 0.25
_SATURATED: Final = 0.8
"""Share of red in the light from which on it is saturated."""
_SLOWEST_S: Final = 0.1
"""A change may take this long; one flash in more than three a second has 0.16 s each way."""
_SURE: Final = 6
"""From this many flashes on there is no doubt left."""

_Level = NDArray[np.float32]


def flashes(film: Film) -> list[Signal]:
    light = _light(film)
    red, green, blue = (light[..., channel] for channel in range(3))
    luminance = _WHITE * (0.2126 * red + 0.7152 * green + 0.0722 * blue)
    # An unsaturated red is none, so each change of this level has a saturated red on one side.
    saturated = red >= _SATURATED * np.maximum(light.sum(axis=-1), 1e-6)
    redness = np.where(saturated, np.maximum(red - green - blue, 0) * 320, 0)
    noticed = []
    for check, kind, level, darker in (
        ("flashing", "flashes", luminance, _DARKER),
        ("red_flashing", "flashes of saturated red", redness, np.inf),
    ):
        count, first = _worst_second(level, darker, film)
        if count > MOST_FLASHES:
            says = f"{count} {kind} within one second; this can harm photosensitive people."
            score = round(min(1.0, count / _SURE), 2)
            noticed.append(Signal(check, says, score, VERSION, film.at(first), _REASON))
    return noticed


def _light(film: Film) -> _Level:
    """Linear light of the watched cells: (frames, cells, 3), 0 to 1."""
    linear = ((np.arange(256) / 255) ** _GAMMA).astype(np.float32)[film.cells]
    block = GRID // _SIDE
    blocks = linear.reshape(len(linear), _SIDE, block, _SIDE, block, 3)
    mean: _Level = blocks.mean(axis=(2, 4)).reshape(len(linear), -1, 3)
    return mean


def _worst_second(level: _Level, darker: float, film: Film) -> tuple[int, int]:
    """Most flashes within any one second, and the frame at which they begin."""
    ups, downs = (_together(shares, film.fps) for shares in _changes(level, darker))
    window = max(1, round(film.fps))
    most, first = 0, 0
    for start in sorted(ups + downs):
        within = [
            sum(start <= place < start + window for place in changes) for changes in (ups, downs)
        ]
        if min(within) > most:
            most, first = min(within), start - 1
    return most, first


def _changes(level: _Level, darker: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each frame the share of cells that have just gone up, and down, by a whole step.

    A cell counts from its last turning point, however many frames the change takes, and has to
    go the other way before it counts again.
    """
    ups, downs = np.zeros((2, len(level)))
    low, high = level[0].copy(), level[0].copy()
    direction = np.zeros(level.shape[1], np.int8)
    for place in range(1, len(level)):
        now = level[place]
        np.minimum(low, now, out=low)
        np.maximum(high, now, out=high)
        up = (direction <= 0) & (now - low >= _STEP) & (low < darker)
        down = ~up & (direction >= 0) & (high - now >= _STEP) & (now < darker)
        high[up], low[down] = now[up], now[down]
        direction[up], direction[down] = 1, -1
        ups[place], downs[place] = up.mean(), down.mean()
    return ups, downs


def _together(shares: NDArray[np.float64], fps: float) -> list[int]:
    """The frames at which enough cells have changed at about the same time."""
    window = max(1, round(fps * _SLOWEST_S))
    found: list[int] = []
    counted_to = 0
    for place in range(1, len(shares)):
        if place <= counted_to:
            continue  # the rest of the same change
        if shares[max(place - window, counted_to) + 1 : place + 1].sum() > _AREA:
            found.append(place)
            counted_to = place + window - 1
    return found
