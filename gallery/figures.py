"""Numbers as people read them, in English or French: shares, waits, counts.

Knows nothing of what is counted. The thresholds of a wait are those of ui/static/kit.js, so that a
page and a screen say the same.
"""

from __future__ import annotations

from language import say


def percent(language: str, share: float) -> str:
    return say(language, "stats.percent", n=round(share * 100))


def duration(language: str, seconds: float) -> str:
    if seconds < 9.95:
        return say(language, "time.s", n=number(language, round(seconds, 1)))
    if seconds < 90:
        return say(language, "time.s", n=number(language, round(seconds)))
    for unit, size, limit in (("min", 60, 5400), ("h", 3600, 172_800)):
        if seconds < limit:
            return say(language, f"time.{unit}", n=number(language, round(seconds / size)))
    return say(language, "time.d", n=number(language, round(seconds / 86400)))


def number(language: str, value: float) -> str:
    """With the separators of the language: 1,200.5 or 1 200,5."""
    text = f"{value:,.1f}".removesuffix(".0")
    if language != "fr":
        return text
    return text.replace(",", "\u202f").replace(".", ",")
