"""The learned half of the autoencoder: the decoder of a stock AutoencoderKLLTXVideo.

It starts as the exact inverse of the principal components of `latents.py`, written into the middle
taps of its convolutions; what is left to learn is to lay the colour over the ground inside of the
outline, with sharp edges, at twice the size the latents were read at. First that is learned point
by point, which is cheap, then with all taps. Knows nothing of scenes beyond drawing them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipeline.embedded.latents import (
    BLOCK,
    CHANNELS,
    GROUND,
    OUT,
    OUTLINE,
    SIZE,
    Basis,
    as_grid,
    encode,
    principal_components,
    soften,
    take_apart,
)
from pipeline.embedded.world import FRAMES, VALUES, held_out, render, sample_scenes

PATCH: Final = OUT // 16
WIDTH: Final = 64
_HALF_OUTLINE, _HALF_GROUND = 36, 24  # components kept at the middle grid
_FINE_GROUND: Final = 14  # components of the ground kept at the finest grid
_CONSTANT: Final = 4.0  # a channel that never changes, so that normalising forgets nothing
_CLIPS: Final = 500
_BASIS_CLIPS: Final = 700
_POINTS: Final = 8192
_FRAMES_AT_ONCE: Final = 5
_EDGE: Final = 0.4  # of a colour, whose range is two
_EDGES_COUNT: Final = 4.0  # times more than the rest
_POINTS_RATE: Final = 2e-3
_TAPS_RATE: Final = 3e-4  # at three times that, what the start had is lost


def new_autoencoder() -> Any:
    """An untrained AutoencoderKLLTXVideo; its encoder is as small as it may be and never used."""
    from diffusers import AutoencoderKLLTXVideo

    return AutoencoderKLLTXVideo(
        latent_channels=CHANNELS,
        block_out_channels=(8, 8),
        down_block_types=("LTXVideoDownBlock3D",) * 2,
        spatio_temporal_scaling=(True, True),
        layers_per_block=(0, 0, 0),
        downsample_type=("conv", "conv"),
        decoder_block_out_channels=(WIDTH, WIDTH),
        decoder_spatio_temporal_scaling=(True, True),
        decoder_layers_per_block=(2, 1, 1),
        decoder_inject_noise=(False,) * 3,
        upsample_residual=(False, False),
        upsample_factor=(1, 1),
        patch_size=PATCH,
        patch_size_t=1,
        decoder_causal=False,
    )


@torch.no_grad()
def start_from(autoencoder: Any, basis: Basis, clips: Tensor) -> None:
    """Write the inverse of `basis` into the decoder; `clips` (n, 3, 17, 64, 64) fit its middle."""
    parts = take_apart(clips)
    decoder = autoencoder.decoder
    for module in decoder.modules():
        if type(module).__name__ == "LTXVideoResnetBlock3d":
            nn.init.zeros_(module.conv2.conv.weight)
            nn.init.zeros_(module.conv2.conv.bias)
    scale = basis.scale
    # Latents pass through; each step up then writes blocks of half the size.
    first = _emptied(decoder.conv_in.conv)
    _middle(first)[range(CHANNELS), range(CHANNELS)] = 1.0

    half = BLOCK // 2
    outline_blocks = _cut(_restored(parts.outline), 2, half).reshape(-1, 2 * half * half)
    half_mean, half_outline, _ = principal_components(outline_blocks[::7], _HALF_OUTLINE)
    ground = _cut_ground(parts.ground, half).reshape(-1, half * half * 3)
    half_ground_mean, half_ground, _ = principal_components(ground, _HALF_GROUND)
    up = _emptied(decoder.up_blocks[0].upsamplers[0].conv.conv)
    inside = torch.arange(4 * BLOCK * BLOCK).reshape(2, 2, 2, half, 2, half)
    on_ground = torch.arange(BLOCK * BLOCK * 3).reshape(2, half, 2, half, 3)
    colours = _HALF_OUTLINE + _HALF_GROUND
    for part in range(8):
        t, y, x = part // 4, part // 2 % 2, part % 2
        rows = inside[t, :, y, :, x, :].flatten()
        to = torch.arange(_HALF_OUTLINE) * 8 + part
        _middle(up)[to, :OUTLINE] = half_outline.T @ basis.outline[rows] * scale[:OUTLINE]
        up.bias[to] = half_outline.T @ (basis.outline_mean[rows] - half_mean)
        rows = on_ground[y, :, x].flatten()
        to = torch.arange(_HALF_OUTLINE, colours) * 8 + part
        spread = scale[OUTLINE : OUTLINE + GROUND]
        share = slice(OUTLINE, OUTLINE + GROUND)
        _middle(up)[to, share] = half_ground.T @ basis.ground[rows] * spread
        up.bias[to] = half_ground.T @ (basis.ground_mean[rows] - half_ground_mean)
        for channel in range(3):
            row = (colours + channel) * 8 + part
            _middle(up)[row, OUTLINE + GROUND + channel] = scale[OUTLINE + GROUND + channel]
            up.bias[row] = basis.colour_mean[channel]

    quarter = half // 2
    ground = _cut_ground(parts.ground, quarter).reshape(-1, quarter * quarter * 3)
    fine_mean, fine_ground, _ = principal_components(ground, _FINE_GROUND)
    up = _emptied(decoder.up_blocks[1].upsamplers[0].conv.conv)
    inside = torch.arange(2 * half * half).reshape(2, 2, quarter, 2, quarter)
    on_ground = torch.arange(half * half * 3).reshape(2, quarter, 2, quarter, 3)
    pixels = quarter * quarter
    for part in range(8):
        t, y, x = part // 4, part // 2 % 2, part % 2
        rows = inside[t, y, :, x, :].flatten()
        to = torch.arange(pixels) * 8 + part
        _middle(up)[to, :_HALF_OUTLINE] = half_outline[rows]
        up.bias[to] = half_mean[rows] - 0.5
        rows = on_ground[y, :, x].flatten()
        to = torch.arange(pixels, pixels + _FINE_GROUND) * 8 + part
        _middle(up)[to, _HALF_OUTLINE:colours] = fine_ground.T @ half_ground[rows]
        up.bias[to] = fine_ground.T @ (half_ground_mean[rows] - fine_mean)
        for channel in range(3):
            row = (pixels + _FINE_GROUND + channel) * 8 + part
            _middle(up)[row, colours + channel] = 1.0
        up.bias[(WIDTH - 1) * 8 + part] = _CONSTANT


def train_decoder(
    folder: Path,
    basis: Basis,
    seconds: tuple[float, float],
    report: Callable[[str, int, float, float], None],
) -> None:
    """Train point by point for the first `seconds`, with all taps for the second.

    `folder` holds the checkpoint, from which a stopped run goes on. `report(phase, step, share,
    loss)`; the loss is in units of half the range of a pixel.
    """
    torch.manual_seed(6)
    autoencoder = new_autoencoder()
    checkpoint = folder / "decoder.pt"
    spent = {"points": 0.0, "taps": 0.0}
    if checkpoint.exists():
        kept = torch.load(checkpoint, weights_only=True)
        autoencoder.load_state_dict(kept["autoencoder"])
        spent = kept["spent"]
    else:
        generator = torch.Generator().manual_seed(7)
        scenes = _trained(sample_scenes(_BASIS_CLIPS, generator))
        clips = torch.cat([render(some, SIZE, generator) for some in scenes.split(50)])
        start_from(autoencoder, basis, clips)

    def save() -> None:
        torch.save(
            {"autoencoder": autoencoder.state_dict(), "spent": spent},
            checkpoint.with_suffix(".part"),
        )
        checkpoint.with_suffix(".part").replace(checkpoint)

    generator = torch.Generator().manual_seed(8 + int(sum(spent.values())))
    latents, clips = _examples(basis, generator)
    if spent["points"] < seconds[0]:
        _train_points(autoencoder.decoder, latents, clips, seconds[0], spent, save, report)
    if spent["taps"] < seconds[1]:
        _train_taps(autoencoder.decoder, latents, clips, seconds[1], spent, save, report)


def _train_points(
    decoder: Any,
    latents: Tensor,
    clips: Tensor,
    seconds: float,
    spent: dict[str, float],
    save: Callable[[], None],
    report: Callable[[str, int, float, float], None],
) -> None:
    """Only the middle taps of the finest grid, on points drawn from everywhere."""
    features, targets, busy = _points(decoder, latents, clips)
    fine = decoder.up_blocks[1]
    convolutions = [conv for net in fine.resnets for conv in (net.conv1.conv, net.conv2.conv)]
    convolutions.append(decoder.conv_out.conv)
    middles = [nn.Parameter(_middle(conv).detach().clone()) for conv in convolutions]
    biases = [conv.bias for conv in convolutions]
    optimiser = torch.optim.AdamW(
        [*middles, *biases], lr=_POINTS_RATE, weight_decay=0.0, fused=True
    )
    began, step, share = time.monotonic() - spent["points"], 0, 0.0
    while share < 1:
        spent["points"] = time.monotonic() - began
        share = min(1.0, spent["points"] / seconds)
        _set_rate(optimiser, _POINTS_RATE, step, share)
        rows = busy[torch.randint(len(busy), (_POINTS,))]
        rows[: _POINTS // 4] = torch.randint(len(features), (_POINTS // 4,))
        state = features[rows].float()
        for index in range(0, len(middles) - 1, 2):
            inner = functional.linear(_lit(state), middles[index], biases[index])
            state = state + functional.linear(_lit(inner), middles[index + 1], biases[index + 1])
        drawn = functional.linear(_lit(state), middles[-1], biases[-1])
        loss = _loss(drawn, targets[rows].float() / 127)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        step += 1
        report("points", step, share, loss.item())
    with torch.no_grad():
        for conv, middle in zip(convolutions, middles, strict=True):
            nn.init.zeros_(conv.weight)
            _middle(conv).copy_(middle)
    save()


def _train_taps(
    decoder: Any,
    latents: Tensor,
    clips: Tensor,
    seconds: float,
    spent: dict[str, float],
    save: Callable[[], None],
    report: Callable[[str, int, float, float], None],
) -> None:
    """Everything, on a few frames at once."""
    fine = decoder.up_blocks[1]
    last = [*fine.resnets.parameters(), *decoder.conv_out.parameters()]
    known = set(map(id, last))
    early = [each for each in decoder.parameters() if id(each) not in known]
    optimiser = torch.optim.AdamW(
        [{"params": last, "part": 1.0}, {"params": early, "part": 0.5}],
        lr=_TAPS_RATE,
        weight_decay=0.0,
        fused=True,
    )
    began, step, share, saved = time.monotonic() - spent["taps"], 0, 0.0, spent["taps"]
    while share < 1:
        spent["taps"] = time.monotonic() - began
        share = min(1.0, spent["taps"] / seconds)
        _set_rate(optimiser, _TAPS_RATE, step, share)
        rows = torch.randint(len(latents), (8,))
        state = _to_finest(decoder, as_grid(_shaken(latents[rows].float())))
        start = int(torch.randint(FRAMES - _FRAMES_AT_ONCE + 1, ()))
        state = state[:, :, start : start + _FRAMES_AT_ONCE]
        for net in fine.resnets:
            state = net(state)
        state = decoder.conv_act(decoder.norm_out(state.movedim(1, -1)).movedim(-1, 1))
        drawn = _points_of(decoder.conv_out(state))
        wanted = clips[rows][:, :, start : start + _FRAMES_AT_ONCE].float() / 127
        patches = _patches(wanted)
        loss = _loss(drawn, patches, 1 + _EDGES_COUNT * _shows_an_edge(patches))
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(decoder.parameters(), 1.0)
        optimiser.step()
        step += 1
        report("taps", step, share, loss.item())
        if spent["taps"] - saved > 120 or share >= 1:
            saved = spent["taps"]
            save()


def _examples(basis: Basis, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Latents (n, 80, CHANNELS) and what they stand for: (n, 3, 17, OUT, OUT) int8."""
    scenes = sample_scenes(_CLIPS * 5 // 4, generator)
    # Half of them small: outlines of few pixels are the last thing that the decoder learns.
    scenes[::2, list(VALUES).index("size")] = VALUES["size"].index("small")
    scenes = _trained(scenes)[:_CLIPS]
    latents, clips = [], []
    for some in scenes.split(25):
        clip = render(some, OUT, generator)
        small = functional.avg_pool3d(clip, (1, 2, 2))
        latents.append(encode(small, basis))
        clips.append((clip * 127).round().to(torch.int8))
    return torch.cat(latents), torch.cat(clips)


@torch.no_grad()
def _points(decoder: Any, latents: Tensor, clips: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Features and targets of every point of the finest grid, and which of them show an edge."""
    features, targets = [], []
    for some, clip in zip(latents.split(25), clips.split(25), strict=True):
        features.append(_points_of(_to_finest(decoder, as_grid(_shaken(some)))).half())
        targets.append(_patches(clip))
    all_targets = torch.cat(targets)
    edges = [_shows_an_edge(some.float() / 127) for some in all_targets.split(200_000)]
    return torch.cat(features), all_targets, torch.cat(edges).nonzero()[:, 0]


def _shaken(latents: Tensor) -> Tensor:
    """With a little noise, as the denoiser's latents are never exact."""
    return latents + 0.12 * torch.rand(len(latents), 1, 1) * torch.randn_like(latents)


def _trained(scenes: Tensor) -> Tensor:
    return scenes[~held_out(scenes)]


def _to_finest(decoder: Any, grid: Tensor) -> Tensor:
    state = decoder.mid_block(decoder.conv_in(grid))
    state = decoder.up_blocks[0](state)
    finest: Tensor = decoder.up_blocks[1].upsamplers[0](state)
    return finest


def _points_of(state: Tensor) -> Tensor:
    """(n, c, f, h, w) → (points, c)."""
    return state.movedim(1, -1).flatten(0, 3)


def _patches(clips: Tensor) -> Tensor:
    """(n, 3, f, OUT, OUT) → (points, 3·PATCH·PATCH), in the order the decoder writes them."""
    n, _, frames = clips.shape[:3]
    cut = clips.reshape(n, 3, frames, OUT // PATCH, PATCH, OUT // PATCH, PATCH)
    return cut.permute(0, 2, 3, 5, 1, 6, 4).reshape(-1, 3 * PATCH * PATCH)


def _lit(state: Tensor) -> Tensor:
    return functional.silu(functional.rms_norm(state, state.shape[-1:], eps=1e-8))


def _shows_an_edge(patches: Tensor) -> Tensor:
    """1 for each point whose patch has a strong edge in it, else 0: (points,)."""
    colours = patches.reshape(len(patches), 3, -1)
    return ((colours.amax(2) - colours.amin(2)).amax(1) > _EDGE).float()


def _loss(drawn: Tensor, wanted: Tensor, weight: Tensor | float = 1.0) -> Tensor:
    off = drawn - wanted
    return ((off.abs() + off.pow(2)).mean(1) * weight).mean()


def _set_rate(optimiser: Any, rate: float, step: int, share: float) -> None:
    for group in optimiser.param_groups:
        now = min(1.0, (step + 1) / 100) * (1.0 if share < 0.4 else max(0.02, (1 - share) / 0.6))
        group["lr"] = rate * now * group.get("part", 1.0)


def _emptied(conv: Any) -> Any:
    nn.init.zeros_(conv.weight)
    nn.init.zeros_(conv.bias)
    return conv


def _middle(conv: Any) -> Tensor:
    taps: Tensor = conv.weight[:, :, 1, 1, 1]
    return taps


def _restored(outline: Tensor) -> Tensor:
    """As the outline blocks of `latents.py` see it: soft, the first frame four times."""
    soft = soften(outline)
    return torch.cat([soft[:, :1].expand(-1, 3, -1, -1), soft], 1)


def _cut(frames: Tensor, deep: int, side: int) -> Tensor:
    n, count, size, _ = frames.shape
    cut = frames.reshape(n, count // deep, deep, size // side, side, size // side, side)
    return cut.permute(0, 1, 3, 5, 2, 4, 6)


def _cut_ground(ground: Tensor, side: int) -> Tensor:
    n, _, size, _ = ground.shape
    cut = ground.reshape(n, 3, size // side, side, size // side, side)
    return cut.permute(0, 2, 4, 3, 5, 1)
