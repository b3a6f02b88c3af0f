"""The public side: publishing, browsing, share pages, provenance.

Knows nothing of torch or the review desk.
"""
