"""What is in a clip, read from its pixels alone: seven numbers, as in a scene.

It never sees a prompt. Rules, not learning: chroma finds the things, their area and their way tell
the rest, and the outline is laid over each of the six. Proven on rendered truth by the tests.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from pipeline.embedded.world import (
    COLOURS,
    FRAMES,
    HOPS,
    RADII,
    SWELL,
    TRAVEL,
    TURNS,
    VALUES,
    outline_masks,
    render,
    sample_scenes,
)

_SIDE: Final = 64  # clips are looked at in this size
_CHROMA: Final = 0.42  # between the most colourful ground and the dullest thing
_SPECK: Final = 8  # pixels; less is no thing
_GRID: Final = 24  # an outline is compared in so many samples a side
_REACH: Final = 1.75  # over so many times the root of its area


@dataclass(frozen=True)
class _Thing:
    """One thing in one frame: its share of each pixel, its middle and its area in frame shares."""

    mask: Tensor
    x: float
    y: float
    area: float


def detect(clip: Tensor) -> list[int]:
    """The scene that a clip (3, FRAMES, s, s) in -1 to 1 shows, as indices into VALUES.

    A clip without any thing reads as the first value of each attribute but its place.
    """
    small = functional.adaptive_avg_pool2d(clip.transpose(0, 1), _SIDE)
    chroma = (small.amax(1) - small.amin(1)) / 2
    cover = (chroma / 0.6).clamp(0, 1)
    patches = _patches(chroma > _CHROMA)
    frames = [_things(each, found) for each, found in zip(cover, patches, strict=True)]
    place = _place(small, chroma)
    if not any(frames):
        return [0, 0, place, 8, 1, 1, 0]
    count = _count(frames)
    colour = _colour(small, chroma)
    motion, speed, middle_area = _motion(frames, count)
    shape = _shape(frames, count)
    size = _size(shape, middle_area, count, motion)
    return [shape, colour, place, motion, speed, size, count]


def _patches(solid: Tensor) -> Tensor:
    """The connected patches of each frame (f, s, s), each under a number of its own; 0 is none."""
    ids = torch.arange(1, solid[0].numel() + 1, dtype=torch.float32).reshape(solid.shape[1:])
    ids = ids * solid
    while True:  # each patch takes the highest number in it
        grown = functional.max_pool2d(ids[:, None], 3, 1, 1)[:, 0] * solid
        if torch.equal(grown, ids):
            return ids
        ids = grown


def _things(cover: Tensor, ids: Tensor) -> list[_Thing]:
    """The patches of one frame, largest first, specks left out."""
    patches = [ids == each for each in ids.unique() if each > 0]
    patches = [patch for patch in patches if patch.sum() >= _SPECK]
    patches.sort(key=lambda patch: -int(patch.sum()))
    if not patches:
        return []
    largest = int(patches[0].sum())
    return [_measure(cover, patch) for patch in patches if int(patch.sum()) >= 0.3 * largest]


def _measure(cover: Tensor, patch: Tensor) -> _Thing:
    near = functional.max_pool2d(patch[None].float(), 3, 1, 1)[0]
    mask = cover * near
    across = (torch.arange(_SIDE) + 0.5) / _SIDE
    total = float(mask.sum())
    return _Thing(
        mask,
        float((mask.sum(0) * across).sum()) / total,
        float((mask.sum(1) * across).sum()) / total,
        total / _SIDE**2,
    )


def _count(frames: list[list[_Thing]]) -> int:
    """1 (two things) if most frames that show something show two of about the same area."""
    shown = [things for things in frames if things]
    pairs = sum(len(things) == 2 and things[1].area > 0.5 * things[0].area for things in shown)
    return int(2 * pairs > len(shown))


def _colour(small: Tensor, chroma: Tensor) -> int:
    inside = chroma > max(_CHROMA, 0.8 * float(chroma.quantile(0.995)))
    seen = ((small.movedim(1, -1)[inside] + 1) / 2).median(0).values
    return int((torch.tensor(COLOURS) - seen).norm(dim=1).argmin())


def _place(small: Tensor, chroma: Tensor) -> int:
    ground = functional.max_pool2d((chroma > _CHROMA / 2).float(), 5, 1, 2) == 0
    return int((_place_marks() - _mark(small, ground)).norm(dim=1).argmin())


def _mark(small: Tensor, ground: Tensor) -> Tensor:
    """Mean colour of the ground in the top third, the middle and the bottom fifth: (9,)."""
    bands = []
    for top, bottom in ((0, 21), (21, 42), (51, 64)):
        weight = ground[:, top:bottom].float()[:, None]
        band = (small[:, :, top:bottom] * weight).sum((0, 2, 3)) / weight.sum().clamp_min(1)
        bands.append(band)
    return torch.cat(bands)


@cache
def _place_marks() -> Tensor:
    """What the grounds look like, from a few rendered clips of each."""
    generator = torch.Generator().manual_seed(21)
    marks = []
    for place in range(len(VALUES["place"])):
        scenes = sample_scenes(12, generator)
        scenes[:, 2], scenes[:, 5] = place, 0
        clips = render(scenes, _SIDE, generator).transpose(1, 2)
        ground = [
            functional.max_pool2d(
                ((clip.amax(1) - clip.amin(1)) / 2 > _CHROMA / 2).float(), 5, 1, 2
            )
            == 0
            for clip in clips
        ]
        marks.append(torch.stack([_mark(c, g) for c, g in zip(clips, ground, strict=True)]).mean(0))
    return torch.stack(marks)


def _motion(frames: list[list[_Thing]], count: int) -> tuple[int, int, float]:
    """Motion, speed and the area of one thing half way."""
    name = VALUES["motion"].index
    shown = [(index, things) for index, things in enumerate(frames) if things]
    time = torch.tensor([index / (FRAMES - 1) for index, _ in shown])
    weights = [[thing.area for thing in things[: count + 1]] for _, things in shown]
    area = torch.tensor([sum(each) / len(each) for each in weights])
    x = torch.tensor([_mean(things[: count + 1], "x") for _, things in shown])
    y = torch.tensor([_mean(things[: count + 1], "y") for _, things in shown])
    middle = float(area.median())
    if len(shown) < FRAMES // 2:
        return name("still"), 1, middle
    # Growing and shrinking: the slope of the logarithm of the radius, over the whole clip.
    swell = _slope(time, area.log() / 2)
    if abs(swell) > math.log(SWELL[0]):
        factors = torch.tensor([2 * math.log(each) for each in SWELL])
        return (
            name("growing") if swell > 0 else name("shrinking"),
            int((factors - abs(swell)).abs().argmin()),
            math.exp(float(area.log().mean())),
        )
    turned = _turned(shown, count, x, y)
    if turned is not None:
        return name("circling"), int((torch.tensor(TURNS) - turned).abs().argmin()), middle
    wide, high = float(x.max() - x.min()), float(y.max() - y.min())
    across, down = _slope(time, x), _slope(time, y)
    travel = torch.tensor(TRAVEL)
    if max(wide, high) < 0.12:
        return name("still"), 1, middle
    if wide > high:
        way = name("right") if across > 0 else name("left")
        return way, int((travel - abs(across)).abs().argmin()), middle
    if abs(down) > 0.6 * high:
        way = name("down") if down > 0 else name("up")
        return way, int((travel - abs(down)).abs().argmin()), middle
    hops = _hops(y, high)
    return name("bouncing"), int((torch.tensor(HOPS) - hops).abs().argmin()), middle


def _mean(things: list[_Thing], axis: str) -> float:
    return float(sum(getattr(thing, axis) for thing in things)) / len(things)


def _slope(time: Tensor, value: Tensor) -> float:
    """What `value` gains over the whole clip, by least squares."""
    centred = time - time.mean()
    return float((centred * value).sum() / centred.pow(2).sum())


def _turned(
    shown: list[tuple[int, list[_Thing]]], count: int, x: Tensor, y: Tensor
) -> float | None:
    """Turns gone round, of one thing about its middle or of two about each other; or None."""
    if count:
        pairs = [things[:2] for _, things in shown if len(things) == 2]
        angle = torch.tensor([math.atan2(a.y - b.y, a.x - b.x) for a, b in pairs])
        # Which of the two is which is not known from frame to frame: angles modulo half a turn.
        steps = (angle[1:] - angle[:-1] + math.pi / 2) % math.pi - math.pi / 2
        turned = abs(float(steps.sum())) / (2 * math.pi) * (FRAMES - 1) / max(1, len(steps))
        return turned if turned > 0.25 else None
    wide, high = float(x.max() - x.min()), float(y.max() - y.min())
    if min(wide, high) < 0.14:
        return None
    centre = _centre_of_circle(x, y)
    angle = torch.atan2(y - centre[1], x - centre[0])
    steps = (angle[1:] - angle[:-1] + math.pi) % (2 * math.pi) - math.pi
    return abs(float(steps.sum())) / (2 * math.pi) * (FRAMES - 1) / max(1, len(steps))


def _centre_of_circle(x: Tensor, y: Tensor) -> Tensor:
    """The centre of the circle nearest to some points, by least squares (Kåsa 1976)."""
    table = torch.stack([x, y, torch.ones_like(x)], 1)
    answer = torch.linalg.lstsq(table, (x.pow(2) + y.pow(2))[:, None]).solution[:, 0]
    centre: Tensor = answer[:2] / 2
    return centre


def _hops(y: Tensor, high: float) -> int:
    """How many times the way leads up and down again."""
    level = (y < y.max() - 0.5 * high).int()
    return int((level[1:] > level[:-1]).sum() + level[0])


def _shape(frames: list[list[_Thing]], count: int) -> int:
    """The outline that fits best over all frames, the larger things counting for more."""
    off = torch.zeros(len(VALUES["shape"]))
    for things in frames:
        for thing in things[: count + 1]:
            reach = math.sqrt(thing.area) * _REACH / 2
            if min(thing.x, thing.y, 1 - thing.x, 1 - thing.y) < 0.6 * reach:
                continue
            seen = _sampled(thing.mask, thing.x, thing.y, thing.area)
            off += (_outline_marks() - seen).pow(2).mean((1, 2)) * thing.area
    return int(off.argmin())


def _sampled(mask: Tensor, x: float, y: float, area: float) -> Tensor:
    """A mask about its middle, in units of the root of its area: (_GRID, _GRID)."""
    reach = math.sqrt(area) * _REACH
    line = torch.linspace(-reach, reach, _GRID)
    v, u = torch.meshgrid(y + line, x + line, indexing="ij")
    where = torch.stack([u * 2 - 1, v * 2 - 1], -1)[None]
    return functional.grid_sample(mask[None, None], where, align_corners=False)[0, 0]


@cache
def _outline_marks() -> Tensor:
    """The six outlines, sampled as things are: (6, _GRID, _GRID)."""
    marks = []
    for mask in outline_masks(_SIDE, 0.18):
        thing = _measure(mask, torch.ones_like(mask, dtype=torch.bool))
        marks.append(_sampled(mask, thing.x, thing.y, thing.area))
    return torch.stack(marks)


@cache
def _unit_areas() -> Tensor:
    """The area of each shape at a radius of one."""
    return torch.stack([mask.sum() / _SIDE**2 / 0.18**2 for mask in outline_masks(_SIDE, 0.18)])


def _size(shape: int, area: float, count: int, motion: int) -> int:
    radius = math.sqrt(area / float(_unit_areas()[shape]))
    if count:
        radius /= 0.8
        if VALUES["motion"][motion] in ("growing", "shrinking"):
            radius /= 0.75
    return int((torch.tensor(RADII).log() - math.log(radius)).abs().argmin())
