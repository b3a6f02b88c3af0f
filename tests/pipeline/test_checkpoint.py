"""A model's folder that is not whole is refused with what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from errors import UnknownModel
from pipeline.presets import find_preset
from tests.pipeline.folders import own_preset


def whole(folder: Path) -> Path:
    """The files that a pipeline of two parts consists of, as far as they are looked at."""
    index = {
        "_class_name": "WanPipeline",
        "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
        "tokenizer": ["transformers", "TokenizersBackend"],
        "transformer": ["diffusers", "WanTransformer3DModel"],
        "transformer_2": [None, None],
        "boundary_ratio": None,
        "expand_timesteps": False,
    }
    (folder / "model_index.json").write_text(json.dumps(index))
    for name in (
        "scheduler/scheduler_config.json",
        "tokenizer/tokenizer_config.json",
        "tokenizer/config.json",
        "transformer/config.json",
        "transformer/diffusion_pytorch_model-00001-of-00002.safetensors",
        "transformer/diffusion_pytorch_model-00002-of-00002.safetensors",
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("{}")
    shards = {"a": "diffusion_pytorch_model-00001-of-00002.safetensors"}
    shards |= {"b": "diffusion_pytorch_model-00002-of-00002.safetensors"}
    index_file = folder / "transformer/diffusion_pytorch_model.safetensors.index.json"
    index_file.write_text(json.dumps({"weight_map": shards}))
    return folder


def test_a_folder_that_has_all_its_parts_is_taken(tmp_path: Path) -> None:
    assert find_preset(str(whole(tmp_path))).pipeline_class == "WanPipeline"


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        ("scheduler", "its model_index.json names scheduler, but the folder scheduler is not"),
        ("transformer", "names transformer, but the folder transformer is not there"),
        ("tokenizer", "names tokenizer, but the folder tokenizer is not there"),
        ("scheduler/scheduler_config.json", "but scheduler/config.json is not there"),
        ("transformer/config.json", "names transformer, but transformer/config.json is not there"),
        (
            "transformer/diffusion_pytorch_model-00002-of-00002.safetensors",
            "but transformer/diffusion_pytorch_model-00002-of-00002.safetensors is not there",
        ),
    ],
)
def test_a_folder_that_is_not_whole_is_refused_with_what_is_missing(
    tmp_path: Path, missing: str, says: str
) -> None:
    gone = whole(tmp_path) / missing
    gone.rename(tmp_path.parent / f"gone-{tmp_path.name}")
    with pytest.raises(UnknownModel, match=says):
        find_preset(str(tmp_path))


def test_a_part_without_any_weights_is_refused(tmp_path: Path) -> None:
    for weights in (whole(tmp_path) / "transformer").glob("diffusion*"):
        weights.unlink()
    with pytest.raises(UnknownModel, match="but the weights in transformer is not there"):
        find_preset(str(tmp_path))


def test_a_list_of_weights_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    broken = whole(tmp_path) / "transformer/diffusion_pytorch_model.safetensors.index.json"
    broken.write_text("{")
    with pytest.raises(UnknownModel, match=r"transformer/.*index\.json cannot be read"):
        find_preset(str(tmp_path))


def test_an_own_preset_needs_a_whole_folder_too(tmp_path: Path) -> None:
    folder = own_preset(tmp_path)
    (whole(tmp_path) / "transformer/config.json").unlink()
    with pytest.raises(UnknownModel, match=r"transformer/config\.json is not there"):
        find_preset(folder)
