"""What tests of the pipeline start from: tiny checkpoints, each built once in a session, and a
server that speaks as the providers of remote clips do."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.engine import DiffusersEngine
from tests.pipeline.engines import Checkpoints, Engines, preset_of
from tests.pipeline.provider import Provider
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


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Provider]:
    """The server, in place of the Hub for every child, and no temporary folder but the test's."""
    for name in list(os.environ):
        if name.startswith(("HF_", "GREENLIGHT_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    with Provider() as serving:
        monkeypatch.setenv("HF_ENDPOINT", serving.url)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
        yield serving
