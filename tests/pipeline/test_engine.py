"""The engine with real models: the embedded one, and tiny random ones of every class."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from errors import MakingFailed, ModelNotLoaded
from pipeline.engine import DiffusersEngine
from pipeline.made import Cancelled, Made, Progress
from pipeline.presets import find_preset
from pipeline.request import ClipRequest, check_inputs
from tests.pipeline.engines import (
    FIRST_FRAMES,
    KINDS,
    STEPS,
    Checkpoints,
    Engines,
    ask,
    make,
    pipe_of,
    preset_of,
    same,
    stop_at,
)


@pytest.fixture(scope="module")
def embedded() -> DiffusersEngine:
    engine = DiffusersEngine(find_preset("embedded"))
    engine.load()
    return engine


def wish(prompt: str = "a red ball moving left", seed: int = 1) -> ClipRequest:
    preset = find_preset("embedded")
    return check_inputs(
        preset, prompt=prompt, seed=seed, prompt_limit=100, num_inference_steps=STEPS
    )


@pytest.fixture(scope="module")
def clean(embedded: DiffusersEngine) -> Made:
    """What the first request gives when nothing else goes on."""
    return make(embedded, wish())


def cancel_at(step: int) -> dict[str, Any]:
    """`on_progress` and `is_cancelled` of somebody who changes their mind after a step."""
    seen: list[Progress] = []
    return {
        "on_progress": seen.append,
        "is_cancelled": lambda: bool(seen) and seen[-1].step >= step,
    }


def cancel(engine: DiffusersEngine, at: int, **how: Any) -> None:
    with pytest.raises(Cancelled):
        make(engine, **cancel_at(at), **how)


# ---- what comes out -----------------------------------------------------------------------


def test_frames_have_the_shape_that_was_asked_for(clean: Made) -> None:
    request = wish()
    assert clean.frames.shape == (request.num_frames, request.height, request.width, 3)
    assert clean.frames.dtype == np.uint8
    assert clean.fps == 8


def test_frames_show_something_that_moves(clean: Made) -> None:
    assert clean.frames.std() > 5
    assert np.abs(np.diff(clean.frames.astype(int), axis=0)).max() > 20


def test_another_seed_gives_other_frames(embedded: DiffusersEngine, clean: Made) -> None:
    assert not same(make(embedded, wish(seed=2)), clean)


def test_another_prompt_gives_other_frames(embedded: DiffusersEngine, clean: Made) -> None:
    assert not same(make(embedded, wish("a blue square moving up")), clean)


@pytest.mark.parametrize("prompt", ["été 日本 🎈", "word " * 19, "</s><pad>"])
def test_any_prompt_gives_a_clip(embedded: DiffusersEngine, prompt: str) -> None:
    assert make(embedded, wish(prompt)).frames.dtype == np.uint8


@pytest.mark.parametrize("kind", KINDS)
def test_every_class_makes_clips(engines: Engines, kind: str) -> None:
    engine = engines(kind)
    request = ask(engine)
    made = make(engine, request)
    assert made.frames.shape == (request.num_frames, request.height, request.width, 3)
    assert made.frames.std() > 1


def test_a_class_that_makes_sound_hands_it_over(engines: Engines) -> None:
    made = make(engines("LTX2Pipeline"))
    assert made.audio is not None
    assert made.audio.rate == 400
    assert made.audio.samples.dtype == np.float32
    assert made.audio.samples.shape[0] == 2
    assert abs(made.audio.samples.shape[1] / 400 - 9 / 8) < 0.5


def test_a_silent_class_hands_over_no_sound(clean: Made) -> None:
    assert clean.audio is None


# ---- progress -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_class_counts_its_finished_steps(engines: Engines, kind: str) -> None:
    seen: list[Progress] = []
    make(engines(kind), on_progress=seen.append)
    assert seen == [
        Progress("text", 0, STEPS),
        *(Progress("denoising", step, STEPS) for step in range(STEPS)),
        Progress("decoding", STEPS, STEPS),
    ]


def test_the_first_clip_says_that_the_model_is_loading(checkpoints: Checkpoints) -> None:
    seen: list[Progress] = []
    engine = DiffusersEngine(preset_of("WanPipeline", checkpoints("WanPipeline")))
    make(engine, on_progress=seen.append)
    assert seen[:2] == [Progress("loading", 0, STEPS), Progress("text", 0, STEPS)]


def test_the_seconds_of_every_phase_are_told(checkpoints: Checkpoints) -> None:
    engine = DiffusersEngine(preset_of("WanPipeline", checkpoints("WanPipeline")))
    first, second = make(engine), make(engine)
    assert set(first.seconds) == {"loading", "text", "denoising", "decoding"}
    assert set(second.seconds) == {"text", "denoising", "decoding"}
    assert all(seconds > 0 for seconds in first.seconds.values())


# ---- cancelling ---------------------------------------------------------------------------


@pytest.mark.parametrize("step", [0, 1, STEPS])
@pytest.mark.parametrize("kind", KINDS)
def test_a_wish_to_cancel_ends_it_within_one_step(engines: Engines, kind: str, step: int) -> None:
    seen: list[Progress] = []
    with pytest.raises(Cancelled):
        make(
            engines(kind),
            on_progress=seen.append,
            is_cancelled=lambda: any(p.phase != "text" and p.step >= step for p in seen),
        )
    assert seen[-1].step == step


def test_a_clip_that_was_cancelled_before_it_began_loads_nothing() -> None:
    engine = DiffusersEngine(find_preset("embedded"))
    with pytest.raises(Cancelled):
        make(engine, wish(), is_cancelled=lambda: True)
    assert engine.state == "loading"


def test_a_cancelled_clip_is_not_decoded(
    checkpoints: Checkpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = DiffusersEngine(preset_of("WanPipeline", checkpoints("WanPipeline")))
    decoded: list[bool] = []
    monkeypatch.setattr(pipe_of(engine).vae, "decode", lambda *_a, **_k: decoded.append(True))
    cancel(engine, at=STEPS)
    assert decoded == []


# ---- whatever ran before ------------------------------------------------------------------


def one_more(engine: DiffusersEngine) -> None:
    make(engine, ask(engine, "something else", seed=9))


def other_steps(engine: DiffusersEngine) -> None:
    make(engine, ask(engine, num_inference_steps=7))


def other_size(engine: DiffusersEngine) -> None:
    request = ask(engine)
    make(engine, replace(request, width=request.width * 2, height=request.height * 2))


def no_guidance(engine: DiffusersEngine) -> None:
    make(engine, ask(engine, guidance_scale=1.0))


def a_cancelled_one(engine: DiffusersEngine) -> None:
    cancel(engine, at=2, request=ask(engine, "something else"))


def an_error_in_the_middle(engine: DiffusersEngine) -> None:
    with pytest.raises(MakingFailed):
        make(engine, ask(engine, "something else"), on_progress=stop_at(2))


def an_error_of_the_decoder(engine: DiffusersEngine) -> None:
    with pytest.raises(MakingFailed):
        make(engine, ask(engine, "something else"), on_progress=stop_at(STEPS))


def torchs_own_numbers(_engine: DiffusersEngine) -> None:
    import torch

    torch.manual_seed(99)
    torch.rand(7)


BEFORE = [a_cancelled_one, an_error_of_the_decoder, no_guidance]
MUCH_BEFORE = [
    *BEFORE,
    one_more,
    other_steps,
    other_size,
    an_error_in_the_middle,
    torchs_own_numbers,
]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_request_gives_the_same_bytes_whatever_ran_before(
    checkpoints: Checkpoints, engines: Engines, kind: str
) -> None:
    clean = make(DiffusersEngine(preset_of(kind, checkpoints(kind))))
    engine = engines(kind)
    for ran in MUCH_BEFORE if kind in ("WanPipeline", "LTXPipeline") else BEFORE:
        ran(engine)
        assert same(make(engine), clean), ran.__name__


CACHED = [
    ("WanPipeline", "first_block"),
    ("WanPipeline", "taylor"),
    ("WanPipeline", "sea"),
    ("WanPipeline", "pyramid"),
    ("LTXPipeline", "first_block"),
    ("LTXPipeline", "taylor"),
    ("LTXPipeline", "pyramid"),
    ("LTX2Pipeline", "taylor"),
    ("CogVideoXPipeline", "first_block"),
    ("CogVideoXPipeline", "pyramid"),
    ("HunyuanVideoPipeline", "first_block"),
    ("HunyuanVideo15Pipeline", "taylor"),
]


@pytest.mark.parametrize(("kind", "cache"), CACHED)
def test_with_a_cache_too_whatever_ran_before(
    checkpoints: Checkpoints, kind: str, cache: str
) -> None:
    speedups: dict[str, Any] = {"cache": cache}
    if cache in ("first_block", "sea"):
        speedups["cache_threshold"] = 5.0
    preset = preset_of(kind, checkpoints(kind), qualities={"final": 8}, speedups=speedups)
    clean = make(DiffusersEngine(preset))
    engine = DiffusersEngine(preset)
    for ran in BEFORE:
        ran(engine)
        assert same(make(engine), clean), ran.__name__


def test_a_sampler_that_adds_noise_takes_it_from_the_seed(checkpoints: Checkpoints) -> None:
    engine = DiffusersEngine(preset_of("LTXPipeline", checkpoints("LTXPipeline")))
    pipe = pipe_of(engine)
    pipe.scheduler = type(pipe.scheduler)(stochastic_sampling=True)
    clean = make(engine)
    assert same(make(engine), clean)
    assert not same(make(engine, ask(engine, seed=2)), clean)


def test_noise_that_takes_no_generator_comes_from_the_seed_too(
    checkpoints: Checkpoints, tmp_path: Path
) -> None:
    """Some decoders add noise of torch's own, and how much of it the way there used up depends on
    where a clip went on."""
    import torch

    def noisy() -> DiffusersEngine:
        engine = DiffusersEngine(
            preset_of("LTXPipeline", checkpoints("LTXPipeline")), keep_every_s=0
        )
        pipe = pipe_of(engine)
        torch.manual_seed(0)
        config = {**pipe.vae.config, "decoder_inject_noise": (True,) * 5}
        pipe.vae = type(pipe.vae).from_config(config).eval()
        for name, weight in pipe.vae.named_parameters():
            if "per_channel_scale" in name:
                torch.nn.init.constant_(weight, 0.5)
        pipe.transformer.register_forward_hook(use_up_noise)
        pipe.text_encoder.register_forward_hook(add_noise)
        return engine

    def use_up_noise(_module: Any, _inputs: Any, _output: Any) -> None:
        torch.rand(1)

    def add_noise(_module: Any, _inputs: Any, output: Any) -> None:
        output[0].add_(torch.rand_like(output[0]))

    engine = noisy()
    clean = make(engine)
    assert same(make(engine), clean)
    with pytest.raises(MakingFailed):
        make(noisy(), on_progress=stop_at(2), keep=tmp_path)
    assert same(make(noisy(), keep=tmp_path), clean)


def test_a_guider_does_not_count_on_from_clip_to_clip(checkpoints: Checkpoints) -> None:
    kind = "HunyuanVideo15Pipeline"
    engine = DiffusersEngine(preset_of(kind, checkpoints(kind)))
    pipe = pipe_of(engine)
    pipe.guider = pipe.guider.new(stop=0.5)
    clean = make(engine)
    assert same(make(engine), clean)


def test_two_at_once_get_their_own_frames(embedded: DiffusersEngine, clean: Made) -> None:
    other = wish("a blue square moving up", seed=5)
    alone = make(embedded, other)
    start = threading.Barrier(2)

    def go(request: ClipRequest) -> Made:
        start.wait()
        return make(embedded, request)

    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(go, [wish(), other]))
    assert same(together[0], clean)
    assert same(together[1], alone)


def test_two_threads_are_never_in_the_pipeline_together(
    checkpoints: Checkpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = DiffusersEngine(preset_of("WanPipeline", checkpoints("WanPipeline")))
    denoiser = pipe_of(engine).transformer
    inside, most = [0], [0]
    forward = denoiser.forward

    def counting(*args: Any, **kwargs: Any) -> Any:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        try:
            return forward(*args, **kwargs)
        finally:
            inside[0] -= 1

    monkeypatch.setattr(denoiser, "forward", counting)
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda seed: make(engine, ask(engine, seed=seed)), range(6)))
    assert most == [1]


FROM_PICTURES = [case for case in KINDS if str(case.values[0]) in FIRST_FRAMES]


# ---- from a picture -----------------------------------------------------------------------


@pytest.fixture(params=FROM_PICTURES)
def both(request: pytest.FixtureRequest, checkpoints: Checkpoints) -> DiffusersEngine:
    """An engine whose model begins from words, or from a picture."""
    return DiffusersEngine(preset_of(request.param, checkpoints(request.param)))


def test_a_clip_begins_from_a_picture(both: DiffusersEngine, picture: Path) -> None:
    words = make(both)
    made = make(both, first_frame=picture)
    assert made.frames.shape == words.frames.shape
    assert not same(made, words)


def test_another_picture_gives_other_frames(
    both: DiffusersEngine, picture: Path, tmp_path: Path
) -> None:
    from PIL import Image

    other = tmp_path / "other.png"
    Image.new("RGB", (64, 64), (200, 30, 30)).save(other)
    assert not same(make(both, first_frame=picture), make(both, first_frame=other))


def test_a_clip_from_a_picture_changes_no_clip_from_words(
    both: DiffusersEngine, picture: Path
) -> None:
    clean = make(both)
    from_picture = make(both, first_frame=picture)
    assert same(make(both), clean)
    cancel(both, at=2, first_frame=picture)
    assert same(make(both), clean)
    assert same(make(both, first_frame=picture), from_picture)


def test_a_clip_from_a_picture_can_be_cancelled(both: DiffusersEngine, picture: Path) -> None:
    both.load()
    seen: list[Progress] = []
    with pytest.raises(Cancelled):
        make(
            both,
            first_frame=picture,
            on_progress=seen.append,
            is_cancelled=lambda: bool(seen) and seen[-1].step >= 1,
        )
    assert seen[-1] == Progress("denoising", 1, STEPS)


def test_the_parts_are_shared_and_stay_as_they_are(both: DiffusersEngine, picture: Path) -> None:
    pipe = pipe_of(both)
    pipe.vae.bfloat16()
    with_picture = both._for_picture(pipe)
    assert with_picture.transformer is pipe.transformer
    assert next(pipe.vae.parameters()).dtype != next(pipe.transformer.parameters()).dtype


def test_a_model_without_first_frames_says_so(checkpoints: Checkpoints, picture: Path) -> None:
    engine = DiffusersEngine(preset_of("MochiPipeline", checkpoints("MochiPipeline")))
    with pytest.raises(MakingFailed, match="takes no first frame"):
        make(engine, first_frame=picture)


# ---- errors -------------------------------------------------------------------------------


def test_any_other_error_is_named_by_its_kind_and_not_by_its_words(
    embedded: DiffusersEngine, clean: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError("/secret/path")

    with monkeypatch.context() as patch:
        patch.setattr(pipe_of(embedded).text_encoder, "forward", breaks)
        with pytest.raises(MakingFailed, match="RuntimeError") as stopped:
            make(embedded, wish())
    assert "/secret/path" not in str(stopped.value)
    assert same(make(embedded, wish()), clean)


def test_a_model_that_cannot_be_loaded_says_so(tmp_path: Path) -> None:
    engine = DiffusersEngine(replace(find_preset("embedded"), source=str(tmp_path)))
    with pytest.raises(ModelNotLoaded):
        engine.load()
    assert engine.state == "failed"
    assert engine.load_error is not None


def test_a_clip_without_a_model_fails_with_a_sentence(tmp_path: Path) -> None:
    engine = DiffusersEngine(replace(find_preset("embedded"), source=str(tmp_path)))
    with pytest.raises(ModelNotLoaded):
        make(engine, wish())


def test_a_model_is_tried_again_at_the_next_request(tmp_path: Path) -> None:
    engine = DiffusersEngine(replace(find_preset("embedded"), source=str(tmp_path)))
    with pytest.raises(ModelNotLoaded):
        engine.load()
    engine.preset = find_preset("embedded")
    engine.load()
    assert engine.state == "ready"
    assert engine.load_error is None


def test_a_fresh_engine_is_loading() -> None:
    assert DiffusersEngine(find_preset("embedded")).state == "loading"
