"""An uploaded first frame: read with care, and kept as a plain RGB PNG made anew from its pixels.

Knows nothing of people, clips or models. Nothing of the file that was sent is kept: no metadata,
no palette, no trailing bytes. Whatever is transparent is laid on white, and of the colours only
those of sRGB remain. Limits: JPEG, PNG and WebP; one at a time, because a large one needs some
300 MB for a second or two.
"""

from __future__ import annotations

import errno
import hashlib
import io
import math
import re
import struct
import threading
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import ExifTags, Image, ImageCms
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from errors import (
    FrameBroken,
    FrameFewPixels,
    FrameManyBytes,
    FrameManyPixels,
    FrameMoves,
    FrameUnknownKind,
    StorageFull,
)

FRAME_LIMIT_BYTES: Final = 10 * 2**20
FRAME_LIMIT_PIXELS: Final = 4096 * 4096
FRAME_LEAST_SIDE: Final = 32

_LIMIT_SCANS: Final = 100
"""Passes of a JPEG. Cameras and programs write ten; each takes fifty bytes and makes the decoder
go over all pixels again, so that ten megabytes of them would keep it busy for minutes."""
_LIMIT_PIECES: Final = 5_000
_LIMIT_GAP: Final = 1_000
"""Bytes of nothing between two pieces of a JPEG, which Pillow reads one by one."""
_LIMIT_PROFILE_BYTES: Final = 2**20

_READERS: Final[dict[str, type[ImageFile]]] = {
    # Named one by one: Pillow's own choice would offer the file to some forty more.
    "JPEG": JpegImageFile,
    "PNG": PngImageFile,
    "WebP": WebPImageFile,
}
_DAMAGE: Final = (
    *(OSError, SyntaxError, ValueError, EOFError, OverflowError),
    *(IndexError, KeyError, TypeError, AssertionError, struct.error, zlib.error),
)
"""What Pillow raises on files that are not as they should be."""
_MARKER: Final = re.compile(rb"\xff[^\x00\x01\xff\xd0-\xd8]")
_SCAN: Final = 0xDA
_END: Final = 0xD9
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each orientation of EXIF, as CIPA DC-008 numbers them."""

_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class StoredFrame:
    """A first frame that is safe to hand to a model."""

    path: Path  # PNG, RGB, 8 bit, no metadata
    sha256: str  # of the PNG; its name too
    width: int
    height: int


def check_frame(data: bytes, *, folder: Path) -> StoredFrame:
    """Read an uploaded picture and write `<sha256>.png` into `folder`, whole or not at all.

    Raises FrameManyBytes, FrameUnknownKind, FrameFewPixels, FrameManyPixels, FrameMoves or
    FrameBroken, which are BadInput; StorageFull when the disk is.
    """
    if len(data) > FRAME_LIMIT_BYTES:
        raise FrameManyBytes(size_bytes=len(data), limit_mb=FRAME_LIMIT_BYTES // 2**20)
    kind = _kind(data)
    with _one_at_a_time:
        try:
            image = _read(kind, data)
        except _DAMAGE as error:
            raise FrameBroken(kind=kind, why="it is damaged or cut off") from error
        return _store(image, folder)


def _read(kind: str, data: bytes) -> Image.Image:
    # 1. Look before decoding: the header alone says how much it would be.
    if (kind == "JPEG" and _is_long_jpeg(data)) or (kind == "PNG" and _is_long_png(data)):
        raise FrameBroken(kind=kind, why="it is in more pieces than a picture has")
    image: Image.Image = _READERS[kind](io.BytesIO(data))
    _check_size(*image.size)
    if getattr(image, "is_animated", False):
        raise FrameMoves()
    # 2. Decode, and make it plain.
    image.load()
    turn = _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    profile = image.info.get("icc_profile")
    image = _in_srgb(_opaque(image), profile)
    # 3. Turn it last, when it is smallest.
    return image.transpose(turn) if turn is not None else image


def _store(image: Image.Image, folder: Path) -> StoredFrame:
    image.info = {}  # else what the file said of itself goes along into the PNG
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    sha256 = hashlib.sha256(buffer.getbuffer()).hexdigest()
    path = folder / f"{sha256}.png"
    draft = path.with_name(path.name + ".part")
    try:
        draft.write_bytes(buffer.getbuffer())
        draft.replace(path)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull() from error
        raise
    finally:
        draft.unlink(missing_ok=True)
    return StoredFrame(path, sha256, image.width, image.height)


# ---- before decoding ----------------------------------------------------------------------


def _kind(data: bytes) -> str:
    """JPEG, PNG or WebP, by the first bytes; names and types that were sent along prove nothing."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WebP"
    raise FrameUnknownKind(found=_name(data))


def _name(data: bytes) -> str:
    """What a person would call a file that cannot be used."""
    if not data:
        return "an empty file"
    if data[4:8] == b"ftyp":
        return {
            b"avif": "an AVIF picture",
            b"heic": "a HEIC picture, as many phones take them",
            b"heix": "a HEIC picture, as many phones take them",
            b"mif1": "a HEIC picture, as many phones take them",
        }.get(data[8:12], "a video")
    if b"<svg" in data[:4096].lower():
        return "an SVG drawing"
    beginnings = {
        b"GIF8": "a GIF picture",
        b"BM": "a BMP picture",
        b"II*\x00": "a TIFF picture",
        b"MM\x00*": "a TIFF picture",
        b"%PDF": "a PDF document",
    }
    return next(
        (name for start, name in beginnings.items() if data.startswith(start)), "no picture"
    )


def _check_size(width: int, height: int) -> None:
    if min(width, height) < FRAME_LEAST_SIDE:
        raise FrameFewPixels(width=width, height=height, limit=FRAME_LEAST_SIDE)
    if width * height > FRAME_LIMIT_PIXELS:
        scale = math.sqrt(FRAME_LIMIT_PIXELS / (width * height))
        raise FrameManyPixels(
            width=width,
            height=height,
            limit=f"{FRAME_LIMIT_PIXELS / 1e6:.1f} million",
            better=f"{int(width * scale)} × {int(height * scale)}",
        )


def _is_long_jpeg(data: bytes) -> bool:
    """Whether decoding takes far longer than the size lets expect: too many passes or pieces."""
    at = 2
    pieces = scans = 0
    while (marker := _MARKER.search(data, at)) and data[marker.end() - 1] != _END:
        if scans == 0 and marker.start() - at > _LIMIT_GAP:
            return True
        pieces += 1
        scans += data[marker.end() - 1] == _SCAN
        if pieces > _LIMIT_PIECES or scans > _LIMIT_SCANS:
            return True
        # What lies within a piece is no marker: previews, for example.
        at = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2], "big")
    return scans == 0 and len(data) - at > _LIMIT_GAP


def _is_long_png(data: bytes) -> bool:
    at, pieces = 8, 0
    while at < len(data) and data[at + 4 : at + 8] != b"IEND" and pieces <= _LIMIT_PIECES:
        at += 12 + int.from_bytes(data[at : at + 4], "big")
        pieces += 1
    return pieces > _LIMIT_PIECES


# ---- to plain RGB -------------------------------------------------------------------------


def _opaque(image: Image.Image) -> Image.Image:
    """Without transparency, in RGB or CMYK, 8 bit."""
    if image.mode.startswith("I"):  # 16 bits of grey, which Pillow would cut off instead of scale
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        paper = Image.new("RGB", image.size, "white")
        paper.paste(image, mask=image)
        return paper
    return image if image.mode == "CMYK" else image.convert("RGB")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Phones photograph in wider colours; taken for sRGB they would look pale. A profile that
    cannot be used is left aside, as viewers do."""
    if profile and len(profile) <= _LIMIT_PROFILE_BYTES:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            converted = None
        if converted is not None:
            return converted
    return image.convert("RGB")
