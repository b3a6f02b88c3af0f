"""Public numbers about the gate: how much is approved, for which reasons not, and how long it takes.

Knows nothing of single clips, and lets nothing out that points at one. Three rules see to that:
a count below FEW is None; other counts are rounded down to a multiple of FEW; and a share is None
where fewer than FEW clips stand on either side of it, unless nobody does. Shares and waits leave
out the newest decisions that do not fill up FEW, so whoever looks before and after one decision
learns nothing of it. The published clips are counted as they are, because everyone can count them.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, String, cast
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, and_, col, func, not_, select

from moderation import policy
from moderation.models import (
    REVIEWED,
    Appeal,
    Clip,
    Decision,
    Stage,
    State,
    Undoing,
    Verdict,
)
from moderation.policy import Policy, words_of
from moderation.report_models import Outcome, ReportCase
from store import Store

FEW: Final = 5
_RECENT: Final = 500
"""Waits are taken over this many latest decisions, so that they describe now, not last year."""
_WAIT_DIGITS: Final = 2


@dataclass
class _Tally:
    """What became of the decisions that name one reason, or of all."""

    verdicts: Counter[str] = field(default_factory=Counter)
    advised: int = 0
    appealed: int = 0
    answered: int = 0
    overturned: int = 0

    def add(
        self, count: int, verdict: str, is_advised: bool, is_appealed: bool, answer: str | None
    ) -> None:
        """That many decisions, which all ended alike."""
        self.verdicts[verdict] += count
        self.advised += count * is_advised
        self.appealed += count * is_appealed
        self.answered += count * (answer is not None)
        self.overturned += count * (answer == Verdict.APPROVE)

    @property
    def total(self) -> int:
        return self.verdicts.total()

    def count(self, verdict: Verdict) -> int:
        return self.verdicts[verdict.value]


class Board:
    """The numbers as they were a moment ago: worked out once for all who ask meanwhile.

    Everyone may ask, and over a hundred thousand decisions it takes a quarter of a second.
    """

    def __init__(self, keep_s: float = 5.0) -> None:
        self._keep_s = keep_s
        self._lock = threading.Lock()
        self._until = 0.0
        self._numbers: dict[str, Any] = {}

    def read(self, store: Store) -> dict[str, Any]:
        with self._lock:
            if time.monotonic() >= self._until:
                with store.read() as session:
                    self._numbers = numbers(session)
                self._until = time.monotonic() + self._keep_s
            return self._numbers


def numbers(session: Session) -> dict[str, Any]:
    """Counts and shares over all decisions and by reason, clips waiting, and the usual wait."""
    newest = policy.current(session)
    until = _until(session)
    whole, by_reason = _tallies(session, until)
    return {
        "approved": shown(whole.count(Verdict.APPROVE)),
        "rejected": shown(whole.count(Verdict.REJECT)),
        "changes_requested": shown(whole.count(Verdict.REQUEST_CHANGES)),
        "published": _count(session, State.PUBLISHED),
        "waiting": shown(_count(session, *REVIEWED)),
        "wait_s": _waits(session, until),
        "fewer_than": FEW,
        "decisions": shown(whole.total),
        "shares": _shares(whole),
        "reports": _reports(session),
        "policy_version": str(newest.version),
        "reasons": _reasons(newest, by_reason),
    }


def _reports(session: Session) -> dict[str, int | None]:
    """How many reports came in, how many cases they made that have ended, and with what."""
    received = session.exec(select(func.sum(ReportCase.count))).one()
    ended = select(ReportCase.outcome, func.count()).where(col(ReportCase.closed_at).is_not(None))
    by_outcome = dict(session.exec(ended.group_by(col(ReportCase.outcome))).all())
    return {
        "received": shown(received or 0),
        "closed": shown(sum(by_outcome.values())),
        "taken_down": shown(by_outcome.get(Outcome.TAKEN_DOWN.value, 0)),
    }


def shown(count: int) -> int | None:
    """A count as the public reads it: a multiple of FEW, None below it."""
    return count - count % FEW if count >= FEW else None


def share(part: int, whole: int) -> float | None:
    """A share to the hundredth; None where it would tell of a few."""
    sides = (part, whole - part)
    if whole < FEW or any(0 < side < FEW for side in sides):
        return None
    return round(part / whole, 2)


def _shares(tally: _Tally) -> dict[str, float | None]:
    return {
        "approve": share(tally.count(Verdict.APPROVE), tally.total),
        "reject": share(tally.count(Verdict.REJECT), tally.total),
        "changes": share(tally.count(Verdict.REQUEST_CHANGES), tally.total),
        "appeal": share(tally.appealed, tally.count(Verdict.REJECT)),
        "overturn": share(tally.overturned, tally.answered),
        "advised": share(tally.advised, tally.total),
    }


def _reasons(newest: Policy, by_reason: dict[str, _Tally]) -> list[dict[str, Any]]:
    """One line for each reason that can be named now, in the order of the policy."""
    lines = []
    for reason in newest.offered:
        tally = by_reason.get(reason.code, _Tally())
        named = {"code": reason.code, "label": reason.en.label, "words": words_of(reason)}
        lines.append({**named, "decisions": shown(tally.total), "shares": _shares(tally)})
    return lines


def _tallies(session: Session, until: datetime | None) -> tuple[_Tally, dict[str, _Tally]]:
    """All decisions up to a moment, and those that name each reason. Answers to appeals count as
    what became of the rejection they answer, not as decisions of their own."""
    whole = _Tally()
    by_reason: dict[str, _Tally] = {}
    if until is None:
        return whole, by_reason
    answer = aliased(Decision)
    alike = (
        cast(Decision.reasons, String),
        col(Decision.verdict),
        col(Decision.advised),
        col(Appeal.decision_id).is_not(None),
        col(answer.verdict),
    )
    query = select_columns(func.count(), *alike).where(_counts(), col(Decision.decided_at) <= until)
    query = query.select_from(Decision)
    query = query.join(Appeal, col(Appeal.decision_id) == Decision.id, isouter=True)
    query = query.join(answer, col(answer.id) == Appeal.answer_id, isouter=True)
    for count, codes, *fate in session.execute(query.group_by(*alike)):
        named = (by_reason.setdefault(code, _Tally()) for code in json.loads(codes))
        for tally in (whole, *named):
            tally.add(count, *fate)
    return whole, by_reason


def _counts() -> ColumnElement[bool]:
    """Decisions that were not taken back and are no answers to an appeal."""
    taken_back = col(Decision.id).in_(select(Undoing.decision_id))
    return and_(Decision.stage != Stage.APPEAL.value, not_(taken_back))


def _until(session: Session) -> datetime | None:
    """The moment of the newest decision that is told of; None before there are FEW."""
    total = session.exec(select(func.count()).select_from(Decision).where(_counts())).one()
    if total < FEW:
        return None
    newest = select(Decision.decided_at).where(_counts()).order_by(col(Decision.decided_at).desc())
    return session.exec(newest.offset(total % FEW).limit(1)).one()


def _waits(session: Session, until: datetime | None) -> dict[str, float | None]:
    if until is None:
        return {"p50": None, "p90": None}
    recent = select(Decision.waited_s).where(_counts(), col(Decision.decided_at) <= until)
    ordered = sorted(session.exec(recent.order_by(col(Decision.decided_at).desc()).limit(_RECENT)))
    return {"p50": _percentile(ordered, 0.5), "p90": _percentile(ordered, 0.9)}


def _count(session: Session, *states: State) -> int:
    wanted = col(Clip.state).in_([state.value for state in states])
    return session.exec(select(func.count()).select_from(Clip).where(wanted)).one()


def _percentile(ordered: list[float], part: float) -> float | None:
    """Nearest-rank percentile of an ascending list, in two digits: no single wait can be read."""
    if len(ordered) < FEW:
        return None
    return _rounded(ordered[max(0, math.ceil(part * len(ordered)) - 1)])


def _rounded(value: float) -> float:
    if value <= 0:
        return 0.0
    return round(value, _WAIT_DIGITS - 1 - math.floor(math.log10(value)))
