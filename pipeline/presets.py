"""What a model can do: legal sizes and frame counts, steps, guidance, fps, and how it is called.

Knows nothing of torch: a preset is read from a `preset.json` beside the weights, else from the
pipeline class that `model_index.json` names, whose rules are in a table here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from huggingface_hub import hf_hub_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

from errors import UnknownModel
from pipeline.lexicon import open_lexicon

EMBEDDED: Final = Path(__file__).parent / "embedded"


@dataclass(frozen=True)
class Preset:
    """One model as people may use it. Sizes are (width, height) in pixels."""

    name: str
    source: str  # folder or Hub id, for DiffusionPipeline.from_pretrained
    fps: float
    sizes: tuple[tuple[int, int], ...]  # the first is the default
    num_frames: tuple[int, ...]  # the first is the default
    qualities: dict[str, int]  # name → num_inference_steps; the last is the default
    max_steps: int
    guidance_scale: float
    max_guidance: float
    dtype: str  # a torch dtype's name
    licence: str = "see the model's own page"
    arguments: dict[str, Any] = field(default_factory=dict)  # always passed to the pipeline
    about: str = ""
    examples: tuple[str, ...] = ()
    lexicon: Path | None = None  # the words that the model has learned, see lexicon.py
    assumes: dict[str, str] = field(default_factory=dict)  # attribute → value when it goes unsaid

    def as_json(self) -> dict[str, Any]:
        """What a form needs to offer only what is legal."""
        return {
            "name": self.name,
            "licence": self.licence,
            "fps": self.fps,
            "sizes": [list(size) for size in self.sizes],
            "num_frames": list(self.num_frames),
            "qualities": self.qualities,
            "max_steps": self.max_steps,
            "guidance_scale": self.guidance_scale,
            "max_guidance": self.max_guidance,
            "about": self.about,
            "examples": list(self.examples),
        }


@dataclass(frozen=True)
class _Family:
    """What a pipeline class in diffusers 0.42 takes and does well by default."""

    size: tuple[int, int]  # width, height
    multiple: int  # of both sides
    frames_step: int  # legal frame counts are frames_step·k + 1
    num_frames: int
    fps: float
    steps: int
    guidance_scale: float


_FAMILIES: Final = {
    "LTXPipeline": _Family((704, 512), 32, 8, 161, 25, 50, 3.0),
    "LTXConditionPipeline": _Family((704, 512), 32, 8, 161, 25, 50, 3.0),
    "WanPipeline": _Family((832, 480), 16, 4, 81, 16, 50, 5.0),
    "CogVideoXPipeline": _Family((720, 480), 8, 4, 49, 8, 50, 6.0),
    "HunyuanVideoPipeline": _Family((1280, 720), 16, 4, 129, 24, 50, 6.0),
    "MochiPipeline": _Family((848, 480), 8, 6, 85, 30, 64, 4.5),
}
"""Defaults and divisibility of diffusers' own classes; each raises or silently rounds otherwise."""


def find_preset(model: str) -> Preset:
    """The preset of a setting: `embedded`, a folder, or a Hub id. Raises UnknownModel."""
    if model == "embedded":
        return _read(EMBEDDED / "preset.json", str(EMBEDDED / "weights"))
    folder = Path(model)
    if folder.is_dir():
        if (folder / "preset.json").is_file():
            try:
                return _read(folder / "preset.json", str(folder))
            except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
                raise UnknownModel(model=model, why=f"its preset.json is wrong: {error}") from error
        return _derive(folder.name, str(folder), folder / "model_index.json")
    try:
        index = Path(hf_hub_download(model, "model_index.json"))
    except HFValidationError as error:
        raise UnknownModel(model=model, why="it is no folder here and no Hub id") from error
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise UnknownModel(model=model, why=f"the Hub did not give it ({error})") from error
    return _derive(model, model, index)


def _read(path: Path, source: str) -> Preset:
    facts = json.loads(path.read_text(encoding="utf-8"))
    facts["sizes"] = tuple((width, height) for width, height in facts["sizes"])
    facts["num_frames"] = tuple(facts["num_frames"])
    facts["examples"] = tuple(facts.get("examples", ()))
    if "lexicon" in facts:
        facts["lexicon"] = _beside(path, facts["lexicon"])
        open_lexicon(facts["lexicon"])  # what is wrong with it shows now, not at the first prompt
    return Preset(source=source, **facts)


def _beside(path: Path, name: str) -> Path:
    if Path(name).name != name:
        raise ValueError(f"{name!r} is not the name of a file beside it")
    return path.parent / name


def _derive(name: str, source: str, index: Path) -> Preset:
    try:
        pipeline_class = json.loads(index.read_text(encoding="utf-8"))["_class_name"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UnknownModel(model=name, why="it has no readable model_index.json") from error
    family = _FAMILIES.get(str(pipeline_class))
    if family is None:
        why = f"its class {pipeline_class} is none of {', '.join(_FAMILIES)}"
        raise UnknownModel(model=name, why=why)
    width, height = family.size
    turned = (height, width)
    return Preset(
        name=name,
        source=source,
        fps=family.fps,
        sizes=(family.size, turned) if _fits(turned, family.multiple) else (family.size,),
        num_frames=(family.num_frames, *_shorter(family)),
        qualities={"draft": max(1, family.steps // 3), "final": family.steps},
        max_steps=family.steps * 2,
        guidance_scale=family.guidance_scale,
        max_guidance=20.0,
        dtype="bfloat16",
    )


def _fits(size: tuple[int, int], multiple: int) -> bool:
    return all(side % multiple == 0 for side in size)


def _shorter(family: _Family) -> tuple[int, ...]:
    """Half the usual length, at a legal count."""
    half = (family.num_frames // 2) // family.frames_step * family.frames_step + 1
    return (half,) if half < family.num_frames else ()
