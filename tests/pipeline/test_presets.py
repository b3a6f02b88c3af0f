"""Where a model's limits come from: its own preset.json, else the class that its index names."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from errors import UnknownModel
from pipeline.families import FAMILIES
from pipeline.limits import check_limits
from pipeline.presets import EMBEDDED, find_preset
from tests.pipeline.folders import model, own_preset


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


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
        ("LTX2Pipeline", 32, 8),
        ("WanPipeline", 16, 4),
        ("CogVideoXPipeline", 16, 8),
        ("HunyuanVideoPipeline", 16, 4),
        ("HunyuanVideo15Pipeline", 16, 4),
        ("MochiPipeline", 16, 6),
    ],
)
def test_everything_that_is_offered_is_legal_for_the_class(
    tmp_path: Path, class_name: str, multiple: int, frames_step: int
) -> None:
    preset = find_preset(model(tmp_path, class_name))
    assert all(side % multiple == 0 for size in preset.sizes for side in size)
    assert all(count % frames_step == 1 for count in preset.num_frames)
    assert (preset.multiple, preset.frames_step) == (multiple, frames_step)
    check_limits(preset, FAMILIES[class_name], preset.first_frame)


def test_an_own_preset_goes_before_the_class(tmp_path: Path) -> None:
    preset = find_preset(own_preset(tmp_path, "WanPipeline", name="mine", fps=12))
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


# ---- a Hub id -----------------------------------------------------------------------------------

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class _Hub(BaseHTTPRequestHandler):
    """As much of the Hub as fetching one file takes; the owner's name says what it answers."""

    def do_HEAD(self) -> None:
        self._answer(b"")

    def do_GET(self) -> None:
        self._answer(b'{"_class_name": "WanPipeline"}')

    def _answer(self, body: bytes) -> None:
        owner = self.path.split("/")[1]
        status, reason = {
            "gated": (403, "GatedRepo"),
            "hidden": (401, "RepoNotFound"),
            "plain": (404, "EntryNotFound"),
            "broken": (400, ""),
        }.get(owner, (200, ""))
        self.send_response(status)
        headers = {"X-Repo-Commit": COMMIT, "ETag": '"abc"', "Content-Length": "30"}
        if status != 200:
            headers = {"X-Error-Code": reason, "Content-Length": "0"}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if status == 200:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: a test has no terminal."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    import huggingface_hub.constants as constants

    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    template = endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    yield
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_hub_id_takes_its_classs_limits_and_stays_at_its_commit(hub: None) -> None:
    preset = find_preset("someone/a-model")
    assert (preset.name, preset.source) == ("someone/a-model", "someone/a-model")
    assert preset.sizes == ((832, 480), (480, 832))
    assert preset.revision == COMMIT


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("gated/a-model", "gives it only to those who accepted its terms"),
        ("hidden/a-model", "the Hub has no such model, or none that the token in HF_TOKEN may see"),
        ("plain/a-model", r"it has no model_index\.json on the Hub"),
        ("broken/a-model", "the Hub did not give it"),
    ],
)
def test_a_hub_id_that_cannot_be_had_is_refused_with_the_reason(
    hub: None, name: str, says: str
) -> None:
    with pytest.raises(UnknownModel, match=says):
        find_preset(name)


def test_a_name_that_says_nothing_is_refused_with_the_presets_there_are() -> None:
    with pytest.raises(UnknownModel, match=r"it is no preset \(cogvideox-2b, .*wan2\.2-5b\)"):
        find_preset("sora!")


# ---- what follows from the class ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("class_name", "first_frame"),
    [
        ("LTXPipeline", "LTXImageToVideoPipeline"),
        ("LTX2Pipeline", "LTX2ImageToVideoPipeline"),
        ("WanPipeline", None),
        ("CogVideoXPipeline", None),
    ],
)
def test_a_folder_begins_from_a_picture_where_its_class_can(
    tmp_path: Path, class_name: str, first_frame: str | None
) -> None:
    assert find_preset(model(tmp_path, class_name)).first_frame == first_frame


def test_the_wan_that_has_learned_both_begins_from_a_picture(tmp_path: Path) -> None:
    index = {"_class_name": "WanPipeline", "expand_timesteps": True}
    (tmp_path / "model_index.json").write_text(json.dumps(index))
    assert find_preset(str(tmp_path)).first_frame == "WanImageToVideoPipeline"


def test_a_folder_takes_every_length_of_its_class(tmp_path: Path) -> None:
    preset = find_preset(model(tmp_path, "LTXPipeline"))
    assert preset.takes_count(241)
    assert preset.counts_near(80) == (73, 81)


def test_only_ltx_2_makes_sound() -> None:
    assert [name for name in FAMILIES if FAMILIES[name].sound] == ["LTX2Pipeline"]


def test_the_embedded_model_makes_its_one_length_from_words_alone() -> None:
    preset = find_preset("embedded")
    assert (preset.frames_step, preset.first_frame, preset.counts_near(9)) == (None, None, (17,))


@pytest.mark.parametrize(
    ("prompt", "style"),
    [
        ("a red ball, at night", "at night"),
        ("a red ball AT NIGHT, slowly", "slow"),
        ("slowly, a red ball at night", "at night"),
        ("a red ball at nightfall", ""),
        ("a red ball", ""),
    ],
)
def test_a_clip_s_style_is_the_last_one_that_its_prompt_asks_for(prompt: str, style: str) -> None:
    assert find_preset("embedded").style_of(prompt) == style
