"""Signed provenance inside the published mp4: Content Credentials (C2PA), made with c2pa-python.

Knows nothing of who may publish, nor where the certificate comes from (certificate.py). What a file
says of itself is read by reading.py.
Method: C2PA specification 2.x, assertions `c2pa.actions.v2` and an own `org.greenlight.review`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from PIL import Image

from gallery.certificate import made_here, read_own, refused
from gallery.xmp import SOURCE_TYPE
from keys import keep

REVIEW_LABEL: Final = "org.greenlight.review"
_SEEN: Final = "c2pa-{}.crt"


@dataclass(frozen=True)
class Review:
    """What the file says about its review: the bytes that were looked at, and the decision."""

    reviewed_sha256: str
    decision_id: str
    policy_version: str
    audit_head: str  # hash of the audit log's newest row when the file was signed


@dataclass(frozen=True)
class Credit:
    """Who made the clip, as they chose to say it; `others` as clip.credits has them."""

    creator: str
    others: tuple[dict[str, str], ...] = ()


class Signer:
    """Signs files with this instance's key, kept in `folder` and made there at the first start, or
    with the operator's, whose PEM files `own` names. Raises BadSetting where those cannot sign.

    `authority`: address of a time stamp authority, asked at every signature; none when empty.
    """

    def __init__(
        self,
        folder: Path,
        generator: str,
        *,
        own: tuple[Path, Path] | None = None,
        authority: str = "",
    ) -> None:
        self._folder = folder
        self._generator = generator
        self._authority = authority or None
        self._credentials = read_own(*own) if own else made_here(folder)
        if own:
            self._try_out(own[0])
        self._remember()

    @property
    def is_own(self) -> bool:
        """Whether the certificate is the operator's, and not one made here."""
        return self._credentials.is_own

    def certificates(self) -> bytes:
        """The chain of every certificate that this instance has signed with, as PEM: also those
        before this one."""
        return b"".join(path.read_bytes() for path in sorted(self._folder.glob(_SEEN.format("*"))))

    def sign(
        self,
        source: Path,
        target: Path,
        *,
        title: str,
        credit: Credit,
        model: str,
        review: Review,
        model_version: str = "",
        edits: Sequence[str] = (),
    ) -> None:
        """Write `target`: the frames of `source`, with the manifest in it. Sign last of all.

        `edits`: what was done to the reviewed pictures, in words.
        """
        agent = {"name": model, **({"version": model_version} if model_version else {})}
        actions: list[dict[str, Any]] = [
            {"action": "c2pa.created", "digitalSourceType": SOURCE_TYPE, "softwareAgent": agent}
        ]
        hand = {"name": self._generator}
        actions += [
            {"action": "c2pa.edited", "description": words, "softwareAgent": hand}
            for words in edits
        ]
        said = {"creator": credit.creator, "credits": list(credit.others), **asdict(review)}
        manifest = {
            "claim_generator_info": [hand],
            "format": "video/mp4",
            **({"title": title} if title else {}),
            "assertions": [
                {"label": "c2pa.actions.v2", "data": {"actions": actions}},
                {"label": REVIEW_LABEL, "data": said},
            ],
        }
        target.unlink(missing_ok=True)
        with source.open("rb") as before, target.open("w+b") as after:
            self._sign(manifest, "video/mp4", before, after)

    def _sign(self, manifest: dict[str, Any], kind: str, before: Any, after: Any) -> None:
        import c2pa

        made = self._credentials
        info = c2pa.C2paSignerInfo(
            alg=made.algorithm.encode(),
            sign_cert=made.chain,
            private_key=made.key,
            ta_url=self._authority,
        )
        with c2pa.Signer.from_info(info) as signer, c2pa.Builder(json.dumps(manifest)) as builder:
            builder.sign(signer, kind, before, after)

    def _try_out(self, cert: Path) -> None:
        """Sign a tiny picture and read it: what C2PA asks of a certificate, only it knows. No time
        stamp is asked for: the authority may be out of reach without harm to a start."""
        import c2pa

        plain, signed = io.BytesIO(), io.BytesIO()
        Image.new("RGB", (16, 16)).save(plain, "JPEG")
        plain.seek(0)
        authority, self._authority = self._authority, None
        created = {"action": "c2pa.created", "digitalSourceType": SOURCE_TYPE}
        assertion = {"label": "c2pa.actions.v2", "data": {"actions": [created]}}
        manifest = {"claim_generator_info": [{"name": self._generator}], "assertions": [assertion]}
        try:
            self._sign(manifest, "image/jpeg", plain, signed)
            signed.seek(0)
            issuers = "".join(
                each.public_bytes(Encoding.PEM).decode() for each in self._credentials.issuers
            )
            trust = {"trust": {"user_anchors": issuers}, "verify": {"verify_trust": True}}
            with (
                c2pa.Settings.from_dict(trust) as settings,
                c2pa.Context(settings) as context,
                c2pa.Reader("image/jpeg", signed, context=context) as reader,
            ):
                report = json.loads(reader.json())
        except c2pa.C2paError as error:
            raise refused(cert, str(error)) from error
        finally:
            self._authority = authority
        if report["validation_state"] != "Trusted":
            codes = {each["code"] for each in report.get("validation_status", [])}
            rule = "the file holds the certificates of its issuers too, up to the root"
            why = ", ".join(sorted(codes)) or report["validation_state"]
            raise refused(cert, f"{why}; {rule}")

    def _remember(self) -> None:
        """Keep the chain, without its key, so that what it signed is known when it is replaced one
        day."""
        name = self._credentials.leaf.fingerprint(hashes.SHA256()).hex()[:16]
        chain = self._credentials.chain.rstrip() + b"\n"
        keep(self._folder, _SEEN.format(name), lambda: chain)


def read_manifest(path: Path) -> dict[str, Any]:
    """What the file says of itself, with `validation_state` as the C2PA reader judges it."""
    import c2pa

    with c2pa.Reader(str(path)) as reader:
        report: dict[str, Any] = json.loads(reader.json())
    return report
