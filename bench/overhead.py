"""What Greenlight costs on top of the model: submit → pending_review against the bare pipeline.

Bare is `pipe(...)` plus one `encode` of its frames, with the same prompt, seed and settings. The
line is everything a creator waits for: checks, rows, audit, queue, generation, progress, encoding,
storing, screening. Both are timed in turn in one process and several rounds, so that a noisy
machine is noisy for both; the value is the median of the rounds.

"All at once" sends the clips together, as a shared pipeline is used, and is what the target is
for: the wall time from the first submit to the last clip that waits for review. "One by one" sends
each when the one before is done. It also holds the look at the job queue (GREENLIGHT_POLL_S, half
of it on average) and every durable step in full, which nothing hides then: a fixed time for each
clip, printed as milliseconds, large against a clip of a quarter of a second and nothing against
one of ten.

    .venv/bin/python bench/overhead.py [--clips 20] [--rounds 5]
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
os.environ.setdefault("HF_HUB_OFFLINE", "1")

from accounts import people
from accounts.models import Role
from accounts.permissions import User
from actions import Wish
from app import Greenlight, running
from pipeline.encode import encode
from pipeline.engine import DiffusersEngine
from pipeline.made import Made
from pipeline.presets import Preset, find_preset
from settings import read_settings

TARGET = 1.15
PROMPT = "a red ball moving left in the night"
_PATIENCE_S = 120.0


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--clips", type=int, default=20)
    options.add_argument("--rounds", type=int, default=5)
    asked = options.parse_args()
    count: int = asked.clips
    logging.disable(logging.INFO)
    with tempfile.TemporaryDirectory() as folder:
        free = {"slots": 1000, "most_slots": 1000, "clips_per_hour": 100_000}
        kept = {"own_backlog": 100_000, "review_backlog": 100_000}
        settings = read_settings(data=Path(folder) / "data", **free, **kept)
        preset = find_preset("embedded")
        engine = DiffusersEngine(preset)
        engine.load()
        pipe = _pipe(preset)
        with running(settings, engine) as greenlight:
            with greenlight.store.write() as session:
                person, _ = people.person_with_role(
                    session, "ana", Role.CREATOR, created_by="bench"
                )
            creator = User(person.id, person.name, Role.CREATOR)
            for seed in range(5):  # both sides warm, and the queue at its quick pace
                _bare(pipe, preset, seed, Path(folder))
                _line(greenlight, creator, [seed])
            rounds = []
            for _ in range(asked.rounds):
                bare = sum(_bare(pipe, preset, seed, Path(folder)) for seed in range(count))
                rounds.append((bare, _line(greenlight, creator, list(range(count)))))
            singles = [
                (_bare(pipe, preset, seed, Path(folder)), _line(greenlight, creator, [seed]))
                for seed in range(count)
            ]
    return _report(count, rounds, singles)


def _pipe(preset: Preset) -> Any:
    """The same model, loaded as anyone would."""
    import diffusers
    import torch

    pipe = diffusers.DiffusionPipeline.from_pretrained(preset.source, dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def _bare(pipe: Any, preset: Preset, seed: int, folder: Path) -> float:
    """Seconds of one `pipe(...)` call and one encode, with nothing around them."""
    import numpy as np
    import torch

    width, height = preset.sizes[0]
    arguments = {
        "prompt": PROMPT,
        "num_frames": preset.num_frames[0],
        "width": width,
        "height": height,
        "num_inference_steps": preset.final_steps,
        "guidance_scale": preset.guidance_scale,
        "frame_rate": preset.fps,
        "output_type": "np",
        **preset.arguments,
    }
    began = time.perf_counter()
    generator = torch.Generator("cpu").manual_seed(seed)
    frames = pipe(generator=generator, **arguments).frames[0]
    encode(Made((frames * 255).round().astype(np.uint8), preset.fps), folder)
    return time.perf_counter() - began


def _line(greenlight: Greenlight, creator: User, seeds: list[int]) -> float:
    """Seconds from the first submit until the last clip waits for review."""
    began = time.perf_counter()
    ids = [
        greenlight.actions.create(creator, Wish(prompt=PROMPT, seed=seed))["id"] for seed in seeds
    ]
    # Watched past the ORM: a look costs 20 µs, so the watching itself takes nothing from the line.
    with closing(sqlite3.connect(greenlight.settings.database_file)) as database:
        waiting = f"SELECT count(*) FROM clip WHERE state = 'pending_review' AND id IN ({','.join('?' * len(ids))})"  # noqa: S608  (question marks only)
        while database.execute(waiting, ids).fetchone()[0] < len(ids):
            assert time.perf_counter() - began < _PATIENCE_S, "the clips do not come"
            time.sleep(0.004)
        return time.perf_counter() - began


def _report(
    count: int, rounds: list[tuple[float, float]], singles: list[tuple[float, float]]
) -> int:
    ratios = [line / bare for bare, line in rounds]
    at_once = statistics.median(ratios)
    one_by_one = sum(line for _, line in singles) / sum(bare for bare, _ in singles)
    extra_ms = 1000 * statistics.median(line - bare for bare, line in singles)
    print(f"{count} clips, embedded model, seconds")
    print(f"{'':16}{'bare':>10}{'line':>10}{'ratio':>8}")
    for (bare, line), ratio in zip(rounds, ratios, strict=True):
        print(f"{'all at once':16}{bare:>10.3f}{line:>10.3f}{ratio:>8.3f}")
    bare, line = (sum(each) for each in zip(*singles, strict=True))
    print(
        f"{'one by one':16}{bare:>10.3f}{line:>10.3f}{one_by_one:>8.3f}   +{extra_ms:.0f} ms a clip"
    )
    print(
        json.dumps(
            {
                "name": "overhead",
                "value": round(at_once, 3),
                "unit": "ratio of the line to the bare pipeline, clips sent at once, median of rounds",
                "target": TARGET,
                "ok": at_once <= TARGET,
                "rounds": [round(ratio, 3) for ratio in ratios],
                "one_by_one": round(one_by_one, 3),
                "one_by_one_extra_ms": round(extra_ms),
                "clips": count,
                "machine": f"{os.cpu_count()} × {platform.machine()}",
                "python": platform.python_version(),
            },
            ensure_ascii=False,
        )
    )
    return 0 if at_once <= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
