"""Lighter copies of a clip for pages: its poster as WebP, and a small silent preview for hovering.

Knows nothing of who sees them. Both say in their metadata that a trained model made them. The same
source gives the same bytes, so that a repeated try adds no second file.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any, Final

import av
from PIL import Image

from gallery import xmp

LIGHT_WIDTH: Final = 320
LIGHT_S: Final = 4.0
"""A preview shows what a clip begins with; whoever wants the rest opens it."""
_LIGHT_FPS: Final = 15
_X264: Final = {"preset": "veryfast", "crf": "30", "g": "60", "bf": "2"}
_POSTER_QUALITY: Final = 78


def light_poster(poster: Path, target: Path) -> Path:
    """The poster as WebP, which every browser of these years reads, in about half of the bytes."""
    with Image.open(poster) as image:
        image.save(target, "WEBP", quality=_POSTER_QUALITY, method=4, xmp=xmp.packet())
    return target


def light_preview(source: Path, target: Path) -> Path:
    """The beginning of the clip, at most LIGHT_S seconds, LIGHT_WIDTH pixels wide, without sound."""
    options = {"movflags": "+faststart"}
    with av.open(str(source)) as clip, av.open(str(target), "w", "mp4", options=options) as light:
        shown = clip.streams.video[0]
        rate = shown.average_rate or Fraction(_LIGHT_FPS)
        every = ceil(rate / _LIGHT_FPS)
        width, height = _shrunk(shown.width, shown.height)
        light.metadata["comment"] = "Made with AI"
        stream = light.add_stream("libx264", rate=rate / every, options=_X264)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.thread_count = 1  # x264's bytes depend on it
        like(shown.codec_context, stream.codec_context)
        most = max(1, int(LIGHT_S * rate))
        for place, frame in enumerate(clip.decode(shown)):
            if place >= most:
                break
            if place % every:
                continue
            small = frame.reformat(width, height, "yuv420p", interpolation="AREA")
            small.pts, small.time_base = place // every, 1 / (rate / every)
            light.mux(stream.encode(small))
        light.mux(stream.encode(None))
    xmp.add_to_mp4(target, xmp.packet())
    return target


def like(source: Any, target: Any) -> None:
    """Tag the colours of `target` as those of `source` are: untagged, players guess them."""
    for name in ("colorspace", "color_primaries", "color_trc", "color_range"):
        setattr(target, name, getattr(source, name))


def _shrunk(width: int, height: int) -> tuple[int, int]:
    """Both even, as H.264 wants them, and never larger than the clip."""
    if width <= LIGHT_WIDTH:
        return width, height
    return LIGHT_WIDTH, max(2, round(height * LIGHT_WIDTH / width / 2) * 2)
