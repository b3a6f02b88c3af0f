"""Where a model's limits come from: its own preset.json, else the class that its index names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from errors import UnknownModel
from pipeline.presets import EMBEDDED, find_preset


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


def model(folder: Path, class_name: str) -> str:
    folder.mkdir(exist_ok=True)
    (folder / "model_index.json").write_text(json.dumps({"_class_name": class_name}))
    return str(folder)


def own_preset(folder: Path, **changes: object) -> str:
    """A preset.json like the embedded model's, without the words that lie beside that."""
    facts = json.loads((EMBEDDED / "preset.json").read_text())
    facts = {name: facts[name] for name in facts if name not in ("lexicon", "assumes")}
    (folder / "preset.json").write_text(json.dumps({**facts, **changes}))
    return str(folder)


def test_the_embedded_model_is_here() -> None:
    preset = find_preset("embedded")
    assert (preset.name, preset.source) == ("embedded", str(EMBEDDED / "weights"))
    assert Path(preset.source, "model_index.json").is_file()


def test_the_embedded_model_has_the_limits_of_its_file() -> None:
    facts = json.loads((EMBEDDED / "preset.json").read_text())
    shown = find_preset("embedded").as_json()
    assert shown["sizes"] == facts["sizes"]
    assert shown["num_frames"] == facts["num_frames"]
    assert shown["qualities"] == facts["qualities"]


def test_what_a_form_is_offered_can_be_sent_as_json() -> None:
    shown = find_preset("embedded").as_json()
    assert json.loads(json.dumps(shown)) == shown
    assert "source" not in shown


def test_a_folder_of_a_known_class_takes_the_classs_limits(tmp_path: Path) -> None:
    preset = find_preset(model(tmp_path / "wan", "WanPipeline"))
    assert (preset.name, preset.source) == ("wan", str(tmp_path / "wan"))
    assert preset.sizes == ((832, 480), (480, 832))
    assert preset.num_frames == (81, 41)
    assert (preset.fps, preset.qualities) == (16, {"draft": 16, "final": 50})
    assert preset.guidance_scale == 5.0


@pytest.mark.parametrize(
    ("class_name", "multiple", "frames_step"),
    [
        ("LTXPipeline", 32, 8),
        ("LTXConditionPipeline", 32, 8),
        ("WanPipeline", 16, 4),
        ("CogVideoXPipeline", 8, 4),
        ("HunyuanVideoPipeline", 16, 4),
        ("MochiPipeline", 8, 6),
    ],
)
def test_everything_that_is_offered_is_legal_for_the_class(
    tmp_path: Path, class_name: str, multiple: int, frames_step: int
) -> None:
    preset = find_preset(model(tmp_path, class_name))
    assert all(side % multiple == 0 for size in preset.sizes for side in size)
    assert all(count % frames_step == 1 for count in preset.num_frames)


def test_an_own_preset_goes_before_the_class(tmp_path: Path) -> None:
    own_preset(tmp_path, name="mine", fps=12)
    preset = find_preset(model(tmp_path, "WanPipeline"))
    assert (preset.name, preset.fps, preset.source) == ("mine", 12, str(tmp_path))


def test_the_words_of_a_model_lie_beside_its_preset(tmp_path: Path) -> None:
    (tmp_path / "words.json").write_text("{}")
    preset = find_preset(own_preset(tmp_path, lexicon="words.json", assumes={"shape": "ball"}))
    assert (preset.lexicon, preset.assumes) == (tmp_path / "words.json", {"shape": "ball"})


def test_a_model_needs_no_words(tmp_path: Path) -> None:
    preset = find_preset(own_preset(tmp_path))
    assert (preset.lexicon, preset.assumes) == (None, {})


@pytest.mark.parametrize("name", ["gone.json", "../words.json", "", "."])
def test_words_that_are_not_beside_their_preset_are_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "words.json").write_text("{}")
    with pytest.raises(UnknownModel, match=r"its preset\.json is wrong"):
        find_preset(own_preset(folder, lexicon=name))


@pytest.mark.parametrize("content", ["{", "[]", '{"en": 1}', '{"en": {"shape": {"ball": []}}}'])
def test_words_that_cannot_be_read_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "words.json").write_text(content)
    with pytest.raises(UnknownModel, match=r"its preset\.json is wrong"):
        find_preset(own_preset(tmp_path, lexicon="words.json"))


def test_the_embedded_model_assumes_only_what_its_words_can_name() -> None:
    preset = find_preset("embedded")
    words = json.loads((EMBEDDED / "words.json").read_text())
    nameless = [
        (language, name)
        for language in words
        for name, value in preset.assumes.items()
        if value not in words[language][name]
    ]
    assert (nameless, set(preset.assumes)) == ([], set(words["en"]) - {"glue"})


def test_an_unknown_class_is_refused_with_those_that_are_known(tmp_path: Path) -> None:
    folder = model(tmp_path, "StableDiffusionPipeline")
    with pytest.raises(UnknownModel, match=r"StableDiffusionPipeline is none of .*WanPipeline"):
        find_preset(folder)


def test_a_folder_without_an_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownModel, match=r"no readable model_index\.json"):
        find_preset(str(tmp_path))


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '"text"'])
def test_a_folder_with_a_broken_index_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "model_index.json").write_text(content)
    with pytest.raises(UnknownModel, match=r"no readable model_index\.json"):
        find_preset(str(tmp_path))


@pytest.mark.parametrize("name", ["not a folder!", "a/b/c", "../up"])
def test_what_is_neither_folder_nor_hub_id_is_refused(name: str) -> None:
    with pytest.raises(UnknownModel, match="cannot be used"):
        find_preset(name)


def test_a_hub_id_that_cannot_be_fetched_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownModel, match="the Hub did not give it"):
        find_preset("nobody/no-such-model")
