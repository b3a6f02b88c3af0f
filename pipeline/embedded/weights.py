"""The trained parts as one folder of stock classes, as DiffusionPipeline.from_pretrained loads it.

Half precision on disk. Knows how the parts are put together, not how they came to be.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

_LARGEST_FILE: Final = "9MB"  # Spaces refuse plain files over 10 MB


def assemble(encoder: Any, tokenizer: Any, denoiser: Any, autoencoder: Any) -> Any:
    """An LTXPipeline of these parts, with the scheduler the denoiser was trained for."""
    from diffusers import FlowMatchEulerDiscreteScheduler, LTXPipeline

    return LTXPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=autoencoder,
        text_encoder=encoder,
        tokenizer=tokenizer,
        transformer=denoiser,
    )


def write_weights(pipe: Any, folder: Path) -> int:
    """Save to `folder` in half precision; the size in bytes of what was written."""
    for part in (pipe.text_encoder, pipe.transformer, pipe.vae):
        part.half()
    pipe.save_pretrained(folder, safe_serialization=True, max_shard_size=_LARGEST_FILE)
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
