"""What a clip says of itself to the public, as its JSON has it, where a test does not care.

Knows nothing of what is tested.
"""

from __future__ import annotations

from typing import Any

from moderation.licences import as_json


def said(licence: str = "all-rights-reserved", **words: Any) -> dict[str, Any]:
    return {
        "title": "",
        "shares_prompt": True,
        "licence": as_json(licence),
        "credits": [],
        "credit": "ana",
        **words,
    }


BEA = {"name": "Bea", "role": "music", "link": "https://bea.example/music"}
CID = {"name": "Cid & <b>Co</b>", "role": "", "link": ""}
