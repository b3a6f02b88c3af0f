"""Clips to screen: real mp4 files, written by our own encoder, decoded as screening does."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from moderation.screening.frames import Film, read
from pipeline.encode import write_mp4
from pipeline.made import Frames


def film(frames: Frames, folder: Path, fps: float = 8) -> Film:
    return read(write_mp4(frames, fps, folder / "clip.mp4"))


def flat(*tones: int) -> Frames:
    """One frame per tone."""
    return np.stack([np.full((64, 64, 3), tone, np.uint8) for tone in tones])


def coloured(*colours: tuple[int, int, int]) -> Frames:
    """One frame per colour."""
    return np.stack([np.full((64, 64, 3), colour, np.uint8) for colour in colours])


def ball(count: int = 17, colour: tuple[int, int, int] = (230, 230, 230)) -> Frames:
    """A bright square that moves over a gradient: nothing to notice."""
    frames = np.empty((count, 64, 64, 3), np.uint8)
    frames[:] = np.linspace(40, 160, 64, dtype=np.uint8)[None, None, :, None]
    for place in range(count):
        frames[place, 20:40, place * 2 : place * 2 + 20] = colour
    return frames


def textured(*tones: int) -> Frames:
    """A gradient whose brightness jumps from frame to frame."""
    gradient = np.linspace(-30, 30, 64)[None, :, None]
    frames = [np.broadcast_to(gradient + tone, (64, 64, 3)) for tone in tones]
    return np.stack(frames).clip(0, 255).astype(np.uint8)


def stripes(count: int = 17) -> Frames:
    """Broad stripes from corner to corner that wander down: unlike the ball in every way."""
    rows, columns = np.mgrid[0:64, 0:64]
    waves = [127 + 110 * np.sin((rows * 2 + columns - 6 * place) / 9) for place in range(count)]
    grey = np.stack(waves)[..., None]
    return np.broadcast_to(grey, (count, 64, 64, 3)).astype(np.uint8)
