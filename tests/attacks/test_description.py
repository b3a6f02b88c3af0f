"""What the OpenAPI document says is what happens: every route is tried with what it allows and with
what it does not, by a stranger, a creator and an admin. Nothing answers 500, and every answer is of
a status, a type and a shape that stands in the document."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.newsroom import Newsroom

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
)
PAUSES = "^/api/v1/(pause|resume)$"
"""Left out: what is paused answers 503 on purpose, and that would be most of the rest."""


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    wishes = [{"state": state} for state in ("published", "pending_review", "rejected")]
    filled = Newsroom(tmp_path_factory.mktemp("described"), [*wishes])
    with filled:
        yield filled


@pytest.mark.slow
@pytest.mark.timeout(300)  # a few thousand requests
@pytest.mark.parametrize(("name", "role"), [("", ""), ("ana", "creator"), ("ada", "admin")])
def test_every_route_does_what_the_document_says(
    room: Newsroom, tmp_path: Path, name: str, role: str
) -> None:
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{room.url}/api/v1/openapi.json"]
    command += ["--checks", ",".join(CHECKS), "--exclude-path-regex", PAUSES, "--no-color"]
    command += ["--phases", "coverage,fuzzing", "--max-examples", "5", "--seed", "7"]
    if name:
        token = room.manage("token", "--name", name, "--role", role)
        command += ["--header", f"Authorization: Bearer {token}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in room.log.read_text()
