"""What may be chosen for a clip of a provider, and the words in which it is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from pipeline.presets import find_preset, preset_names
from pipeline.remote_failure import PROVIDER_NAMES
from pipeline.remote_preset import remote_preset
from pipeline.request import check_inputs
from settings import Settings
from tests.pipeline.provider import MODEL, PROVIDERS, Provider, clip
from tests.pipeline.remotes import PROMPT, engine_at


def test_the_installed_client_has_all_the_providers_that_can_be_set() -> None:
    from huggingface_hub.inference._providers import PROVIDERS as CLIENT

    able = {name for name, tasks in CLIENT.items() if "text-to-video" in tasks}
    assert able >= set(PROVIDERS)  # a newer client may have more
    named = get_args(Settings.model_fields["provider"].annotation)
    assert set(named) == {*PROVIDERS, "auto"} == set(PROVIDER_NAMES)


def test_of_an_unknown_model_only_the_seed_is_offered() -> None:
    preset = remote_preset(MODEL, "fal-ai")
    assert preset.takes == {"generator"}
    assert (len(preset.sizes), len(preset.num_frames), len(preset.qualities)) == (1, 1, 1)


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("model", preset_names())
def test_of_a_model_of_ours_only_what_the_provider_takes_is_offered(model: str, name: str) -> None:
    ours, preset = find_preset(model), remote_preset(model, name)
    assert preset.takes <= ours.takes
    assert "width" in preset.takes or preset.sizes == ours.sizes[:1]
    assert "num_frames" in preset.takes or preset.num_frames == ours.num_frames[:1]
    assert preset.first_frame is None
    assert not preset.source.endswith("-Diffusers")


@pytest.mark.parametrize("model", preset_names())
def test_a_model_of_ours_is_known_by_its_id_on_the_hub(model: str) -> None:
    source = find_preset(model).source
    assert remote_preset(source, "replicate").qualities == find_preset(model).qualities
    assert remote_preset(source, "replicate").source == source


def test_what_the_provider_takes_is_sent_in_its_words(provider: Provider) -> None:
    provider.serves("together", clip())
    engine = engine_at(provider, "together")
    engine.preset = replace(remote_preset(preset_names()[0], "together"), source=MODEL)
    request = check_inputs(
        engine.preset, prompt=PROMPT, negative_prompt="blur", seed=7, prompt_limit=1000
    )
    engine.generate(request, on_progress=lambda _progress: None, is_cancelled=lambda: False)
    assert provider.sent()[0].body == {
        "model": "together/wan",
        "prompt": PROMPT,
        "negative_prompt": "blur",
        "seed": 7,
        "steps": request.num_inference_steps,
        "guidance_scale": request.guidance_scale,
        "width": request.width,
        "height": request.height,
    }
