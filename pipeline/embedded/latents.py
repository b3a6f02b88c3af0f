"""The half of the autoencoder that is computed, not learned: a clip becomes latents.

A clip is taken apart from its pixels alone into the ground, the outline of what is on it, and that
thing's colour; ground and outline are then written in their principal components, block by block.
So the denoiser learns one outline for all colours and places. The decoder, which is learned, puts
the three together again (`train_decoder.py`). Knows nothing of scenes or of words.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

SIZE: Final = 64  # pixels a side, as clips are read
OUT: Final = 128  # pixels a side, as they are decoded
CELLS: Final = 4  # a side of the latent grid
BLOCK: Final = SIZE // CELLS
LATENT_FRAMES: Final = 5  # one for the first frame, then one for four each
OUTLINE: Final = 48
GROUND: Final = 13
CHANNELS: Final = OUTLINE + GROUND + 3

_FAINT, _FULL = 0.30, 0.55  # chroma of the most colourful ground, of the least colourful thing
_SOFTNESS: Final = 1.2  # pixels; a soft outline takes fewer components and can be sharpened again


@dataclass(frozen=True)
class Parts:
    """Clips taken apart: outline (n, f, s, s) in 0 to 1, ground (n, 3, s, s), colour (n, 3)."""

    outline: Tensor
    ground: Tensor
    colour: Tensor


@dataclass(frozen=True)
class Basis:
    """Means, principal components and scales by which parts become latents and back."""

    outline_mean: Tensor  # (4·16·16,)
    outline: Tensor  # (4·16·16, OUTLINE)
    ground_mean: Tensor  # (16·16·3,)
    ground: Tensor  # (16·16·3, GROUND)
    colour_mean: Tensor  # (3,)
    scale: Tensor  # (CHANNELS,): what a latent of one stands for


def take_apart(clips: Tensor) -> Parts:
    """Clips (n, 3, f, SIZE, SIZE) in -1 to 1. What is colourful is a thing; the rest is ground."""
    chroma = (clips.amax(1) - clips.amin(1)) / 2
    outline = ((chroma - _FAINT) / (_FULL - _FAINT)).clamp(0, 1)
    seen = (outline < 0.02).float()[:, None]
    total, times = (clips * seen).sum(2), seen.sum(2)
    # Where the ground is never seen, take it from around.
    near = _blurred(total, 3.0) + 1e-3 * _blurred(total, 8.0)
    weight = _blurred(times, 3.0) + 1e-3 * _blurred(times, 8.0)
    around = near / weight.clamp_min(1e-6)
    ground = torch.where(times > 0, total / times.clamp_min(1), around)
    inside = (outline > 0.98).float()[:, None]
    colour = (clips * inside).sum((2, 3, 4)) / inside.sum((2, 3, 4)).clamp_min(1)
    return Parts(outline, ground, colour)


def fit_basis(clips: Tensor) -> Basis:
    """Principal components of the blocks of these clips; a thousand clips are enough."""
    parts = take_apart(clips)
    outline_mean, outline, outline_spread = principal_components(
        _outline_blocks(parts.outline), OUTLINE
    )
    ground_mean, ground, ground_spread = principal_components(_ground_blocks(parts.ground), GROUND)
    colour_spread = parts.colour.std(0).mean().expand(3)
    # The square root evens the components out by half: fine detail counts, yet less than the rest.
    scale = torch.cat(
        [_evened(spread) for spread in (outline_spread, ground_spread)] + [colour_spread]
    )
    return Basis(outline_mean, outline, ground_mean, ground, parts.colour.mean(0), scale)


def encode(clips: Tensor, basis: Basis) -> Tensor:
    """Latents (n, LATENT_FRAMES·CELLS·CELLS, CHANNELS) of clips, in the order LTX packs them."""
    parts = take_apart(clips)
    outline = (_outline_blocks(parts.outline) - basis.outline_mean) @ basis.outline
    ground = (_ground_blocks(parts.ground) - basis.ground_mean) @ basis.ground
    ground = ground.reshape(len(clips), 1, CELLS**2, GROUND)
    colour = (parts.colour - basis.colour_mean)[:, None, None]
    latents = torch.cat(
        [
            outline.reshape(len(clips), LATENT_FRAMES, CELLS**2, OUTLINE),
            ground.expand(-1, LATENT_FRAMES, -1, -1),
            colour.expand(-1, LATENT_FRAMES, CELLS**2, -1),
        ],
        -1,
    )
    return (latents / basis.scale).flatten(1, 2)


def as_grid(latents: Tensor) -> Tensor:
    """Latents (n, 80, CHANNELS) as a decoder takes them: (n, CHANNELS, frames, rows, columns)."""
    grid = latents.reshape(len(latents), LATENT_FRAMES, CELLS, CELLS, CHANNELS)
    return grid.permute(0, 4, 1, 2, 3)


def save_basis(basis: Basis, path: Path) -> None:
    """Beside the weights, so that clips can be encoded and training can go on."""
    from safetensors.torch import save_file

    save_file({name: value.contiguous() for name, value in asdict(basis).items()}, path)


def load_basis(path: Path) -> Basis:
    from safetensors.torch import load_file

    return Basis(**load_file(path))


def soften(outline: Tensor) -> Tensor:
    """The outline as the latents keep it."""
    return _blurred(outline, _SOFTNESS)


def principal_components(blocks: Tensor, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Mean, the first `count` principal components as columns, and their standard deviations."""
    mean = blocks.mean(0)
    centred = blocks - mean
    variances, vectors = torch.linalg.eigh(centred.T @ centred / len(blocks))
    return mean, vectors.flip(1)[:, :count].contiguous(), variances.flip(0)[:count].sqrt()


def _outline_blocks(outline: Tensor) -> Tensor:
    """(n, 17, s, s) → (n·5·4·4, 4·16·16): four frames of a block; the first frame four times."""
    soft = soften(outline)
    soft = torch.cat([soft[:, :1].expand(-1, 3, -1, -1), soft], 1)
    blocks = soft.reshape(-1, LATENT_FRAMES, 4, CELLS, BLOCK, CELLS, BLOCK)
    return blocks.permute(0, 1, 3, 5, 2, 4, 6).reshape(-1, 4 * BLOCK * BLOCK)


def _ground_blocks(ground: Tensor) -> Tensor:
    """(n, 3, s, s) → (n·4·4, 16·16·3)."""
    blocks = ground.reshape(-1, 3, CELLS, BLOCK, CELLS, BLOCK)
    return blocks.permute(0, 2, 4, 3, 5, 1).reshape(-1, BLOCK * BLOCK * 3)


def _evened(spread: Tensor) -> Tensor:
    root = spread.sqrt()
    return root * (spread / root).pow(2).mean().sqrt()


def _blurred(images: Tensor, sigma: float) -> Tensor:
    """Gaussian blur over the last two axes."""
    reach = int(3 * sigma + 0.5)
    kernel = torch.exp(-(torch.arange(-reach, reach + 1).float() ** 2) / (2 * sigma**2))
    kernel = kernel / kernel.sum()
    flat = images.reshape(-1, 1, *images.shape[-2:])
    flat = functional.pad(flat, (reach, reach, reach, reach), mode="replicate")
    flat = functional.conv2d(flat, kernel[None, None, None])
    return functional.conv2d(flat, kernel[None, None, :, None]).reshape(images.shape)
