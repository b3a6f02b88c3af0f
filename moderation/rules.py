"""What an owner sets for the review: how long each step may take, when two people must agree,
and how often their agreement is measured.

Knows nothing of clips. The values come from the settings; those who act are handed them.
"""

from __future__ import annotations

from dataclasses import dataclass

from settings import Settings


@dataclass(frozen=True)
class Rules:
    """Hours until each step is due, seconds of leases and of taking back, and the four-eyes rules."""

    claim_s: int
    undo_s: float
    first_h: float
    second_h: float
    appeal_h: float
    late_h: float  # after it was due: then the clip's creator may take it home
    second_reasons: frozenset[str]
    second_first_clips: int
    second_advice: float  # 0: never
    second_share: float
    opinion_share: float  # of first decisions, that a colleague judges blind
    golden_share: float  # of decisions, after which a golden clip comes


def rules_of(settings: Settings) -> Rules:
    return Rules(
        claim_s=settings.claim_s,
        undo_s=settings.undo_s,
        first_h=settings.review_due_h,
        second_h=settings.second_due_h,
        appeal_h=settings.appeal_due_h,
        late_h=settings.late_h,
        second_reasons=settings.second_reasons,
        second_first_clips=settings.second_first_clips,
        second_advice=settings.second_advice,
        second_share=settings.second_share,
        opinion_share=settings.opinion_share,
        golden_share=settings.golden_share,
    )
