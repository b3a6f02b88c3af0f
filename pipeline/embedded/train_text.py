"""The text encoder: a small T5 that reads a caption and says at every token what the scene is.

Trained on its own, before any picture, to turn each token of a caption into the code of the whole
scene; the denoiser that reads it afterwards need not learn English. Method: issue B.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional

from pipeline.embedded.captions import caption, lexicon
from pipeline.embedded.world import DEFAULTS, VALUES, sample_scenes, settle

WIDTH: Final = 128
TOKENS: Final = 32  # as many as the preset passes; longer prompts are cut
VOCABULARY: Final = 2400
_ELSEWHERE: Final = """
dog cat horse person man woman child house car train city street sea ocean river forest tree
mountain dance dancing running walking singing eating dragon robot spaceship rain fire smoke light
music love dream happy sad old young wooden metal glass shiny 4k hdr unreal 7 12 2024 x y z 123
chien chat maison voiture ville mer forêt arbre montagne danse pluie feu
"""
"""Words for what is not in this world."""
_KEEP_EVERY: Final = 500  # steps
_TOKENIZER_CAPTIONS: Final = 20_000
_BATCH: Final = 64
_RATE: Final = 2e-3
_EMPTY: Final = sum(map(len, VALUES.values()))  # the code of a caption without words


def train_tokenizer(folder: Path) -> None:
    """A byte-pair tokenizer over captions of both languages, saved to `folder`."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
    from tokenizers.processors import TemplateProcessing
    from tokenizers.trainers import BpeTrainer
    from transformers import PreTrainedTokenizerFast

    rng = random.Random(1)
    scenes = sample_scenes(_TOKENIZER_CAPTIONS, torch.Generator().manual_seed(1)).tolist()
    texts = [caption(scene, rng, "any") for scene in scenes]
    texts += _loose_words() * 20
    texts += ["abcdefghijklmnopqrstuvwxyz 0123456789 àâäçéèêëîïôöùûüœ !?'\"-,.:;()"] * 20
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    special = ["<pad>", "</s>", "<unk>"]
    trainer = BpeTrainer(vocab_size=VOCABULARY, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", tokenizer.token_to_id("</s>"))]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        model_max_length=TOKENS,
    ).save_pretrained(folder)


def new_encoder(vocabulary: int) -> Any:
    """An untrained T5EncoderModel of 0.9 M parameters."""
    from transformers import T5Config, T5EncoderModel

    return T5EncoderModel(
        T5Config(
            vocab_size=vocabulary,
            d_model=WIDTH,
            d_kv=32,
            d_ff=384,
            num_layers=3,
            num_heads=4,
            feed_forward_proj="gated-gelu",
            dropout_rate=0.0,
            use_cache=False,
            pad_token_id=0,
            eos_token_id=1,
        )
    )


def scene_codes() -> Tensor:
    """One direction per value of each attribute, at right angles: (37 + 1, WIDTH)."""
    directions = torch.randn(WIDTH, _EMPTY + 1, generator=torch.Generator().manual_seed(2))
    codes: Tensor = torch.linalg.qr(directions)[0].T.contiguous()
    return codes


def codes_of(scenes: Tensor, untold: Tensor) -> Tensor:
    """The code of each scene (n, 7), or of a caption without words where `untold`: (n, WIDTH)."""
    codes = scene_codes()
    starts = torch.tensor([0, *map(len, VALUES.values())]).cumsum(0)[:-1]
    told = codes[scenes + starts].sum(1)
    return torch.where(untold[:, None], codes[_EMPTY] * len(VALUES) ** 0.5, told)


def train_encoder(folder: Path, tokenizer: Any, steps: int, report: Any) -> None:
    """Train for `steps` and save to `folder`. `report(step, loss)` is told how it goes.

    A stopped run goes on from its last checkpoint, `folder` with the suffix `.pt`.
    """
    torch.manual_seed(3)
    encoder = new_encoder(len(tokenizer))
    codes = scene_codes()
    offsets = torch.tensor([0, *map(len, VALUES.values())]).cumsum(0)
    optimiser = torch.optim.AdamW(encoder.parameters(), lr=_RATE, weight_decay=0.01, fused=True)
    loose = _loose_words()
    checkpoint, start = folder.with_suffix(".pt"), 0
    if checkpoint.exists():
        kept = torch.load(checkpoint, weights_only=True)
        encoder.load_state_dict(kept["encoder"])
        optimiser.load_state_dict(kept["optimiser"])
        start = kept["step"]
    rng = random.Random(3 + start)
    generator = torch.Generator().manual_seed(3 + start)
    for step in range(start, steps):
        rate = min(1.0, (step + 1) / 200) * max(0.02, 1 - step / steps)
        for group in optimiser.param_groups:
            group["lr"] = _RATE * rate
        scenes = scenes_to_tell(_BATCH, rng, generator)
        texts = [caption(scene, rng, "any") for scene in scenes.tolist()]
        _disturb(texts, scenes, loose, rng)
        batch = tokenizer(
            texts,
            padding="max_length",
            max_length=TOKENS,
            truncation=True,
            return_tensors="pt",
        )
        # As LTXPipeline does it: pads are read like words.
        states = encoder(input_ids=batch.input_ids)[0]
        mask = batch.attention_mask.float()
        empty = torch.tensor([not text for text in texts])
        target = codes_of(scenes, empty)
        loss = ((states - target[:, None]).pow(2).sum(-1) * mask).sum() / mask.sum()
        logits = 4 * states @ codes.T
        for index, values in enumerate(VALUES.values()):
            some = logits[~empty][:, :, offsets[index] : offsets[index] + len(values)]
            wanted = scenes[~empty, index, None].expand(-1, some.shape[1])
            crossed = functional.cross_entropy(
                some.flatten(0, 1), wanted.flatten(), reduction="none"
            )
            weight = mask[~empty].flatten()
            loss = loss + (crossed * weight).sum() / weight.sum()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(encoder.parameters(), 1.0)
        optimiser.step()
        report(step + 1, loss.item())
        if (step + 1) % _KEEP_EVERY == 0:
            kept = {
                "encoder": encoder.state_dict(),
                "optimiser": optimiser.state_dict(),
                "step": step + 1,
            }
            torch.save(kept, checkpoint.with_suffix(".part"))
            checkpoint.with_suffix(".part").replace(checkpoint)
    encoder.save_pretrained(folder)


@torch.no_grad()
def read(encoder: Any, tokenizer: Any, texts: list[str]) -> Tensor:
    """What the encoder takes each text to mean: scenes (n, 7)."""
    batch = tokenizer(
        texts, padding="max_length", max_length=TOKENS, truncation=True, return_tensors="pt"
    )
    mask = batch.attention_mask[:, :, None]
    states = (encoder(input_ids=batch.input_ids)[0] * mask).sum(1) / mask.sum(1)
    logits = states @ scene_codes().T
    parts = logits[:, :_EMPTY].split([len(values) for values in VALUES.values()], 1)
    return torch.stack([part.argmax(1) for part in parts], 1)


def scenes_to_tell(count: int, rng: random.Random, generator: torch.Generator) -> Tensor:
    """Random scenes, half of them plainer than chance would have it, as prompts are."""
    scenes = sample_scenes(count, generator)
    for column, (name, values) in enumerate(VALUES.items()):
        for row in range(count // 2):
            if rng.random() < 0.4:
                scenes[row, column] = values.index(DEFAULTS[name])
    return settle(scenes)


def _disturb(texts: list[str], scenes: Tensor, loose: list[str], rng: random.Random) -> None:
    """Empty captions, words that mean nothing here, and captions of such words only."""
    for row, text in enumerate(texts):
        chance = rng.random()
        if chance < 0.06:
            texts[row] = ""
        elif chance < 0.09:
            texts[row] = " ".join(rng.choices(loose, k=rng.randint(1, 6)))
            for column, (name, values) in enumerate(VALUES.items()):
                scenes[row, column] = values.index(DEFAULTS[name])
        elif chance < 0.25:
            words = text.split(" ")
            for _ in range(rng.randint(1, 2)):
                words.insert(rng.choice((0, len(words))), rng.choice(loose))
            texts[row] = " ".join(words)


def _loose_words() -> list[str]:
    """Words without a meaning in this world: the lexicon's glue and a few that name other things."""
    return [*lexicon()["en"]["glue"], *lexicon()["fr"]["glue"], *_ELSEWHERE.split()]
