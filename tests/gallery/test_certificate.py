"""The operator's own certificate: one that signs is used, and any other stops the start in words."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from errors import BadSetting
from gallery.provenance import Credit, Review, Signer
from gallery.reading import read_said
from settings import read_settings
from store import utc_now
from tests.gallery.test_provenance import sign as sign_self
from tests.gallery.test_provenance import source_file

PEM = serialization.Encoding.PEM
DAY = timedelta(days=1)


def name(text: str) -> x509.Name:
    parts = {NameOID.COMMON_NAME: text, NameOID.ORGANIZATION_NAME: "Film School"}
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in parts.items()])


def certificate(
    folder: Path,
    *,
    key: Any = None,
    begins: timedelta = -DAY,
    ends: timedelta = 30 * DAY,
    with_root: bool = True,
    signs: bool = True,
) -> tuple[Path, Path]:
    """A chain and its key in PEM files, as an authority hands them out."""
    folder.mkdir(parents=True, exist_ok=True)
    root_key, key = (
        ec.generate_private_key(ec.SECP256R1()),
        key or ec.generate_private_key(ec.SECP256R1()),
    )
    now = utc_now()

    def issue(whose: Any, subject: str, *, is_root: bool) -> x509.Certificate:
        usage = x509.KeyUsage(
            digital_signature=not is_root,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=is_root,
            crl_sign=is_root,
            encipher_only=False,
            decipher_only=False,
        )
        root_id = x509.SubjectKeyIdentifier.from_public_key(root_key.public_key())
        made = (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name("Authority"))
            .public_key(whose.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - DAY if is_root else now + begins)
            .not_valid_after(now + 90 * DAY if is_root else now + ends)
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), True)
            .add_extension(usage, True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(whose.public_key()), False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(root_id), False
            )
        )
        if not is_root:
            purpose = (
                ExtendedKeyUsageOID.EMAIL_PROTECTION if signs else (ExtendedKeyUsageOID.SERVER_AUTH)
            )
            made = made.add_extension(x509.ExtendedKeyUsage([purpose]), False)
        return made.sign(root_key, hashes.SHA256())

    chain = [issue(key, "Clips of the school", is_root=False)]
    chain += [issue(root_key, "Authority", is_root=True)] if with_root else []
    cert_path, key_path = folder / "cert.pem", folder / "key.pem"
    cert_path.write_bytes(b"".join(each.public_bytes(PEM) for each in chain))
    plain = serialization.NoEncryption()
    key_path.write_bytes(key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, plain))
    return cert_path, key_path


def sign(signer: Signer, folder: Path) -> Path:
    source, target = source_file(folder / "plain.mp4"), folder / "signed.mp4"
    review = Review("a" * 64, "d1", "1", "h" * 64)
    signer.sign(source, target, title="", credit=Credit("ana"), model="m", review=review)
    return target


def refusal(folder: Path, own: tuple[Path, Path]) -> str:
    with pytest.raises(BadSetting) as raised:
        Signer(folder / "keys", "Greenlight/test", own=own)
    return raised.value.message


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP384R1()),
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(65537, 2048),
    ],
    ids=["p256", "p384", "ed25519", "rsa"],
)
def test_the_operators_certificate_signs_and_is_known_as_ours(tmp_path: Path, key: Any) -> None:
    signer = Signer(tmp_path / "keys", "Greenlight/test", own=certificate(tmp_path, key=key))
    said = read_said(sign(signer, tmp_path), signer.certificates())
    assert (said.state, said.is_ours, said.is_self_signed) == ("valid", True, False)
    assert (said.signer, said.issuer) == ("Clips of the school", "Film School")


def test_one_of_the_same_issuer_is_not_ours(tmp_path: Path) -> None:
    """Whoever has a certificate of the same authority signs for themselves."""
    own = certificate(tmp_path)
    ours = Signer(tmp_path / "keys", "Greenlight/test", own=own)
    theirs = Signer(tmp_path / "other", "Greenlight/test")
    assert read_said(sign(theirs, tmp_path), ours.certificates()).is_ours is False


def test_files_from_before_a_change_of_certificate_stay_ours(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    before = sign(Signer(keys, "Greenlight/test"), tmp_path)
    after = Signer(keys, "Greenlight/test", own=certificate(tmp_path))
    said = read_said(before, after.certificates())
    assert (said.is_ours, said.is_self_signed) == (True, True)


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"ends": -timedelta(hours=1)}, "expired on"),
        ({"begins": DAY}, "holds from"),
        ({"with_root": False}, "up to the root"),
        ({"signs": False}, "C2PA does not sign with it"),
        ({"key": rsa.generate_private_key(65537, 1024)}, "RSA of 2048 bits or more"),  # noqa: S505
        ({"key": ec.generate_private_key(ec.SECP256K1())}, "a key is P-256"),
    ],
)
def test_a_certificate_that_could_not_sign_stops_the_start(
    tmp_path: Path, options: dict[str, Any], rule: str
) -> None:
    assert rule in refusal(tmp_path, certificate(tmp_path, **options))


def test_a_key_of_another_certificate_stops_the_start(tmp_path: Path) -> None:
    cert, _ = certificate(tmp_path / "one")
    _, key = certificate(tmp_path / "other")
    said = refusal(tmp_path, (cert, key))
    assert "GREENLIGHT_C2PA_KEY" in said
    assert "is not the key of the first certificate" in said


@pytest.mark.parametrize("broken", [0, 1])
@pytest.mark.parametrize("content", [b"", b"rubbish", None])
def test_a_file_that_is_none_stops_the_start(
    tmp_path: Path, broken: int, content: bytes | None
) -> None:
    own = certificate(tmp_path)
    own[broken].unlink()
    if content is not None:
        own[broken].write_bytes(content)
    assert ("GREENLIGHT_C2PA_CERT", "GREENLIGHT_C2PA_KEY")[broken] in refusal(tmp_path, own)


@pytest.mark.parametrize("name", ["c2pa_cert", "c2pa_key"])
def test_one_without_the_other_stops_the_start(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadSetting, match="set both, or neither"):
        read_settings(**{name: tmp_path / "a.pem"})


def test_an_invisible_watermark_stops_the_start() -> None:
    with pytest.raises(BadSetting, match="no maintained open library"):
        read_settings(watermark="invisible")


def test_the_self_signed_one_says_so(tmp_path: Path) -> None:
    source = source_file(tmp_path / "plain.mp4")
    sign_self(tmp_path, source, tmp_path / "signed.mp4")
    signer = Signer(tmp_path / "keys", "Greenlight/test")
    assert read_said(tmp_path / "signed.mp4", signer.certificates()).is_self_signed
