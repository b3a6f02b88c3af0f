"""The embedded model: its weights and preset, and the workshop that trained it.

The app reads `preset.json`, `words.json` and `weights/` as it would any model's; none of the
modules here is imported by it.
"""
