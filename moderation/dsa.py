"""A statement of reasons in the shape that Article 17 of the Digital Services Act asks for: a body
for the API of the Commission's Transparency Database, in its second version, of 1 July 2025.

Names, values, lengths and what goes with what are those of its documentation,
https://transparency.dsa.ec.europa.eu/page/api-documentation, and of the checks in its source,
https://github.com/digital-services-act/transparency-database (both read in November 2026). A field
that does not apply is left out, as in its examples: some take no null.

Knows nothing of people. What leaves here carries no personal data: no name, no pseudonym, and no
word that anybody typed, neither prompt nor note nor a take-down's reason in words. Whether
declining to publish is a restriction in the Act's sense is unsettled; the statement is made anyway,
as DECISION_VISIBILITY_OTHER. Keywords (category_specification) are left out, because one code of
the policy covers more than one. Nothing is sent anywhere: this is the export, not the submission.
"""

from __future__ import annotations

from typing import Any, Final

from errors import NothingRestricted
from language import say
from moderation.models import Clip, State
from moderation.policy import Reason
from moderation.statements import Statement

GROUND_LIMIT: Final = 500
EXPLANATION_LIMIT: Final = 2000

_OTHER: Final = "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"
CATEGORIES: Final = {
    "minors": "STATEMENT_CATEGORY_PROTECTION_OF_MINORS",
    "violence": "STATEMENT_CATEGORY_VIOLENCE",
    "hate": "STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH",
    "real_person": "STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS",
    "private_data": "STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS",
    "copyright": "STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS",
}
"""The shipped codes that have a category of their own; every other code is the policy's own rule."""

# A clip that is not shown is shown nowhere, so the scope is the whole European Economic Area.
SCOPE: Final = (
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
)

_NOTIFIED: Final = "SOURCE_TYPE_OTHER_NOTIFICATION"
"""No notice in the sense of Article 16: that has a name, an e-mail address and a statement of good
faith, and a report here asks for none of them."""

_RESTRICTIONS: Final = {
    State.REJECTED.value: "DECISION_VISIBILITY_OTHER",
    State.CHANGES_REQUESTED.value: "DECISION_VISIBILITY_OTHER",
    State.TAKEN_DOWN.value: "DECISION_VISIBILITY_CONTENT_DISABLED",
}


def as_dsa(statement: Statement, clip: Clip, *, language: str, address: str) -> dict[str, Any]:
    """The export of one statement. Raises NothingRestricted for an approval, and for a decision
    that was taken back within its seconds: nothing followed from it."""
    visibility = _RESTRICTIONS.get(statement.outcome)
    if visibility is None:
        raise NothingRestricted(outcome=statement.outcome)
    if statement.taken_back_at is not None:
        raise NothingRestricted(outcome=f"{statement.outcome} and that was taken back")
    known = [statement.policy.find(code) for code in statement.codes]
    named = [reason for reason in known if reason is not None]
    version = statement.policy.version
    categories = _categories(named)
    body: dict[str, Any] = {
        "puid": statement.id,
        "decision_visibility": [visibility],
        "decision_facts": _facts(statement, language),
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "decision_ground_reference_url": f"{address}/api/v1/policy?version={version}",
        "incompatible_content_ground": _cut(_ground(named, version, language), GROUND_LIMIT),
        "incompatible_content_explanation": _cut(_why(named, language), EXPLANATION_LIMIT),
        "incompatible_content_illegal": "No",
        "content_type": ["CONTENT_TYPE_VIDEO", "CONTENT_TYPE_SYNTHETIC_MEDIA"],
        "category": categories[0],
        "territorial_scope": SCOPE.split(),
        "content_date": clip.created_at.date().isoformat(),
        "application_date": statement.decided_at.date().isoformat(),
        "source_type": _NOTIFIED if statement.is_noticed else "SOURCE_VOLUNTARY",
        "automated_detection": "Yes" if statement.is_advised else "No",
        "automated_decision": "AUTOMATED_DECISION_NOT_AUTOMATED",
    }
    if visibility == "DECISION_VISIBILITY_OTHER":
        body["decision_visibility_other"] = say(language, "dsa.not_published")
    if len(categories) > 1:
        body["category_addition"] = categories[1:]
    if statement.ended_at is not None:
        body["end_date_visibility_restriction"] = statement.ended_at.date().isoformat()
    return body


def _facts(statement: Statement, language: str) -> str:
    advice = "statement.advice.yes" if statement.is_advised else "statement.advice.no"
    keys = (statement.facts_key, "dsa.by_a_person", advice)
    return " ".join(say(language, key) for key in keys)


def _ground(named: list[Reason], version: int, language: str) -> str:
    labels = "; ".join(reason.words(language).label for reason in named)
    if not labels:
        return say(language, "dsa.ground.none", version=version)
    return say(language, "dsa.ground", version=version, labels=labels)


def _why(named: list[Reason], language: str) -> str:
    if not named:
        return say(language, "dsa.unnamed")
    return " ".join(reason.words(language).text for reason in named)


def _categories(named: list[Reason]) -> list[str]:
    """The first reason's category first; each one once."""
    found = [CATEGORIES.get(reason.code, _OTHER) for reason in named]
    return list(dict.fromkeys(found)) or [_OTHER]


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
