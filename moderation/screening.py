"""Screening: what a machine noticed about a clip, as advice to reviewers and never a verdict.

Knows nothing of torch or of what happens next; a clip goes to people whatever is said here.
Limits: looks for technical faults only (blank, frozen, flashing pictures). It does not judge
what a clip shows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray

_DARK: Final = 8.0
"""Mean luma (0 to 255) under which a whole clip counts as black."""
_FLAT: Final = 2.0
"""Spread of luma within a frame under which a picture counts as blank."""
_STILL: Final = 0.5
"""Mean change of luma between frames under which a clip counts as frozen."""
_FLASH: Final = 20.0
"""Change of a frame's mean luma that counts as a flash; ITU-R BT.1702 speaks of 20 cd/m² steps
on a 200 cd/m² screen, a tenth of the range, which is about this much in luma."""
_FLASHES_A_SECOND: Final = 3
"""More flashes within one second than this can harm people with photosensitive epilepsy
(ITU-R BT.1702)."""


def screen(path: Path) -> list[dict[str, Any]]:
    """What was noticed in the mp4 at `path`: a list of {check, says, score 0 to 1}, often empty."""
    luma, fps = _read_luma(path)
    noticed = []
    if luma.mean() < _DARK:
        noticed.append(_advice("black", "The picture is black nearly throughout.", 1.0))
    elif luma.std(axis=(1, 2)).max() < _FLAT:
        noticed.append(_advice("blank", "The picture is one flat tone throughout.", 1.0))
    if len(luma) > 1 and np.abs(np.diff(luma, axis=0)).mean() < _STILL:
        noticed.append(_advice("still", "Nothing moves.", 1.0))
    flashes = _most_flashes_in_a_second(luma, fps)
    if flashes > _FLASHES_A_SECOND:
        says = f"{flashes} flashes within one second; this can harm photosensitive people."
        noticed.append(_advice("flashing", says, 1.0))
    return noticed


def _read_luma(path: Path) -> tuple[NDArray[np.float32], float]:
    """Luma of all frames as (frames, height, width) in 0 to 255, and frames a second."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_count = 1  # starting threads takes longer than a short clip
        planes = [frame.to_ndarray(format="gray") for frame in container.decode(stream)]
        fps = float(stream.average_rate or 1)
    return np.stack(planes).astype(np.float32), fps


def _most_flashes_in_a_second(luma: NDArray[np.float32], fps: float) -> int:
    """Most pairs of opposing jumps in brightness within any one second."""
    jumps = np.diff(luma.mean(axis=(1, 2)))
    signs = np.where(np.abs(jumps) >= _FLASH, np.sign(jumps), 0)
    window = max(1, round(fps))
    most = 0
    for start in range(max(1, len(signs) - window + 1)):
        seen = signs[start : start + window]
        seen = seen[seen != 0]
        most = max(most, int((np.diff(seen) != 0).sum() + 1) // 2 if len(seen) else 0)
    return most


def _advice(check: str, says: str, score: float) -> dict[str, Any]:
    return {"check": check, "says": says, "score": score}
