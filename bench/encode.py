"""Our mp4 writer against diffusers' `encode_video` and `export_to_video`: time and likeness.

The same 81 frames of 480×832, three kinds of them: soft gradients with moving shapes, a moving
texture, and the texture under grain. Each writer gets the frames in the form that costs it least
(uint8 as an array, as a tensor, as images), in turn and several rounds in one process, so that a
noisy machine is noisy for all. Seconds are wall time with the median of the rounds; processor
seconds, which include a started ffmpeg, are printed beside them. Likeness is the PSNR over all
frames of what PyAV decodes, against the source.

The value is the least ratio of all kinds and rivals, and passes only where our PSNR is as good or
better everywhere. `export_to_video` needs imageio and imageio-ffmpeg, which Greenlight does not:
install them elsewhere and name the folder in PYTHONPATH, else it is left out and named as missing.

    .venv/bin/python bench/encode.py [--rounds 5]
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TQDM_DISABLE", "1")

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.encode import write_mp4
from pipeline.engine import Frames

TARGET = 4.0
COUNT, HEIGHT, WIDTH, FPS = 81, 480, 832, 16
KINDS = {"gradients": (0.0, 0.0), "texture": (18.0, 0.5), "grain": (18.0, 4.0)}
"""How strong the texture is, and how strong the noise of each frame (standard deviations)."""
OURS = "greenlight"
Writer = Callable[[Path], object]


@dataclass
class Figures:
    """What one writer did with one kind of frames."""

    wall_s: list[float] = field(default_factory=list)
    processor_s: list[float] = field(default_factory=list)
    psnr: float = 0.0
    size_kb: float = 0.0


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    rounds: int = options.parse_args().rounds
    results: dict[str, dict[str, Figures]] = {}
    for kind in KINDS:
        frames = np.stack(list(film(kind)))
        with tempfile.TemporaryDirectory() as folder:
            results[kind] = _measure(frames, writers(frames), Path(folder), rounds)
    return _report(results, rounds)


def writers(frames: Frames) -> dict[str, Writer]:
    """Whoever can run here, ours first."""
    import torch
    from diffusers.utils.export_utils import encode_video, export_to_video

    tensor = torch.from_numpy(frames)
    found: dict[str, Writer] = {
        OURS: lambda path: write_mp4(frames, FPS, path),
        "encode_video": lambda path: encode_video(tensor, FPS, str(path)),
    }
    if importlib.util.find_spec("imageio") and importlib.util.find_spec("imageio_ffmpeg"):
        images = [Image.fromarray(frame) for frame in frames]
        found["export_to_video"] = lambda path: export_to_video(images, str(path), fps=FPS)
    return found


def film(kind: str) -> Iterator[NDArray[np.uint8]]:
    """Frames as a model might make them: nothing stands still, and nothing is flat."""
    strength, noise = KINDS[kind]
    rng = np.random.default_rng(3)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    texture = np.stack([_texture(rng) for _ in range(3)], axis=-1)
    discs = [(rng.uniform(0, 1, 2), rng.uniform(-5, 5, 2), *rng.uniform(0, 1, 4)) for _ in range(7)]
    for place in range(COUNT):
        red = 90 + 60 * np.sin(x / 300 + place / 25)
        green = 110 + 50 * np.cos(y / 200 - place / 30)
        blue = 150 + 40 * np.sin((x + y) / 350 + place / 20)
        picture = np.stack([red, green, blue], axis=-1)
        picture += strength * np.roll(texture, (place // 2, 3 * place), (0, 1))
        for start, speed, size, *colour in discs:
            middle = (start * (HEIGHT, WIDTH) + speed * place) % (HEIGHT, WIDTH)
            radius = 20 + 70 * size
            distance = np.hypot(y - middle[0], x - middle[1])[..., None]
            shade = 0.5 + 0.5 * (1 - distance / radius).clip(0, 1)
            edge = (radius - distance).clip(0, 1)
            picture = picture * (1 - edge) + edge * shade * 255 * np.array(colour)
        picture += rng.normal(0, noise, picture.shape)
        yield picture.clip(0, 255).astype(np.uint8)


def _texture(rng: np.random.Generator) -> NDArray[np.float32]:
    """Noise with more of the coarse than of the fine, as natural pictures have it."""
    waves = np.fft.rfft2(rng.standard_normal((HEIGHT, WIDTH)))
    lengths = np.hypot(np.fft.fftfreq(HEIGHT)[:, None], np.fft.rfftfreq(WIDTH)[None])
    lengths[0, 0] = 1
    values = np.fft.irfft2(waves / lengths**1.3, s=(HEIGHT, WIDTH))
    return np.asarray((values - values.mean()) / values.std(), np.float32)


def _measure(
    frames: Frames, found: dict[str, Writer], folder: Path, rounds: int
) -> dict[str, Figures]:
    figures = {name: Figures() for name in found}
    for number in range(rounds + 1):
        for name, write in found.items():
            path = folder / f"{name}.mp4"
            path.unlink(missing_ok=True)
            processor, wall = _processor_s(), time.perf_counter()
            write(path)
            wall, processor = time.perf_counter() - wall, _processor_s() - processor
            if number:  # the first round warms up
                figures[name].wall_s.append(wall)
                figures[name].processor_s.append(processor)
    for name in found:
        path = folder / f"{name}.mp4"
        figures[name].psnr, figures[name].size_kb = psnr(path, frames), path.stat().st_size / 1000
    return figures


def psnr(path: Path, frames: Frames) -> float:
    """Decibels between the source and what a player shows, over all frames and colours."""
    errors = []
    with av.open(str(path)) as container:
        for shown, source in zip(container.decode(video=0), frames, strict=True):
            difference = shown.to_ndarray(format="rgb24").astype(np.float32) - source
            errors.append(float(np.square(difference).mean()))
    return float(10 * np.log10(255**2 / np.mean(errors)))


def _processor_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _report(results: dict[str, dict[str, Figures]], rounds: int) -> int:
    print(f"{COUNT} frames of {HEIGHT}×{WIDTH}, median of {rounds} rounds")
    print(
        f"{'':12}{'':18}{'wall s':>8}{'cpu s':>8}{'PSNR dB':>9}{'kB':>8}{'ours is':>9}{'by cpu':>8}"
    )
    ratios: dict[str, float] = {}
    worse: list[str] = []
    for kind, figures in results.items():
        ours = figures[OURS]
        for name, each in figures.items():
            wall = _ratio(each.wall_s, ours.wall_s)
            compared = f"{wall:>8.1f}×{_ratio(each.processor_s, ours.processor_s):>7.1f}×"
            print(
                f"{kind:12}{name:18}{statistics.median(each.wall_s):>8.2f}"
                f"{statistics.median(each.processor_s):>8.2f}{each.psnr:>9.2f}{each.size_kb:>8.0f}"
                f"{'' if name == OURS else compared}"
            )
            if name != OURS:
                ratios[f"{kind}, {name}"] = round(wall, 2)
            if each.psnr > ours.psnr:
                worse.append(f"{kind}, {name}")
    missing = [] if "export_to_video" in results["grain"] else ["export_to_video"]
    if missing:
        print("export_to_video was not compared: imageio and imageio-ffmpeg are not there.")
    passed = min(ratios.values()) >= TARGET and not worse
    line: dict[str, Any] = {
        "name": "encode",
        "value": min(ratios.values()),
        "unit": "times faster at equal or better PSNR, least of all kinds and rivals",
        "target": TARGET,
        "ok": passed,
        "ratios": ratios,
        "worse_psnr": worse,
        "not_compared": missing,
        "machine": f"{os.cpu_count()} × {platform.machine()}",
        "python": platform.python_version(),
        "av": av.__version__,
    }
    print(json.dumps(line, ensure_ascii=False))
    return 0 if passed else 1


def _ratio(theirs: list[float], ours: list[float]) -> float:
    """Median over the rounds of a ratio within each: neighbours of one moment weigh on both."""
    return statistics.median(their / our for their, our in zip(theirs, ours, strict=True))


if __name__ == "__main__":
    sys.exit(main())
