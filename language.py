"""The words of pages and screens in English and French, and which of the two a visitor reads.

Knows nothing of pages. Both catalogues hold the same keys (a test compares them).
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Final

LANGUAGES: Final = ("en", "fr")
_FOLDER: Final = Path(__file__).parent / "catalogues"


@cache
def catalogue(language: str) -> dict[str, str]:
    texts: dict[str, str] = json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return texts


def say(language: str, key: str, **values: object) -> str:
    """The text of `key`. Values replace `{name}`; they are escaped where the text is shown."""
    return catalogue(language)[key].format(**values)


def choose(accept_language: str) -> str:
    """The first language of an Accept-Language header that we have; English otherwise."""
    weighted = []
    for place, part in enumerate(accept_language.split(",")):
        name, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        weighted.append((-weight, place, name[:2].lower()))
    for weight, _, name in sorted(weighted):
        if name in LANGUAGES and weight < 0:  # a quality of 0 means: not this one (RFC 9110)
            return name
    return "en"
