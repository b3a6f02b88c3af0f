"""Screening: what machines noticed about a clip and its prompt, as advice to reviewers.

Knows nothing of torch or of what happens next: no signal approves, rejects or holds a clip. The
checks run in a process of their own (child.py) within a limit of time; what could not be looked
at is said as "not screened". docs/screening.md says what each check sees and misses.
"""
