"""Signed provenance: a real signature in a real mp4, and what becomes of it when bytes change."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gallery.provenance import REVIEW_LABEL, Credit, Review, Signer, read_manifest
from gallery.xmp import SOURCE_TYPE
from media import sha256_of
from pipeline.encode import write_mp4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("provenance")


@pytest.fixture(scope="module")
def source(folder: Path) -> Path:
    noise = np.random.default_rng(1).integers(0, 255, (9, 64, 64, 3)).astype(np.uint8)
    return write_mp4(noise, 8, folder / "held.mp4")


@pytest.fixture(scope="module")
def signed(folder: Path, source: Path) -> Path:
    target = folder / "signed.mp4"
    sign(folder, source, target)
    return target


def sign(folder: Path, source: Path, target: Path, title: str = "a red ball") -> None:
    Signer(folder / "keys", "Greenlight/test").sign(
        source,
        target,
        title=title,
        credit=Credit("ana"),
        model="embedded",
        model_version="0.1.0",
        review=Review(sha256_of(source), "d1", "1", "h" * 64),
    )


def state_of(path: Path) -> str:
    import c2pa

    try:
        return str(read_manifest(path)["validation_state"])
    except c2pa.C2paError:
        return "unreadable"


def active(path: Path) -> dict[str, Any]:
    report = read_manifest(path)
    manifest: dict[str, Any] = report["manifests"][report["active_manifest"]]
    return manifest


def assertions(path: Path) -> dict[str, Any]:
    return {entry["label"]: entry["data"] for entry in active(path)["assertions"]}


def test_a_signed_file_is_valid(signed: Path) -> None:
    assert state_of(signed) == "Valid"


def test_the_source_is_left_alone(folder: Path, source: Path) -> None:
    before = sha256_of(source)
    sign(folder, source, folder / "again.mp4")
    assert sha256_of(source) == before


def test_a_signed_file_names_the_file_that_was_reviewed(signed: Path, source: Path) -> None:
    assert assertions(signed)[REVIEW_LABEL] == {
        "creator": "ana",
        "credits": [],
        "reviewed_sha256": sha256_of(source),
        "decision_id": "d1",
        "policy_version": "1",
        "audit_head": "h" * 64,
    }


def test_a_signed_file_says_that_a_model_made_it(signed: Path) -> None:
    (made,) = assertions(signed)["c2pa.actions.v2"]["actions"]
    assert (made["action"], made["digitalSourceType"]) == ("c2pa.created", SOURCE_TYPE)
    assert made["softwareAgent"] == {"name": "embedded", "version": "0.1.0"}


def test_a_signed_file_says_plainly_that_it_is_self_signed(signed: Path) -> None:
    assert "self-signed" in json.dumps(active(signed)["signature_info"])


@pytest.mark.parametrize("title", ['<b> "quoted" \\ {{x}} ${y}', "日本語 été", "x" * 1000])
def test_any_title_survives(folder: Path, source: Path, title: str) -> None:
    sign(folder, source, folder / "titled.mp4", title)
    assert active(folder / "titled.mp4")["title"] == title


def test_a_signed_file_still_plays(signed: Path) -> None:
    import av

    with av.open(str(signed)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 9


def boxes(content: bytes) -> dict[str, range]:
    """The top boxes of an mp4: where each one's payload lies."""
    found, at = {}, 0
    while at < len(content):
        size = int.from_bytes(content[at : at + 4], "big")
        found[content[at + 4 : at + 8].decode()] = range(at + 8, at + size)
        at += size
    return found


@pytest.mark.parametrize("box", ["moov", "mdat", "uuid"])
def test_a_flipped_byte_makes_it_invalid(signed: Path, tmp_path: Path, box: str) -> None:
    """In the index, the pictures or the manifest; zeros are left out, as some pad the signature."""
    whole = signed.read_bytes()
    places = [place for place in boxes(whole)[box] if whole[place]]
    believed = []
    for place in places[:: len(places) // 25]:
        content = bytearray(whole)
        content[place] ^= 0xFF
        broken = tmp_path / "broken.mp4"
        broken.write_bytes(content)
        if state_of(broken) == "Valid":
            believed.append(place)
    assert believed == []


def test_bytes_added_at_the_end_make_it_invalid(signed: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(signed.read_bytes() + b"\x00\x00\x00\x10mdatAAAABBBB")
    assert state_of(broken) != "Valid"


def test_an_unsigned_file_has_no_manifest(source: Path) -> None:
    assert state_of(source) == "unreadable"


def test_the_keys_are_readable_by_their_owner_only(folder: Path, signed: Path) -> None:
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (folder / "keys").iterdir()}
    assert signed.exists()
    assert modes == {0o600}


def test_a_second_start_signs_with_the_same_key(folder: Path, source: Path) -> None:
    sign(folder, source, folder / "first.mp4")
    before = [path.read_bytes() for path in sorted((folder / "keys").iterdir())]
    sign(folder, source, folder / "second.mp4")
    assert [path.read_bytes() for path in sorted((folder / "keys").iterdir())] == before


def test_a_draft_of_a_crashed_try_is_replaced(folder: Path, source: Path) -> None:
    target = folder / "crashed.mp4"
    target.write_bytes(b"half a file")
    sign(folder, source, target)
    assert state_of(target) == "Valid"
