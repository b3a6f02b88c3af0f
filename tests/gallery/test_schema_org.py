"""The facts about a clip that search engines read."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from accounts.permissions import STRANGER
from gallery.pages import clip_page
from gallery.schema_org import SOURCE_TYPE, video_object
from moderation.models import Clip, State
from moderation.views import clip_json
from tests.conftest import House

ADDRESS = "https://clips.example"


@pytest.fixture
def shown(house: House) -> dict[str, Any]:
    clip = house.clip(State.PUBLISHED)
    with house.store.read() as session:
        return clip_json(session, STRANGER, session.get_one(Clip, clip.id))


def test_it_has_what_search_engines_require_of_a_video(shown: dict[str, Any]) -> None:
    facts = video_object(shown, "en", address=ADDRESS)
    assert all(facts[name] for name in ("name", "thumbnailUrl", "uploadDate", "contentUrl"))


def test_it_says_that_a_trained_model_made_it(shown: dict[str, Any]) -> None:
    assert video_object(shown, "en", address=ADDRESS)["digitalSourceType"] == SOURCE_TYPE


def test_its_length_is_a_duration(shown: dict[str, Any]) -> None:
    facts = video_object({**shown, "duration_s": 1.125}, "en", address=ADDRESS)
    assert facts["duration"] == "PT1.125S"


def test_its_hash_is_of_the_public_file(shown: dict[str, Any]) -> None:
    assert video_object(shown, "en", address=ADDRESS)["sha256"] == shown["public_sha256"]


@pytest.mark.parametrize("prompt", ["</script><script>alert(1)</script>", "<!-- a", 'it\'s & "b"'])
def test_a_page_carries_a_prompt_in_them_as_text(shown: dict[str, Any], prompt: str) -> None:
    page = clip_page({**shown, "prompt": prompt}, "en", address=ADDRESS)
    blocks = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert [json.loads(block)["name"] for block in blocks] == [prompt]
    assert page.count("<script") == 2  # these, and what copies a field
