"""Alembic's environment: migrates the connection that Store.upgrade hands in.

Knows nothing of addresses or settings. DBOS keeps its own tables in the same SQLite file; only
the tables of our own metadata are ever compared.
"""

from alembic import context
from sqlmodel import SQLModel

import accounts.models
import audit
import gallery.models
import gallery.programmes.models
import hub.models
import moderation.models
import moderation.report_models
import notices.models
import sharing.models

# Imported for SQLModel.metadata.
tables = (
    accounts.models,
    audit,
    gallery.models,
    gallery.programmes.models,
    hub.models,
    moderation.models,
    moderation.report_models,
    notices.models,
    sharing.models,
)


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or name in SQLModel.metadata.tables


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    include_name=_ours,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
