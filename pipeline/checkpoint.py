"""Is the folder of a model whole: does everything that its model_index.json names lie there?

Knows nothing of torch, and opens no weights. A half-copied model is refused at the start with what
is missing, not at the first prompt with an error of the loader.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

_WEIGHTS: Final = (".safetensors", ".bin")
_WEIGHT_INDEX: Final = (".safetensors.index.json", ".bin.index.json")
_NO_CONFIG: Final = "generation_config.json"


def read_index(path: Path) -> dict[str, Any]:
    """A model_index.json. Raises ValueError with a sentence."""
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
        index["_class_name"].lower()
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError("it has no readable model_index.json") from error
    return dict(index)


def check_whole(folder: Path, index: dict[str, Any]) -> None:
    """Raises ValueError with a sentence that names what is missing."""
    for name, value in index.items():
        # A part is [library, class]; both are null where the checkpoint does without it.
        is_part = not name.startswith("_") and isinstance(value, list) and len(value) == 2
        if is_part and isinstance(value[1], str):
            missing = _missing(folder / name, value[1])
            if missing:
                raise ValueError(f"its model_index.json names {name}, but {missing} is not there")


def _missing(part: Path, class_name: str) -> str:
    """What a part lacks, in words; nothing when it is whole."""
    if not part.is_dir():
        return f"the folder {part.name}"
    files = {file.name for file in part.iterdir() if file.is_file()}
    configs = [name for name in files if name.endswith("config.json") and name != _NO_CONFIG]
    weights = [name for name in files if name.endswith(_WEIGHTS)]
    shards = [
        shard
        for name in sorted(files)
        if name.endswith(_WEIGHT_INDEX)
        for shard in sorted(set(_weight_map(part / name).values()))
    ]
    if not configs or (weights and "config.json" not in files):
        return f"{part.name}/config.json"
    gone = [shard for shard in shards if shard not in files]
    if gone:
        return f"{part.name}/{gone[0]}"
    # Parts without weights name their config otherwise, except that some tokenizers have both.
    has_weights = "config.json" in files and "Token" not in class_name
    if has_weights and not weights:
        return f"the weights in {part.name}"
    return ""


def _weight_map(path: Path) -> dict[str, str]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8"))["weight_map"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path.parent.name}/{path.name} cannot be read") from error
