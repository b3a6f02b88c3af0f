"""What a page is told of its file: soon or not at all, read once, and read again when it changed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gallery import panel
from gallery.panel import Panels
from gallery.provenance import Credit, Review, Signer
from gallery.reading import Said
from media import MediaStore, sha256_of
from tests.gallery.test_provenance import source_file


@pytest.fixture
def media(tmp_path: Path) -> MediaStore:
    return MediaStore(tmp_path / "media")


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return Signer(tmp_path / "keys", "Greenlight/test")


@pytest.fixture
def panels(media: MediaStore, signer: Signer) -> Iterator[Panels]:
    made = Panels(media, signer.certificates, wait_s=20)
    yield made
    made.close()


@pytest.fixture
def name(tmp_path: Path, media: MediaStore, signer: Signer) -> str:
    signed = tmp_path / "signed.mp4"
    review = Review("a" * 64, "d1", "2", "h" * 64)
    plain = source_file(tmp_path / "plain.mp4")
    signer.sign(plain, signed, title="t", credit=Credit("ana"), model="m", review=review)
    found = sha256_of(signed)
    media.put(signed, "public", found)
    return found


def test_it_is_read_out_of_the_file(panels: Panels, name: str) -> None:
    said = panels.said(name)
    assert said is not None
    assert (said.state, said.is_self_signed, said.decision_id) == ("valid", True, "d1")
    assert (said.policy_version, said.reviewed_sha256, said.model) == ("2", "a" * 64, "m")


def test_it_is_read_once(panels: Panels, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = panels.said(name)
    monkeypatch.setattr(panel, "read_said", lambda *_: Said("none"))
    assert panels.said(name) is first


def test_a_file_that_was_changed_on_the_disk_is_read_again(
    panels: Panels, name: str, media: MediaStore
) -> None:
    panels.said(name)
    path = media.path("public", name, ".mp4")
    path.write_bytes(path.read_bytes()[:-1] + b"!!")
    said = panels.said(name)
    assert said is not None
    assert said.state != "valid"


def test_a_page_does_not_wait_for_a_slow_disk(
    media: MediaStore, signer: Signer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = threading.Event()

    def read(*_: object) -> Said:
        slow.wait(20)
        return Said("valid")

    monkeypatch.setattr(panel, "read_said", read)
    panels = Panels(media, signer.certificates, wait_s=0)
    assert panels.said(name) is None
    slow.set()
    panels._wait_s = 20
    assert panels.said(name) == Said("valid")
    panels.close()


def test_a_file_that_is_not_there_says_nothing(panels: Panels) -> None:
    assert panels.said("0" * 64) is None


def test_a_file_that_was_moved_while_it_was_read_is_read_again(
    panels: Panels, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def moved(path: Path, certificates: bytes) -> Said:
        raise FileNotFoundError(path)

    with monkeypatch.context() as broken:
        broken.setattr(panel, "read_said", moved)
        assert panels.said(name) is None
    assert panels.said(name) is not None
