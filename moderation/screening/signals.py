"""A signal: what a screener noticed about a clip, and how one that did not look says so.

Knows nothing of how anything is noticed, or of what people make of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

NOT_SCREENED: Final = "not_screened"


@dataclass(frozen=True)
class Signal:
    """One thing that was noticed: advice to reviewers, never a verdict."""

    check: str  # what was looked for
    says: str  # what was seen, for people
    score: float | None  # how sure, 0 to 1; None when nobody looked
    version: str  # which screener looked, and its version
    at_s: float | None = None  # where in the clip; None for all of it, or for its prompt
    reason: str | None = None  # the code of the policy that it may fall under

    def as_json(self) -> dict[str, Any]:
        fields = asdict(self)
        order = ("check", "says", "score", "at_s", "version", "reason")
        return {name: fields[name] for name in order}


def not_screened(missing: Mapping[str, str], version: str) -> list[dict[str, Any]]:
    """One signal for each cause, with the checks it kept from looking: `missing` is check → cause."""
    causes: dict[str, list[str]] = {}
    for check, cause in missing.items():
        causes.setdefault(cause, []).append(check)
    return [
        Signal(NOT_SCREENED, _sentence(checks, cause), None, version).as_json()
        for cause, checks in causes.items()
    ]


def strongest(signals: Iterable[Mapping[str, Any]]) -> float:
    """The highest score among them, 0 when there is none."""
    return max((signal["score"] or 0.0 for signal in signals), default=0.0)


def _sentence(checks: Sequence[str], cause: str) -> str:
    return f"Not screened for {', '.join(checks)}: {cause}."
