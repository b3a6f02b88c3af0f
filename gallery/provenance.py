"""Signed provenance inside the published mp4: Content Credentials (C2PA), made with c2pa-python.

Knows nothing of who may publish. The certificate is made at the first start and is plainly
self-signed: it proves that a file left this instance unchanged, not who runs the instance.
Method: C2PA specification 2.x, assertions `c2pa.actions.v2` and an own `org.greenlight.review`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from keys import keep
from store import utc_now

REVIEW_LABEL: Final = "org.greenlight.review"
SOURCE_TYPE: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""IPTC's term for media made by a trained model."""

_PARTED: Final = b"\n\n"  # between the key and the certificates, an empty line
_YEARS: Final = timedelta(days=3650)


@dataclass(frozen=True)
class Review:
    """What the file says about its review: the bytes that were looked at, and the decision."""

    reviewed_sha256: str
    decision_id: str
    policy_version: str
    audit_head: str  # hash of the audit log's newest row when the file was signed


class Signer:
    """Signs files with this instance's key, kept in `folder` and made there at the first start."""

    def __init__(self, folder: Path, generator: str) -> None:
        self._generator = generator
        # Key and certificates are one file, so that no crash and no race can part them.
        self._credentials = keep(folder, "c2pa.pem", _make_credentials)

    def sign(
        self, source: Path, target: Path, *, title: str, creator: str, model: str, review: Review
    ) -> None:
        """Write `target`: the frames of `source`, with the manifest in it. Sign last of all."""
        import c2pa

        key, _, chain = self._credentials.partition(_PARTED)
        info = c2pa.C2paSignerInfo(alg=b"es256", sign_cert=chain, private_key=key, ta_url=None)
        manifest = {
            "claim_generator_info": [{"name": self._generator}],
            "title": title,
            "format": "video/mp4",
            "assertions": [
                {
                    "label": "c2pa.actions.v2",
                    "data": {
                        "actions": [
                            {
                                "action": "c2pa.created",
                                "digitalSourceType": SOURCE_TYPE,
                                "softwareAgent": {"name": model},
                            }
                        ]
                    },
                },
                {"label": REVIEW_LABEL, "data": {"creator": creator, **asdict(review)}},
            ],
        }
        target.unlink(missing_ok=True)
        with c2pa.Signer.from_info(info) as signer, c2pa.Builder(json.dumps(manifest)) as builder:
            builder.sign_file(str(source), str(target), signer)


def read_manifest(path: Path) -> dict[str, Any]:
    """What the file says of itself, with `validation_state` as the C2PA reader judges it."""
    import c2pa

    with c2pa.Reader(str(path)) as reader:
        report: dict[str, Any] = json.loads(reader.json())
    return report


def _make_credentials() -> bytes:
    """Key and certificate chain, leaf first. C2PA refuses a signer that is its own root."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    def subject(name: str) -> x509.Name:
        return x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, name),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Greenlight (self-signed)"),
            ]
        )

    root_key, leaf_key = (
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )
    root_name, leaf_name = subject("Greenlight root"), subject("Greenlight signer")
    root_id = x509.SubjectKeyIdentifier.from_public_key(root_key.public_key())
    now = utc_now()

    def certificate(name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(root_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + _YEARS)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(root_id), False
            )
        )

    def usage(*, signs: bool) -> x509.KeyUsage:
        return x509.KeyUsage(
            digital_signature=signs,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=not signs,
            crl_sign=not signs,
            encipher_only=False,
            decipher_only=False,
        )

    root = (
        certificate(root_name, root_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .add_extension(usage(signs=False), True)
        .sign(root_key, hashes.SHA256())
    )
    leaf = (
        certificate(leaf_name, leaf_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        .add_extension(usage(signs=True), True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
        .sign(root_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    key_pem = leaf_key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return key_pem.rstrip() + _PARTED + leaf.public_bytes(pem) + root.public_bytes(pem)
