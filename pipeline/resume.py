"""What a clip can go on from after a crash: its latents, written to a folder as it is made.

Knows nothing of jobs or people. A file is used only when it says that it belongs to the same
request, model and machine, and when its sum is right; any other is ignored. Limits: while a cache
is on nothing is kept, because what the cache remembers of earlier steps is not.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from pipeline.presets import Preset
from pipeline.request import ClipRequest

log = logging.getLogger("greenlight.engine")

Tensor: TypeAlias = Any

_FILE: Final = "latents.safetensors"
_FORMAT: Final = "greenlight-latents-1"
_SHARE: Final = 0.01
"""Of the time of making a clip, that saving may take."""


@dataclass(frozen=True)
class Kept:
    """The state of a clip right after a step."""

    step: int  # finished steps, at least 1
    latents: Tensor
    generator: Tensor  # state of the clip's random generator
    beside: Mapping[int, Tensor]  # other latents that go along, such as the sound's
    history: Mapping[str, Any]  # what the scheduler remembers of steps before


def digest(request: ClipRequest, preset: Preset, first_frame: Path | None) -> str:
    """What must be the same for a clip to go on: all that its pixels depend on but the weights."""
    facts = {
        "request": asdict(request),
        "arguments": preset.arguments,
        "speedups": preset.speedups,
        "fps": preset.fps,
        "first_frame": hashlib.sha256(first_frame.read_bytes()).hexdigest() if first_frame else "",
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()


class Keeper:
    """One clip's folder. `load` once at the beginning, `save` after each step.

    It writes every `every_s` seconds at most, and less often where writing is slow; with 0, after
    each step.
    """

    def __init__(
        self,
        folder: Path,
        *,
        request: str,
        model: str,
        every_s: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = folder / _FILE
        self._belongs_to = {"format": _FORMAT, "request": request, "model": model}
        self._every_s = every_s
        self._clock = clock
        self._saved_at = clock()
        self._cost_s = 0.0
        self._gave_up = False

    def load(self) -> Kept | None:
        """What was saved, or None when there is nothing that can be used."""
        from safetensors import SafetensorError

        if not self._path.is_file():
            return None
        try:
            return self._read()
        except (OSError, ValueError, TypeError, KeyError, RuntimeError, SafetensorError) as error:
            log.warning("The saved latents in %s were ignored: %s", self._path.parent, error)
            return None

    def save(self, kept: Callable[[], Kept]) -> None:
        """Write the state after a step, if it is time to. Never raises for the disk's sake."""
        began = self._clock()
        pause_s = max(self._every_s, self._cost_s / _SHARE) if self._every_s else 0.0
        if self._gave_up or began - self._saved_at < pause_s:
            return
        try:
            self._write(kept())
        except OSError as error:
            self._gave_up = True  # said once; the clip itself needs no disk yet
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            why = "the disk is full" if full else str(error)
            log.error("A clip goes on without saving its latents: %s", why)
        self._saved_at = self._clock()
        self._cost_s = self._saved_at - began

    def _write(self, kept: Kept) -> None:
        from safetensors.torch import save

        tensors, history = _flattened(kept.history)
        tensors |= {f"beside.{place}": value for place, value in kept.beside.items()}
        tensors |= {"latents": kept.latents, "generator": kept.generator}
        tensors = {
            name: value.detach().to("cpu", copy=True).contiguous()
            for name, value in tensors.items()
        }
        metadata = {
            **self._belongs_to,
            "step": str(kept.step),
            "history": json.dumps(history),
            "sum": str(_sum(tensors)),
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(_FILE + ".part")
        try:
            draft.write_bytes(save(tensors, metadata))
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        draft.replace(self._path)

    def _read(self) -> Kept:
        from safetensors import safe_open

        with safe_open(self._path, framework="pt") as file:
            metadata = file.metadata() or {}
            for name, value in self._belongs_to.items():
                if metadata.get(name) != value:
                    raise ValueError(f"they are of another {name}")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if metadata["sum"] != str(_sum(tensors)):
            raise ValueError("they are damaged")
        beside = {
            int(name.partition(".")[2]): value
            for name, value in tensors.items()
            if name.startswith("beside.")
        }
        return Kept(
            step=int(metadata["step"]),
            latents=tensors["latents"],
            generator=tensors["generator"],
            beside=beside,
            history=_unflattened(json.loads(metadata["history"]), tensors),
        )


def _sum(tensors: Mapping[str, Tensor]) -> int:
    import torch

    total = 0
    for name in sorted(tensors):
        flat = tensors[name].reshape(-1).view(torch.uint8).numpy()
        total = zlib.crc32(flat, zlib.crc32(name.encode(), total))
    return total


def _flattened(history: Mapping[str, Any]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors by name, and the rest with those names in their places."""
    import torch

    tensors: dict[str, Tensor] = {}

    def put(name: str, value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            tensors[name] = value
            return {"tensor": name}
        if isinstance(value, list):
            return [put(f"{name}.{place}", item) for place, item in enumerate(value)]
        return value

    plain = {name: put(f"history.{name}", value) for name, value in history.items()}
    return tensors, plain


def _unflattened(plain: Any, tensors: Mapping[str, Tensor]) -> Any:
    if isinstance(plain, dict) and set(plain) == {"tensor"}:
        return tensors[plain["tensor"]]
    if isinstance(plain, dict):
        return {name: _unflattened(value, tensors) for name, value in plain.items()}
    if isinstance(plain, list):
        return [_unflattened(value, tensors) for value in plain]
    return plain
