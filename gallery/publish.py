"""Making a clip public: the reviewed bytes checked, signed, and put on the public shelf.

Knows nothing of queues or of who decided. Every part is safe to repeat after a crash: files are
named by their content and the state changes last.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from sqlmodel import Session, col, func, select

from accounts.models import Person
from accounts.profiles import credit_names
from audit import SYSTEM, AuditRow
from errors import Conflict, GreenlightError
from gallery.provenance import Review, Signer
from language import say
from media import MediaStore, sha256_of
from moderation.four_eyes import standing
from moderation.models import Clip, Decision, State, Verdict
from moderation.transitions import move
from store import utc_now


class BytesChanged(GreenlightError):
    """A file on disk is not the one that was reviewed or published."""

    status = 409
    code = "bytes_changed"
    says = "The {ending} of clip {clip_id} has sha256 {found}; it should be {expected}."
    fix_says = "Find out who changed the media folder, then restore the file from a backup."


def sign_reviewed(session: Session, clip: Clip, *, media: MediaStore, signer: Signer) -> str:
    """Sign exactly the approved bytes into the public store and return the signed file's sha256.

    Raises BytesChanged when the stored file is not what the reviewer saw.
    """
    decision = _approval(session, clip)
    creator = session.get(Person, clip.creator_id)
    credited = credit_names(session, [clip.creator_id])
    head = session.exec(select(AuditRow.hash).order_by(col(AuditRow.seq).desc()).limit(1)).first()
    with media.working(f"publish-{clip.id}") as folder:
        # Copies are checked and only the copies are used: what changes on the shelf after the
        # check cannot slip into the public file.
        reviewed = folder / "reviewed.mp4"
        for ending, expected in ((".mp4", clip.approved_sha256), *clip.pictures.items()):
            held = media.path("held", clip.sha256 or "", ending)
            copied = reviewed.with_suffix(ending)
            if held.is_file():
                shutil.copyfile(held, copied)
            _refuse_changed(clip, copied, expected)
        draft = folder / "signed.mp4"
        signer.sign(
            reviewed,
            draft,
            # Never the prompt: its creator may stop sharing it, and this file stays as it is.
            title=clip.title or say("en", "page.untitled"),
            creator=credited.get(clip.creator_id) or (creator.name if creator else ""),
            model=clip.model,
            review=Review(decision.sha256, decision.id, decision.policy_version, head or ""),
        )
        public_sha256 = sha256_of(draft)
        media.put(draft, "public", public_sha256)
        for ending in clip.pictures:
            media.put(reviewed.with_suffix(ending), "public", public_sha256)
    return public_sha256


def check_public(clip: Clip, media: MediaStore) -> None:
    """Raise BytesChanged unless the public files still are what was published."""
    for ending, expected in ((".mp4", clip.public_sha256), *clip.pictures.items()):
        _refuse_changed(clip, media.path("public", clip.public_sha256 or "", ending), expected)


def make_public(session: Session, clip_id: str, public_sha256: str) -> bool:
    """Flip the clip to published. False when it is no longer approved, which is nobody's error."""
    try:
        move(
            session,
            clip_id,
            "publish",
            actor=SYSTEM,
            body={"public_sha256": public_sha256},
            error=None,
            public_sha256=public_sha256,
            published_at=utc_now(),
            publish_seq=_next_place(session),
        )
    except Conflict:
        return False
    return True


def _next_place(session: Session) -> int:
    """One more than the last: nobody else writes between this and the commit."""
    return (session.exec(select(func.max(Clip.publish_seq))).one() or 0) + 1


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
