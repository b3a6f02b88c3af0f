"""How the database goes about what it is asked, in its own words.

Knows nothing of what is tested.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import event

from store import Store


def plans(store: Store, work: Callable[[], object]) -> list[str]:
    """The plan of each query about places of programmes that `work` asks."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        if "programme_place" in statement and statement.startswith("SELECT"):
            asked.append((statement, given))

    event.listen(store.engine, "before_cursor_execute", note)
    work()
    event.remove(store.engine, "before_cursor_execute", note)
    with store.read() as session:
        connection = session.connection()
        return [
            "\n".join(
                str(row[-1])
                for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
            )
            for statement, given in asked
        ]
