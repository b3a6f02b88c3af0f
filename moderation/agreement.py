"""How much people agree who judged the same clip without knowing of each other: Cohen's kappa.

Knows nothing of who is asked (asking.py). A pair is a first decision with the blind opinion on it,
or the known answer of a golden clip with the opinion on that. Kappa is the agreement beyond what
two people would reach by chance, each naming things as often as they do (J. Cohen, A coefficient
of agreement for nominal scales, Educational and Psychological Measurement 20, 1960): 1 is always
the same, 0 is no better than chance. It is taken of the verdict and, reason by reason, of whether
the reason was named. It is for leads, and for the person concerned.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel import Session, col, select

from accounts.models import Person
from accounts.permissions import MAY, User
from moderation.models import Decision, Golden, Opinion, OpinionKind, Undoing

LEAST: Final = 5
"""Fewer pairs than this say nothing: one more would turn the number over."""


@dataclass(frozen=True)
class Said:
    """What one side of a pair said."""

    verdict: str
    reasons: frozenset[str]


Pair = tuple[Said, Said]


@dataclass
class _Pairs:
    """The pairs of one person, what they said themselves first."""

    second: list[Pair]
    golden: list[Pair]


def agreement(session: Session, user: User) -> dict[str, Any]:
    """Leads, admins and auditors read everybody's; reviewers their own."""
    sees_all = user.may("see the workload")
    if not sees_all:
        user.must("review")
    overall, by_person = _pairs(session)
    people = _everybody(session, set(by_person)) if sees_all else [session.get_one(Person, user.id)]
    return {
        "least": LEAST,
        "overall": _measured(overall) if sees_all else None,
        "by_reviewer": [
            {"name": person.name, **_measured(by_person.get(person.id, _Pairs([], [])))}
            for person in people
        ],
    }


def kappa(pairs: Sequence[tuple[Hashable, Hashable]]) -> float | None:
    """Cohen's kappa of two raters. None where chance alone agrees on everything, because both
    always said one and the same thing: then there is nothing to be better than."""
    count = len(pairs)
    left, right = (Counter(pair[side] for pair in pairs) for side in (0, 1))
    by_chance = sum(often * right[what] for what, often in left.items())  # times count squared
    if count * count == by_chance:
        return None
    agreed = sum(one == other for one, other in pairs)
    return (agreed * count - by_chance) / (count * count - by_chance)


def measure(pairs: Sequence[tuple[Hashable, Hashable]]) -> dict[str, Any]:
    """Kappa with the counts behind it. `why`: what stands in its place where there is none."""
    value = kappa(pairs) if len(pairs) >= LEAST else None
    why = "few" if len(pairs) < LEAST else "constant" if value is None else None
    return {
        "pairs": len(pairs),
        "same": sum(one == other for one, other in pairs),
        "kappa": None if value is None else round(value, 3),
        "why": why,
    }


def _measured(pairs: _Pairs) -> dict[str, Any]:
    return {"second": _by_reason(pairs.second), "golden": _by_reason(pairs.golden)}


def _by_reason(pairs: list[Pair]) -> dict[str, Any]:
    """The verdict, and each reason that anybody named, the most often named first."""
    named: Counter[str] = Counter()
    for one, other in pairs:
        named.update(one.reasons | other.reasons)
    codes = sorted(named, key=lambda code: (-named[code], code))
    return {
        "verdict": measure([(one.verdict, other.verdict) for one, other in pairs]),
        "reasons": [
            {
                "code": code,
                "named": named[code],  # by one of the two or both
                **measure([(code in one.reasons, code in other.reasons) for one, other in pairs]),
            }
            for code in codes
        ],
    }


def _pairs(session: Session) -> tuple[_Pairs, dict[str, _Pairs]]:
    """All pairs that count, and those of each person: not where a decision was taken back, nor
    where a golden clip was retired."""
    overall = _Pairs([], [])
    by_person: defaultdict[str, _Pairs] = defaultdict(lambda: _Pairs([], []))
    undone = select(Undoing.decision_id)
    seconds = select(Decision, Opinion).join(Opinion, col(Opinion.decision_id) == Decision.id)
    for decision, opinion in session.exec(seconds.where(col(Decision.id).not_in(undone))):
        first, second = _said(decision), _said(opinion)
        overall.second.append((first, second))
        by_person[decision.reviewer_id].second.append((first, second))
        by_person[opinion.reviewer_id].second.append((second, first))
    known = select(Golden, Opinion).join(Opinion, col(Opinion.clip_id) == Golden.clip_id)
    known = known.where(Opinion.kind == OpinionKind.GOLDEN.value, col(Golden.retired_at).is_(None))
    for golden, opinion in session.exec(known):
        pair = (_said(opinion), _said(golden))
        overall.golden.append(pair)
        by_person[opinion.reviewer_id].golden.append(pair)
    return overall, dict(by_person)


def _said(row: Decision | Opinion | Golden) -> Said:
    return Said(row.verdict, frozenset(row.reasons))


def _everybody(session: Session, measured: set[str]) -> list[Person]:
    """Those who review, and those of whom there is something to read, by name."""
    roles = {role.value for role in MAY["review"]}
    people = session.exec(select(Person).order_by(col(Person.name)))
    return [
        person
        for person in people
        if person.id in measured or (person.role in roles and person.locked_at is None)
    ]
