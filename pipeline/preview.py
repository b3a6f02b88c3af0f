"""A small picture of a clip in the making, straight from its latents.

Knows nothing of the pipeline's run or of who looks. Latents are turned into colours by one small
matrix, fitted to the clips that the same model finished before; a picture costs a product of
that matrix with one latent frame. Limits: soft, and coarse where a latent stands for many pixels.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Final, TypeAlias
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.made import Frame, Frames
from pipeline.request import ClipRequest

log = logging.getLogger("greenlight.engine")

Tensor: TypeAlias = Any

_LONG_SIDE: Final = 256
_FITTED_FRAMES: Final = 6
_FADE: Final = 0.9
"""How much the clips before the last one still count."""
_RIDGE: Final = 0.01
"""Of the latents' own spread: few pixels and many channels would fit noise otherwise."""


def as_volume(pipe: Any, latents: Tensor, request: ClipRequest) -> Tensor | None:
    """Latents as (channels, frames, height, width), from the order that the class has them in."""
    if latents.ndim == 5:
        is_frames_first = type(pipe).__name__.startswith("CogVideoX")
        return latents[0].transpose(0, 1) if is_frames_first else latents[0]
    if latents.ndim != 3 or not hasattr(pipe, "_unpack_latents"):
        return None
    size = (
        (request.num_frames - 1) // pipe.vae_temporal_compression_ratio + 1,
        request.height // pipe.vae_spatial_compression_ratio,
        request.width // pipe.vae_spatial_compression_ratio,
    )
    patches = (pipe.transformer_spatial_patch_size, pipe.transformer_temporal_patch_size)
    if latents.shape[1] * patches[0] ** 2 * patches[1] != size[0] * size[1] * size[2]:
        return None  # tokens of another kind among them
    return pipe._unpack_latents(latents, *size, *patches)[0]


class Palette:
    """The matrix of one model. With a `path`, what it learned outlives the process."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._matrix: NDArray[np.float64] | None = None  # (channels + 1, 3)
        self._sums: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
        if path is not None and path.is_file():
            self._read(path)

    def learn(self, volume: Tensor, frames: Frames) -> None:
        """Fit the matrix to a finished clip: its last latents against its frames."""
        count, height, width = volume.shape[1:]
        rows, colours = [], []
        for place in np.unique(np.linspace(0, count - 1, _FITTED_FRAMES).round().astype(int)):
            frame = Image.fromarray(frames[_frame_of(place, count, len(frames))])
            small = frame.resize((width, height), Image.Resampling.BOX)
            rows.append(_rows(volume[:, int(place)]))
            colours.append(np.asarray(small, dtype=np.float64).reshape(-1, 3))
        x, y = np.concatenate(rows), np.concatenate(colours)
        if not np.isfinite(x).all():
            return
        gram, cross = x.T @ x / len(x), x.T @ y / len(x)
        if self._sums is not None and self._sums[0].shape == gram.shape:
            gram, cross = gram + _FADE * self._sums[0], cross + _FADE * self._sums[1]
        self._sums = (gram, cross)
        self._solve()
        self._write()

    def paint(self, volume: Tensor) -> Frame | None:
        """The middle frame in colours, at most `_LONG_SIDE` wide or high; None before a clip."""
        if self._matrix is None or volume.shape[0] + 1 != len(self._matrix):
            return None
        count, height, width = volume.shape[1:]
        colours = (_rows(volume[:, count // 2]) @ self._matrix).reshape(height, width, 3)
        small = np.nan_to_num(colours).clip(0, 255).round().astype(np.uint8)
        scale = max(1.0, _LONG_SIDE / max(width, height))
        size = (round(width * scale), round(height * scale))
        return np.asarray(Image.fromarray(small).resize(size, Image.Resampling.BICUBIC))

    def _solve(self) -> None:
        if self._sums is None:
            return
        gram, cross = self._sums
        ridge = np.eye(len(gram)) * _RIDGE * np.trace(gram) / len(gram)
        ridge[-1, -1] = 0  # the mean colour is free
        self._matrix = np.linalg.lstsq(gram + ridge, cross, rcond=None)[0]

    def _read(self, path: Path) -> None:
        try:
            with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                gram, cross = file["gram"], file["cross"]
            if gram.shape != (len(cross), len(cross)) or cross.shape[1:] != (3,):
                raise ValueError("its shapes do not go together")
            self._sums = (gram, cross)
            self._solve()
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            self._sums = None
            log.warning("What was learned for previews in %s was ignored: %s", path, error)

    def _write(self) -> None:
        if self._path is None or self._sums is None:
            return
        draft = self._path.with_name(self._path.name + ".part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("wb") as file:
                np.savez(file, gram=self._sums[0], cross=self._sums[1])
            draft.replace(self._path)
        except OSError as error:
            log.warning("What was learned for previews was not written: %s", error)


def _rows(latents: Tensor) -> NDArray[np.float64]:
    """One latent frame as a row for each place: its channels, and a one."""
    values = latents.detach().double().cpu().numpy().reshape(len(latents), -1).T
    return np.concatenate([values, np.ones((len(values), 1))], axis=1)


def _frame_of(place: int, count: int, frames: int) -> int:
    """The frame in the middle of those that a latent frame stands for; the first stands for one."""
    if place == 0 or count == 1:
        return 0
    each = (frames - 1) / (count - 1)
    return min(frames - 1, round((place - 0.5) * each + 0.5))
