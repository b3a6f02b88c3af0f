"""Who is asking and what they may do: people, invitations, tokens, roles, switches.

Knows nothing of clips, models, pages or Gradio.
"""
