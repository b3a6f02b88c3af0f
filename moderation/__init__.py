"""The gate: clips and their states, claims, decisions, policy, screening advice.

Knows nothing of models (torch), pages or Gradio.
"""
