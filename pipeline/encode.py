"""Frames to files: an H.264 mp4 that plays while it loads, a poster, and a strip of eight frames.

Knows nothing of what the frames show or where the files go. Every file is written under a
temporary name and renamed when whole; the same frames give the same bytes.
"""

from __future__ import annotations

import errno
import hashlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
from PIL import Image

from errors import DiskFull
from pipeline.engine import Frames

STRIP_FRAMES: Final = 8
_STRIP_HEIGHT: Final = 96
_POSTER_LEAST: Final = 640
"""Posters are shown large and in link previews; a smaller frame is scaled up to this width."""


@dataclass(frozen=True)
class Encoded:
    """The finished files of one clip, and what identifies them."""

    mp4: Path
    poster: Path  # JPEG
    strip: Path  # WebP, STRIP_FRAMES frames side by side
    sha256: str  # of the mp4
    pictures: dict[str, str]  # ending → sha256 of poster and strip
    size_bytes: int


def encode(frames: Frames, fps: float, folder: Path) -> Encoded:
    """Write the files of a clip into `folder`. Raises DiskFull."""
    try:
        mp4 = write_mp4(frames, fps, folder / "clip.mp4")
        poster = _write_image(_poster(frames), folder / "clip.jpg", quality=88)
        strip = _write_image(_strip(frames), folder / "clip.webp", quality=80)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull() from error
        raise
    pictures = {picture.suffix: _sha256(picture) for picture in (poster, strip)}
    return Encoded(mp4, poster, strip, _sha256(mp4), pictures, mp4.stat().st_size)


def write_mp4(frames: Frames, fps: float, path: Path) -> Path:
    """H.264, 4:2:0, index at the front. Both sides of the frame must be even."""
    draft = path.with_name(path.name + ".part")
    with av.open(str(draft), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "18", "preset": "veryfast"}
        for picture in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return draft.replace(path)


def _poster(frames: Frames) -> Image.Image:
    """A frame from the middle, where the motion is under way."""
    image = Image.fromarray(frames[len(frames) // 2])
    if image.width < _POSTER_LEAST:
        # Few pixels stay sharp, as players show them; at less than double size that looks ragged.
        is_small = image.width < _POSTER_LEAST / 2
        image = image.resize(
            (_POSTER_LEAST, round(image.height * _POSTER_LEAST / image.width)),
            Image.Resampling.NEAREST if is_small else Image.Resampling.BICUBIC,
        )
    return image


def _strip(frames: Frames) -> Image.Image:
    chosen = frames[np.linspace(0, len(frames) - 1, STRIP_FRAMES).round().astype(int)]
    width = round(frames.shape[2] * _STRIP_HEIGHT / frames.shape[1])
    strip = Image.new("RGB", (width * STRIP_FRAMES, _STRIP_HEIGHT))
    for place, picture in enumerate(chosen):
        tile = Image.fromarray(picture).resize((width, _STRIP_HEIGHT), Image.Resampling.BICUBIC)
        strip.paste(tile, (place * width, 0))
    return strip


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write_image(image: Image.Image, path: Path, *, quality: int) -> Path:
    draft = path.with_name(path.name + ".part")
    image.save(draft, format={".jpg": "JPEG", ".webp": "WEBP"}[path.suffix], quality=quality)
    return draft.replace(path)
