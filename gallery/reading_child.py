"""The process that reads a stranger's file: `python -m gallery.reading_child FILE CERTIFICATES`.

Knows nothing of the database. It prints one object of JSON and is bounded by the system itself in
what it may take of memory and of the processor.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import Final

from gallery.reading import as_json, read_said

_MEMORY_BYTES: Final = 2 * 1024**3
_CPU_S: Final = 30


def main(file: str, certificates: str) -> int:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    said = read_said(Path(file), Path(certificates).read_bytes())
    sys.stdout.write(json.dumps(as_json(said)))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
