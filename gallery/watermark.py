"""A discreet "AI" in the corner of every picture, where the operator wants it in the pixels too.

Knows nothing of signatures. The pictures are encoded anew for it and the sound is copied as it is.
The mark is drawn into the decoded planes themselves, so that nothing but the corner changes colour.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from gallery.renditions import like

TEXT: Final = "AI"
_PART: Final = 14  # the mark is this part of the shorter side high
_LEAST: Final = 14
_BACK, _INK, _GREY = 40, 225, 128  # luma of its ground and its letters; chroma without colour
_STRENGTH: Final = 0.72
_X264: Final = {"preset": "veryfast", "crf": "17", "bf": "3", "g": "48"}
_THREADS: Final = 8  # x264's bytes depend on it


def mark_corner(source: Path, target: Path) -> Path:
    """Write `target`: the clip with the mark at the lower right."""
    options = {"movflags": "+faststart"}
    with av.open(str(source)) as clip, av.open(str(target), "w", "mp4", options=options) as marked:
        shown = clip.streams.video[0]
        rate = shown.average_rate or Fraction(24)
        stream = marked.add_stream("libx264", rate=rate, options=_X264)
        stream.width, stream.height, stream.pix_fmt = shown.width, shown.height, "yuv420p"
        stream.codec_context.thread_count = _THREADS
        stream.codec_context.thread_type = "FRAME"
        like(shown.codec_context, stream.codec_context)
        heard = {
            track.index: marked.add_stream_from_template(track) for track in clip.streams.audio
        }
        stamp, place = _stamp(shown.width, shown.height), 0
        for packet in clip.demux():
            if packet.stream.index in heard:
                if packet.dts is not None:
                    packet.stream = heard[packet.stream.index]
                    marked.mux(packet)
                continue
            for frame in packet.decode():
                drawn = _draw(frame, stamp)
                drawn.pts, drawn.time_base = place, 1 / rate
                place += 1
                marked.mux(stream.encode(drawn))
        marked.mux(stream.encode(None))
    return target


def _stamp(width: int, height: int) -> NDArray[np.float32]:
    """The mark with even sides: 0 where its ground is, 1 where a letter is."""
    high = max(_LEAST, min(width, height) // _PART) // 2 * 2
    font = ImageFont.load_default(size=high * 0.8)
    wide = (round(font.getlength(TEXT)) + high // 2) // 2 * 2
    image = Image.new("L", (min(wide, width // 2 * 2), min(high, height // 2 * 2)), 0)
    ImageDraw.Draw(image).text((image.width / 2, image.height / 2), TEXT, 255, font, anchor="mm")
    return np.asarray(np.asarray(image) / 255, np.float32)


def _draw(frame: Any, stamp: NDArray[np.float32]) -> av.VideoFrame:
    """The planes of 4:2:0 lie below each other: luma, then each chroma at half of both sides."""
    planes = frame.to_ndarray(format="yuv420p")
    high, wide = stamp.shape
    margin = max(2, high // 3 // 2 * 2)
    y, x = frame.height - high - margin, frame.width - wide - margin
    y, x = max(0, y // 2 * 2), max(0, x // 2 * 2)
    ink = _BACK + (_INK - _BACK) * stamp
    corner = planes[y : y + high, x : x + wide]
    planes[y : y + high, x : x + wide] = _blend(corner, ink)
    chroma = planes[frame.height :].reshape(2, frame.height // 2, frame.width // 2)
    part = (slice(None), slice(y // 2, (y + high) // 2), slice(x // 2, (x + wide) // 2))
    chroma[part] = _blend(chroma[part], np.float32(_GREY))
    drawn = av.VideoFrame.from_ndarray(planes, "yuv420p")
    drawn.colorspace, drawn.color_range = frame.colorspace, frame.color_range
    return drawn


def _blend(under: NDArray[np.uint8], over: Any) -> NDArray[np.uint8]:
    mixed = under * (1 - _STRENGTH) + over * _STRENGTH
    return np.asarray(mixed.round(), np.uint8)
