"""The engine with real models: the embedded one, and a tiny random Wan checkpoint from a folder."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from errors import MakingFailed, ModelNotLoaded, OutOfMemory
from pipeline.engine import Cancelled, DiffusersEngine, Frames, Progress
from pipeline.presets import Preset, find_preset
from pipeline.request import ClipRequest, check_inputs

STEPS = 3


@pytest.fixture(scope="module")
def engine() -> DiffusersEngine:
    made = DiffusersEngine(find_preset("embedded"))
    made.load()
    return made


def ask(
    engine: DiffusersEngine, prompt: str = "a red ball moving left", seed: int = 1
) -> ClipRequest:
    return check_inputs(
        engine.preset, prompt=prompt, seed=seed, prompt_limit=100, num_inference_steps=STEPS
    )


def make(
    engine: DiffusersEngine,
    request: ClipRequest,
    on_progress: Callable[[Progress], None] = lambda _progress: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Frames:
    return engine.generate(request, on_progress=on_progress, is_cancelled=is_cancelled)


@pytest.fixture(scope="module")
def clean(engine: DiffusersEngine) -> Frames:
    """What the first request gives when nothing else goes on."""
    return make(engine, ask(engine))


def test_frames_have_the_shape_that_was_asked_for(engine: DiffusersEngine, clean: Frames) -> None:
    request = ask(engine)
    assert clean.shape == (request.num_frames, request.height, request.width, 3)
    assert clean.dtype == np.uint8


def test_frames_show_something_that_moves(clean: Frames) -> None:
    assert clean.std() > 5
    assert np.abs(np.diff(clean.astype(int), axis=0)).max() > 20


def test_the_same_seed_gives_the_same_frames(engine: DiffusersEngine, clean: Frames) -> None:
    assert np.array_equal(make(engine, ask(engine)), clean)


def test_another_seed_gives_other_frames(engine: DiffusersEngine, clean: Frames) -> None:
    assert not np.array_equal(make(engine, ask(engine, seed=2)), clean)


def test_another_prompt_gives_other_frames(engine: DiffusersEngine, clean: Frames) -> None:
    other = make(engine, ask(engine, "a blue square moving up"))
    assert not np.array_equal(other, clean)


@pytest.mark.parametrize("prompt", ["été 日本 🎈", "word " * 19, "</s><pad>"])
def test_any_prompt_gives_a_clip(engine: DiffusersEngine, prompt: str) -> None:
    assert make(engine, ask(engine, prompt)).dtype == np.uint8


def test_progress_counts_the_finished_steps(engine: DiffusersEngine) -> None:
    seen: list[Progress] = []
    make(engine, ask(engine), seen.append)
    assert seen == [
        Progress("text", 0, STEPS),
        Progress("denoising", 1, STEPS),
        Progress("denoising", 2, STEPS),
        Progress("decoding", 3, STEPS),
    ]


# ---- cancelling ---------------------------------------------------------------------------


def test_a_wish_to_cancel_ends_it_within_one_step(engine: DiffusersEngine) -> None:
    seen: list[Progress] = []
    with pytest.raises(Cancelled):
        make(engine, ask(engine), seen.append, lambda: len(seen) > 1)
    assert seen[-1] == Progress("denoising", 1, STEPS)


def test_the_clip_after_a_cancelled_one_is_as_if_alone(
    engine: DiffusersEngine, clean: Frames
) -> None:
    seen: list[Progress] = []
    with pytest.raises(Cancelled):
        make(engine, ask(engine, "a blue square"), seen.append, lambda: len(seen) > 1)
    assert np.array_equal(make(engine, ask(engine)), clean)


def test_a_clip_that_was_cancelled_before_it_began_loads_nothing() -> None:
    engine = DiffusersEngine(find_preset("embedded"))
    with pytest.raises(Cancelled):
        make(engine, ask(engine), is_cancelled=lambda: True)
    assert engine.state == "loading"


def test_two_at_once_get_their_own_frames(engine: DiffusersEngine, clean: Frames) -> None:
    other = ask(engine, "a blue square moving up", seed=5)
    alone = make(engine, other)
    start = threading.Barrier(2)

    def go(request: ClipRequest) -> Frames:
        start.wait()
        return make(engine, request)

    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(go, [ask(engine), other]))
    assert np.array_equal(together[0], clean)
    assert np.array_equal(together[1], alone)


# ---- errors -------------------------------------------------------------------------------


class Breaking:
    """A pipeline that stops with an error, with the parts of the real one that the engine uses."""

    def __init__(self, error: Exception | None = None, frames: Any = None) -> None:
        self.error, self.frames, self.freed = error, frames, 0

    def __call__(self, prompt: str) -> Any:
        if self.error is not None:
            raise self.error
        return self

    def maybe_free_model_hooks(self) -> None:
        self.freed += 1


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, engine: DiffusersEngine) -> Breaking:
    breaking = Breaking()
    monkeypatch.setattr(engine, "_pipe", breaking)
    return breaking


class OutOfMemoryError(RuntimeError):
    """Named as torch names it."""


@pytest.mark.parametrize("error", [MemoryError(), OutOfMemoryError("CUDA out of memory")])
def test_a_full_memory_is_said_with_the_size(
    engine: DiffusersEngine, broken: Breaking, error: Exception
) -> None:
    broken.error = error
    with pytest.raises(OutOfMemory, match="128 × 128 with 17 frames"):
        make(engine, ask(engine))


def test_any_other_error_is_named_by_its_kind_and_not_by_its_words(
    engine: DiffusersEngine, broken: Breaking
) -> None:
    broken.error = RuntimeError("/secret/path")
    with pytest.raises(MakingFailed, match="RuntimeError") as stopped:
        make(engine, ask(engine))
    assert "/secret/path" not in str(stopped.value)
    assert broken.freed == 1


def test_values_that_are_no_colours_are_refused(engine: DiffusersEngine, broken: Breaking) -> None:
    broken.frames = [np.full((9, 8, 8, 3), np.nan)]
    with pytest.raises(MakingFailed, match="FloatingPointError"):
        make(engine, ask(engine))


def test_a_model_that_cannot_be_loaded_says_so(tmp_path: Path) -> None:
    engine = DiffusersEngine(replace(find_preset("embedded"), source=str(tmp_path)))
    with pytest.raises(ModelNotLoaded):
        engine.load()
    assert engine.state == "failed"


def test_a_clip_without_a_model_fails_with_a_sentence(tmp_path: Path) -> None:
    engine = DiffusersEngine(replace(find_preset("embedded"), source=str(tmp_path)))
    with pytest.raises(ModelNotLoaded):
        make(engine, ask(engine))


def test_a_model_is_tried_again_at_the_next_request(tmp_path: Path) -> None:
    engine = DiffusersEngine(replace(find_preset("embedded"), source=str(tmp_path)))
    with pytest.raises(ModelNotLoaded):
        engine.load()
    engine.preset = find_preset("embedded")
    engine.load()
    assert engine.state == "ready"


def test_a_fresh_engine_is_loading() -> None:
    assert DiffusersEngine(find_preset("embedded")).state == "loading"


# ---- any diffusers folder -----------------------------------------------------------------


@pytest.fixture(scope="module")
def wan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Wan pipeline with random weights, some 250 KB, saved as Hub models are."""
    import torch
    from diffusers import (
        AutoencoderKLWan,
        FlowMatchEulerDiscreteScheduler,
        WanPipeline,
        WanTransformer3DModel,
    )
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast, UMT5Config, UMT5EncoderModel

    torch.manual_seed(0)
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {"<pad>": 0, "</s>": 1, "<unk>": 2}
    vocabulary |= {letter: place + 3 for place, letter in enumerate(letters)}
    bytewise = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    bytewise.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytewise.decoder = decoders.ByteLevel()
    bytewise.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", 1)]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bytewise,
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        model_max_length=512,
    )
    text_encoder = UMT5EncoderModel(
        UMT5Config(
            vocab_size=len(tokenizer),
            d_model=32,
            d_kv=8,
            d_ff=37,
            num_layers=1,
            num_heads=2,
            relative_attention_num_buckets=8,
            feed_forward_proj="gated-gelu",
            decoder_start_token_id=0,
        )
    ).eval()
    vae = AutoencoderKLWan(
        base_dim=3,
        z_dim=16,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=1,
        temperal_downsample=[False, True, True],
    )
    transformer = WanTransformer3DModel(
        patch_size=(1, 2, 2),
        num_attention_heads=2,
        attention_head_dim=12,
        in_channels=16,
        out_channels=16,
        text_dim=32,
        freq_dim=256,
        ffn_dim=32,
        num_layers=2,
        cross_attn_norm=True,
        qk_norm="rms_norm_across_heads",
        rope_max_seq_len=32,
    )
    folder = tmp_path_factory.mktemp("wan")
    pipe: Any = WanPipeline(
        tokenizer=tokenizer,
        text_encoder=text_encoder,
        vae=vae,
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=7.0),
        transformer_2=None,
    )
    pipe.save_pretrained(folder)
    return folder


def small(folder: Path) -> Preset:
    """The preset of the folder's class, cut to what a test can wait for."""
    return replace(
        find_preset(str(folder)),
        sizes=((16, 16),),
        num_frames=(9,),
        dtype="float32",
        arguments={"max_sequence_length": 16},
    )


def test_any_folder_of_a_known_class_makes_clips(wan: Path) -> None:
    engine = DiffusersEngine(small(wan))
    frames = make(engine, ask(engine, "une balle rouge"))
    assert frames.shape == (9, 16, 16, 3)
    assert np.array_equal(make(engine, ask(engine, "une balle rouge")), frames)


def test_the_first_clip_says_that_the_model_is_loading(wan: Path) -> None:
    seen: list[Progress] = []
    engine = DiffusersEngine(small(wan))
    make(engine, ask(engine), seen.append)
    assert [progress.phase for progress in seen[:2]] == ["loading", "text"]
