"""Where a sign-in leads back to: a page of this app, or its front page for anything else.

Knows nothing of who signs in. What may be led to is listed, so that no way of writing another
site's address, or a script, has to be thought of.
"""

from __future__ import annotations

import re
from typing import Final

FRONT: Final = "/"
_LONGEST: Final = 500
_PAGES: Final = re.compile(r"/(clip/[\w-]+|stats)?(\?[\w=&%.~+-]*)?", re.ASCII)


def way_back(wanted: str) -> str:
    """The page that was asked for, as a path with its query."""
    return wanted if len(wanted) <= _LONGEST and _PAGES.fullmatch(wanted) else FRONT
