"""Frames to files: an H.264 mp4 that plays while it loads, a poster, and a strip of eight frames.

Knows nothing of what the frames show or where the files go. Every file is written under a
temporary name and renamed when whole; the same frames and sound give the same bytes.
"""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import (
    ColorPrimaries,
    ColorRange,
    Colorspace,
    ColorTrc,
    Interpolation,
    VideoReformatter,
)
from av.video.stream import VideoStream
from PIL import Image

from errors import DiskFull, OddSize
from pipeline import sound
from pipeline.made import Audio, Frames, Made

STRIP_FRAMES: Final = 8
_STRIP_HEIGHT: Final = 96
_POSTER_LEAST: Final = 640
"""Posters are shown large and in link previews; a smaller frame is scaled up to this width."""

_X264: Final = {
    "preset": "ultrafast",
    "crf": "18",
    "bf": "3",
    "b_strategy": "0",
    "deblock": "0:0",
    "g": "48",
}
"""Measured (bench/RESULTS.md): the picture of `veryfast` at the same crf in a third of its time, in
files 1.6 times as large. B-frames nearly halve what `ultrafast` writes and cost nothing; without
the deblocking filter blocks show in soft gradients; `g` lets one jump without a long decode."""
_THREADS: Final = 8
"""x264's bytes depend on the number of threads; a fixed one makes them the same everywhere."""


@dataclass(frozen=True)
class Encoded:
    """The finished files of one clip, and what identifies them."""

    mp4: Path
    poster: Path  # JPEG
    strip: Path  # WebP, STRIP_FRAMES frames side by side
    sha256: str  # of the mp4
    pictures: dict[str, str]  # ending → sha256 of poster and strip
    size_bytes: int


def encode(made: Made, folder: Path) -> Encoded:
    """Write the files of a clip into `folder`. Raises DiskFull, OddSize."""
    mp4 = write_mp4(made.frames, made.fps, folder / "clip.mp4", made.audio)
    poster = _write_image(_poster(made.frames), folder / "clip.jpg", quality=88)
    strip = _write_image(_strip(made.frames), folder / "clip.webp", quality=80)
    pictures = {picture.suffix: _sha256(picture) for picture in (poster, strip)}
    return Encoded(mp4, poster, strip, _sha256(mp4), pictures, mp4.stat().st_size)


def write_mp4(frames: Frames, fps: float, path: Path, audio: Audio | None = None) -> Path:
    """H.264, 4:2:0, index at the front, with AAC when there is sound, which lasts as long as the
    picture. Raises DiskFull, OddSize."""
    height, width = frames.shape[1:3]
    if width % 2 or height % 2:
        raise OddSize(width=width, height=height)
    rate = Fraction(fps).limit_denominator(1001)
    heard = sound.fit(audio, len(frames) / rate)
    options = {"movflags": "+faststart"}
    with _whole(path) as draft, av.open(str(draft), "w", "mp4", options=options) as container:
        pictures = _add_pictures(container, width, height, rate)
        track = sound.add_track(container, heard) if heard else None
        reformatter = VideoReformatter()
        for place, picture in enumerate(frames):
            # The buffer is the frame's own: a long clip is not copied.
            frame = av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(picture), "rgb24")
            frame = reformatter.reformat(
                frame,
                format="yuv420p",
                interpolation=Interpolation.AREA,
                dst_colorspace=_matrix(width, height),
            )
            frame.pts = place
            container.mux(pictures.encode(frame))
            if heard and track:
                # Each picture brings its share, so that the two lie side by side in the file.
                container.mux(track.encode(sound.share(heard, place, len(frames))))
        container.mux(pictures.encode(None))
        if track:
            container.mux(track.encode(None))
    return path


def label(mp4: Path, facts: Mapping[str, str], target: Path) -> Path:
    """Copy `mp4` to `target` with `facts` as its tags, whatever their names. Pictures and sound
    stay bit for bit; a signature in the file (gallery/provenance.py) is lost. Raises DiskFull."""
    options = {"movflags": "+faststart+use_metadata_tags"}
    with (
        _whole(target) as draft,
        av.open(str(mp4)) as source,
        av.open(str(draft), "w", "mp4", options=options) as copy,
    ):
        copy.metadata.update(facts)
        streams = {stream.index: copy.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is None:  # the end of a stream, not a part of it
                continue
            packet.stream = streams[packet.stream.index]
            copy.mux(packet)
    return target


# ---- the mp4 ------------------------------------------------------------------------------


def _add_pictures(
    container: OutputContainer, width: int, height: int, rate: Fraction
) -> VideoStream:
    stream = container.add_stream("libx264", rate=rate, options=_X264)
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    context = stream.codec_context
    context.thread_count = _THREADS
    context.thread_type = "FRAME"  # slices, which PyAV would choose, make larger files
    # Untagged, players guess the colours by the size, each in its own way.
    is_709 = _matrix(width, height) is Colorspace.ITU709
    context.colorspace = 1 if is_709 else 6  # as ISO/IEC 23091-2 numbers the two matrices
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.IEC61966_2_1  # sRGB, as the poster is
    context.color_range = ColorRange.MPEG
    return stream


def _matrix(width: int, height: int) -> Colorspace:
    """What players that do not read tags take for granted at this size."""
    return Colorspace.ITU709 if width > 1024 or height > 576 else Colorspace.ITU601


# ---- the pictures -------------------------------------------------------------------------


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
    width = round(frames.shape[2] * _STRIP_HEIGHT / frames.shape[1])
    strip = Image.new("RGB", (width * STRIP_FRAMES, _STRIP_HEIGHT))
    chosen = np.linspace(0, len(frames) - 1, STRIP_FRAMES).round().astype(int)
    for place, index in enumerate(chosen):
        image = Image.fromarray(frames[index])
        tile = image.resize((width, _STRIP_HEIGHT), Image.Resampling.BICUBIC)
        strip.paste(tile, (place * width, 0))
    return strip


def _write_image(image: Image.Image, path: Path, *, quality: int) -> Path:
    with _whole(path) as draft:
        image.save(draft, format={".jpg": "JPEG", ".webp": "WEBP"}[path.suffix], quality=quality)
    return path


# ---- the disk -----------------------------------------------------------------------------


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A draft that takes its name when the block ends well and is gone when it does not."""
    draft = path.with_name(path.name + ".part")
    try:
        yield draft
        draft.replace(path)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull() from error
        raise
    finally:
        draft.unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
