"""Telling people what became of their clips: in the app, by e-mail, by webhook.

Knows nothing of clips beyond their ids, nor of pages. A notice never carries a prompt or a picture.
"""
