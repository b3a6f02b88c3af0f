"""What a model can do: legal sizes and frame counts, steps, guidance, fps, and how it is called.

Knows nothing of torch. A preset is one of ours in models/, or a `preset.json` beside the weights,
else it follows from the pipeline class that `model_index.json` names, see families.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from huggingface_hub import hf_hub_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
)
from pydantic import TypeAdapter, ValidationError

from errors import UnknownModel
from pipeline.checkpoint import check_whole, read_index
from pipeline.families import FAMILIES, USUAL, Family
from pipeline.lexicon import open_lexicon
from pipeline.limits import check_limits

EMBEDDED: Final = Path(__file__).parent / "embedded"
BUILT_IN: Final = Path(__file__).parent / "models"


@dataclass(frozen=True)
class Preset:
    """One model as people may use it. Sizes are (width, height) in pixels."""

    name: str
    source: str  # folder or Hub id, for DiffusionPipeline.from_pretrained
    fps: float
    sizes: tuple[tuple[int, int], ...]  # the first is the default
    num_frames: tuple[int, ...]  # those offered; the first is the default
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
    surprise: dict[str, list[str]] = field(default_factory=dict)  # see surprise.py
    revision: str | None = None  # commit on the Hub; None for folders, and where none is pinned
    pipeline_class: str = ""  # as diffusers names it
    takes: frozenset[str] = USUAL  # arguments of its call that a request may set
    multiple: int = 1  # of both sides
    min_steps: int = 1
    frames_step: int | None = (
        None  # frames_step·k + 1 frames are legal too; None: only those offered
    )
    most_frames: int | None = None  # up to this many
    memory_gb: float | None = None  # GPU memory that it needs with all parts loaded
    sound: bool = False
    first_frame: str | None = None  # pipeline class that begins from a picture; None: it cannot
    most_variants: int = 4  # clips of one request
    speedups: dict[str, Any] = field(default_factory=dict)  # see speedups.py
    styles: dict[str, str] = field(default_factory=dict)  # name → words that go after the prompt

    @property
    def final_steps(self) -> int:
        """Steps of the best quality; a clip of fewer is a draft."""
        return list(self.qualities.values())[-1]

    def regular_counts(self) -> range:
        """The frame counts that are legal by rule; empty where only those offered are."""
        if self.frames_step is None or "num_frames" not in self.takes:
            return range(0)
        most = max(self.num_frames) if self.most_frames is None else self.most_frames
        return range(self.frames_step + 1, most + 1, self.frames_step)

    def takes_count(self, count: int) -> bool:
        """Whether the model makes clips of so many frames."""
        return count in self.num_frames or count in self.regular_counts()

    def counts_near(self, count: int) -> tuple[int, ...]:
        """The legal counts next to one that is not: the one below, the one above, as there are."""
        legal = {*self.num_frames, *self.regular_counts()}
        below = [other for other in legal if other < count]
        above = [other for other in legal if other > count]
        return (*([max(below)] if below else ()), *([min(above)] if above else ()))

    def style_of(self, prompt: str) -> str:
        """The style whose words the prompt has; of several the one that comes last, as the form
        puts them one after the other. Empty where there is none."""
        found = ""
        latest = -1
        for name, words in self.styles.items():
            at = [
                each.start()
                for each in re.finditer(rf"(?<!\w){re.escape(words)}(?!\w)", prompt, re.I)
            ]
            if at and at[-1] > latest:
                found, latest = name, at[-1]
        return found

    def as_json(self) -> dict[str, Any]:
        """What a form needs to offer only what is legal."""
        return {
            "name": self.name,
            "licence": self.licence,
            "fps": self.fps,
            "sizes": [list(size) for size in self.sizes],
            "num_frames": list(self.num_frames),
            "frames_step": self.frames_step,
            "most_frames": self.most_frames,
            "qualities": self.qualities,
            "min_steps": self.min_steps,
            "max_steps": self.max_steps,
            "guidance_scale": self.guidance_scale,
            "max_guidance": self.max_guidance,
            "takes": sorted(self.takes),
            "sound": self.sound,
            "first_frame": self.first_frame is not None,
            "most_variants": self.most_variants,
            "memory_gb": self.memory_gb,
            "styles": self.styles,
            "about": self.about,
            "examples": list(self.examples),
        }


def preset_names() -> tuple[str, ...]:
    """The presets that ship with Greenlight, beside the embedded model."""
    return tuple(sorted(path.stem for path in BUILT_IN.glob("*.json")))


def find_preset(model: str) -> Preset:
    """The preset of a setting: the name of one of ours, `embedded`, a folder, or a Hub id.

    Raises UnknownModel.
    """
    folder = Path(model)
    try:
        if model in preset_names():
            return _read(BUILT_IN / f"{model}.json")
        if model == "embedded":
            weights = EMBEDDED / "weights"
            return _read(EMBEDDED / "preset.json", weights, read_index(weights / _INDEX))
        if folder.is_dir():
            index = read_index(folder / _INDEX)
            check_whole(folder, index)
            if (folder / "preset.json").is_file():
                return _read(folder / "preset.json", folder, index)
            return _derive(folder.name, model, index)
        return _from_hub(model)
    except ValueError as error:
        raise UnknownModel(model=model, why=str(error)) from error


_INDEX: Final = "model_index.json"


def _read(path: Path, folder: Path | None = None, index: Mapping[str, Any] | None = None) -> Preset:
    """A preset's file, and the folder of its weights with its index, unless they are on the Hub."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(facts, dict):
            raise ValueError("it is no JSON object")
        if folder is not None and index is not None:
            if said := sorted({"source", "pipeline_class"} & facts.keys()):
                raise ValueError(f"it has {said[0]}, which its folder says already")
            facts |= {"source": str(folder), "pipeline_class": index["_class_name"]}
        family = FAMILIES.get(facts.get("pipeline_class", ""))
        if family is not None:
            facts = {**_of_class(family, index or {}), **facts}
        if "lexicon" in facts:
            facts["lexicon"] = str(_beside(path, facts["lexicon"]))
        preset = _as_preset(facts)
        if preset.lexicon is not None:
            open_lexicon(preset.lexicon)  # what is wrong with it shows now, not at a prompt
        check_limits(preset, family, _first_frame(family, index))
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"its {path.name} is wrong: {error}") from error
    return preset


def _as_preset(facts: dict[str, Any]) -> Preset:
    """Raises ValueError for what is missing, unknown or of another type."""
    unknown = sorted(facts.keys() - {each.name for each in fields(Preset)})
    if unknown:
        raise ValueError(f"it has {unknown[0]}, which a preset has not")
    try:
        text = json.dumps(facts, default=list)  # JSON has no sets
        return TypeAdapter(Preset).validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = " ".join(map(str, first["loc"]))
        if first["type"] == "missing":
            raise ValueError(f"it has no {name}") from error
        rule = first["msg"].removeprefix("Input should be ")
        raise ValueError(f"{name} is {first['input']!r}: it should be {rule}") from error


def _of_class(family: Family, index: Mapping[str, Any]) -> dict[str, Any]:
    """What follows from the class, where a preset does not say otherwise."""
    return {
        "takes": family.takes,
        "multiple": family.multiple,
        "min_steps": family.min_steps,
        "frames_step": family.frames_step,
        "sound": family.sound,
        "first_frame": family.first_frame_with(index),
    }


def _first_frame(family: Family | None, index: Mapping[str, Any] | None) -> str | None:
    """The class that may begin from a picture; of a checkpoint on the Hub its preset knows."""
    if family is None or index is None:
        return family.first_frame if family else None
    return family.first_frame_with(index)


def _beside(path: Path, name: str) -> Path:
    if Path(name).name != name:
        raise ValueError(f"{name!r} is not the name of a file beside it")
    return path.parent / name


def _from_hub(model: str) -> Preset:
    try:
        path = Path(hf_hub_download(model, _INDEX))
    except HFValidationError as error:
        names = ", ".join(preset_names())
        raise ValueError(f"it is no preset ({names}), no folder here and no Hub id") from error
    except GatedRepoError as error:
        why = (
            "the Hub gives it only to those who accepted its terms and send their token in HF_TOKEN"
        )
        raise ValueError(why) from error
    except RepositoryNotFoundError as error:
        why = "the Hub has no such model, or none that the token in HF_TOKEN may see"
        raise ValueError(why) from error
    except RemoteEntryNotFoundError as error:
        why = f"it has no {_INDEX} on the Hub, so it is not in the format of diffusers"
        raise ValueError(why) from error
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise ValueError(f"the Hub did not give it ({error})") from error
    # The cache keeps each commit in a folder of its name: the weights will come from the same one.
    return _derive(model, model, read_index(path), revision=path.parent.name)


def _derive(
    name: str, source: str, index: Mapping[str, Any], revision: str | None = None
) -> Preset:
    """A preset with the defaults of the class alone."""
    pipeline_class = index["_class_name"]
    family = FAMILIES.get(pipeline_class)
    if family is None:
        raise ValueError(f"its class {pipeline_class} is none of {', '.join(FAMILIES)}")
    turned = (family.size[1], family.size[0])
    fits = all(side % family.multiple == 0 for side in turned)
    half = (family.num_frames // 2) // family.frames_step * family.frames_step + 1
    return Preset(
        name=name,
        source=source,
        revision=revision,
        pipeline_class=pipeline_class,
        fps=family.fps,
        sizes=(family.size, turned) if fits else (family.size,),
        num_frames=(family.num_frames, half),
        most_frames=family.most_frames,
        qualities={"draft": max(1, family.steps // 3), "final": family.steps},
        max_steps=family.steps * 2,
        guidance_scale=family.guidance_scale,
        max_guidance=20.0,
        dtype="bfloat16",
        **_of_class(family, index),
    )
