"""Folders of models as tests need them: an index, a preset, and no weights to speak of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from pipeline.presets import EMBEDDED

LEFT_OUT: Final = object()


def model(folder: Path, class_name: str) -> str:
    folder.mkdir(exist_ok=True)
    (folder / "model_index.json").write_text(json.dumps({"_class_name": class_name}))
    return str(folder)


def own_preset(folder: Path, class_name: str = "LTXPipeline", **changes: Any) -> str:
    """A preset.json like the embedded model's, without the words that lie beside that."""
    facts = json.loads((EMBEDDED / "preset.json").read_text())
    facts = {name: facts[name] for name in facts if name not in ("lexicon", "assumes")}
    facts = {name: value for name, value in {**facts, **changes}.items() if value is not LEFT_OUT}
    model(folder, class_name)
    (folder / "preset.json").write_text(json.dumps(facts))
    return str(folder)
