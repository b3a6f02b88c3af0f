"""The review desk: due times, second looks, appeals, decisions taken back, versions of the policy.

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

from store import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_KINDS = (
    "'waiting', 'second_review', 'changes_requested', 'rejected', 'published', 'taken_down',"
    " 'restored', 'withdrawn', 'cancelled', 'failed', 'late', 'overdue'"
)
_WAITS = sa.text("state IN ('pending_review', 'second_review', 'appealed')")


def upgrade() -> None:
    for column in (
        sa.Column("advice", sa.Float(), nullable=False, server_default="0"),
        sa.Column("hashes", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("late_at", UtcDateTime(), nullable=True),
        sa.Column("escalated_at", UtcDateTime(), nullable=True),
    ):
        op.add_column("clip", column)
    for mark in (
        sa.Column("stage", sa.String(), nullable=False, server_default="first"),
        sa.Column("advised", sa.Boolean(), nullable=False, server_default="0"),
    ):
        op.add_column("decision", mark)
    op.drop_index("ix_clip_review", "clip")
    op.create_index(
        "ix_clip_review",
        "clip",
        ["due_at", "pending_since", "advice", "id"],
        unique=False,
        sqlite_where=_WAITS,
        postgresql_where=_WAITS,
    )

    for table, more in (("notice", ""), ("outbox", ", 'code', 'test'")):
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(f"{table}_kind", type_="check")
            batch.create_check_constraint(f"{table}_kind", sa.text(f"kind IN ({_KINDS}{more})"))

    op.create_table(
        "undoing",
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"]),
        sa.PrimaryKeyConstraint("decision_id"),
    )
    op.create_table(
        "appeal",
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("clip_id", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("answer_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["answer_id"], ["decision.id"]),
        sa.ForeignKeyConstraint(["clip_id"], ["clip.id"]),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"]),
        sa.PrimaryKeyConstraint("decision_id"),
    )
    op.create_index("ix_appeal_clip_id", "appeal", ["clip_id"], unique=False)
    op.create_table(
        "skip",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("clip_id", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["clip_id"], ["clip.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("person_id", "clip_id"),
    )
    op.create_table(
        "policy_version",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("version"),
    )
