"""The process that looks at clips: `python -m moderation.screening.child`.

Knows nothing of the database. It reads one line of JSON for each clip from its standard input and
answers with one line for each check as soon as that is done, so that what is slow takes nothing
away from what was quick. It ends when its standard input does, and at a clip's deadline
whatever it is in the middle of: nothing of it outlives the app.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from moderation.screening.faults import faults
from moderation.screening.flashes import flashes
from moderation.screening.frames import Film, read
from moderation.screening.likeness import frame_hashes
from moderation.screening.nudity import NotInstalled, nudity
from moderation.screening.prompts import prompt_words
from moderation.screening.signals import Signal

log = logging.getLogger("greenlight.screening")

_LOOKS: Final[dict[str, Callable[[Film], list[Signal]]]] = {
    "picture": faults,
    "flashing": flashes,
    "nudity": nudity,  # last, because it takes longest
}
_GRACE_S: Final = 5.0
"""The app ends this process at the deadline; where there is no app any more it does so itself."""


def main() -> int:
    logging.basicConfig(format="%(name)s: %(message)s")
    said = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints must not run into the answers
    for line in iter(sys.stdin.readline, ""):
        asked = json.loads(line)
        faulthandler.dump_traceback_later(asked["limit_s"] + _GRACE_S, exit=True)
        for answer in _answers(Path(asked["clip"]), asked["prompt"]):
            said.write(json.dumps(answer) + "\n")
            said.flush()
        faulthandler.cancel_dump_traceback_later()
    return 0


def _answers(clip: Path, prompt: str) -> Iterator[dict[str, Any]]:
    yield _answer("prompt", lambda: {"signals": _as_json(prompt_words(prompt))})
    try:
        film = read(clip)
    except (OSError, ValueError, IndexError) as error:  # av's errors are the first two of these
        log.warning("%s could not be read: %s", clip.name, error)
        cause = f"the file could not be read ({type(error).__name__})"
        yield from ({"check": check, "missing": cause} for check in ("likeness", *_LOOKS))
        return
    yield _answer("likeness", lambda: {"hashes": frame_hashes(film)})
    for check, look in _LOOKS.items():
        yield _answer(check, lambda look=look: {"signals": _as_json(look(film))})  # type: ignore[misc]


def _answer(check: str, look: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What one check found; that it failed is said too, and takes no other one along."""
    try:
        return {"check": check, **look()}
    except NotInstalled as error:
        return {"check": check, "missing": str(error)}
    except Exception as error:
        log.exception("The check for %s stopped", check)
        return {"check": check, "missing": f"it stopped ({type(error).__name__})"}


def _as_json(signals: list[Signal]) -> list[dict[str, Any]]:
    return [signal.as_json() for signal in signals]


if __name__ == "__main__":
    sys.exit(main())
