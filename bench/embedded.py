"""The model that ships, on this machine: time to load, time a clip, and the most memory.

Each quality is timed over several prompts in one fresh process, after one clip that is not
counted; memory is that process's peak. Targets are those of issue B, for two cores.

    .venv/bin/python bench/embedded.py [--clips 10] [--threads 2]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("HF_HUB_OFFLINE", "1")

TARGETS = {"load_s": 3.0, "draft_s": 3.0, "final_s": 8.0, "peak_mb": 1500.0}
PROMPTS = (
    "a red ball bouncing in a meadow",
    "two yellow stars going up in the night",
    "a big pink heart growing in the snow",
    "a blue ring circling fast in the desert",
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.inside:
        print(json.dumps(measure(asked.clips, asked.threads)))
        return 0
    command = [sys.executable, __file__, "--inside", "--clips", str(asked.clips)]
    command += ["--threads", str(asked.threads)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    figures = json.loads(done.stdout.splitlines()[-1])
    passed = all(figures[name] <= target for name, target in TARGETS.items())
    print("| figure | value | target |\n|---|---|---|")
    for name, value in figures.items():
        print(f"| {name} | {value:.2f} | {TARGETS.get(name, '')} |")
    print(
        json.dumps(
            {
                "bench": "embedded",
                **{name: round(value, 3) for name, value in figures.items()},
                "machine": f"{platform.machine()}, {asked.threads} threads",
                "passed": passed,
            }
        )
    )
    return 0 if passed else 1


def measure(clips: int, threads: int) -> dict[str, float]:
    """Seconds (the slowest of `clips` for each quality) and megabytes, of this process."""
    import diffusers
    import torch
    import transformers

    from pipeline.engine import DiffusersEngine
    from pipeline.presets import find_preset

    # Named so that the lazy modules are imported now: importing is not loading.
    _ = (diffusers.LTXPipeline, diffusers.AutoencoderKLLTXVideo, transformers.T5EncoderModel)
    torch.set_num_threads(threads)
    engine = DiffusersEngine(find_preset("embedded"))
    began = time.perf_counter()
    engine.load()
    figures: dict[str, float] = {"load_s": time.perf_counter() - began}
    timed(engine, PROMPTS[0], "final", 0)
    for quality in engine.preset.qualities:
        taken = [
            timed(engine, PROMPTS[index % len(PROMPTS)], quality, index) for index in range(clips)
        ]
        figures[f"{quality}_median_s"] = statistics.median(taken)
        figures[f"{quality}_s"] = max(taken)
    figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return figures


def timed(engine: Any, prompt: str, quality: str, seed: int) -> float:
    """Seconds for one clip."""
    from pipeline.request import check_inputs

    steps = engine.preset.qualities[quality]
    request = check_inputs(
        engine.preset, prompt=prompt, seed=seed, prompt_limit=1_000, num_inference_steps=steps
    )
    began = time.perf_counter()
    engine.generate(request, on_progress=lambda _: None, is_cancelled=lambda: False)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
