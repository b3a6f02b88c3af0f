"""An uploaded first frame: what is kept of it, and that every bad file is refused in words."""

from __future__ import annotations

import hashlib
import io
import os
import random
import subprocess
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms, PngImagePlugin

from errors import (
    BadInput,
    FrameBroken,
    FrameFewPixels,
    FrameManyBytes,
    FrameManyPixels,
    FrameMoves,
    FrameUnknownKind,
    StorageFull,
)
from pipeline.frame import FRAME_LIMIT_BYTES, check_frame

SIGNATURE = b"\x89PNG\r\n\x1a\n"
ORIENTATION = 0x0112
FORMATS = ("JPEG", "PNG", "WEBP")


def picture(width: int = 96, height: int = 64) -> Image.Image:
    """Four corners that cannot be mistaken: red, green, blue and white."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = (220, 20, 30)
    pixels[: height // 2, width // 2 :] = (20, 200, 40)
    pixels[height // 2 :, : width // 2] = (30, 40, 210)
    pixels[height // 2 :, width // 2 :] = (250, 250, 250)
    return Image.fromarray(pixels)


def file(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content).to_bytes(4, "big")
    return len(content).to_bytes(4, "big") + name + content + check


def png(width: int, height: int, *chunks: bytes, depth: int = 8, colours: int = 2) -> bytes:
    """A PNG put together by hand, so that it can say what no program would write."""
    sides = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    header = chunk(b"IHDR", sides + bytes([depth, colours, 0, 0, 0]))
    return SIGNATURE + header + b"".join(chunks) + chunk(b"IEND", b"")


def rows(width: int, height: int) -> bytes:
    return chunk(b"IDAT", zlib.compress(bytes((1 + 3 * width) * height)))


def chunk_names(path: Path) -> list[bytes]:
    content, at, names = path.read_bytes(), 8, []
    while at < len(content):
        names.append(content[at + 4 : at + 8])
        at += 12 + int.from_bytes(content[at : at + 4], "big")
    return names


def kept(data: bytes, folder: Path) -> NDArray[np.int64]:
    """The pixels of what was stored."""
    with Image.open(check_frame(data, folder=folder).path) as image:
        assert (image.format, image.mode) == ("PNG", "RGB")
        return np.asarray(image).astype(int)


# ---- what is kept -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FORMATS)
def test_a_picture_is_kept_as_it_looks(tmp_path: Path, kind: str) -> None:
    difference = kept(file(picture(), kind, quality=95), tmp_path) - np.asarray(picture())
    assert np.abs(difference).mean() < 4


def test_a_frame_says_its_size(tmp_path: Path) -> None:
    frame = check_frame(file(picture(96, 64)), folder=tmp_path)
    assert (frame.width, frame.height) == (96, 64)


def test_a_frame_is_named_after_its_content(tmp_path: Path) -> None:
    frame = check_frame(file(picture()), folder=tmp_path)
    assert frame.sha256 == hashlib.sha256(frame.path.read_bytes()).hexdigest()
    assert frame.path == tmp_path / f"{frame.sha256}.png"


def test_the_same_picture_is_kept_once(tmp_path: Path) -> None:
    for data in (file(picture()), file(picture(), compress_level=0)):
        check_frame(data, folder=tmp_path)
    assert len(list(tmp_path.iterdir())) == 1


def test_many_may_send_at_the_same_time(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as people:
        names = {
            frame.path.name
            for frame in people.map(
                lambda _: check_frame(file(picture()), folder=tmp_path), range(12)
            )
        }
    assert names == {path.name for path in tmp_path.iterdir()}


def with_notes(kind: str) -> bytes:
    """A picture that says everywhere it can who took it where."""
    exif = Image.Exif()
    exif[0x010F] = "secret camera"
    exif[0x8825] = {1: "N", 2: (48.0, 12.0, 30.0)}
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    options: dict[str, Any] = {"exif": exif, "icc_profile": profile}
    if kind == "PNG":
        notes = PngImagePlugin.PngInfo()
        notes.add_text("Author", "secret person")
        notes.add_itxt("Comment", "secret place", zip=True)
        options |= {"pnginfo": notes, "dpi": (300, 300)}
    elif kind == "JPEG":
        options |= {"comment": b"secret remark", "dpi": (300, 300)}
    else:
        options |= {"xmp": b"<x:xmpmeta>secret</x:xmpmeta>"}
    return file(picture(), kind, **options)


@pytest.mark.parametrize("kind", FORMATS)
def test_nothing_is_kept_but_the_picture(tmp_path: Path, kind: str) -> None:
    frame = check_frame(with_notes(kind), folder=tmp_path)
    assert set(chunk_names(frame.path)) == {b"IHDR", b"IDAT", b"IEND"}


@pytest.mark.parametrize("kind", FORMATS)
def test_what_hangs_behind_a_picture_is_not_kept(tmp_path: Path, kind: str) -> None:
    hidden = b"PK\x03\x04<script>alert(1)</script>"
    frame = check_frame(file(picture(), kind) + hidden, folder=tmp_path)
    assert b"script" not in frame.path.read_bytes()


UNDOES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How a camera that was held like this stores an upright picture (the other way than ours)."""


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_upright(tmp_path: Path, kind: str, orientation: int) -> None:
    stored = picture()
    if orientation in UNDOES:
        stored = stored.transpose(UNDOES[orientation])
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    seen = kept(file(stored, kind, quality=95, exif=exif), tmp_path)
    assert seen.shape == (64, 96, 3)
    assert np.abs(seen - np.asarray(picture())).mean() < 4


def test_an_orientation_that_does_not_exist_turns_nothing(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 77
    assert kept(file(picture(), exif=exif), tmp_path).shape == (64, 96, 3)


# ---- every kind of pixel ------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_kind_of_png_becomes_rgb(tmp_path: Path, mode: str) -> None:
    seen = kept(file(picture().convert(mode)), tmp_path)
    expected = np.asarray(picture().convert(mode).convert("RGB")).astype(int)
    assert np.abs(seen - expected).max() <= 1


def test_what_is_transparent_is_laid_on_white(tmp_path: Path) -> None:
    glass = picture().convert("RGBA")
    glass.putalpha(0)
    assert (kept(file(glass), tmp_path) == 255).all()


def test_what_is_half_transparent_is_half_white(tmp_path: Path) -> None:
    glass = Image.new("RGBA", (64, 64), (0, 0, 0, 128))
    assert np.abs(kept(file(glass, "WEBP", lossless=True), tmp_path) - 127).max() <= 1


def test_a_transparent_colour_of_a_palette_is_laid_on_white(tmp_path: Path) -> None:
    painted = Image.new("P", (64, 64), 0)
    painted.putpalette([200, 10, 10] + [0] * 765)
    assert (kept(file(painted, transparency=0), tmp_path) == 255).all()


def test_a_transparent_colour_of_a_plain_picture_is_laid_on_white(tmp_path: Path) -> None:
    painted = Image.new("RGB", (64, 64), (1, 2, 3))
    assert (kept(file(painted, transparency=(1, 2, 3)), tmp_path) == 255).all()


def test_sixteen_bits_of_grey_are_scaled_to_eight(tmp_path: Path) -> None:
    tones = np.linspace(0, 65_535, 64 * 64).reshape(64, 64).astype(np.uint16)
    seen = kept(file(Image.fromarray(tones)), tmp_path)
    assert np.abs(seen[..., 0] - tones / 257).max() <= 1


def test_sixteen_bits_of_colour_are_scaled_to_eight(tmp_path: Path) -> None:
    row = b"\0" + (b"\xc8\x00" + b"\x64\x00" + b"\x32\x00") * 64
    data = png(64, 64, chunk(b"IDAT", zlib.compress(row * 64)), depth=16)
    assert np.abs(kept(data, tmp_path) - (200, 100, 50)).max() <= 1


def test_printing_inks_become_light(tmp_path: Path) -> None:
    seen = kept(file(picture().convert("CMYK"), "JPEG", quality=95), tmp_path)
    assert np.abs(seen - np.asarray(picture())).mean() < 6


def test_colours_mean_what_their_profile_says(tmp_path: Path) -> None:
    """A profile in which red and green have changed places."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ"), profile.index(b"gXYZ")
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    painted = Image.new("RGB", (64, 64), (200, 0, 0))
    seen = kept(file(painted, icc_profile=bytes(profile)), tmp_path)
    assert seen[0, 0].argmax() == 1


def test_a_profile_that_cannot_be_used_is_left_aside(tmp_path: Path) -> None:
    seen = kept(file(picture(), icc_profile=b"no profile" * 20), tmp_path)
    assert (seen == np.asarray(picture())).all()


# ---- what is refused ----------------------------------------------------------------------


FOREIGN = {
    "an empty file": b"",
    "no picture": b"hello",
    "an SVG drawing": b'<?xml version="1.0"?>\n<SVG xmlns="http://www.w3.org/2000/svg"/>',
    "a HEIC picture, as many phones take them": b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1",
    "an AVIF picture": b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00",
    "a video": b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00",
    "a GIF picture": file(picture().convert("P"), "GIF"),
    "a BMP picture": file(picture(), "BMP"),
    "a TIFF picture": file(picture(), "TIFF"),
    "a PDF document": b"%PDF-1.7\n",
}


@pytest.mark.parametrize("name", FOREIGN)
def test_another_kind_of_file_is_refused_by_its_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(FrameUnknownKind) as refused:
        check_frame(FOREIGN[name], folder=tmp_path)
    assert refused.value.message.startswith(f"The first frame is {name};")


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("part", [0.02, 0.3, 0.7, 0.9])
def test_a_picture_that_is_cut_off_is_refused_with_a_sentence(
    tmp_path: Path, kind: str, part: float
) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    data = file(Image.fromarray(noise), kind)
    with pytest.raises(FrameBroken) as refused:
        check_frame(data[: max(12, round(len(data) * part))], folder=tmp_path)
    assert "cut off" in refused.value.message


@pytest.mark.parametrize("data", [b"\xff\xd8\xff", SIGNATURE, b"RIFF\0\0\0\0WEBP"])
def test_a_beginning_alone_is_no_picture(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(FrameBroken):
        check_frame(data, folder=tmp_path)


def test_a_palette_picture_without_a_palette_is_refused(tmp_path: Path) -> None:
    data = png(64, 64, chunk(b"IDAT", zlib.compress(bytes(65 * 64))), colours=3)
    with pytest.raises(FrameBroken):
        check_frame(data, folder=tmp_path)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_an_animation_is_refused(tmp_path: Path, kind: str) -> None:
    more = [Image.new("RGB", (96, 64), "black")]
    with pytest.raises(FrameMoves):
        check_frame(file(picture(), kind, save_all=True, append_images=more), folder=tmp_path)


@pytest.mark.parametrize(("width", "height"), [(31, 64), (64, 31), (1, 1)])
def test_a_picture_of_few_pixels_is_refused_with_its_size(
    tmp_path: Path, width: int, height: int
) -> None:
    with pytest.raises(FrameFewPixels) as refused:
        check_frame(file(picture(width, height)), folder=tmp_path)
    assert f"{width} × {height}" in refused.value.message


def test_the_largest_picture_is_taken(tmp_path: Path) -> None:
    frame = check_frame(file(Image.new("1", (4096, 4096))), folder=tmp_path)
    assert (frame.width, frame.height) == (4096, 4096)


def test_a_picture_of_more_pixels_is_refused_with_a_size_that_fits(tmp_path: Path) -> None:
    with pytest.raises(FrameManyPixels) as refused:
        check_frame(png(8192, 8192, rows(8, 8)), folder=tmp_path)
    assert "8192 × 8192" in refused.value.message
    assert "16.8 million" in refused.value.message
    assert "4096 × 4096" in refused.value.fix


def test_a_picture_one_row_too_high_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FrameManyPixels):
        check_frame(png(4096, 4097, rows(8, 8)), folder=tmp_path)


def test_more_bytes_than_allowed_are_refused(tmp_path: Path) -> None:
    data = file(picture())
    with pytest.raises(FrameManyBytes) as refused:
        check_frame(data.ljust(FRAME_LIMIT_BYTES + 1, b"\0"), folder=tmp_path)
    assert (refused.value.status, "10 MiB" in refused.value.message) == (413, True)


def test_as_many_bytes_as_allowed_are_taken(tmp_path: Path) -> None:
    assert check_frame(file(picture()).ljust(FRAME_LIMIT_BYTES, b"\0"), folder=tmp_path).path


# ---- bombs --------------------------------------------------------------------------------


def webp_bomb() -> bytes:
    """A few bytes that claim 16383 × 16383 pixels."""
    data = bytearray(file(picture(), "WEBP", save_all=True, append_images=[picture(96, 64)]))
    data[24:30] = b"\xfe\x3f\x00" * 2
    return bytes(data)


def jpeg_of_passes(count: int) -> bytes:
    """Fifty bytes for each pass over 16.8 million pixels."""
    data = file(Image.new("RGB", (4096, 4096), (90, 20, 200)), "JPEG", progressive=True)
    starts = [at for at in range(len(data) - 1) if data[at : at + 2] == b"\xff\xda"]
    return data[:-2] + data[starts[1] : starts[2]] * count + b"\xff\xd9"


def jpeg_after(beginning: bytes) -> bytes:
    """A good JPEG, with this before everything else."""
    return b"\xff\xd8" + beginning + file(picture(), "JPEG")[2:]


HUGE = zlib.compress(bytes(300_000_000), 9)
BOMBS: dict[str, Callable[[], bytes]] = {
    "claims 2³¹ pixels a side": lambda: png(2**31 - 1, 2**31 - 1, rows(8, 8)),
    "claims 50,000 pixels a side": lambda: png(50_000, 50_000, rows(8, 8)),
    "WebP that claims the most it can": webp_bomb,
    "a note that unpacks to 300 MB": lambda: png(
        64, 64, chunk(b"zTXt", b"a\0\0" + HUGE), rows(64, 64)
    ),
    "a profile that unpacks to 300 MB": lambda: png(
        64, 64, chunk(b"iCCP", b"a\0\0" + HUGE), rows(64, 64)
    ),
    "a piece that claims 2 GB": lambda: png(64, 64, b"\x7f\xff\xff\xfftEXt", rows(64, 64)),
}
DRAWN_OUT: dict[str, Callable[[], bytes]] = {
    "PNG of 6,000 pieces": lambda: png(64, 64, chunk(b"tEXt", b"a\0b") * 6_000, rows(64, 64)),
    "JPEG of 200 passes": lambda: jpeg_of_passes(200),
    "JPEG of 150,000 passes": lambda: jpeg_of_passes(150_000),
    "JPEG of 6,000 remarks": lambda: jpeg_after(b"\xff\xfe\0\2" * 6_000),
    "JPEG with fill bytes": lambda: jpeg_after(b"\xff" * 10_000),
    "JPEG with nothing within": lambda: jpeg_after(b"\xff\xfe\0\2" + bytes(10_000)),
    "JPEG of fill bytes alone": lambda: b"\xff\xd8\xff" + b"\xff" * 10_000_000,
}
"""Files that a decoder could read and would spend its time on."""


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_with_a_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises((FrameBroken, FrameManyPixels)):
        check_frame(BOMBS[name](), folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", DRAWN_OUT)
def test_a_picture_of_too_many_pieces_is_not_even_tried(tmp_path: Path, name: str) -> None:
    with pytest.raises(FrameBroken) as refused:
        check_frame(DRAWN_OUT[name](), folder=tmp_path)
    assert "more pieces than a picture has" in refused.value.message


def test_pixels_beyond_the_picture_are_not_unpacked(tmp_path: Path) -> None:
    frame = check_frame(png(64, 64, chunk(b"IDAT", HUGE)), folder=tmp_path)
    assert frame.path.stat().st_size < 1000


def test_previews_within_a_photo_are_no_passes(tmp_path: Path) -> None:
    """Cameras put pictures into the notes of a picture, each with its own marks."""
    notes = b"\xff\xe2" + (2 + 60_000).to_bytes(2, "big") + b"\xff\xda" * 30_000
    photo = file(picture(), "JPEG")
    assert check_frame(photo[:2] + notes * 3 + photo[2:], folder=tmp_path).width == 96


@pytest.mark.filterwarnings("ignore")  # Pillow warns of some of the damage done here
@pytest.mark.parametrize("seed", range(5))
def test_whatever_is_damaged_ends_as_a_frame_or_a_sentence(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    whole = [with_notes(kind) for kind in FORMATS]
    whole += [file(picture().convert("P")), file(picture(), "JPEG", progressive=True)]
    ends = set()
    for _ in range(150):
        data = bytearray(rng.choice(whole))
        for _ in range(rng.choice((1, 2, 10))):
            at = rng.randrange(len(data))
            data[at : at + rng.choice((0, 1, 4))] = rng.randbytes(rng.choice((0, 1, 4)))
        try:
            ends.add(type(check_frame(bytes(data), folder=tmp_path)).__name__)
        except BadInput as refused:
            ends.add(type(refused).__name__)
    assert {"StoredFrame", "FrameBroken"} <= ends
    assert not list(tmp_path.glob("*.part"))


# ---- a full disk --------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of 64 KiB, where this user may mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("no right to mount a small disk here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_said_and_leaves_nothing(small_disk: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (256, 256, 3)).astype(np.uint8)
    with pytest.raises(StorageFull):
        check_frame(file(Image.fromarray(noise)), folder=small_disk)
    assert list(small_disk.iterdir()) == []
