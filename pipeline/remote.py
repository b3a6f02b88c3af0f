"""Clips from an inference provider, through `huggingface_hub.InferenceClient`.

Knows nothing of HTTP (remote_call.py) or of video files (remote_answer.py). Each clip is asked for
in a process of its own (remote_child.py), because the client polls without an end and cannot be
told to stop. A provider that has begun may go on after a cancel, and charge for it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import SecretStr

from errors import MakingFailed, ModelNotLoaded, RemoteNoClip
from pipeline.made import Cancelled, Made, Progress
from pipeline.presets import Preset
from pipeline.remote_answer import NotAClip, read_answer
from pipeline.remote_child import carry_out
from pipeline.remote_failure import PROVIDER_NAMES, clean, explain
from pipeline.remote_preset import remote_preset
from pipeline.request import ClipRequest
from settings import Settings

log = logging.getLogger("greenlight.engine")

LIMIT_BYTES: Final = 256 * 1024 * 1024
"""The largest file that is taken."""


def open_remote(settings: Settings) -> RemoteEngine:
    """The engine of `ENGINE=remote`. Raises BadSetting when no provider can make the model."""
    return RemoteEngine(
        remote_preset(settings.model, settings.provider),
        provider=settings.provider,
        token=settings.hf_token,
        deadline_s=settings.remote_deadline_s,
        endpoint=settings.remote_endpoint,
    )


class RemoteEngine:
    """Asks `provider` for clips of `preset.source`. Requests do not wait for each other."""

    def __init__(
        self,
        preset: Preset,
        *,
        provider: str,
        token: SecretStr,
        deadline_s: float,
        endpoint: str = "",
    ) -> None:
        self.preset = preset
        self._provider = provider
        self._token = token
        self._deadline_s = deadline_s
        self._endpoint = endpoint

    @property
    def state(self) -> Literal["loading", "ready", "failed"]:
        return "ready" if self._token.get_secret_value() else "failed"

    def load(self) -> None:
        """Nothing is loaded here; only the token can be missing. Raises ModelNotLoaded."""
        if self.state == "failed":
            raise ModelNotLoaded()

    def generate(
        self,
        request: ClipRequest,
        *,
        on_progress: Callable[[Progress], None],
        is_cancelled: Callable[[], bool],
        first_frame: Path | None = None,
        keep: Path | None = None,
    ) -> Made:
        """Have one clip made. Its size, length and fps are those of the file that comes back.

        Raises Cancelled within a fraction of a second, ModelNotLoaded, or a MakingFailed. What was
        paid for is kept in `keep`, so that a restart does not ask for it again.
        """
        self.load()
        if first_frame is not None:
            raise MakingFailed(kind="a remote model takes no first frame")
        if is_cancelled():
            raise Cancelled
        steps = request.num_inference_steps
        call = self._call(request)
        with _folder(keep) as folder:
            began = time.monotonic()
            answer = folder / f"answer-{_fingerprint(call)}.mp4"
            if not answer.is_file():
                on_progress(Progress("loading", 0, steps))  # of its own steps a provider tells none
                self._ask({**call, "target": str(answer)}, is_cancelled)
            answered = time.monotonic()
            on_progress(Progress("decoding", 0, steps))
            try:
                frames, fps, audio = read_answer(answer, is_cancelled=is_cancelled)
            except NotAClip as error:
                answer.unlink()  # or the next try would find it again
                raise RemoteNoClip(
                    provider=PROVIDER_NAMES[self._provider], why=str(error)
                ) from error
            seconds = {"loading": answered - began, "decoding": time.monotonic() - answered}
            return Made(frames=frames, fps=fps, audio=audio, seconds=seconds)

    def _call(self, request: ClipRequest) -> dict[str, Any]:
        """What the child is told, but for the token: in the client's words where it has them."""
        takes = self.preset.takes
        words = ("guidance_scale", "num_frames", "num_inference_steps")
        parameters = {name: getattr(request, name) for name in words if name in takes}
        if "generator" in takes:
            parameters["seed"] = request.seed
        # The client declares a list of negative prompts; every provider takes one string.
        others = ("negative_prompt", "width", "height")
        extra = {name: getattr(request, name) for name in others if name in takes}
        return {
            "provider": self._provider,
            "endpoint": self._endpoint,
            "model": self.preset.source,
            "prompt": request.prompt,
            "parameters": parameters,
            "extra_body": {name: value for name, value in extra.items() if value != ""},
            "limit_bytes": LIMIT_BYTES,
        }

    def _ask(self, call: dict[str, Any], is_cancelled: Callable[[], bool]) -> None:
        """Wait until the provider's file is at `target`. Raises Cancelled and MakingFailed."""
        token, began = self._token.get_secret_value(), time.monotonic()
        report = carry_out(
            {**call, "token": token}, deadline_s=self._deadline_s, is_cancelled=is_cancelled
        )
        if report["outcome"] == "made":
            return
        failure = explain(
            report,
            provider=self._provider,
            model=self.preset.source,
            waited_s=time.monotonic() - began,
            token=token,
        )
        said = clean(report["says"], token, longest=2000)
        log.warning("%s made no clip: %s (%s)", self._provider, failure.message, said)
        raise failure


@contextlib.contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="greenlight-remote-") as folder:
        yield Path(folder)


def _fingerprint(call: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(call, sort_keys=True).encode()).hexdigest()[:32]
