"""The little world of the embedded model: what can be in a clip, and how such a clip is drawn.

A scene is seven numbers, one per attribute. Everything that can be seen follows from them but for
a small jitter (where exactly, how bright, how the land lies), so that a small model can learn it.
Knows nothing of words, of the model or of the app; needs torch only.
"""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor

VALUES: Final = {
    "shape": ("ball", "square", "triangle", "star", "heart", "ring"),
    "colour": ("red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink"),
    "place": ("night", "sky", "meadow", "desert", "snow", "room"),
    "motion": (
        "left",
        "right",
        "up",
        "down",
        "bouncing",
        "circling",
        "growing",
        "shrinking",
        "still",
    ),
    "speed": ("slow", "normal", "fast"),
    "size": ("small", "normal", "big"),
    "count": ("one", "two"),
}
"""Each attribute and its values, in the order of a scene's numbers."""

DEFAULTS: Final = {
    "shape": "ball",
    "colour": "red",
    "place": "room",
    "motion": "still",
    "speed": "normal",
    "size": "normal",
    "count": "one",
}
"""What is shown where a prompt leaves something out."""

COLOURS: Final = (
    (0.90, 0.10, 0.12),
    (1.00, 0.50, 0.02),
    (0.98, 0.86, 0.05),
    (0.08, 0.65, 0.18),
    (0.02, 0.80, 0.85),
    (0.10, 0.25, 0.92),
    (0.55, 0.12, 0.80),
    (1.00, 0.30, 0.68),
)
"""sRGB in 0 to 1, in the order of VALUES["colour"]."""

FRAMES: Final = 17
FPS: Final = 8

RADII: Final = (0.135, 0.18, 0.24)
"""By size, as a share of the frame; two things in one frame are a fifth smaller."""
TRAVEL: Final = (0.26, 0.45, 0.66)
"""By speed: the path of left, right, up and down, as a share of the frame."""
HOPS: Final = (1.0, 2.0, 3.0)
"""By speed: how often a bouncing thing leaves the ground."""
TURNS: Final = (0.5, 1.0, 1.5)
"""By speed: how often a circling thing goes round."""
SWELL: Final = (1.25, 1.45, 1.65)
"""By speed: a growing thing goes from radius / swell to radius · swell."""


def sample_scenes(count: int, generator: torch.Generator) -> Tensor:
    """Random scenes: (count, 7) int64. What stands still has no speed, so it is given `normal`."""
    columns = [
        torch.randint(len(values), (count,), generator=generator) for values in VALUES.values()
    ]
    scenes = torch.stack(columns, 1)
    return settle(scenes)


def settle(scenes: Tensor) -> Tensor:
    """The same scenes where none that stands still is slow or fast."""
    scenes = scenes.clone()
    still = scenes[:, 3] == VALUES["motion"].index("still")
    scenes[still, 4] = VALUES["speed"].index("normal")
    return scenes


def held_out(scenes: Tensor) -> Tensor:
    """True for the one in eight of all combinations that training never sees: (n,) bool."""
    shape, colour, place, motion = scenes[:, :4].unbind(1)
    return (11 * shape + 7 * colour + 3 * place + 5 * motion) % 8 == 3


def render(scenes: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Draw scenes (n, 7) as clips: (n, 3, FRAMES, size, size) float32 in -1 to 1.

    `generator` decides the jitter. The same generator state gives the same clips at every size,
    but for the number of pixels.
    """
    jitter = torch.rand(len(scenes), 8, generator=generator)
    across = (torch.arange(size) + 0.5) / size
    y, x = torch.meshgrid(across, across, indexing="ij")
    clips = _places(scenes[:, 2], x, y, jitter)[:, :, None].repeat(1, 1, FRAMES, 1, 1)
    colours = torch.tensor(COLOURS)[scenes[:, 1]] * (0.96 + 0.06 * jitter[:, 7:8])
    colours = colours[:, :, None, None, None]
    centres, radii = _things(scenes, jitter)
    two = scenes[:, 6] == VALUES["count"].index("two")
    for thing, there in ((0, torch.ones_like(two)), (1, two)):
        mask = _mask(scenes[there, 0], x, y, centres[there, :, thing], radii[there])
        clips[there] = torch.lerp(clips[there], colours[there], mask[:, None])
    return clips.clamp_(0, 1) * 2 - 1


def paths(scenes: Tensor) -> tuple[Tensor, Tensor]:
    """Where the middle of a scene is in each frame, and by how much its radius is multiplied.

    Returns (n, FRAMES, 2) as x, y in shares of the frame with y pointing down, and (n, FRAMES).
    """
    motion, speed = scenes[:, 3, None], scenes[:, 4]
    u = torch.linspace(0, 1, FRAMES)[None].expand(len(scenes), -1)
    travel = torch.tensor(TRAVEL)[speed][:, None] * (u - 0.5)
    hop = 0.2 - 0.4 * (math.pi * torch.tensor(HOPS)[speed][:, None] * u).sin().abs()
    swell = torch.tensor(SWELL)[speed][:, None] ** (2 * u - 1)
    zero, one = torch.zeros_like(u), torch.ones_like(u)
    name = VALUES["motion"].index
    x = torch.where(motion == name("left"), -travel, zero)
    x = torch.where(motion == name("right"), travel, x)
    y = torch.where(motion == name("up"), -travel, zero)
    y = torch.where(motion == name("down"), travel, y)
    y = torch.where(motion == name("bouncing"), hop, y)
    scale = torch.where(motion == name("growing"), swell, one)
    scale = torch.where(motion == name("shrinking"), 1 / swell, scale)
    return torch.stack([x, y], -1) + 0.5, scale


def outline_masks(size: int, radius: float) -> Tensor:
    """Each shape in the middle of an empty frame: (shapes, size, size) in 0 to 1."""
    across = (torch.arange(size) + 0.5) / size
    y, x = torch.meshgrid(across, across, indexing="ij")
    shapes = torch.arange(len(_OUTLINES))
    centre = torch.full((len(shapes), 1, 2), 0.5)
    return _mask(shapes, x, y, centre, torch.full((len(shapes), 1), radius))[:, 0]


def _things(scenes: Tensor, jitter: Tensor) -> tuple[Tensor, Tensor]:
    """Centres (n, FRAMES, 2, 2) of the two things there may be, and their radius (n, FRAMES)."""
    motion, speed, size = scenes[:, 3], scenes[:, 4], scenes[:, 5]
    name = VALUES["motion"].index
    two = scenes[:, 6] == VALUES["count"].index("two")
    middle, scale = paths(scenes)
    middle = middle + 0.05 * (jitter[:, None, 0:2] - 0.5)
    radius = torch.tensor(RADII)[size] * (0.96 + 0.08 * jitter[:, 2])
    radius = radius * torch.where(two, 0.8, 1.0)
    swells = (motion == name("growing")) | (motion == name("shrinking"))
    radius = radius * torch.where(two & swells, 0.75, 1.0)  # else they grow into each other
    u = torch.linspace(0, 1, FRAMES)
    turn = torch.tensor(TURNS)[speed][:, None] * u * 2 * math.pi - math.pi / 2
    orbit = 0.24 * torch.stack([turn.cos(), turn.sin()], -1)
    level = (motion == name("left")) | (motion == name("right"))
    beside = torch.where(level[:, None], torch.tensor([0.0, 0.245]), torch.tensor([0.245, 0.0]))
    beside = torch.where(two[:, None], beside, 0.0)[:, None].expand_as(orbit)
    beside = torch.where((motion == name("circling"))[:, None, None], orbit, beside)
    return torch.stack([middle + beside, middle - beside], 2), radius[:, None] * scale


def _mask(shape: Tensor, x: Tensor, y: Tensor, centre: Tensor, radius: Tensor) -> Tensor:
    """How much of each pixel a thing covers, 0 to 1: (n, FRAMES, size, size)."""
    radius = radius[:, :, None, None]
    px = (x - centre[:, :, 0, None, None]) / radius
    py = (y - centre[:, :, 1, None, None]) / radius
    distance = torch.empty_like(px)
    for index, outline in enumerate(_OUTLINES):
        which = shape == index
        distance[which] = outline(px[which], py[which])
    return (0.5 - distance * radius * x.shape[-1]).clamp_(0, 1)


# Signed distances to outlines of radius about one, y pointing down; negative inside. Standard
# constructions from half-planes and discs.


def _ball(x: Tensor, y: Tensor) -> Tensor:
    return torch.hypot(x, y) - 0.95


def _square(x: Tensor, y: Tensor) -> Tensor:
    return torch.maximum(x.abs(), y.abs()) - 0.82


def _triangle(x: Tensor, y: Tensor) -> Tensor:
    y = y - 0.18
    slope = x.abs() * math.cos(math.pi / 6) - y * 0.5
    return torch.maximum(slope, y) - 0.62


def _star(x: Tensor, y: Tensor) -> Tensor:
    outer, inner = 1.18, 0.54
    angle = torch.atan2(x, -y)
    fifth = 2 * math.pi / 5
    folded = (angle - fifth * torch.round(angle / fifth)).abs()
    radius = torch.hypot(x, y)
    fx, fy = radius * folded.sin(), radius * folded.cos()
    ex, ey = inner * math.sin(fifth / 2), inner * math.cos(fifth / 2) - outer
    length = math.hypot(ex, ey)
    return (fx * -ey + (fy - outer) * ex) / length


def _heart(x: Tensor, y: Tensor) -> Tensor:
    x, y = x.abs(), y - 0.02
    side = 0.60  # half of the side of a square that stands on its corner
    corner = side / math.sqrt(2)
    diamond = (x + (y - 0.08).abs()) / math.sqrt(2) - side
    disc = torch.hypot(x - corner, y - 0.08 + corner) - side
    return torch.minimum(diamond, disc)


def _ring(x: Tensor, y: Tensor) -> Tensor:
    return (torch.hypot(x, y) - 0.74).abs() - 0.27


_OUTLINES: Final = (_ball, _square, _triangle, _star, _heart, _ring)


# Places, in muted tones: the most and the least of red, green and blue are less than 0.27 apart.


def _places(place: Tensor, x: Tensor, y: Tensor, jitter: Tensor) -> Tensor:
    """The ground that things move on: (n, 3, size, size)."""
    drawn = torch.empty(len(place), 3, *x.shape)
    for index, draw in enumerate(_GROUNDS):
        which = place == index
        drawn[which] = draw(x, y, jitter[which][:, :, None, None])
    return drawn * (0.97 + 0.05 * jitter[:, 3, None, None, None])


def _blend(low: tuple[float, ...], high: tuple[float, ...], share: Tensor) -> Tensor:
    """From `low` at a share of 0 to `high` at 1: (n, 3, size, size) of (n, size, size)."""
    a, b = (torch.tensor(each)[:, None, None] for each in (low, high))
    return a + (b - a) * share[:, None]


def _hill(x: Tensor, y: Tensor, jitter: Tensor, level: float, height: float) -> Tensor:
    """How much of each pixel lies under a gentle hill whose top is somewhere else each time."""
    top = (
        level
        + 0.08 * (jitter[:, 4] - 0.5)
        + height * torch.cos(2 * math.pi * (0.8 * x - jitter[:, 5]))
    )
    return ((y - top) * 40 + 0.5).clamp(0, 1)


_STARS: Final = torch.rand(24, 2, generator=torch.Generator().manual_seed(8))


def _night(x: Tensor, y: Tensor, jitter: Tensor) -> Tensor:
    """Always the same stars, and a faint glow that is somewhere else each time."""
    sky = _blend((0.02, 0.03, 0.09), (0.07, 0.07, 0.16), y.expand(len(jitter), -1, -1))
    away = torch.hypot((x - jitter[:, 4]) / 0.6, (y - jitter[:, 5]) / 0.6)
    sky = sky + 0.10 * (1 - away).clamp(0, 1)[:, None]
    light = torch.zeros_like(x)
    for star_x, star_y in _STARS.tolist():
        far = torch.hypot(x - star_x, y - star_y)
        light = torch.maximum(light, (1 - far / 0.022).clamp(0, 1))
    return sky + 0.8 * light * (0.92 - sky)


def _sky(x: Tensor, y: Tensor, jitter: Tensor) -> Tensor:
    """Pale blue with one soft cloud."""
    sky = _blend((0.70, 0.83, 0.93), (0.87, 0.94, 0.98), y.expand(len(jitter), -1, -1))
    away = torch.hypot((x - jitter[:, 4]) / 0.34, (y - 0.15 - 0.7 * jitter[:, 5]) / 0.13)
    return sky + (1 - away).clamp(0, 1)[:, None] * (0.98 - sky)


def _meadow(x: Tensor, y: Tensor, jitter: Tensor) -> Tensor:
    above = _blend((0.80, 0.89, 0.94), (0.92, 0.95, 0.95), y.expand(len(jitter), -1, -1))
    below = _blend((0.66, 0.77, 0.57), (0.55, 0.68, 0.46), y.expand(len(jitter), -1, -1))
    return above + _hill(x, y, jitter, 0.62, 0.05)[:, None] * (below - above)


def _desert(x: Tensor, y: Tensor, jitter: Tensor) -> Tensor:
    above = _blend((0.97, 0.93, 0.83), (0.98, 0.95, 0.88), y.expand(len(jitter), -1, -1))
    below = _blend((0.88, 0.78, 0.63), (0.82, 0.71, 0.56), y.expand(len(jitter), -1, -1))
    return above + _hill(x, y, jitter, 0.60, 0.07)[:, None] * (below - above)


def _snow(x: Tensor, y: Tensor, jitter: Tensor) -> Tensor:
    above = _blend((0.58, 0.64, 0.73), (0.72, 0.77, 0.84), y.expand(len(jitter), -1, -1))
    below = _blend((0.97, 0.98, 0.99), (0.91, 0.93, 0.96), y.expand(len(jitter), -1, -1))
    return above + _hill(x, y, jitter, 0.64, 0.04)[:, None] * (below - above)


def _room(x: Tensor, y: Tensor, jitter: Tensor) -> Tensor:
    """A wall and a floor in grey, lit from one side."""
    light = 0.62 + 0.16 * (jitter[:, 4] - 0.5) * (2 * x - 1) - 0.10 * y
    floor = ((y - 0.76 - 0.08 * (jitter[:, 5] - 0.5)) * 40 + 0.5).clamp(0, 1)
    return (light - 0.14 * floor)[:, None].expand(-1, 3, -1, -1)


_GROUNDS: Final = (_night, _sky, _meadow, _desert, _snow, _room)
