"""The decoder's second chance: out of memory, it is asked once more for the same latents in tiles.

Knows nothing of the run around it. Nothing is denoised again, and the tiles are off afterwards:
they change the seams of a picture a little, and the next clip must not depend on this one.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

log = logging.getLogger("greenlight.engine")

_SWITCHES: Final = ("use_tiling", "use_slicing", "use_framewise_decoding")
_WORDS: Final = ("out of memory", "can't allocate memory", "ALLOC_FAILED")
"""How parts of torch that have no error of their own for it say so."""


def is_out_of_memory(error: BaseException) -> bool:
    import torch

    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _WORDS)


def free_memory() -> None:
    """Give back what nobody holds any more."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


@contextmanager
def second_chance(vae: Any, *, before: Callable[[], None]) -> Iterator[None]:
    """For as long as this is open, `vae.decode` is tried twice; `before` is called each time."""
    own = vars(vae).get("decode")
    decode = vae.decode

    def twice(*args: Any, **kwargs: Any) -> Any:
        before()
        try:
            return decode(*args, **kwargs)
        except Exception as error:
            if not is_out_of_memory(error) or not hasattr(vae, "enable_tiling"):
                raise
        # Out here the error is gone, and with it the tensors that its traceback held.
        log.warning("Out of memory while decoding; tried again in tiles")
        forget(vae)
        free_memory()
        before()
        with _tiles(vae):
            return decode(*args, **kwargs)

    vae.decode = twice
    try:
        yield
    finally:
        if own is None:
            del vae.decode
        else:
            vae.decode = own


def forget(vae: Any) -> None:
    """Drop the frames that some decoders remember between parts of a clip."""
    if hasattr(vae, "clear_cache"):
        vae.clear_cache()


@contextmanager
def _tiles(vae: Any) -> Iterator[None]:
    before = {name: getattr(vae, name) for name in _SWITCHES if hasattr(vae, name)}
    try:
        vae.enable_tiling()
        for name in before:
            setattr(vae, name, True)
        yield
    finally:
        for name, value in before.items():
            setattr(vae, name, value)
