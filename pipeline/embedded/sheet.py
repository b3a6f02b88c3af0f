"""A contact sheet: five frames of each of a few clips, as one picture for people to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

PROMPTS: Final = (
    "a red ball moving left in the night",
    "two small yellow stars going up in the sky",
    "a big blue square bouncing in a meadow",
    "a pink heart growing in the snow",
    "an orange ring circling fast in the desert",
    "a green triangle moving right slowly in a grey room",
    "two cyan rings moving down at night",
    "a purple star shrinking on the grass",
    "a tiny red heart hopping on the sand",
    "a large yellow ball standing still in the sky",
    "two pink triangles going round in circles in the snow",
    "crimson orb heading left over the dunes",
)
_SHOWN: Final = (0, 4, 8, 12, 16)
_GAP: Final = 2


def draw_sheet(pipe: Any, path: Path, **call: Any) -> None:
    """Make a clip of each of PROMPTS with seed 0 and save the sheet. `call` goes to the pipeline."""
    import torch

    pipe.set_progress_bar_config(disable=True)
    wanted: dict[str, Any] = {
        "width": 128,
        "height": 128,
        "num_frames": 17,
        "frame_rate": 8,
        "num_inference_steps": 8,
        "guidance_scale": 1.5,
        "max_sequence_length": 32,
        **call,
    }
    clips = []
    for prompt in PROMPTS:
        generator = torch.Generator().manual_seed(0)
        made = pipe(prompt, generator=generator, output_type="np", **wanted).frames[0]
        clips.append((np.asarray(made).clip(0, 1) * 255).round().astype(np.uint8))
    save_sheet(clips, path)


def save_sheet(clips: list[NDArray[np.uint8]], path: Path, columns: int = 2) -> None:
    """Clips (f, h, w, 3) as rows of five frames, in `columns` columns."""
    from PIL import Image

    height, width = clips[0].shape[1:3]
    rows = -(-len(clips) // columns)
    strip = len(_SHOWN) * width
    sheet = Image.new(
        "RGB", (columns * (strip + 8) - 8, rows * (height + _GAP) - _GAP), (255, 255, 255)
    )
    for index, clip in enumerate(clips):
        x, y = (index % columns) * (strip + 8), (index // columns) * (height + _GAP)
        for place, frame in enumerate(_SHOWN):
            sheet.paste(Image.fromarray(clip[frame]), (x + place * width, y))
    sheet.save(path, quality=88)
