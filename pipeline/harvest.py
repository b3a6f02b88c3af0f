"""What a pipeline returns, as frames of bytes and sound of floats.

Knows nothing of how it was made. Pipelines return arrays, tensors or lists of pictures; all of
them come out alike, and values that are no colours are refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from pipeline.made import Audio, Frames


def frames_of(output: Any) -> Frames:
    """The first clip of a pipeline's output. Raises FloatingPointError where a value is none."""
    clip = output.frames[0]
    # One frame at a time: a long clip in floats takes four times the memory of the finished one.
    first = _as_bytes(clip[0])
    frames = np.empty((len(clip), *first.shape), np.uint8)
    for place, picture in enumerate(clip):
        frames[place] = _as_bytes(picture)
    return frames


def audio_of(output: Any, pipe: Any) -> Audio | None:
    """The sound that goes with the frames, for pipelines that make it."""
    sound = getattr(output, "audio", None)
    if sound is None:
        return None
    samples = np.atleast_2d(_as_array(sound[0])).astype(np.float32)
    if not np.isfinite(samples).all():
        raise FloatingPointError("the model made values that are no sound")
    return Audio(samples.clip(-1, 1), rate=_rate(pipe))


def _as_bytes(picture: Any) -> Any:
    if not isinstance(picture, np.ndarray | Image.Image):
        return _tensor_as_bytes(picture)
    values = _as_array(picture)
    if values.dtype == np.uint8:
        return values
    _check_finite(np.isfinite(values).all())
    return (values.clip(0, 1) * 255).round().astype(np.uint8)


def _tensor_as_bytes(picture: Any) -> Any:
    """On its own device, which is quicker at it; tensors come with the colours first."""
    import torch

    if picture.dtype != torch.uint8:
        _check_finite(picture.isfinite().all())
        picture = picture.float().clamp(0, 1).mul_(255).round_().to(torch.uint8)
    if picture.shape[0] == 3:
        picture = picture.permute(1, 2, 0)
    return picture.cpu().numpy()


def _check_finite(is_finite: Any) -> None:
    if not bool(is_finite):
        raise FloatingPointError("the model made values that are no colours")


def _as_array(values: Any) -> Any:
    if isinstance(values, Image.Image):
        return np.asarray(values.convert("RGB"))
    if isinstance(values, np.ndarray):
        return values
    values = values.detach().cpu()
    return (values.float() if values.is_floating_point() else values).numpy()


def _rate(pipe: Any) -> int:
    vocoder = getattr(pipe, "vocoder", None)
    if vocoder is not None:
        return int(vocoder.config.output_sampling_rate)
    return int(pipe.audio_sampling_rate)
