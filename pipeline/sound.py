"""The sound of a clip: brought to what AAC can hold, and dealt out picture by picture.

Knows nothing of pictures or files. Limits: mono and stereo; of more channels nobody said which is
left and which right, so they are mixed into one.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from numpy.typing import NDArray

from pipeline.made import Audio

_RATES: Final = (48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000)
_BITS: Final = 160_000
"""A second and channel, at most. With 96,000, FFmpeg's encoder turned pure tones into peaks that
clip; from here on it does not."""
_PEAK: Final = 10 ** (-1 / 20)
"""AAC overshoots a little what it was given: one decibel of room."""


def fit(audio: Audio | None, seconds: Fraction) -> Audio | None:
    """Mono or stereo, at a rate that AAC has, exactly as long as the clip, and never clipping."""
    if audio is None or not audio.samples.size:
        return None
    samples, rate = audio.samples, audio.rate
    if not np.isfinite(samples).all():
        raise FloatingPointError("the model made values that are no sound")
    if len(samples) > 2:
        samples = samples.mean(axis=0, keepdims=True, dtype=np.float32)
    if rate not in _RATES:
        samples, rate = _resample(Audio(samples, rate), _RATES[0]), _RATES[0]
    wanted = round(seconds * rate)
    missing = max(0, wanted - samples.shape[1])
    samples = np.pad(samples[:, :wanted], ((0, 0), (0, missing)))
    peak = float(np.abs(samples).max())
    if peak > _PEAK:
        samples = samples * np.float32(_PEAK / peak)
    return Audio(samples, rate)


def add_track(container: OutputContainer, audio: Audio) -> AudioStream:
    stream: AudioStream = container.add_stream("aac", rate=audio.rate)
    stream.codec_context.layout = _layout(audio)
    stream.bit_rate = min(_BITS, 4 * audio.rate) * len(audio.samples)
    return stream


def share(audio: Audio, place: int, count: int) -> av.AudioFrame:
    """The part of the sound that belongs to picture `place` of `count`."""
    length = audio.samples.shape[1]
    start, end = length * place // count, length * (place + 1) // count
    part = np.ascontiguousarray(audio.samples[:, start:end])
    frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=_layout(audio))
    frame.sample_rate, frame.pts, frame.time_base = audio.rate, start, Fraction(1, audio.rate)
    return frame


def _resample(audio: Audio, rate: int) -> NDArray[np.float32]:
    resampler = av.AudioResampler(format="fltp", layout=_layout(audio), rate=rate)
    parts = [*resampler.resample(share(audio, 0, 1)), *resampler.resample(None)]
    return np.concatenate([part.to_ndarray() for part in parts], axis=1)


def _layout(audio: Audio) -> str:
    return "mono" if len(audio.samples) == 1 else "stereo"
