"""A prompt out of nowhere that the loaded model can really do.

A preset says how: `templates` with names in braces, and for each name the words to choose from; one
without is surprised from its examples. Knows nothing of models or people.
"""

from __future__ import annotations

import secrets

from pipeline.presets import Preset

_FOR_ANY_MODEL = "a paper boat drifting down a stream after the rain, close up, soft morning light"


def surprise(preset: Preset) -> str:
    if preset.surprise:
        words = {name: secrets.choice(choices) for name, choices in preset.surprise.items()}
        return words.pop("templates").format(**words)
    return secrets.choice(preset.examples or (_FOR_ANY_MODEL,))
