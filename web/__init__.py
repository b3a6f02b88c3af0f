"""HTTP: the guard, the media gate, the JSON API, sign-in and share pages.

Knows nothing of torch. Rules live in the rooms below; routes only ask them.
"""
