"""The app with a clock that a test can set: `python -m tests.faults.jumping_app FILE`.

FILE holds the seconds between the true time of day and the one that the app is told. Both of the
places where it asks are replaced before anything else is loaded. How much time passes stays true.
"""

from __future__ import annotations

import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import store

_ahead = Path(sys.argv[1])
_true_time, _true_now = time.time, store.utc_now


def _seconds() -> float:
    return float(_ahead.read_text(encoding="ascii"))


def _time() -> float:
    return _true_time() + _seconds()


def _utc_now() -> datetime:
    return _true_now() + timedelta(seconds=_seconds())


if __name__ == "__main__":
    time.time, store.utc_now = _time, _utc_now
    import app  # only now, so that whoever takes the clock by name takes this one

    sys.exit(app.main())
