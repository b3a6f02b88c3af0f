"""What stands in the dataset on the Hub: paths, one row for each clip, and the card.

Knows nothing of networks, nor of when a clip goes there or leaves. Of a clip's words only those
that its page shows to strangers are written.

The rows stand in parts of a thousand clips, in the order of publishing: `clips/00012/` holds the
files of part 12 and the `metadata.jsonl` that the Hub's dataset viewer (VideoFolder) reads beside
them. One file for all would be written anew with every clip, for a million rows; one for each clip
would be a million requests for whoever reads them. Posters stand in a folder of their own, because
a folder with as many pictures as videos is taken for a folder of pictures.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from sqlmodel import Session

from accounts.models import Person
from accounts.profiles import credit_names
from media import MediaStore
from moderation.four_eyes import standing
from moderation.models import Clip
from store import as_text

CARD: Final = "README.md"
TAG: Final = "greenlight-gallery"
"""In the card: by it a repo is known as one of ours, also after the database was lost."""

_PART: Final = 1000


def public_files(clip: Clip, media: MediaStore) -> dict[str, tuple[Path, str]]:
    """Path in the repo → the file on the public shelf and the sha256 that it must have."""
    public = clip.public_sha256 or ""
    files = {mp4_path(clip): (media.released(public, ".mp4"), public)}
    if ".jpg" in clip.pictures:
        poster = media.picture(clip.pictures[".jpg"], ".jpg", beside=public)
        files[poster_path(clip)] = (poster, clip.pictures[".jpg"])
    return files


def part_of(clip: Clip) -> int:
    return (clip.publish_seq or 0) // _PART


def mp4_path(clip: Clip) -> str:
    return f"clips/{part_of(clip):05}/{clip.id}.mp4"


def poster_path(clip: Clip) -> str:
    return f"posters/{part_of(clip):05}/{clip.id}.jpg"


def metadata_path(part: int) -> str:
    return f"clips/{part:05}/metadata.jsonl"


def metadata(session: Session, clips: Sequence[Clip], *, address: str) -> str:
    """The rows of one part, for clips that are published."""
    last = {each.clip_id: each for each in standing(session, [clip.id for clip in clips])}
    rows = [
        {
            **_facts(session, clip, address),
            "reviewed_sha256": clip.approved_sha256 or "",
            "policy_version": str(last[clip.id].policy_version) if clip.id in last else "",
            "decision_id": last[clip.id].id if clip.id in last else "",
        }
        for clip in clips
    ]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def card(*, address: str) -> str:
    """The dataset's page. It counts nothing, so that it is written once and stays true."""
    return f"""---
pretty_name: Greenlight gallery
license: other
license_name: each-clip-names-its-own
task_categories:
- text-to-video
tags:
- video
- synthetic
- {TAG}
configs:
- config_name: default
  data_files:
  - split: train
    path:
    - "clips/*/*.mp4"
    - "clips/*/metadata.jsonl"
---

# Greenlight gallery

The clips of the public gallery at {address}/gallery, each approved by a person who did not make it.
Every clip was made by a text-to-video model, and its file says so itself: it carries signed
content credentials ([C2PA](https://c2pa.org)).

Each row names the clip's licence; no licence of the whole goes beyond it. `prompt` is empty where
the creator does not share it. `sha256` is of the file here, `reviewed_sha256` of the frames that
were reviewed, before signing. `poster` is the path of a still in this repo.

A clip that is taken down or withdrawn there leaves here too, with its history: the commits before
that do not stay. Please load the newest revision, and drop what is no longer in it.
"""


def _facts(session: Session, clip: Clip, address: str) -> dict[str, Any]:
    """Never None: a column that is empty throughout one part would have another type there."""
    creator = session.get(Person, clip.creator_id)
    credited = credit_names(session, [clip.creator_id]).get(clip.creator_id)
    shape = {name: getattr(clip, name) for name in ("num_frames", "width", "height", "fps")}
    shape |= clip.made_as or {}
    return {
        "file_name": mp4_path(clip).rpartition("/")[2],
        "title": clip.title,
        "prompt": clip.prompt if clip.shares_prompt else "",
        "creator": credited or (creator.name if creator else ""),
        "credits": "; ".join(_credit(each) for each in clip.credits),
        "licence": clip.licence,
        "model": clip.model,
        "seed": clip.seed,
        "width": int(shape["width"]),
        "height": int(shape["height"]),
        "num_frames": int(shape["num_frames"]),
        "fps": float(shape["fps"]),
        "duration_s": round(shape["num_frames"] / shape["fps"], 3),
        "published_at": as_text(clip.published_at) if clip.published_at else "",
        "page": f"{address}/clip/{clip.id}",
        "poster": poster_path(clip) if ".jpg" in clip.pictures else "",
        "sha256": clip.public_sha256 or "",
    }


def _credit(credit: dict[str, str]) -> str:
    role = credit.get("role", "")
    return credit.get("name", "") + (f" ({role})" if role else "")
