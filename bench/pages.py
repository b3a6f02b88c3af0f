"""The gallery and a clip's page, as a browser and Lighthouse find them.

The real app with the embedded model publishes some clips first. Then, on this machine: how long
after the address is entered the first video frame of the gallery's wall is on the screen, with the
pointer on the first clip; and Lighthouse's scores for performance and accessibility of the gallery
and of a clip's page, as on a phone (its own throttling) and on a desktop.

    .venv/bin/python bench/pages.py [--clips 24] [--lighthouse PATH]

Lighthouse is a package of npm and no part of Greenlight: `npx` fetches it, unless PATH names its
command. Ends with 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from playwright.sync_api import sync_playwright

from tests.server import Server, wait_for_state

SCORE = 95
FIRST_FRAME_S = 1.0
_LIGHTHOUSE = "lighthouse@13.5.0"
_CATEGORIES = ("performance", "accessibility")
_LOADS = 7
_COLOURS = ("red", "green", "blue", "yellow", "cyan", "orange", "purple", "white")
_MOTIONS = ("moving left", "moving up", "growing")

_WAIT_FOR_FRAME = """() => new Promise((done) => {
  const seen = () => {
    const video = document.querySelector("video");
    if (!video) return requestAnimationFrame(seen);
    video.requestVideoFrameCallback(() => done(performance.now() / 1000));
  };
  seen();
})"""


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--clips", type=int, default=24)
    options.add_argument("--lighthouse", help="its command, where it is installed")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as name, Server(Path(name)) as server:
        newest = _publish(server, asked.clips)
        frames = [_first_frame(server.url) for _ in range(_LOADS)]
        scores = {
            f"{page} {device}": _scores(asked.lighthouse, server.url + path, device, Path(name))
            for page, path in (("gallery", "/gallery"), ("clip", f"/clip/{newest}"))
            for device in ("phone", "desktop")
        }
    return _report(frames, scores)


def _publish(server: Server, count: int) -> str:
    ana, rita = server.client("ana", "creator"), server.client("rita", "reviewer")
    ids = []
    for number in range(count):
        colour, motion = _COLOURS[number % 8], _MOTIONS[number % 3]
        wish = {"prompt": f"a {colour} ball {motion} in the night", "seed": number}
        clip_id = ana.post("/api/v1/clips", json=wish).raise_for_status().json()["id"]
        clip = wait_for_state(rita, clip_id, "pending_review")
        decision = {"verdict": "approve", "version": clip["version"]}
        rita.post(f"/api/v1/clips/{clip_id}/decision", json=decision).raise_for_status()
        wait_for_state(rita, clip_id, "published")
        ids.append(clip_id)
    return str(ids[-1])


def _first_frame(address: str) -> float:
    """Seconds from the navigation to the first frame, in a browser that has kept nothing."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium())
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{address}/gallery", wait_until="commit")
        while page.locator("video").count() == 0:  # the page's script may not be there yet
            page.mouse.move(0, 0)
            page.locator("ul.wall a").first.hover()
        took: float = page.evaluate(_WAIT_FOR_FRAME)
        browser.close()
    return took


def _scores(command: str | None, address: str, device: str, folder: Path) -> dict[str, int]:
    told = folder / "lighthouse.json"
    run = [command] if command else ["npx", "--yes", _LIGHTHOUSE]
    run += [address, "--quiet", "--output=json", f"--output-path={told}"]
    run += [f"--only-categories={','.join(_CATEGORIES)}"]
    run += ["--chrome-flags=--headless=new --no-sandbox"]
    run += ["--preset=desktop"] if device == "desktop" else []
    environment = {**os.environ, "CHROME_PATH": _chromium() or ""}
    subprocess.run(run, check=True, env=environment, timeout=300)
    categories = json.loads(told.read_text())["categories"]
    return {name: round(100 * categories[name]["score"]) for name in _CATEGORIES}


def _chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for name in names if (path := shutil.which(name))), None)


def _report(frames: list[float], scores: dict[str, dict[str, int]]) -> int:
    frame = statistics.median(frames)
    print(f"{'Lighthouse':24}" + "".join(f"{name:>16}" for name in _CATEGORIES))
    for page, found in scores.items():
        print(f"{page:24}" + "".join(f"{found[name]:>16}" for name in _CATEGORIES))
    print(f"\nfirst frame on the wall: {', '.join(f'{each:.2f}' for each in frames)} s")
    worst = min(score for found in scores.values() for score in found.values())
    passed = worst >= SCORE and max(frames) <= FIRST_FRAME_S
    facts = {
        "name": "pages",
        "value": worst,
        "unit": "least Lighthouse score of performance and accessibility",
        "target": SCORE,
        "ok": passed,
        "scores": scores,
        "first_frame_s": round(frame, 3),
        "first_frame_s_worst": round(max(frames), 3),
        "first_frame_target_s": FIRST_FRAME_S,
        "machine": f"{os.cpu_count()} × {platform.machine()}",
        "python": platform.python_version(),
    }
    print(json.dumps(facts, ensure_ascii=False))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
