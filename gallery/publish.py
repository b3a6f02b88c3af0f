"""Making a clip public: the reviewed bytes checked, signed, and put on the public shelf.

Knows nothing of queues or of who decided. Every part is safe to repeat after a crash: files are
named by their content, noted before they are put anywhere (shelving.py), and the state changes last.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session, col, func, select

from accounts.models import Person
from accounts.profiles import credit_names
from audit import SYSTEM, AuditRow
from errors import Conflict, GreenlightError
from gallery import shelving, xmp
from gallery.provenance import Credit, Review, Signer
from gallery.renditions import light_poster, light_preview
from gallery.watermark import mark_corner
from language import say
from media import MediaStore, sha256_of
from moderation.four_eyes import standing
from moderation.models import Clip, Decision, FileKind, PublicFile, State, Verdict
from moderation.transitions import move
from store import utc_now

_MARKED = "A visible mark that says AI was drawn into the lower right corner."


class BytesChanged(GreenlightError):
    """A file on disk is not the one that was reviewed or published."""

    status = 409
    code = "bytes_changed"
    says = "The {ending} of clip {clip_id} has sha256 {found}; it should be {expected}."
    fix_says = "Find out who changed the media folder, then restore the file from a backup."


@dataclass(frozen=True)
class Studio:
    """What a clip is published with."""

    media: MediaStore
    signer: Signer
    marks_corner: bool = False  # draws "AI" into the pixels too


def sign_reviewed(
    session: Session, clip: Clip, studio: Studio, *, model_version: str = ""
) -> list[PublicFile]:
    """Sign exactly the approved bytes and put all public files of the clip on the public shelf.
    Returns their rows, which `make_public` writes.

    Raises BytesChanged when a stored file is not what the reviewer saw.
    """
    media = studio.media
    decision = _approval(session, clip)
    creator = session.get(Person, clip.creator_id)
    credited = credit_names(session, [clip.creator_id])
    head = session.exec(select(AuditRow.hash).order_by(col(AuditRow.seq).desc()).limit(1)).first()
    name = credited.get(clip.creator_id) or (creator.name if creator else "")
    credit = Credit(name, tuple(clip.credits))
    with media.working(f"publish-{clip.id}") as folder:
        # 1. Copies are checked and only the copies are used: what changes on the shelf after the
        #    check cannot slip into the public file.
        reviewed = folder / "reviewed.mp4"
        for ending, expected in ((".mp4", clip.approved_sha256), *clip.pictures.items()):
            held = media.path("held", clip.sha256 or "", ending)
            copied = reviewed.with_suffix(ending)
            if held.is_file():
                shutil.copyfile(held, copied)
            _refuse_changed(clip, copied, expected)
        # 2. The pixels as the public sees them, then the lighter copies of them.
        shown = folder / "shown.mp4"
        if studio.marks_corner:
            mark_corner(reviewed, shown)
        else:
            shutil.copyfile(reviewed, shown)
        drafts = {FileKind.LIGHT: light_preview(shown, folder / "light.mp4")}
        if ".jpg" in clip.pictures:
            poster = reviewed.with_suffix(".jpg")
            drafts[FileKind.POSTER] = poster
            drafts[FileKind.POSTER_WEBP] = light_poster(poster, folder / "poster.webp")
        if ".webp" in clip.pictures:
            drafts[FileKind.STRIP] = reviewed.with_suffix(".webp")
        # 3. What the file says of itself, signed last, because a signature covers every byte.
        title = public_title(clip)
        names = [credit.creator, *(each["name"] for each in credit.others if each.get("name"))]
        xmp.add_to_mp4(shown, xmp.packet(title=title, creators=[name for name in names if name]))
        drafts[FileKind.VIDEO] = folder / "signed.mp4"
        studio.signer.sign(
            shown,
            drafts[FileKind.VIDEO],
            title=title,
            credit=credit,
            model=clip.model,
            model_version=model_version,
            review=Review(decision.sha256, decision.id, decision.policy_version, head or ""),
            edits=[_MARKED] if studio.marks_corner else [],
        )
        # 4. Onto the shelf, each under its own name.
        rows = [_row(clip, kind, draft) for kind, draft in drafts.items()]
        named = [(draft, row.sha256) for draft, row in zip(drafts.values(), rows, strict=True)]
        shelving.put(media, shelf_note(clip), named)
    return rows


def shelf_note(clip: Clip) -> str:
    """The name of this try to publish the clip: another approval is another try."""
    return f"{clip.id}-{clip.attempt}"


def public_title(clip: Clip) -> str:
    """What the file calls itself. Never its prompt: its author may stop sharing that, and the file
    stays as it is."""
    return clip.title or say("en", "page.untitled")


def check_public(clip: Clip, media: MediaStore) -> None:
    """Raise BytesChanged unless the public files still are what was published."""
    public = clip.public_sha256 or ""
    _refuse_changed(clip, media.released(public, ".mp4"), clip.public_sha256)
    for ending, expected in clip.pictures.items():
        _refuse_changed(clip, media.picture(expected, ending, beside=public), expected)


def make_public(
    session: Session, clip_id: str, public_sha256: str, files: Sequence[PublicFile] = ()
) -> bool:
    """Flip the clip to published, with the rows of its files. False when it is no longer approved,
    which is nobody's error."""
    try:
        move(
            session,
            clip_id,
            "publish",
            actor=SYSTEM,
            body={
                "public_sha256": public_sha256,
                "files": {row.kind: row.sha256 for row in files},
            },
            error=None,
            public_sha256=public_sha256,
            published_at=utc_now(),
            publish_seq=_next_place(session),
        )
    except Conflict:
        return False
    session.add_all(files)
    session.flush()
    return True


def _next_place(session: Session) -> int:
    """One more than the last: nobody else writes between this and the commit."""
    return (session.exec(select(func.max(Clip.publish_seq))).one() or 0) + 1


def _row(clip: Clip, kind: FileKind, draft: Path) -> PublicFile:
    return PublicFile(
        clip_id=clip.id,
        kind=kind.value,
        sha256=sha256_of(draft),
        ending=draft.suffix,
        size_bytes=draft.stat().st_size,
    )


def _refuse_changed(clip: Clip, path: Path, expected: str | None) -> None:
    found = sha256_of(path) if path.is_file() else "none: it is missing"
    if found != expected:
        raise BytesChanged(clip_id=clip.id, ending=path.suffix, found=found, expected=expected)


def _approval(session: Session, clip: Clip) -> Decision:
    """The decision that the clip's approval rests on: the last one that stands."""
    made = standing(session, [clip.id])
    if clip.state == State.APPROVED and made:
        last = made[-1]
        facts = (last.verdict, last.sha256, last.reviewer_id)
        if facts == (Verdict.APPROVE, clip.approved_sha256, clip.approved_by):
            return last
    raise Conflict(state=clip.state, action="publishing")
