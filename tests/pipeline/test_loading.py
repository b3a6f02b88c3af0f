"""Loading: what is said when a model cannot be loaded, and which weights were."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest

from errors import ModelNotLoaded
from pipeline.engine import DiffusersEngine
from pipeline.loading import load, sharing
from pipeline.presets import Preset
from tests.pipeline.engines import Checkpoints, Engines, make, pipe_of, preset_of, same
from tests.server import ROOT

WEIGHTS = Path("transformer") / "diffusion_pytorch_model.safetensors"


def now() -> None:
    return None


@pytest.fixture
def folder(checkpoints: Checkpoints, tmp_path: Path) -> Path:
    """A model that tests may break."""
    return shutil.copytree(checkpoints("WanPipeline"), tmp_path / "model")


def why_not(preset: Preset) -> str:
    with pytest.raises(ModelNotLoaded) as refused:
        load(preset, now)
    return refused.value.message


def without_vae(folder: Path) -> None:
    shutil.rmtree(folder / "vae")


def without_weights(folder: Path) -> None:
    (folder / WEIGHTS).unlink()


def without_index(folder: Path) -> None:
    (folder / "model_index.json").unlink()


def with_half_the_weights(folder: Path) -> None:
    os.truncate(folder / WEIGHTS, (folder / WEIGHTS).stat().st_size // 2)


def with_a_pointer_for_weights(folder: Path) -> None:
    (folder / WEIGHTS).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:1\n")


def with_an_empty_config(folder: Path) -> None:
    (folder / "vae" / "config.json").write_text("")


@pytest.mark.parametrize(
    ("breaks", "says"),
    [
        (without_vae, "the folder vae is not there"),
        (without_weights, "the weights in transformer is not there"),
        (without_index, "no readable model_index.json"),
        (with_half_the_weights, "a file in its folder is missing or damaged"),
        (with_a_pointer_for_weights, "a file in its folder is missing or damaged"),
        (with_an_empty_config, "a file in its folder is missing or damaged"),
    ],
)
def test_an_incomplete_folder_is_refused_with_what_is_wrong(
    folder: Path, breaks: Callable[[Path], None], says: str
) -> None:
    breaks(folder)
    said = why_not(preset_of("WanPipeline", folder))
    assert says in said
    assert str(folder) not in said  # creators read it too


def test_a_number_type_that_torch_does_not_have_is_named(folder: Path) -> None:
    assert "no number type 'float99'" in why_not(preset_of("WanPipeline", folder, dtype="float99"))
    assert "no number type 'nn'" in why_not(preset_of("WanPipeline", folder, dtype="nn"))


def full_disk() -> Exception:
    return OSError(errno.ENOSPC, "No space left on device")


def full_disk_below() -> Exception:
    error = RuntimeError("download failed")
    error.__cause__ = full_disk()
    return error


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (full_disk(), "the disk is full"),
        (full_disk_below(), "the disk is full"),
        (MemoryError(), "it does not fit into the memory, it needs about 22 GB"),
        (TypeError("/secret/path"), "loaded: TypeError"),
    ],
)
def test_other_reasons_are_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, says: str
) -> None:
    import diffusers

    def fails(*_args: Any, **_kwargs: Any) -> None:
        raise error

    monkeypatch.setattr(diffusers.DiffusionPipeline, "from_pretrained", fails)
    said = why_not(preset_of("WanPipeline", folder, memory_gb=22.0))
    assert says in said
    assert "/secret/path" not in said


def test_a_gpu_without_room_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from diffusers import DiffusionPipeline

    def no_room(*_args: Any, **_kwargs: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "empty_cache", now)
    monkeypatch.setattr(DiffusionPipeline, "to", no_room)
    said = why_not(preset_of("WanPipeline", folder))
    assert "does not fit into the memory." in said


# ---- the Hub ------------------------------------------------------------------------------

REFUSALS: Final = {
    "gated": (403, "GatedRepo"),
    "private": (401, "RepoNotFound"),
    "unknown_revision": (404, "RevisionNotFound"),
    "broken": (503, ""),
}


class Refusing(BaseHTTPRequestHandler):
    """A Hub that gives nothing, in the words that the real one has for it."""

    def do_GET(self) -> None:
        names = [name for name in REFUSALS if name in self.path]
        status, code = REFUSALS[names[0]] if names else (404, "")
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET  # noqa: N815 - the server's own names

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.slow
def test_the_hub_s_refusals_are_told_apart(hub: str, tmp_path: Path) -> None:
    """In a process of its own, because the Hub's address is read when its client is imported."""
    program = f"""
from errors import ModelNotLoaded
from pipeline.loading import load
from pipeline.presets import Preset
for name in {list(REFUSALS)!r}:
    preset = Preset(
        name=name, source="someone/" + name, fps=8.0, sizes=((16, 16),), num_frames=(9,),
        qualities={{"final": 1}}, max_steps=1, guidance_scale=1.0, max_guidance=1.0,
        dtype="float32", revision="0" * 40,
    )
    try:
        load(preset, lambda: None)
    except ModelNotLoaded as error:
        print(error.message)
"""
    environment = {
        **os.environ,
        "HF_ENDPOINT": hub,
        "HF_HOME": str(tmp_path),
        "HF_HUB_OFFLINE": "0",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    says = [
        line.removeprefix("The model could not be loaded: ") for line in done.stdout.split("\n")
    ]
    assert says == [
        "the Hub gives someone/gated only to those who accepted its terms.",
        "the Hub has no someone/private, or not for this account.",
        f"the Hub has no revision {'0' * 40} of someone/unknown_revision.",
        "the Hub did not give someone/broken, and it is not on this machine.",
        "",
    ]


def test_the_revision_of_the_preset_is_asked_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import diffusers

    asked: list[dict[str, Any]] = []
    real: Any = diffusers.DiffusionPipeline.from_pretrained

    def asking(source: str, **how: Any) -> Any:
        asked.append(how)
        return real(source, **how)

    monkeypatch.setattr(diffusers.DiffusionPipeline, "from_pretrained", asking)
    load(preset_of("WanPipeline", folder, revision="abc"), now)
    assert asked[0]["revision"] == "abc"


def test_the_commit_that_was_loaded_is_logged(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    cached = folder.parent / "models--someone--model" / "snapshots" / commit
    cached.parent.mkdir(parents=True)
    folder.rename(cached)
    with caplog.at_level(logging.INFO, logger="greenlight.engine"):
        loaded = load(preset_of("WanPipeline", cached), now)
    assert f"at revision {commit}" in caplog.text
    assert commit in loaded.identity


def test_a_folder_has_no_commit_to_log(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="greenlight.engine"):
        load(preset_of("WanPipeline", folder), now)
    assert "at revision" not in caplog.text


def test_other_weights_are_another_model(folder: Path) -> None:
    preset = preset_of("WanPipeline", folder)
    before = load(preset, now).identity
    assert load(preset, now).identity == before
    os.utime(folder / WEIGHTS, (0, 0))
    assert load(preset, now).identity != before
    assert load(replace(preset, dtype="bfloat16"), now).identity != before


# ---- a second class over the same parts ---------------------------------------------------


def test_a_class_that_does_not_exist_is_named(engines: Engines) -> None:
    with pytest.raises(ModelNotLoaded, match="diffusers has no class NoSuchPipeline"):
        sharing(pipe_of(engines("WanPipeline")), "NoSuchPipeline")


def test_a_class_that_needs_more_parts_is_refused(engines: Engines) -> None:
    with pytest.raises(ModelNotLoaded, match="lacks what a LTX2Pipeline needs"):
        sharing(pipe_of(engines("WanPipeline")), "LTX2Pipeline")


def test_half_numbers_make_clips_too(checkpoints: Checkpoints) -> None:
    engine = DiffusersEngine(preset_of("LTXPipeline", checkpoints("LTXPipeline"), dtype="bfloat16"))
    assert same(make(engine), make(engine))
