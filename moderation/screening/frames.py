"""The pictures of a clip as the checks look at them: all frames small, some of them larger.

Knows nothing of what is looked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

GRID: Final = 64
"""Every frame is averaged to this many cells a side, whatever its size and shape."""
STILLS: Final = 8
"""So many frames, in even steps, are looked at more closely."""
_STILL_SIDE: Final = 256


@dataclass(frozen=True)
class Film:
    """A decoded clip."""

    cells: NDArray[np.uint8]  # (frames, GRID, GRID, 3): each cell the mean of its pixels, in RGB
    times: NDArray[np.float64]  # of each frame, in seconds
    fps: float
    stills: NDArray[np.uint8]  # (up to STILLS, side, side, 3), squeezed into a square
    chosen: list[int]  # which frames the stills are

    @property
    def luma(self) -> NDArray[np.float32]:
        """Brightness of the cells, 0 to 255."""
        weights = np.array([0.299, 0.587, 0.114], np.float32)
        return self.cells.astype(np.float32) @ weights

    def at(self, frame: int) -> float:
        """The time of a frame, as a signal names it."""
        return round(float(self.times[frame]), 2)


def read(path: Path) -> Film:
    """Decode the mp4 at `path`. Raises OSError or ValueError (av's errors are both of these)."""
    small, large = VideoReformatter(), VideoReformatter()
    cells: list[NDArray[np.uint8]] = []
    stills: list[NDArray[np.uint8]] = []
    times: list[float] = []
    kept: list[int] = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_count = 1  # starting threads takes longer than a short clip
        fps = float(stream.average_rate or 1)
        wanted = set(spread(stream.frames))
        for place, frame in enumerate(container.decode(stream)):
            cells.append(_reduced(small, frame, GRID))
            times.append(frame.time if frame.time is not None else place / fps)
            if place in wanted:
                stills.append(_reduced(large, frame, _STILL_SIDE))
                kept.append(place)
    if not cells:
        raise ValueError("the file holds no picture")
    if not stills:  # a file that does not say how many frames it has
        kept = spread(len(cells))
        stills = [cells[place] for place in kept]
    return Film(np.stack(cells), np.array(times), fps, np.stack(stills), kept)


def spread(count: int) -> list[int]:
    """Up to STILLS of `count` frames in even steps, first and last included."""
    return sorted(set(np.linspace(0, max(0, count - 1), STILLS).round().astype(int).tolist()))


def _reduced(scale: VideoReformatter, frame: av.VideoFrame, side: int) -> NDArray[np.uint8]:
    reduced = scale.reformat(
        frame, width=side, height=side, format="rgb24", interpolation=Interpolation.AREA
    )
    return reduced.to_ndarray().astype(np.uint8, copy=False)
