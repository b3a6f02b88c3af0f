"""The review policy: the reasons a decision can name, in fixed plain words.

Knows nothing of clips. A decision stores the version it was made under, so a changed policy
never rewrites what somebody was told.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from errors import UnknownReason

VERSION: Final = "1"


@dataclass(frozen=True)
class Reason:
    """A code for programs, a label for the desk, and the sentence its creator reads."""

    code: str
    label: str
    text: str


REASONS: Final = tuple(
    Reason(*row)
    for row in (
        ("sexual_content", "Sexual content", "The clip shows nudity or a sexual act."),
        ("minors", "Minors", "The clip shows a child in a way that this gallery does not publish."),
        ("violence", "Violence", "The clip shows cruelty, gore or serious harm."),
        ("hate", "Hate", "The clip attacks people for who they are."),
        ("real_person", "Real person", "The clip shows a real person who has not agreed to it."),
        (
            "copyright",
            "Copyright and marks",
            "The clip shows a work or mark that belongs to others.",
        ),
        ("deception", "Deception", "The clip could be taken for a real event that did not happen."),
        (
            "private_data",
            "Private data",
            "The clip shows private data, such as an address or a face.",
        ),
        ("technical_fault", "Technical fault", "The clip is broken, blank, frozen or too noisy."),
        ("not_in_brief", "Not in the brief", "The clip does not fit what this gallery collects."),
    )
)

_BY_CODE: Final = {reason.code: reason for reason in REASONS}


def explain(code: str) -> dict[str, str]:
    """One reason as people read it. A code of an older policy stands for itself."""
    reason = _BY_CODE.get(code)
    return asdict(reason) if reason else {"code": code, "label": code, "text": ""}


def check_reasons(codes: list[str]) -> list[str]:
    """The codes without repeats, in the order given. Raises UnknownReason with the bad one."""
    for code in codes:
        if code not in _BY_CODE:
            raise UnknownReason(value=code, version=VERSION, known=", ".join(_BY_CODE))
    return list(dict.fromkeys(codes))


def as_json() -> dict[str, Any]:
    return {"version": VERSION, "reasons": [asdict(reason) for reason in REASONS]}
