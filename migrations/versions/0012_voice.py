"""What people say of themselves, the licence of the model that made a clip, and a notice about a
profile that was cleared.

Revision: 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op

from store import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_KINDS = (
    "'waiting', 'second_review', 'changes_requested', 'rejected', 'published', 'taken_down', "
    "'restored', 'withdrawn', 'cancelled', 'failed', 'late', 'overdue', 'reported', "
    "'report_dismissed', 'report_ended', 'profile_cleared'"
)


def upgrade() -> None:
    licence = sa.Column("model_licence", sa.String(), nullable=False, server_default=sa.text("''"))
    op.add_column("clip", licence)
    op.create_table(
        "profile",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("credit_name", sa.String(), nullable=True),
        sa.Column("credit_key", sa.String(), nullable=True),
        sa.Column("bio", sa.String(), nullable=False),
        sa.Column("links", sa.JSON(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("cleared_at", UtcDateTime(), nullable=True),
        sa.Column("cleared_reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("person_id"),
        sa.UniqueConstraint("credit_key"),
    )
    # Pages of the gallery that are kept name people as they wish to be credited.
    turned = "BEGIN UPDATE gallery_edition SET number = number + 1; END"
    for act in ("INSERT", "UPDATE", "DELETE"):
        name = f"gallery_edition_profile_{act.lower()}"
        op.execute(f"CREATE TRIGGER {name} AFTER {act} ON profile {turned}")
    for table, more in (("notice", ""), ("outbox", ", 'code', 'test'")):
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(f"{table}_kind", type_="check")
            batch.create_check_constraint(f"{table}_kind", sa.text(f"kind IN ({_KINDS}{more})"))
