"""What is written to the dataset: paths, rows and the card."""

from __future__ import annotations

import json

from hub import dataset
from moderation.models import State
from tests.conftest import House

ADDRESS = "https://clips.example"


def rows(house: House, **columns: object) -> list[dict[str, object]]:
    clip = house.clip(State.PUBLISHED)
    for name, value in columns.items():
        setattr(clip, name, value)
    with house.store.read() as session:
        text = dataset.metadata(session, [clip], address=ADDRESS)
    return [json.loads(line) for line in text.splitlines()]


def test_a_thousand_clips_stand_in_one_part(house: House) -> None:
    clip = house.clip(State.PUBLISHED)
    parts = []
    for place in (1, 999, 1000, 1_000_000):
        clip.publish_seq = place
        parts.append(dataset.part_of(clip))
    assert parts == [0, 0, 1, 1000]


def test_a_row_names_its_file_as_seen_from_beside_it(house: House) -> None:
    (row,) = rows(house, publish_seq=2500)
    assert row["file_name"] == f"{row['page']}.mp4".rpartition("/")[2]
    assert str(row["poster"]).startswith("posters/00002/")


def test_no_value_of_a_row_is_null(house: House) -> None:
    """A column of nulls has no type, and parts of different types do not load together."""
    (row,) = rows(house, shares_prompt=False)
    assert None not in row.values()


def test_a_prompt_that_is_not_shared_is_not_in_its_row(house: House) -> None:
    (row,) = rows(house, prompt="a canary", shares_prompt=False)
    assert "a canary" not in json.dumps(row)


def test_words_with_line_ends_stay_in_one_row(house: House) -> None:
    assert len(rows(house, title='two\nlines "quoted"')) == 1


def test_what_the_maker_chose_is_what_the_row_says(house: House) -> None:
    (row,) = rows(house, made_as={"width": 1280, "height": 720, "num_frames": 120, "fps": 24.0})
    assert (row["width"], row["duration_s"]) == (1280, 5.0)


def test_the_card_shows_the_viewer_videos_and_rows_and_no_posters(house: House) -> None:
    card = dataset.card(address=ADDRESS)
    assert '"clips/*/*.mp4"' in card
    assert '"clips/*/metadata.jsonl"' in card
    assert "posters/" not in card.partition("\n# ")[0]
    assert f"- {dataset.TAG}\n" in card
