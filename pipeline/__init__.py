"""Making clips: the request and its limits, presets, the engine, encoding.

Knows nothing of people, review, SQL, pages or Gradio.
"""
