"""Loading a pipeline, and saying in words why it could not be.

Knows nothing of runs. Weights come from a folder or from the Hub, at the preset's revision.
"""

from __future__ import annotations

import errno
import hashlib
import inspect
import json
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from errors import ModelNotLoaded
from pipeline.checkpoint import check_whole, read_index
from pipeline.decoding import free_memory, is_out_of_memory
from pipeline.presets import Preset
from pipeline.speedups import Speedups, apply

log = logging.getLogger("greenlight.engine")

Pipeline: TypeAlias = Any
"""A diffusers pipeline of whatever class; their common base declares neither call nor hooks."""


@dataclass(frozen=True)
class Loaded:
    """A pipeline that is ready, and what tells it from others."""

    pipe: Pipeline
    speedups: Speedups
    identity: str  # weights, number type, device and versions: what the pixels depend on


def load(preset: Preset, timestep: Callable[[], Any]) -> Loaded:
    """Load what the preset names, with its speed-ups. Raises ModelNotLoaded with the reason.

    `timestep` gives the timestep of the run that is going on.
    """
    try:
        pipe = _from_pretrained(preset)
        speedups = apply(pipe, preset, timestep)
        _place(pipe, speedups)
    except ModelNotLoaded:
        raise
    except Exception as error:
        why = _why(error, preset)
        free_memory()
        raise ModelNotLoaded(why=why) from error
    commit = commit_of(pipe)
    if commit is not None and preset.revision is None:
        log.info("The model %s was loaded at revision %s", preset.source, commit)
    return Loaded(pipe, speedups, _identity(preset, commit))


def sharing(pipe: Pipeline, class_name: str) -> Pipeline:
    """A pipeline of another class over the same parts. Raises ModelNotLoaded.

    Not by diffusers' `from_pipe`: it casts the shared parts to one number type, those too that
    the first pipeline keeps in another, and so changes what the first one makes.
    """
    import diffusers

    kind: Any = getattr(diffusers, class_name, None)
    if kind is None:
        raise ModelNotLoaded(why=f"diffusers has no class {class_name}")
    parts = {**pipe.config, **pipe.components}
    taken = inspect.signature(kind.__init__).parameters
    try:
        other = kind(**{name: value for name, value in parts.items() if name in taken})
    except (TypeError, ValueError) as error:
        why = f"it lacks what a {class_name} needs"
        raise ModelNotLoaded(why=why) from error
    other.set_progress_bar_config(disable=True)
    return other


def commit_of(pipe: Pipeline) -> str | None:
    """The commit on the Hub that the weights are of, from where they lie in the Hub's cache."""
    for part in pipe.components.values():
        path = str(getattr(getattr(part, "config", None), "_name_or_path", ""))
        if found := re.search(r"[/\\]snapshots[/\\]([0-9a-f]{40})", path):
            return found[1]
    return None


def _from_pretrained(preset: Preset) -> Pipeline:
    import diffusers
    import torch
    import transformers

    dtype = getattr(torch, preset.dtype, None)
    if not isinstance(dtype, torch.dtype):
        raise ModelNotLoaded(why=f"torch has no number type {preset.dtype!r}")
    # Their bars are for a person at a terminal; ours is on the page.
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()
    # dtype must be passed: left out, the parts come in the types they were saved in and clash.
    pipe = diffusers.DiffusionPipeline.from_pretrained(
        preset.source, dtype=dtype, revision=preset.revision
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def _place(pipe: Pipeline, speedups: Speedups) -> None:
    import torch

    if speedups.offload is None and torch.cuda.is_available():
        pipe.to("cuda")


def _identity(preset: Preset, commit: str | None) -> str:
    import diffusers
    import torch

    folder = Path(preset.source)
    facts = {
        "source": preset.source,
        "weights": commit or (_stamp(folder) if folder.is_dir() else preset.revision),
        "dtype": preset.dtype,
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "torch": torch.__version__,
        "diffusers": diffusers.__version__,
    }
    return json.dumps(facts, sort_keys=True)


def _stamp(folder: Path) -> str:
    """What changes when somebody puts other weights in their place, without reading them."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [
        f"{path.relative_to(folder)} {path.stat().st_size} {path.stat().st_mtime_ns}"
        for path in files
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


# ---- why not ------------------------------------------------------------------------------


def _why(error: BaseException, preset: Preset) -> str:
    """The reason in a few words. Paths of this machine stay out: creators read it too."""
    from huggingface_hub import errors as hub

    chain = list(_causes(error))
    numbers = {getattr(cause, "errno", None) for cause in chain}

    def has(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in chain)

    if numbers & {errno.ENOSPC, errno.EDQUOT}:
        return "the disk is full"
    if any(is_out_of_memory(cause) for cause in chain):
        needs = f", it needs about {preset.memory_gb:g} GB" if preset.memory_gb else ""
        return f"it does not fit into the memory{needs}"
    if has(hub.GatedRepoError):
        return f"the Hub gives {preset.source} only to those who accepted its terms"
    if has(hub.RevisionNotFoundError):
        return f"the Hub has no revision {preset.revision} of {preset.source}"
    if has(hub.RepositoryNotFoundError):
        return f"the Hub has no {preset.source}, or not for this account"
    folder = Path(preset.source)
    if not folder.is_dir():
        if has(
            hub.LocalEntryNotFoundError,
            hub.OfflineModeIsEnabled,
            ConnectionError,
            hub.HfHubHTTPError,
        ):
            return f"the Hub did not give {preset.source}, and it is not on this machine"
        return f"{type(error).__name__} while fetching {preset.source}"
    try:
        check_whole(folder, read_index(folder / "model_index.json"))
    except ValueError as incomplete:
        return str(incomplete)
    if isinstance(error, OSError | ValueError):
        return "a file in its folder is missing or damaged"
    return f"{type(error).__name__}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
