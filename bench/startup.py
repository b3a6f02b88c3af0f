"""How long from `python app.py` until `/healthz` answers, and until the model is loaded.

Each start is a process of its own with a fresh folder, as on a new machine, and then once more on
the same folder, as after a restart.

    .venv/bin/python bench/startup.py [--starts 5]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import httpx

from tests.server import Server, wait_until

TARGET_S = 10.0


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--starts", type=int, default=5)
    count: int = options.parse_args().starts
    rows = []
    for _ in range(count):
        with tempfile.TemporaryDirectory() as folder:
            server = Server(Path(folder))
            rows.append(("first start", *_start(server)))
            rows.append(("restart", *_start(server)))
    print(f"{'':14}{'answers s':>10}{'model s':>10}")
    for name, answers_s, model_s in rows:
        print(f"{name:14}{answers_s:>10.2f}{model_s:>10.2f}")
    worst = max(answers_s for _, answers_s, _ in rows)
    print(
        json.dumps(
            {
                "name": "startup",
                "value": round(worst, 2),
                "unit": "s until /healthz answers, worst of all starts",
                "target": TARGET_S,
                "ok": worst <= TARGET_S,
                "median_s": round(statistics.median(row[1] for row in rows), 2),
                "model_median_s": round(statistics.median(row[2] for row in rows), 2),
                "machine": f"{os.cpu_count()} × {platform.machine()}",
                "python": platform.python_version(),
            },
            ensure_ascii=False,
        )
    )
    return 0 if worst <= TARGET_S else 1


def _start(server: Server) -> tuple[float, float]:
    """Seconds until the app answers, and until it says that the model is ready."""
    began = time.monotonic()
    answers_s = server.start()
    with httpx.Client(base_url=server.url) as client:
        wait_until(lambda: client.get("/healthz").json()["model_state"] == "ready", "the model")
    model_s = time.monotonic() - began
    server.stop()
    return answers_s, model_s


if __name__ == "__main__":
    sys.exit(main())
