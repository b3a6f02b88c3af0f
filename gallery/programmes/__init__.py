"""Programmes: what curators choose from the gallery, in their order, under their own words.

Knows nothing of routes or pages. A programme names clips and holds nothing of them, so whatever is
not published now is in none of its answers.
"""
