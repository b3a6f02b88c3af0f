"""The licences that a creator can publish a clip under, each with the address of its words.

Knows nothing of clips. The list is closed: a licence of one's own wording would be read by nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from errors import BadInput
from language import LANGUAGES, say


class UnknownLicence(BadInput):
    """A licence that is not on the list."""

    code = "unknown_licence"
    says = "The licence {value!r} is not one that can be chosen here."
    fix_says = "Send one of {known}."


@dataclass(frozen=True)
class Licence:
    """`address`: its canonical place, as programs compare it; None where there are no such words."""

    code: str
    address: str | None

    def name(self, language: str) -> str:
        return say(language, f"licence.{self.code}")

    def deed(self, language: str) -> str | None:
        """The page for people, in their language."""
        return f"{self.address}deed.{language}" if self.address else None


_CREATIVE_COMMONS: Final = "https://creativecommons.org"
RESERVED: Final = Licence("all-rights-reserved", None)
LICENCES: Final[dict[str, Licence]] = {
    each.code: each
    for each in (
        Licence("cc0", f"{_CREATIVE_COMMONS}/publicdomain/zero/1.0/"),
        Licence("cc-by", f"{_CREATIVE_COMMONS}/licenses/by/4.0/"),
        Licence("cc-by-sa", f"{_CREATIVE_COMMONS}/licenses/by-sa/4.0/"),
        Licence("cc-by-nc", f"{_CREATIVE_COMMONS}/licenses/by-nc/4.0/"),
        RESERVED,
    )
}
"""code → licence, the freest first."""


def find(code: str) -> Licence:
    """Raises UnknownLicence."""
    licence = LICENCES.get(code)
    if licence is None:
        raise UnknownLicence(field="licence", value=code, known=", ".join(LICENCES))
    return licence


def as_json(code: str) -> dict[str, Any]:
    """A licence for whoever shows it, with its name and the page of its words by language."""
    licence = find(code)
    return {
        "code": licence.code,
        "url": licence.address,
        "names": {language: licence.name(language) for language in LANGUAGES},
        "deeds": {language: licence.deed(language) for language in LANGUAGES},
    }
