"""Versions of the policy are only ever added, like the rows of the log and the decisions.

Revision: 0007, after 0006.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Decisions name a version and are explained by its words for ever. A row is not replaced
    # either, which SQLite does without asking the triggers on DELETE.
    refuse = "SELECT RAISE(ABORT, 'rows of policy_version are only ever added')"
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER policy_version_no_{act.lower()} BEFORE {act} ON policy_version "
            f"BEGIN {refuse}; END"
        )
    there = "SELECT 1 FROM policy_version WHERE version = NEW.version"
    op.execute(
        "CREATE TRIGGER policy_version_no_replace BEFORE INSERT ON policy_version "
        f"WHEN EXISTS ({there}) BEGIN {refuse}; END"
    )
