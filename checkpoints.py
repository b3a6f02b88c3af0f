"""Heads of the audit log, written down outside its table, now and then.

Knows nothing of rows beyond their number and hash. Cutting the end of the table off, or writing it
anew with a stolen key, shows against this file; and whoever copies the file to another machine
need not trust this one. After a power cut the newest rows can be missing in truth
(GREENLIGHT_SQLITE_FULL_SYNC), and that is said too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlmodel import Session, col, select

from audit import AuditRow

FILE: Final = "audit-heads.txt"
"""In the data folder. A line for each head: number, hash, and when it was written."""


def note(session: Session, folder: Path) -> None:
    """Write the present head down, if it is another than the last one here."""
    head = session.exec(select(AuditRow).order_by(col(AuditRow.seq).desc()).limit(1)).first()
    if head is None:
        return
    path = folder / FILE
    noted = _read(path)
    if noted and noted[-1] == (head.seq, head.hash):
        return
    with path.open("a", encoding="ascii") as file:
        file.write(f"{head.seq} {head.hash} {head.at.isoformat()}\n")


def contradictions(session: Session, folder: Path) -> list[str]:
    """What the file says and the table does not, in sentences."""
    try:
        noted = _read(folder / FILE)
    except ValueError:
        return [f"{FILE} cannot be read: a line of it is no head."]
    hashes = dict(session.exec(select(AuditRow.seq, AuditRow.hash)).all())
    return [
        f"Row {seq} was the head of the log once, and is {_fate(hashes.get(seq))} now."
        for seq, digest in noted
        if hashes.get(seq) != digest
    ]


def _fate(digest: str | None) -> str:
    return "missing" if digest is None else "another one"


def _read(path: Path) -> list[tuple[int, str]]:
    """Heads in the order they were written; a last line that was cut by a crash does not count."""
    if not path.is_file():
        return []
    *lines, _cut = path.read_text(encoding="ascii").split("\n")
    parts = [line.split(" ") for line in lines]
    if any(len(each) != 3 for each in parts):
        raise ValueError(path)
    return [(int(seq), digest) for seq, digest, _ in parts]
