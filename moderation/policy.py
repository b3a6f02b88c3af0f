"""The review policy: the reasons a decision can name, in fixed plain words, version by version.

Knows nothing of clips, and nothing of how a new version comes about (amendment.py). A decision
stores the version it was made under and is explained by that version for ever. Version 1 ships
as `policy_1.json` and has no row: a fresh database needs no write before it can be read, and every
instance means the same by "version 1". So that file is never edited; new words are a new version.
What ships since then (`policy_2.json`) becomes a version of its own where nobody has edited the
policy (amendment.py).
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from sqlmodel import Session, col, select

from errors import BadInput, ReasonsChanged, UnknownPolicy, UnknownReason
from language import LANGUAGES
from moderation.models import PolicyVersion
from store import as_text

SHIPPED: Final = 1
_VERSION: Final = re.compile(r"[1-9][0-9]{0,8}")
_FILE: Final = Path(__file__).with_name("policy_1.json")
_ADDED: Final = Path(__file__).with_name("policy_2.json")


@dataclass(frozen=True)
class Words:
    """A reason in one language."""

    label: str  # for the desk
    text: str  # what the clip's creator reads
    next: str  # what they can do about it


@dataclass(frozen=True)
class Reason:
    """A code for programs, and its words in both languages. A retired one is offered no more."""

    code: str
    en: Words
    fr: Words
    retired: bool = False

    def words(self, language: str) -> Words:
        return self.fr if language == "fr" else self.en


@dataclass(frozen=True)
class Policy:
    """One version of the policy, as it was and will be."""

    version: int
    reasons: tuple[Reason, ...]
    made_at: datetime | None = None  # None: it shipped with the app

    def find(self, code: str) -> Reason | None:
        return next((reason for reason in self.reasons if reason.code == code), None)

    @property
    def offered(self) -> list[Reason]:
        return [reason for reason in self.reasons if not reason.retired]


def current(session: Session) -> Policy:
    """The version that decisions are made under now."""
    newest = select(PolicyVersion).order_by(col(PolicyVersion.version).desc()).limit(1)
    row = session.exec(newest).first()
    return _as_policy(row) if row else shipped()


def find(session: Session, version: int) -> Policy:
    """One version. Raises UnknownPolicy."""
    if version == SHIPPED:
        return shipped()
    row = session.get(PolicyVersion, version) if 0 < version < 2**31 else None
    if row is None:
        raise UnknownPolicy(value=version, newest=current(session).version)
    return _as_policy(row)


def in_force(session: Session, moment: datetime) -> Policy:
    """The version that was current at a moment in the past."""
    then = select(PolicyVersion).where(col(PolicyVersion.made_at) <= moment)
    row = session.exec(then.order_by(col(PolicyVersion.version).desc()).limit(1)).first()
    return _as_policy(row) if row else shipped()


def check_reasons(session: Session, codes: list[str]) -> list[str]:
    """The codes without repeats, in the order given. Raises UnknownReason with the bad one."""
    policy = current(session)
    offered = [reason.code for reason in policy.offered]
    for code in codes:
        if code not in offered:
            raise UnknownReason(value=code, version=policy.version, known=", ".join(offered))
    return list(dict.fromkeys(codes))


def refuse_changed(session: Session, seen: str, codes: list[str]) -> None:
    """Raise ReasonsChanged where a code reads otherwise now than in the version it was chosen from,
    or stands in one of the two only: its creator would be told words that nobody chose."""
    now = current(session)
    if seen == str(now.version):
        return
    if not _VERSION.fullmatch(seen) or int(seen) > now.version:
        rule = f"a version of the review policy, 1 to {now.version}"
        step = "Send the one that the reasons were chosen from, or leave it out."
        raise BadInput(field="policy_version", value=seen, rule=rule, step=step)
    before = find(session, int(seen))
    changed = [code for code in dict.fromkeys(codes) if before.find(code) != now.find(code)]
    if changed:
        raise ReasonsChanged(codes=", ".join(changed), seen=before.version, version=now.version)


def explain(policy: Policy, code: str, language: str = "en") -> dict[str, Any]:
    """One reason as people read it. What is no code of this version stands for itself."""
    reason = policy.find(code)
    if reason is None:
        words = Words(label=code, text="", next="")
        reason = Reason(code=code, en=words, fr=words)
    return {"code": code, **asdict(reason.words(language)), **words_of(reason)}


def as_json(policy: Policy, language: str = "en") -> dict[str, Any]:
    """A version as the API shows it: what can be named now, and apart what was retired."""
    told = [(reason.retired, explain(policy, reason.code, language)) for reason in policy.reasons]
    return {
        "version": str(policy.version),  # text, like the version that a decision names
        "made_at": as_text(policy.made_at) if policy.made_at else None,
        "reasons": [each for retired, each in told if not retired],
        "retired": [each for retired, each in told if retired],
    }


@cache
def shipped() -> Policy:
    """Version 1."""
    return Policy(SHIPPED, as_reasons(json.loads(_FILE.read_text(encoding="utf-8"))))


@cache
def added() -> tuple[Reason, ...]:
    """The reasons that ship since version 1, to come after those of version 1."""
    return as_reasons(json.loads(_ADDED.read_text(encoding="utf-8")))


def as_reasons(rows: list[dict[str, Any]]) -> tuple[Reason, ...]:
    """The reasons of a stored version."""
    return tuple(
        Reason(row["code"], Words(**row["en"]), Words(**row["fr"]), row["retired"]) for row in rows
    )


def as_rows(reasons: tuple[Reason, ...]) -> list[dict[str, Any]]:
    """What a PolicyVersion stores; the same shape as `policy_1.json`."""
    return [{"code": each.code, "retired": each.retired, **words_of(each)} for each in reasons]


def words_of(reason: Reason) -> dict[str, dict[str, str]]:
    """A reason's words by language."""
    return {language: asdict(reason.words(language)) for language in LANGUAGES}


def _as_policy(row: PolicyVersion) -> Policy:
    return Policy(row.version, as_reasons(row.reasons), row.made_at)
