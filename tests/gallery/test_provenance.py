"""Signed provenance: a real signature in a real mp4, and what becomes of it when bytes change."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from gallery.provenance import REVIEW_LABEL, Credit, Review, Signer, read_manifest
from gallery.xmp import BOX_ID, SOURCE_TYPE, add_to_mp4, boxes, packet
from media import sha256_of
from pipeline.encode import write_mp4

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("provenance")


def source_file(path: Path) -> Path:
    """What is signed: a clip with its packet of metadata behind it."""
    noise = np.random.default_rng(1).integers(0, 255, (9, 64, 64, 3)).astype(np.uint8)
    write_mp4(noise, 8, path)
    add_to_mp4(path, packet(title="a red ball", creators=["ana"]))
    return path


@pytest.fixture(scope="module")
def source(folder: Path) -> Path:
    return source_file(folder / "held.mp4")


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


def named_boxes(path: Path) -> dict[str, range]:
    """Where each top box lies, its header with it; of the two with an id the second is the XMP."""
    found: dict[str, range] = {}
    for kind, at, size in boxes(path):
        name = kind.decode() if kind.decode() not in found else f"{kind.decode()} of XMP"
        found[name] = range(at, at + size)
    return found


def believed(path: Path, places: list[int], broken: Path) -> list[int]:
    """At which of the places another byte goes unnoticed by the reader."""
    whole, found = path.read_bytes(), []
    for place in places:
        content = bytearray(whole)
        content[place] ^= 0xFF
        broken.write_bytes(content)
        if state_of(broken) == "Valid":
            found.append(place)
    return found


def test_the_boxes_are_those_that_the_tests_below_look_at(signed: Path) -> None:
    assert list(named_boxes(signed)) == ["ftyp", "uuid", "moov", "free", "mdat", "uuid of XMP"]


@pytest.mark.parametrize("box", ["moov", "free", "mdat", "uuid of XMP"])
def test_a_flipped_byte_makes_it_invalid(signed: Path, tmp_path: Path, box: str) -> None:
    """In the index, the pictures and the metadata, their headers with them."""
    places = list(named_boxes(signed)[box])
    chosen = [*places[:16], *places[16 :: max(1, len(places) // 120)], places[-1]]
    assert believed(signed, chosen, tmp_path / "broken.mp4") == []


def test_in_the_manifest_only_headers_and_filling_are_left_out(
    signed: Path, tmp_path: Path
) -> None:
    """C2PA leaves out the version and offset of the box, the lengths of the boxes inside of it that
    hold others, and the zeros behind the signature."""
    whole, box = signed.read_bytes(), named_boxes(signed)["uuid"]
    left_out = set(range(box.start + 24, box.start + 45))
    for found in re.finditer(b"jumb", whole):
        left_out |= set(range(found.start() - 4, found.start()))
    places = [place for place in box if whole[place] and place not in left_out]
    assert believed(signed, places[::12], tmp_path / "broken.mp4") == []


def test_no_byte_of_any_box_changes_unnoticed_by_its_hash(signed: Path, tmp_path: Path) -> None:
    """Those that C2PA leaves out as well, the brands at the beginning among them: verifying
    compares the sha256 of the whole file."""
    ftyp = list(named_boxes(signed)["ftyp"])
    broken = tmp_path / "broken.mp4"
    assert believed(signed, ftyp[8:], broken) == ftyp[8:]
    assert sha256_of(broken) != sha256_of(signed)


def test_xmp_survives_signing_and_the_file_still_plays_from_its_offsets(
    signed: Path, source: Path
) -> None:
    import av

    box = named_boxes(signed)["uuid of XMP"]
    inside = signed.read_bytes()[box.start + 8 : box.stop]
    assert inside == BOX_ID + packet(title="a red ball", creators=["ana"])
    with av.open(str(signed)) as one, av.open(str(source)) as other:
        pairs = zip(one.decode(video=0), other.decode(video=0), strict=True)
        assert all((a.to_ndarray() == b.to_ndarray()).all() for a, b in pairs)


@pytest.mark.parametrize("text", ["<b> & \"'", "日本語 été", "]]>", "x" * 5000])
def test_any_words_make_a_packet_that_can_be_read(text: str) -> None:
    found = ElementTree.fromstring(packet(title=text, creators=[text, "ben"]))  # noqa: S314
    assert [each.text for each in found.iter(f"{RDF}li")] == [text, text, "ben"]


def test_nothing_is_appended_to_a_file_whose_boxes_do_not_fill_it(
    source: Path, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(source.read_bytes()[:-5])
    with pytest.raises(ValueError, match="do not fill it"):
        add_to_mp4(cut, packet())


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
