"""What tests of the pipeline start from: tiny checkpoints, each built once in a session."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.engine import DiffusersEngine
from tests.pipeline.engines import Checkpoints, Engines, preset_of
from tests.pipeline.tiny import build


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Checkpoints:
    """Gives the folder of a tiny checkpoint of a kind in tiny.py. Never write into it."""
    built: dict[str, Path] = {}

    def checkpoint(kind: str) -> Path:
        if kind not in built:
            built[kind] = build(kind, tmp_path_factory.mktemp("tiny"))
        return built[kind]

    return checkpoint


@pytest.fixture(scope="session")
def engines(checkpoints: Checkpoints) -> Engines:
    """Gives one loaded engine for each kind, for tests that only ask it for clips."""
    loaded: dict[str, DiffusersEngine] = {}

    def engine(kind: str) -> DiffusersEngine:
        if kind not in loaded:
            loaded[kind] = DiffusersEngine(preset_of(kind, checkpoints(kind)))
            loaded[kind].load()
        return loaded[kind]

    return engine


@pytest.fixture(scope="session")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A first frame, as frame.py hands it over."""
    path = tmp_path_factory.mktemp("pictures") / "picture.png"
    columns = np.linspace(0, 255, 48).astype(np.uint8)
    Image.fromarray(np.stack([np.tile(columns, (32, 1))] * 3, axis=-1)).save(path)
    return path
