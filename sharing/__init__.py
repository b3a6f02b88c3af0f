"""Sharing one pipeline between people: whose turn is next, how much each may ask, how long it takes.

Knows clips and people; knows nothing of models, jobs or pages.
"""
