"""A preset whose numbers are not legal is refused with the field, the value and the rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from errors import UnknownModel
from pipeline.presets import find_preset
from tests.pipeline.folders import LEFT_OUT, own_preset


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"sizes": [[128, 100]]}, "sizes has 128 × 100: LTXPipeline takes multiples of 32"),
        ({"sizes": [[128, 0]]}, "sizes has 128 × 0: LTXPipeline takes multiples of 32"),
        ({"sizes": []}, "sizes is empty"),
        ({"num_frames": [16]}, r"num_frames has 16: LTXPipeline takes 8·k \+ 1 frames"),
        ({"num_frames": [1]}, "num_frames has 1: LTXPipeline takes"),
        ({"num_frames": []}, "num_frames is empty"),
        ({"num_frames": [25], "most_frames": 17}, "num_frames has 25: most_frames is 17"),
        ({"most_frames": 20}, "most_frames is 20: LTXPipeline takes"),
        ({"qualities": {}}, "qualities is empty"),
        ({"qualities": {"final": 33}}, "qualities has final at 33: steps are 1 to max_steps, 32"),
        ({"min_steps": 3}, "qualities has turbo at 2: steps are 3 to max_steps, 32"),
        ({"min_steps": 0}, "min_steps is 0: it is 1 or more"),
        ({"guidance_scale": 11}, "guidance_scale is 11: it is 1 to max_guidance, 10"),
        ({"fps": 0}, "fps is 0: it is more than 0"),
        ({"most_variants": 0}, "most_variants is 0: it is 1 or more"),
        ({"memory_gb": -1}, "memory_gb is -1: it is more than 0"),
        ({"dtype": "int8"}, "dtype is 'int8': it is one of bfloat16, float16, float32"),
        ({"revision": "main"}, "revision is 'main': it is a commit, 40 hexadecimal digits"),
        ({"takes": ["audio_latents"]}, "takes has audio_latents: LTXPipeline does not take it"),
        ({"arguments": {"width": 1}}, "arguments has width, which every request sets anew"),
        ({"sound": True}, "sound is true: LTXPipeline makes no sound"),
        (
            {"first_frame": "WanImageToVideoPipeline"},
            "first_frame is 'WanImageToVideoPipeline': this checkpoint takes LTXImageToVideo",
        ),
        ({"fsp": 8}, "it has fsp, which a preset has not"),
        ({"fps": LEFT_OUT}, "it has no fps"),
        ({"source": "x/y"}, "it has source, which its folder says already"),
        ({"sizes": [128]}, "sizes 0 is 128: it should be a valid array"),
        ({"sizes": [[128]]}, "it has no sizes 0 1"),
        ({"fps": "8"}, "fps is '8': it should be a valid number"),
        ({"num_frames": 17}, "num_frames is 17: it should be a valid array"),
        ({"qualities": {"final": "all"}}, "qualities final is 'all': it should be a valid integer"),
        ({"styles": ["film"]}, r"styles is \['film'\]: it should be an object"),
    ],
)
def test_a_wrong_preset_is_refused_with_the_value_and_the_rule(
    tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(UnknownModel, match=rf"its preset\.json is wrong: .*{says}"):
        find_preset(own_preset(tmp_path, **changes))


@pytest.mark.parametrize("content", ["[]", "{", '"text"', "\ud800"])
def test_a_preset_that_is_no_json_object_is_refused(tmp_path: Path, content: str) -> None:
    folder = own_preset(tmp_path)
    (tmp_path / "preset.json").write_text(content, errors="surrogatepass")
    with pytest.raises(UnknownModel, match=r"its preset\.json is wrong"):
        find_preset(folder)


def test_a_preset_for_another_kind_of_wan_cannot_begin_from_a_picture(tmp_path: Path) -> None:
    first_frame = "WanImageToVideoPipeline"
    with pytest.raises(UnknownModel, match="this checkpoint takes none"):
        find_preset(own_preset(tmp_path, "WanPipeline", first_frame=first_frame))
