"""An address as a QR code, drawn as SVG for a page.

Knows nothing of what the address leads to. The code itself is segno's.
"""

from __future__ import annotations

import segno
from markupsafe import Markup


def qr_code(address: str) -> Markup:
    """Dark on light with its quiet zone, whatever the page looks like: cameras expect that."""
    code = segno.make_qr(address, error="m")
    drawn: str = code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True)
    return Markup(drawn)  # noqa: S704  (segno draws squares; no word of the address is in it)
