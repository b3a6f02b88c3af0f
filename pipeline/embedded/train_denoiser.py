"""The denoiser: a small LTX transformer that learns to turn noise into the latents of a scene.

Flow matching (Lipman et al. 2023; Liu et al. 2023) on latents made beforehand. The stock class
knows only relative positions, so a throw-away head asks an early block where each token is; the
answer costs nothing later and is what makes things appear in one place. Resumes from its last
checkpoint after any stop.
"""

from __future__ import annotations

import copy
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipeline.embedded.captions import caption
from pipeline.embedded.latents import CELLS, CHANNELS, LATENT_FRAMES, OUT
from pipeline.embedded.train_text import TOKENS, WIDTH, codes_of
from pipeline.embedded.world import FPS

HEADS: Final = 6
LAYERS: Final = 6
_BATCH: Final = 32
_RATE: Final = 1.5e-3
_ON_CODES: Final = 0.9
"""The share of the run that reads codes of scenes instead of captions; it is the quicker part."""
_CODE_TOKENS: Final = 6
_ROPE_SCALE: Final = (
    4 / FPS,
    OUT // CELLS,
    OUT // CELLS,
)  # what LTXPipeline derives from fps and compression


def new_denoiser() -> Any:
    """An untrained LTXVideoTransformer3DModel of 4 M parameters whose output starts at zero."""
    from diffusers import LTXVideoTransformer3DModel

    width = HEADS * 32
    denoiser: Any = LTXVideoTransformer3DModel(
        in_channels=CHANNELS,
        out_channels=CHANNELS,
        num_attention_heads=HEADS,
        attention_head_dim=32,
        cross_attention_dim=width,
        num_layers=LAYERS,
        caption_channels=WIDTH,
    )
    nn.init.zeros_(denoiser.proj_out.weight)
    nn.init.zeros_(denoiser.proj_out.bias)
    return denoiser


def denoise(denoiser: Any, latents: Tensor, time_: Tensor, states: Tensor, mask: Tensor) -> Tensor:
    """The velocity (noise - clip) at `time_` in 0 to 1; shapes as LTXPipeline has them."""
    answer: Tensor = denoiser(
        latents, states, time_ * 1000, mask, LATENT_FRAMES, CELLS, CELLS, _ROPE_SCALE
    ).sample
    return answer


class Texts:
    """What the denoiser reads: codes of scenes with a little noise, or captions of them."""

    def __init__(self, encoder: Any | None, tokenizer: Any | None) -> None:
        self.encoder, self.tokenizer = encoder, tokenizer
        self.rng = random.Random(4)

    def codes_of(self, scenes: Tensor, untold: Tensor) -> tuple[Tensor, Tensor]:
        states = codes_of(scenes, untold)[:, None].expand(-1, _CODE_TOKENS, -1)
        states = states + 0.04 * torch.randn(states.shape)
        return states, torch.ones(states.shape[:2], dtype=torch.long)

    @torch.no_grad()
    def captions_of(self, scenes: Tensor, untold: Tensor) -> tuple[Tensor, Tensor]:
        texts = [
            "" if empty else caption(scene, self.rng)
            for scene, empty in zip(scenes.tolist(), untold.tolist(), strict=True)
        ]
        return read_texts(self.encoder, self.tokenizer, texts)


@torch.no_grad()
def read_texts(encoder: Any, tokenizer: Any, texts: list[str]) -> tuple[Tensor, Tensor]:
    """States (n, TOKENS, WIDTH) and mask (n, TOKENS), made as LTXPipeline makes them."""
    batch = tokenizer(
        texts, padding="max_length", max_length=TOKENS, truncation=True, return_tensors="pt"
    )
    return encoder(input_ids=batch.input_ids)[0], batch.attention_mask


def train_denoiser(
    folder: Path,
    latents: Tensor,
    scenes: Tensor,
    texts: Callable[[], Texts],
    seconds: float,
    report: Callable[[int, float, float], None],
) -> None:
    """Train for `seconds` in all, over however many runs; `folder` holds the checkpoint.

    `latents` (n, 80, CHANNELS) float16 with their `scenes` (n, 7). `report(step, share, loss)`.
    """
    torch.manual_seed(5)
    denoiser = new_denoiser()
    places = nn.Linear(HEADS * 32, LATENT_FRAMES + 2 * CELLS)
    parameters = [*denoiser.parameters(), *places.parameters()]
    optimiser = torch.optim.AdamW(
        parameters, lr=_RATE, betas=(0.9, 0.98), weight_decay=0.0, fused=True
    )
    average = copy.deepcopy(denoiser).requires_grad_(False)
    seen: list[Tensor] = []
    denoiser.transformer_blocks[1].register_forward_hook(lambda *call: seen.append(call[2]))
    where = _where()
    step, spent, saved = 0, 0.0, 0.0
    checkpoint = folder / "denoiser.pt"
    if checkpoint.exists():
        kept = torch.load(checkpoint, weights_only=True)
        denoiser.load_state_dict(kept["denoiser"])
        average.load_state_dict(kept["average"])
        places.load_state_dict(kept["places"])
        optimiser.load_state_dict(kept["optimiser"])
        step, spent = kept["step"], kept["spent"]
        torch.manual_seed(5 + step)
    words = texts()
    began = time.monotonic() - spent
    while spent < seconds:
        spent = time.monotonic() - began
        share = min(1.0, spent / seconds)
        rate = min(1.0, (step + 1) / 100) * (1.0 if share < 0.5 else max(0.01, 2 - 2 * share))
        for group in optimiser.param_groups:
            group["lr"] = _RATE * rate
        rows = torch.randint(len(latents), (_BATCH,))
        clean = latents[rows].float()
        untold = torch.rand(_BATCH) < 0.1
        if share < _ON_CODES:
            states, mask = words.codes_of(scenes[rows], untold)
        else:
            if words.encoder is None:
                words = texts()
            states, mask = words.captions_of(scenes[rows], untold)
        time_ = _times(_BATCH)
        noise = torch.randn_like(clean)
        noisy = torch.lerp(clean, noise, time_[:, None, None])
        seen.clear()
        guess = denoise(denoiser, noisy, time_, states, mask)
        loss = (guess - (noise - clean)).pow(2).mean()
        asked = places(seen[0]).split([LATENT_FRAMES, CELLS, CELLS], -1)
        lost = sum(
            functional.cross_entropy(answer.flatten(0, 1), truth)
            for answer, truth in zip(asked, where, strict=True)
        )
        optimiser.zero_grad()
        (loss + 0.1 * lost).backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        step += 1
        keep = min(0.995, step / (step + 20))
        torch._foreach_lerp_(list(average.parameters()), list(denoiser.parameters()), 1 - keep)
        report(step, share, loss.item())
        if spent - saved > 120 or spent >= seconds:
            saved = spent
            states_ = {
                "denoiser": denoiser.state_dict(),
                "average": average.state_dict(),
                "places": places.state_dict(),
                "optimiser": optimiser.state_dict(),
                "step": step,
                "spent": spent,
            }
            torch.save(states_, checkpoint.with_suffix(".part"))
            checkpoint.with_suffix(".part").replace(checkpoint)


def _times(count: int) -> Tensor:
    """Times of a batch in 0 to 1, more of them near pure noise, where the scene is decided."""
    times = torch.sigmoid(torch.randn(count) * 1.1 + 0.5)
    early = torch.rand(count) < 0.15
    return torch.where(early, 0.94 + 0.06 * torch.rand(count), times)


def _where() -> list[Tensor]:
    """Frame, row and column of each token of a batch: three of (batch · tokens,)."""
    axes = torch.meshgrid(
        torch.arange(LATENT_FRAMES), torch.arange(CELLS), torch.arange(CELLS), indexing="ij"
    )
    return [axis.flatten()[None].expand(_BATCH, -1).flatten() for axis in axes]
