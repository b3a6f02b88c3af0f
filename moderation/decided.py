"""Clips that people have decided on, packed for comparing: pictures by their hashes, prompts by words.

Knows nothing of who asks or what was decided, and holds no rule about who may see what: whoever
uses what is found here reads the rows again. Kept in memory and brought up to date from the audit
log at each look, so that ten thousand clips are compared in milliseconds.
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, func, select

from audit import AuditRow
from moderation.models import Clip
from moderation.screening.disguises import words
from moderation.screening.likeness import alike, packed

_DECISIONS: Final = ("approve", "hold", "reject", "request_changes")


@dataclass(frozen=True)
class Resemblance:
    """How alike a decided clip is to the one asked about, each 0 to 1."""

    clip_id: str
    picture: float
    prompt: float

    @property
    def strongest(self) -> float:
        return max(self.picture, self.prompt)


class DecidedClips:
    """What has been decided on so far. `nearest` may be called from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read_to = 0  # the last row of the log that is in here
        self._ids: list[str] = []
        self._places: dict[str, int] = {}
        # Hashes of all clips one after the other; a clip without any is not in here.
        self._hashes = array("Q")
        self._hash_starts = array("q")
        self._hash_owners = array("q")
        # Words of all clips one after the other, as numbers; a clip without any has the number 0.
        self._vocabulary: dict[str, int] = {"": 0}
        self._words = array("q")
        self._word_starts = array("q")

    def nearest(
        self,
        session: Session,
        *,
        hashes: Sequence[str],
        prompt: str = "",
        least_picture: float,
        least_prompt: float = 1.1,
    ) -> list[Resemblance]:
        """Those that are at least so alike in either way, most alike first, newest first of equals."""
        with self._lock:
            self._catch_up(session)
            pictures = self._pictures(packed(hashes))
            prompts = self._prompts(prompt)
            enough = np.flatnonzero((pictures >= least_picture) | (prompts >= least_prompt))
            found = [
                Resemblance(self._ids[place], float(pictures[place]), float(prompts[place]))
                for place in reversed(enough)
            ]
        return sorted(found, key=lambda each: -each.strongest)

    def _catch_up(self, session: Session) -> None:
        """Take in what the log has gained. A clip's pictures and prompt do not change any more."""
        head = session.exec(select(func.max(AuditRow.seq))).one() or 0
        if head <= self._read_to:
            return
        fresh = select(AuditRow.subject).where(
            col(AuditRow.seq) > self._read_to,
            col(AuditRow.seq) <= head,
            col(AuditRow.action).in_(_DECISIONS),
        )
        query = select(Clip.id, Clip.prompt, Clip.hashes).where(
            col(Clip.id).in_(fresh), col(Clip.deleted_at).is_(None)
        )
        for clip_id, prompt, hashes in session.exec(query.order_by(col(Clip.pending_since))):
            if clip_id not in self._places:
                self._add(clip_id, prompt, hashes)
        self._read_to = head

    def _add(self, clip_id: str, prompt: str, hashes: Sequence[str]) -> None:
        place = self._places[clip_id] = len(self._ids)
        self._ids.append(clip_id)
        numbers = packed(hashes)
        if len(numbers):
            self._hash_starts.append(len(self._hashes))
            self._hash_owners.append(place)
            self._hashes.extend(numbers.tolist())
        self._word_starts.append(len(self._words))
        known = self._vocabulary
        self._words.extend(
            sorted({known.setdefault(word, len(known)) for word in words(prompt)} or {0})
        )

    def _pictures(self, asked: NDArray[np.uint64]) -> NDArray[np.float64]:
        likeness = np.zeros(len(self._ids))
        if len(asked) and self._hashes:
            others = np.frombuffer(self._hashes, np.uint64)
            starts = np.frombuffer(self._hash_starts, np.int64)
            likeness[np.frombuffer(self._hash_owners, np.int64)] = alike(asked, others, starts)
        return likeness

    def _prompts(self, prompt: str) -> NDArray[np.float64]:
        """Cosine of the sets of words, a rare word counting for more than a common one."""
        asked = set(words(prompt))
        if not asked or not self._ids:
            return np.zeros(len(self._ids))
        held, starts = (np.frombuffer(each, np.int64) for each in (self._words, self._word_starts))
        often = np.bincount(held, minlength=len(self._vocabulary))
        weight = np.log1p(len(self._ids) / np.maximum(often, 1)) ** 2
        rarest = np.log1p(len(self._ids)) ** 2
        numbers = [self._vocabulary[word] for word in asked if word in self._vocabulary]
        is_shared = np.zeros(len(weight))
        is_shared[numbers] = 1
        whole = weight[numbers].sum() + rarest * (len(asked) - len(numbers))
        shared = np.add.reduceat((weight * is_shared)[held], starts)
        cosine: NDArray[np.float64] = shared / np.sqrt(
            np.add.reduceat(weight[held], starts) * whole
        )
        return cosine
