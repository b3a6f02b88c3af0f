"""Perceptual hashes: 64 bits for a frame, of which few change when the picture is only re-encoded,
resized or brightened.

Knows nothing of clips or why two of them are compared. A hash holds the signs of the lowest
frequencies of brightness and of the two differences of colour, so that a red ball is not the
same as a blue one. A picture without structure has the hash 0, which is like no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.screening.frames import Film

VERSION: Final = "frame hash 1"

_SIDE: Final = 32
_LUMA: Final = 6
"""So many low frequencies a side of brightness: 35 bits without the mean."""
_CHROMA: Final = 4
"""The same for each difference of colour: 14 bits, without the mean and the highest."""
_LEAST: Final = 6.0
"""A frequency weaker than this is noise, and its bit is 0."""
_UNLIKE: Final = 20.0
"""Bits apart at which two pictures have nothing more in common than any two."""
_COSINES: Final = np.sqrt(2 / _SIDE) * np.cos(
    np.pi / _SIDE * (np.arange(_SIDE)[None, :] + 0.5) * np.arange(max(_LUMA, _CHROMA))[:, None]
)

Hashes = NDArray[np.uint64]


def frame_hashes(film: Film) -> list[str]:
    """One hash for each of the chosen frames, as 16 hexadecimal digits."""
    return [f"{_hash(film.cells[place]):016x}" for place in film.chosen]


def packed(hashes: Sequence[str]) -> Hashes:
    """Those with something to compare."""
    return np.array([number for text in hashes if (number := int(text, 16))], np.uint64)


def alike(asked: Hashes, others: Hashes, starts: NDArray[np.int64]) -> NDArray[np.float64]:
    """How alike a clip is to each other clip, 0 to 1. `others` holds the hashes of all of them one
    after the other, none of them without one; `starts` where each begins.

    Each frame that is asked about is compared with the nearest of the other clip's, so that
    neither speed nor length makes a difference.
    """
    apart = np.bitwise_count(others[:, None] ^ asked[None, :])
    nearest = np.minimum.reduceat(apart, starts, axis=0)
    likeness: NDArray[np.float64] = np.clip(1 - nearest.mean(axis=1) / _UNLIKE, 0, 1)
    return likeness


class Shelf:
    """The hashes of several clips, none of them without one, to hold one more against.

    Near are those at least so alike in both directions, unlike in screening: there a film that
    stands still on one frame of another is like it.
    """

    def __init__(self, shapes: Sequence[Hashes], least: float) -> None:
        self._least = least
        self._is_empty = not shapes
        if shapes:
            self._all = np.concatenate(shapes)
            self._lengths = np.array([len(shape) for shape in shapes])
            self._starts = np.cumsum(self._lengths) - self._lengths

    def near(self, asked: Hashes) -> list[tuple[int, float]]:
        """Their places and how alike they are, the most alike first; of equals the first here."""
        if self._is_empty or not len(asked):
            return []
        apart = np.bitwise_count(self._all[:, None] ^ asked[None, :])
        there = np.minimum.reduceat(apart, self._starts, axis=0).mean(axis=1)
        nearest = apart.min(axis=1).astype(np.int64)
        back = np.add.reduceat(nearest, self._starts) / self._lengths
        likeness = 1 - np.maximum(there, back) / _UNLIKE
        places = np.flatnonzero(likeness >= self._least).tolist()
        found = [(place, float(likeness[place])) for place in places]
        return sorted(found, key=lambda each: (-each[1], each[0]))


def best_frame(asked: Sequence[str], other: Sequence[str]) -> int:
    """Which of the frames asked about is nearest to any of the other clip's."""
    theirs = packed(other)
    nearest = [
        int(np.bitwise_count(theirs ^ np.uint64(number)).min()) if (number := int(text, 16)) else 64
        for text in asked
    ]
    return int(np.argmin(nearest))


def _hash(cells: NDArray[np.uint8]) -> int:
    block = cells.shape[0] // _SIDE
    picture = cells.reshape(_SIDE, block, _SIDE, block, 3).mean(axis=(1, 3))
    red, green, blue = (picture[..., channel] for channel in range(3))
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    strengths = np.concatenate(
        [
            _low(luma, _LUMA),
            _low(blue - luma, _CHROMA)[:-1],
            _low(red - luma, _CHROMA)[:-1],
        ]
    )
    if np.abs(strengths).max() < _LEAST:
        return 0
    signs = np.append(strengths > _LEAST, True)  # so that a picture with structure is never 0
    return sum(1 << place for place, sign in enumerate(signs.tolist()) if sign)


def _low(plane: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """The lowest `side` × `side` frequencies, without the mean."""
    waves: NDArray[np.float64] = _COSINES[:side] @ plane @ _COSINES[:side].T
    return waves.ravel()[1:]
