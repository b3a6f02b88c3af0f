"""The key and certificates that sign published clips: the operator's own, or ones made at first run.

Knows nothing of what is signed. Those that are made here are plainly self-signed: they prove that a
file left this instance unchanged, not who runs the instance. The operator's are read and checked at
the start, and one that could not sign stops it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from errors import BadSetting
from keys import keep
from store import utc_now

CERT_SETTING: Final = "GREENLIGHT_C2PA_CERT"
KEY_SETTING: Final = "GREENLIGHT_C2PA_KEY"
SELF_SIGNED: Final = "Greenlight (self-signed)"
"""The organisation in a certificate that is made here, which so says what it is."""

_PARTED: Final = b"\n\n"  # between the key and the certificates, an empty line
_YEARS: Final = timedelta(days=3650)
_CURVES: Final = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_LEAST_RSA: Final = 2048


@dataclass(frozen=True)
class Credentials:
    """What signs: the chain with the signer's own certificate first, and its key."""

    chain: bytes  # PEM
    key: bytes = field(repr=False)  # PKCS8, PEM
    algorithm: str  # as C2PA names it
    is_own: bool  # the operator's, not made here

    @property
    def leaf(self) -> x509.Certificate:
        return x509.load_pem_x509_certificates(self.chain)[0]

    @property
    def issuers(self) -> list[x509.Certificate]:
        return x509.load_pem_x509_certificates(self.chain)[1:]


def made_here(folder: Path) -> Credentials:
    """The self-signed ones of this instance, made at the first start and kept in `folder`."""
    # Key and certificates are one file, so that no crash and no race can part them.
    key, _, chain = keep(folder, "c2pa.pem", _make).partition(_PARTED)
    return Credentials(chain, key, "es256", is_own=False)


def read_own(cert: Path, key: Path) -> Credentials:
    """The operator's, from PEM files. Raises BadSetting with the name and the rule it breaks."""
    chain = _read(CERT_SETTING, cert)
    try:
        leaf = x509.load_pem_x509_certificates(chain)[0]
    except (ValueError, IndexError) as error:
        raise _bad(CERT_SETTING, cert, "it holds no certificate in PEM") from error
    try:
        private: Any = serialization.load_pem_private_key(_read(KEY_SETTING, key), password=None)
    except (ValueError, TypeError) as error:
        raise _bad(KEY_SETTING, key, "it holds no private key in PEM without a password") from error
    if private.public_key() != leaf.public_key():
        rule = f"it is not the key of the first certificate in {cert}"
        raise _bad(KEY_SETTING, key, rule)
    _check_time(cert, leaf)
    if len(x509.load_pem_x509_certificates(chain)) < 2:
        rule = "it holds the signer's certificate alone; add those of its issuers, up to the root"
        raise _bad(CERT_SETTING, cert, rule)
    if is_issuer(leaf):
        raise _bad(CERT_SETTING, cert, "its first certificate is an authority's, not a signer's")
    pkcs8 = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Credentials(chain, pkcs8, _algorithm(key, private), is_own=True)


def is_issuer(certificate: x509.Certificate) -> bool:
    """Whether it signs other certificates, and no files."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except x509.ExtensionNotFound:
        return False
    return found.value.ca


def refused(cert: Path, why: str) -> BadSetting:
    """C2PA itself would not sign with it."""
    return _bad(CERT_SETTING, cert, f"C2PA does not sign with it ({why})")


def _read(name: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _bad(name, path, f"it cannot be read ({error.strerror})") from error


def _bad(name: str, path: Path, rule: str) -> BadSetting:
    return BadSetting(name=name, value=str(path), rule=rule)


def _check_time(cert: Path, leaf: x509.Certificate) -> None:
    now = utc_now()
    if leaf.not_valid_after_utc <= now:
        rule = f"its first certificate expired on {leaf.not_valid_after_utc.date()}"
        raise _bad(CERT_SETTING, cert, rule)
    if leaf.not_valid_before_utc > now:
        rule = f"its first certificate holds from {leaf.not_valid_before_utc.date()} on only"
        raise _bad(CERT_SETTING, cert, rule)


def _algorithm(path: Path, key: Any) -> str:
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _LEAST_RSA:
        return "ps256"
    rule = f"a key is P-256, P-384, P-521, Ed25519, or RSA of {_LEAST_RSA} bits or more"
    raise _bad(KEY_SETTING, path, rule)


def _make() -> bytes:
    """Key and certificate chain, leaf first. C2PA refuses a signer that is its own root."""

    def subject(name: str) -> x509.Name:
        return x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, name),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, SELF_SIGNED),
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
