"""The presets that ship: what they promise, and that the document says the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.families import FAMILIES
from pipeline.presets import BUILT_IN, Preset, find_preset, preset_names
from pipeline.request import check_inputs

DOCS = (Path(__file__).parents[2] / "docs/models.md").read_text(encoding="utf-8")


@pytest.fixture(params=preset_names())
def shipped(request: pytest.FixtureRequest) -> Preset:
    return find_preset(request.param)


def test_the_presets_that_were_promised_ship() -> None:
    promised = {
        "ltx-video",
        "ltx-video-distilled",
        "ltx-2",
        "wan2.1-1.3b",
        "wan2.2-5b",
        "cogvideox-2b",
        "cogvideox-5b",
        "hunyuanvideo-1.5",
        "mochi",
    }
    assert promised <= set(preset_names())


def test_a_shipped_preset_is_named_as_its_file(shipped: Preset) -> None:
    assert (BUILT_IN / f"{shipped.name}.json").is_file()


def test_a_shipped_preset_comes_from_the_hub_at_one_commit(shipped: Preset) -> None:
    assert "/" in shipped.source
    assert shipped.revision is not None


def test_a_shipped_preset_says_what_people_need(shipped: Preset) -> None:
    assert shipped.about.endswith(".")
    assert len(shipped.examples) >= 3
    assert shipped.styles
    assert shipped.memory_gb
    assert list(shipped.qualities) == ["draft", "final"]
    assert shipped.pipeline_class in FAMILIES


def test_a_draft_takes_half_of_the_steps_at_most(shipped: Preset) -> None:
    assert shipped.qualities["draft"] * 2 <= shipped.final_steps


def test_a_shipped_preset_repeats_nothing_of_its_class(shipped: Preset) -> None:
    facts = json.loads((BUILT_IN / f"{shipped.name}.json").read_text(encoding="utf-8"))
    family = FAMILIES[shipped.pipeline_class]
    assert "frames_step" not in facts
    assert "sound" not in facts
    assert facts.get("multiple") != family.multiple
    assert set(facts.get("takes", ())) != family.takes


def test_what_a_shipped_preset_offers_can_be_asked_for(shipped: Preset) -> None:
    for width, height in shipped.sizes:
        for count in shipped.num_frames:
            request = check_inputs(
                shipped,
                prompt=shipped.examples[0],
                prompt_limit=1000,
                seed=1,
                width=width,
                height=height,
                num_frames=count,
            )
            assert (request.width, request.height, request.num_frames) == (width, height, count)


def test_ten_seconds_at_1080_lines_can_be_asked_for() -> None:
    preset = find_preset("ltx-2")
    assert (1920, 1088) in preset.sizes
    assert preset.takes_count(241)
    assert 241 / preset.fps > 10


def test_the_distilled_model_is_called_without_guidance() -> None:
    preset = find_preset("ltx-video-distilled")
    assert preset.arguments["guidance_scale"] == 1.0
    assert not preset.takes & {"guidance_scale", "negative_prompt"}


def _table(heading: str) -> dict[str, tuple[str, ...]]:
    """The rows of the first table after a heading of the document, by their first cell."""
    part = DOCS.split(f"{heading}\n")[1].split("\n#")[0]
    rows = [
        [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        for line in part.splitlines()
        if line.startswith("| `")
    ]
    return {name: tuple(cells) for name, *cells in rows}


def test_the_documents_table_says_what_the_files_say() -> None:
    said = _table("## The presets")
    assert said == {name: _as_row(find_preset(name)) for name in preset_names()}


def test_the_document_says_where_each_memory_comes_from() -> None:
    assert sorted(_table("### GPU memory")) == list(preset_names())


def test_the_documents_classes_are_those_of_the_table() -> None:
    said = {name: (*row[:4], row[6]) for name, row in _table("## Classes").items()}
    wanted = {
        name: (
            str(family.multiple),
            f"{family.frames_step}k+1",
            "yes" if "negative_prompt" in family.takes else "no",
            "yes" if "guidance_scale" in family.takes else "no",
            "yes" if family.sound else "no",
        )
        for name, family in FAMILIES.items()
    }
    assert {name: tuple(cell.partition(":")[0] for cell in said[name]) for name in said} == wanted


def _as_row(preset: Preset) -> tuple[str, ...]:
    width, height = max(preset.sizes, key=lambda size: size[0] * size[1])
    longest = preset.regular_counts()[-1]
    return (
        preset.source,
        preset.revision or "at first use",
        preset.licence,
        f"{width} × {height}",
        f"{longest} ({longest / preset.fps:.1f} s)",
        f"{preset.qualities['draft']} / {preset.final_steps}",
        f"{preset.memory_gb:g} GB",
        "yes" if preset.first_frame else "no",
        "yes" if preset.sound else "no",
    )
