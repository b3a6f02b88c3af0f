"""The directions of CONTRIBUTING.md: who may import whom, read from the source with `ast`.

A new module at the top must be given its place here first: a change of direction is a change of
design. Tests and benchmarks stand outside of the house and may look at all of it.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.server import ROOT

# app → ui, web → actions → authorship, curating, finding, reporting, reviewing → jobs → hub → gallery, sharing →
# moderation → notices → accounts,
# checkpoints → audit, media, language → store → keys, settings, text → errors. A room imports rooms
# of the lines above its own, never its neighbours.
FLOORS = (
    ("errors",),
    ("keys", "settings", "text"),
    ("store",),
    ("audit", "media", "language"),
    ("accounts", "checkpoints"),
    ("notices",),
    ("moderation",),
    ("gallery", "sharing"),
    ("hub",),
    ("jobs", "migrations"),
    ("authorship", "curating", "finding", "reporting", "reviewing"),
    ("actions",),
    ("ui", "web"),
    ("app",),
    ("demo",),
    ("manage",),
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
PIPELINE_KNOWS = {"pipeline", "settings", "errors", "text"}
KNOW_THE_PIPELINE = {"pipeline", "jobs", "actions", "ui", "app", "demo", "manage"}
HIDING_NAMES = {"utils", "helpers", "common", "core", "services"}
OUTSIDE = {"tests", "bench", "docs", "build", "data", "scripts"}


def module_files() -> list[Path]:
    """Every Python file of the house, relative to its root."""
    files = [path.relative_to(ROOT) for path in ROOT.rglob("*.py")]
    return sorted(
        path
        for path in files
        if path.parts[0] not in OUTSIDE and not any(part.startswith(".") for part in path.parts)
    )


FILES = module_files()


def room_of(path: Path) -> str:
    return path.parts[0].removesuffix(".py")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), str(path))


def imported(node: ast.AST) -> Iterator[str]:
    """The top name of each module that an import statement below `node` names."""
    for child in ast.walk(node):
        if isinstance(child, ast.Import):
            yield from (name.name.partition(".")[0] for name in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "no relative imports: the direction can be read"
            yield (child.module or "").partition(".")[0]


def imports_of(path: Path) -> set[str]:
    return set(imported(tree_of(path)))


def importers_of(*names: str) -> set[str]:
    return {room_of(path) for path in FILES if imports_of(path) & set(names)}


OURS = {room_of(path) for path in FILES}


def test_every_room_has_its_place() -> None:
    assert OURS - {"pipeline"} <= set(FLOOR_OF)


@pytest.mark.parametrize("path", FILES, ids=str)
def test_imports_run_one_way(path: Path) -> None:
    room = room_of(path)
    known = imports_of(path) & OURS - {room, "pipeline"}
    if room == "pipeline":
        assert known <= PIPELINE_KNOWS
    else:
        assert {other for other in known if FLOOR_OF[other] >= FLOOR_OF[room]} == set()


def test_the_pipeline_is_known_where_clips_are_made_or_asked_for() -> None:
    assert importers_of("pipeline") <= KNOW_THE_PIPELINE


def test_media_and_language_know_nothing_of_ours() -> None:
    known = imports_of(Path("media.py")) | imports_of(Path("language.py"))
    assert known & OURS == set()


def test_errors_know_nothing_of_ours() -> None:
    assert imports_of(Path("errors.py")) & OURS == set()


def test_settings_know_the_errors_only() -> None:
    assert imports_of(Path("settings.py")) & OURS == {"errors"}


def test_gradio_is_in_the_app_and_its_tabs_only() -> None:
    assert importers_of("gradio", "gradio_client") == {"app", "ui"}


def test_dbos_is_in_the_jobs_only() -> None:
    assert importers_of("dbos") == {"jobs"}


def test_torch_is_in_the_pipeline_only() -> None:
    assert importers_of("torch", "diffusers", "transformers", "accelerate") == {"pipeline"}


def is_of_the_workshop(path: Path) -> bool:
    """The embedded model's training, which runs by itself and is no part of the app."""
    return path.parts[:2] == ("pipeline", "embedded")


def test_the_app_knows_nothing_of_how_the_embedded_model_is_trained() -> None:
    knowing = [
        path
        for path in FILES
        for node in ast.walk(tree_of(path))
        if not is_of_the_workshop(path)
        and isinstance(node, ast.Import | ast.ImportFrom)
        and "pipeline.embedded" in ast.unparse(node)
    ]
    assert knowing == []


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if room_of(path) == "pipeline" and not is_of_the_workshop(path)],
    ids=str,
)
def test_torch_is_loaded_when_it_is_needed_and_not_at_the_start(path: Path) -> None:
    whole = tree_of(path)
    in_functions = {
        id(node)
        for function in ast.walk(whole)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    for node in ast.walk(whole):
        if isinstance(node, ast.Import | ast.ImportFrom) and id(node) not in in_functions:
            assert not set(imported(node)) & {"torch", "diffusers", "transformers"}


def test_only_the_settings_read_the_environment() -> None:
    readers = {
        str(path)
        for path in FILES
        for node in ast.walk(tree_of(path))
        if (isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "environb"))
        or (isinstance(node, ast.alias) and node.name in ("environ", "getenv"))
    }
    assert readers <= {"settings.py"}


def test_only_the_moves_write_the_state_of_a_clip() -> None:
    """By assignment or as a column of an UPDATE; a new clip begins in its default state."""
    writers = set()
    for path in FILES:
        if room_of(path) in ("pipeline", "migrations"):
            continue  # an engine has a state too
        for node in ast.walk(tree_of(path)):
            targets = node.targets if isinstance(node, ast.Assign) else []
            assigned = any(isinstance(t, ast.Attribute) and t.attr == "state" for t in targets)
            named = (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "values"
                and any(keyword.arg == "state" for keyword in node.keywords)
            )
            made = (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "Clip"
                and any(keyword.arg == "state" for keyword in node.keywords)
            )
            if assigned or named or made:
                writers.add(str(path))
    assert writers <= {"moderation/transitions.py"}


@pytest.mark.parametrize("path", FILES, ids=str)
def test_every_file_opens_with_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(tree_of(path))


@pytest.mark.parametrize("path", FILES, ids=str)
def test_no_name_hides_where_a_rule_lives(path: Path) -> None:
    assert HIDING_NAMES.isdisjoint(part.removesuffix(".py") for part in path.parts)


def test_the_rooms_of_rules_load_no_torch_no_gradio_and_no_job_engine() -> None:
    names = [
        ".".join(path.with_suffix("").parts)
        for path in FILES
        if room_of(path) in ("moderation", "gallery", "hub", "accounts", "notices")
    ]
    program = (
        "import importlib, sys\n"
        f"for name in {[name.removesuffix('.__init__') for name in names]!r}:\n"
        "    importlib.import_module(name)\n"
        "heavy = {'torch', 'gradio', 'dbos', 'diffusers', 'transformers'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
