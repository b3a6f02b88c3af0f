"""What the Commission's Transparency Database takes as a statement of reasons (API v2, 1 July 2025).

Written out from its documentation, https://transparency.dsa.ec.europa.eu/page/api-documentation,
and the checks in its source. Knows nothing of our export. Limits: only the values that a clip can
have anything to do with are told apart; languages and keywords are not listed.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final
from urllib.parse import urlsplit

VISIBILITIES: Final = {
    f"DECISION_VISIBILITY_{name}"
    for name in (
        "CONTENT_REMOVED",
        "CONTENT_DISABLED",
        "CONTENT_DEMOTED",
        "CONTENT_AGE_RESTRICTED",
        "CONTENT_INTERACTION_RESTRICTED",
        "CONTENT_LABELLED",
        "OTHER",
    )
}
CATEGORIES: Final = {
    f"STATEMENT_CATEGORY_{name}"
    for name in (
        "ANIMAL_WELFARE",
        "CONSUMER_INFORMATION",
        "CYBER_VIOLENCE",
        "CYBER_VIOLENCE_AGAINST_WOMEN",
        "DATA_PROTECTION_AND_PRIVACY_VIOLATIONS",
        "ILLEGAL_OR_HARMFUL_SPEECH",
        "INTELLECTUAL_PROPERTY_INFRINGEMENTS",
        "NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS",
        "NOT_SPECIFIED_NOTICE",
        "OTHER_VIOLATION_TC",
        "PROTECTION_OF_MINORS",
        "RISK_FOR_PUBLIC_SECURITY",
        "SCAMS_AND_FRAUD",
        "SELF_HARM",
        "UNSAFE_AND_PROHIBITED_PRODUCTS",
        "VIOLENCE",
    )
}
CONTENT_TYPES: Final = {
    f"CONTENT_TYPE_{name}"
    for name in (
        "APP",
        "AUDIO",
        "IMAGE",
        "PRODUCT",
        "SYNTHETIC_MEDIA",
        "TEXT",
        "VIDEO",
        "OTHER",
    )
}
_EEA: Final = (
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
)
COUNTRIES: Final = set(_EEA.split())
ONE_OF: Final[dict[str, set[str]]] = {
    "decision_ground": {"DECISION_GROUND_ILLEGAL_CONTENT", "DECISION_GROUND_INCOMPATIBLE_CONTENT"},
    "category": CATEGORIES,
    "incompatible_content_illegal": {"Yes", "No"},
    "source_type": {
        "SOURCE_ARTICLE_16",
        "SOURCE_TRUSTED_FLAGGER",
        "SOURCE_TYPE_OTHER_NOTIFICATION",
        "SOURCE_VOLUNTARY",
    },
    "automated_detection": {"Yes", "No"},
    "automated_decision": {
        "AUTOMATED_DECISION_FULLY",
        "AUTOMATED_DECISION_PARTIALLY",
        "AUTOMATED_DECISION_NOT_AUTOMATED",
    },
}
SOME_OF: Final = {
    "decision_visibility": VISIBILITIES,
    "content_type": CONTENT_TYPES,
    "category_addition": CATEGORIES,
    "territorial_scope": COUNTRIES,
}
TEXTS: Final = {
    "decision_visibility_other": 500,
    "decision_facts": 5000,
    "decision_ground_reference_url": 500,
    "incompatible_content_ground": 500,
    "incompatible_content_explanation": 2000,
    "puid": 500,
}
DATES: Final = {
    "content_date": date(2000, 1, 1),
    "application_date": date(2020, 1, 1),
    "end_date_visibility_restriction": date(2020, 1, 1),
}
LAST_DAY: Final = date(2038, 1, 1)
REQUIRED: Final = {
    "decision_visibility",  # unless money, provision or account were decided on: never here
    "decision_facts",
    "decision_ground",
    "content_type",
    "category",
    "territorial_scope",
    "content_date",
    "application_date",
    "source_type",
    "automated_detection",
    "automated_decision",
    "puid",
}


def refusals(body: dict[str, Any]) -> list[str]:
    """What the database would not take, in words; empty when it takes it all."""
    known = set(ONE_OF) | set(SOME_OF) | set(TEXTS) | set(DATES)
    found = [f"{name} is no field" for name in body.keys() - known]
    found += [f"{name} is missing" for name in REQUIRED - body.keys()]
    for name, value in body.items():
        if not _fits(name, value):
            found.append(f"{name} may not be {value!r}")
    return found + _apart(body)


def _fits(name: str, value: Any) -> bool:
    if name in ONE_OF:
        return value in ONE_OF[name]
    if name in SOME_OF:
        many = isinstance(value, list) and len(value) > 0 and len(set(value)) == len(value)
        return many and set(value) <= SOME_OF[name]
    if name in TEXTS:
        return isinstance(value, str) and 0 < len(value) <= TEXTS[name]
    if name in DATES:
        is_day = isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None
        return is_day and DATES[name] <= date.fromisoformat(value) <= LAST_DAY
    return True


def _apart(body: dict[str, Any]) -> list[str]:
    """What one field asks of another, and of its own letters."""
    found = []
    is_other = "DECISION_VISIBILITY_OTHER" in body.get("decision_visibility", [])
    if is_other != ("decision_visibility_other" in body):
        found.append("decision_visibility_other goes with DECISION_VISIBILITY_OTHER")
    if body.get("decision_ground") == "DECISION_GROUND_INCOMPATIBLE_CONTENT":
        for name in ("incompatible_content_ground", "incompatible_content_explanation"):
            if name not in body:
                found.append(f"{name} is missing")
    if body.get("end_date_visibility_restriction", "9") < body.get("application_date", ""):
        found.append("the restriction ends before it begins")
    if body.get("category") in body.get("category_addition", []):
        found.append("the category is named twice")
    if not re.fullmatch(r"[a-zA-Z0-9_-]+", body.get("puid", "")):
        found.append("the puid has other characters than letters, digits, - and _")
    address = urlsplit(body.get("decision_ground_reference_url", "https://clips.example"))
    if address.scheme not in ("http", "https") or not address.hostname:
        found.append("decision_ground_reference_url is no address")
    return found
