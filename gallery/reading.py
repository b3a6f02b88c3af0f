"""What an mp4 says of itself in its Content Credentials, as plain facts, and whether that holds.

Knows nothing of our log or of who asks. What comes from strangers is read in a process of its own
(reading_child.py): native code that reads a hostile file can hang, or take its process along.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gallery.certificate import SELF_SIGNED, is_issuer
from gallery.provenance import REVIEW_LABEL
from gallery.xmp import boxes

State = Literal["valid", "changed", "damaged", "none"]

CHILD_S: Final = 30.0
"""Longest look at a stranger's file, of any size that is taken."""

_ROOT: Final = Path(__file__).resolve().parent.parent
_MANIFEST_BOX: Final = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_LONGEST: Final = 2000


@dataclass(frozen=True)
class Said:
    """`state`: valid; changed since it was signed; with a proof that cannot be read; without any.
    The rest is as the file has it, empty where it says nothing; true only of a valid one."""

    state: State
    is_ours: bool = False  # signed with a certificate of this instance
    signer: str = ""
    issuer: str = ""
    signed_at: str = ""  # by a time stamp authority
    title: str = ""
    creator: str = ""
    model: str = ""
    model_version: str = ""
    policy_version: str = ""
    decision_id: str = ""
    reviewed_sha256: str = ""
    audit_head: str = ""
    faults: tuple[str, ...] = ()  # codes of C2PA

    @property
    def is_self_signed(self) -> bool:
        """With the certificate that an instance makes for itself, and not one of its operator's."""
        return self.is_ours and self.issuer == SELF_SIGNED


def read_said(path: Path, certificates: bytes) -> Said:
    """Read a file. `certificates`: the chains that count as ours, in PEM."""
    import c2pa

    # Names and numbers of a certificate can be anybody's. With our issuers as the only ones to
    # trust, the reader says whether it is one of theirs, and then its number says which.
    issuers, serials = _ours(certificates)
    trust = {"trust": {"user_anchors": issuers}, "verify": {"verify_trust": True}}
    try:
        with (
            c2pa.Settings.from_dict(trust) as settings,
            c2pa.Context(settings) as context,
            path.open("rb") as file,
            c2pa.Reader("video/mp4", file, context=context) as reader,
        ):
            return _facts(json.loads(reader.json()), serials)
    except (c2pa.C2paError, ValueError, KeyError, TypeError, AttributeError):
        return Said("damaged" if _has_manifest(path) else "none")


def read_apart(path: Path, certificates: Path) -> Said:
    """The same, of a file that may be hostile, within CHILD_S seconds and a bounded memory."""
    command = [sys.executable, "-m", "gallery.reading_child", str(path), str(certificates)]
    try:
        done = subprocess.run(  # noqa: S603  (a program of ours)
            command, cwd=_ROOT, capture_output=True, timeout=CHILD_S, check=True
        )
        return from_json(done.stdout)
    except (subprocess.SubprocessError, ValueError):
        return Said("damaged" if _has_manifest(path) else "none")


def as_json(said: Said) -> dict[str, Any]:
    return asdict(said)


def from_json(text: bytes) -> Said:
    """Raises ValueError for anything else."""
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("no facts")
    known = {field.name: found[field.name] for field in fields(Said) if field.name in found}
    return Said(**{**known, "faults": tuple(known.get("faults", ()))})


def _ours(certificates: bytes) -> tuple[str, frozenset[str]]:
    """Those that issue, in PEM, and the serial numbers of those that sign."""
    issuers, serials = "", set()
    for each in x509.load_pem_x509_certificates(certificates):
        if is_issuer(each):
            issuers += each.public_bytes(Encoding.PEM).decode()
        else:
            serials.add(str(each.serial_number))
    return issuers, frozenset(serials)


def _facts(report: dict[str, Any], serials: frozenset[str]) -> Said:
    manifest = report["manifests"][report["active_manifest"]]
    data = {each["label"]: each.get("data") or {} for each in manifest.get("assertions", [])}
    actions = data.get("c2pa.actions.v2", {}).get("actions") or [{}]
    agent = actions[0].get("softwareAgent") or {}
    agent = agent if isinstance(agent, dict) else {"name": agent}
    signature = manifest.get("signature_info") or {}
    review = data.get(REVIEW_LABEL, {})
    results = report.get("validation_results", {}).get("activeManifest", {})
    trusted = {each["code"] for each in results.get("success", [])}
    faults = {each["code"] for each in results.get("failure", [])}
    return Said(
        state="changed" if report["validation_state"] == "Invalid" else "valid",
        is_ours="signingCredential.trusted" in trusted
        and _text(signature, "cert_serial_number") in serials,
        signer=_text(signature, "common_name"),
        issuer=_text(signature, "issuer"),
        signed_at=_text(signature, "time"),
        title=_text(manifest, "title"),
        model=_text(agent, "name"),
        model_version=_text(agent, "version"),
        **{
            name: _text(review, name)
            for name in (
                "creator",
                "policy_version",
                "decision_id",
                "reviewed_sha256",
                "audit_head",
            )
        },
        faults=tuple(sorted(faults)),
    )


def _text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    return value[:_LONGEST] if isinstance(value, str) else ""


def _has_manifest(path: Path) -> bool:
    """Whether there is a box for a manifest, whatever is in it."""
    with path.open("rb") as file:
        for kind, at, _ in boxes(path):
            if kind == b"uuid":
                file.seek(at + 8)
                if file.read(len(_MANIFEST_BOX)) == _MANIFEST_BOX:
                    return True
    return False
