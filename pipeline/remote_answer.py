"""The file that a remote provider sent, to frames and sound.

Knows nothing of providers. The file comes from outside: only containers that cannot name other
files are opened, and what is too large or too long is refused before it fills the memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from pipeline.made import Audio, Cancelled, Frames

MOST_PIXELS: Final = 640_000_000
"""In all frames together, about 1.9 GB of RGB: twelve seconds of 1920 × 1080 at 25 fps."""
MOST_SIDE: Final = 4096
MOST_SECONDS: Final = 60
MOST_FPS: Final = 120

_CONTAINERS: Final = ((4, b"ftyp", "mp4"), (0, b"\x1a\x45\xdf\xa3", "matroska"))
"""Where in a file which bytes stand, and its name for ffmpeg. The second one is also WebM's."""


class NotAClip(Exception):
    """The file cannot be shown; the text says why."""


def read_answer(
    path: Path, *, is_cancelled: Callable[[], bool]
) -> tuple[Frames, float, Audio | None]:
    """Frames, frames per second, and sound if there is any. Raises NotAClip and Cancelled."""
    try:
        with av.open(str(path), format=_container(path)) as clip:
            frames, fps = _read_frames(clip, is_cancelled)
        with av.open(str(path), format=_container(path)) as clip:
            audio = _read_audio(clip, len(frames) / fps, is_cancelled)
    except av.FFmpegError as error:
        raise NotAClip(f"it is broken ({type(error).__name__})") from error
    return frames, fps, audio


def _container(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(16)
    for place, mark, name in _CONTAINERS:
        if head[place:].startswith(mark):
            return name
    raise NotAClip("it is neither an mp4 nor a webm file")


def _read_frames(clip: Any, is_cancelled: Callable[[], bool]) -> tuple[Frames, float]:
    if not clip.streams.video:
        raise NotAClip("it has no picture")
    stream = clip.streams.video[0]
    fps = float(stream.average_rate or 0)
    if not 1 <= fps <= MOST_FPS:
        raise NotAClip(f"it has {fps:g} frames per second")
    # An encoder for 4:2:0 takes even sides only.
    width, height = stream.width // 2 * 2, stream.height // 2 * 2
    if not (0 < width <= MOST_SIDE and 0 < height <= MOST_SIDE):
        raise NotAClip(f"its picture is {stream.width} × {stream.height}")
    most = min(MOST_PIXELS // (width * height), math.ceil(MOST_SECONDS * fps))
    room = np.empty((min(stream.frames, most) or 64, height, width, 3), np.uint8)
    count = 0
    for picture in _decoded(clip, stream, is_cancelled):
        if count == most:
            raise NotAClip(f"it is longer than {most} frames of {width} × {height}")
        if (picture.width // 2 * 2, picture.height // 2 * 2) != (width, height):
            raise NotAClip("its picture changes its size")
        if count == len(room):
            room = np.concatenate([room, np.empty_like(room[: most - count])])
        room[count] = picture.to_ndarray(format="rgb24")[:height, :width]
        count += 1
    if count == 0:
        raise NotAClip("it has no frames")
    return room[:count], fps


def _read_audio(clip: Any, seconds: float, is_cancelled: Callable[[], bool]) -> Audio | None:
    """The sound, cut to the length of the picture."""
    if not clip.streams.audio:
        return None
    stream = clip.streams.audio[0]
    layout = "mono" if stream.channels == 1 else "stereo"
    rate = int(stream.rate)
    if not 8000 <= rate <= 192_000:
        raise NotAClip(f"its sound has {rate} samples per second")
    to_floats = AudioResampler(format="fltp", layout=layout, rate=rate)
    left = round(seconds * rate)
    pieces: list[NDArray[np.float32]] = []
    for sound in _decoded(clip, stream, is_cancelled):
        for piece in to_floats.resample(sound):
            samples = piece.to_ndarray()[:, :left].astype(np.float32)
            pieces.append(samples)
            left -= samples.shape[1]
        if left <= 0:
            break
    if not pieces:
        return None
    samples = np.concatenate(pieces, axis=1)
    return Audio(np.nan_to_num(samples).clip(-1, 1), rate)


def _decoded(clip: Any, stream: Any, is_cancelled: Callable[[], bool]) -> Iterator[Any]:
    for part in clip.decode(stream):
        if is_cancelled():
            raise Cancelled
        yield part
