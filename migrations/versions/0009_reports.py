"""Reports by the public, and which clips' public files have to change their shelf.

Revision: 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

from store import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_KINDS = (
    "'waiting', 'second_review', 'changes_requested', 'rejected', 'published', 'taken_down',"
    " 'restored', 'withdrawn', 'cancelled', 'failed', 'late', 'overdue', 'reported',"
    " 'report_dismissed', 'report_ended'"
)
_OPEN = sa.text("closed_at IS NULL")


def upgrade() -> None:
    for table, more in (("notice", ""), ("outbox", ", 'code', 'test'")):
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(f"{table}_kind", type_="check")
            batch.create_check_constraint(f"{table}_kind", sa.text(f"kind IN ({_KINDS}{more})"))

    op.create_table(
        "report_case",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("clip_id", sa.String(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("escalated_at", UtcDateTime(), nullable=True),
        sa.Column("escalated_by", sa.String(), nullable=True),
        sa.Column("escalation_note", sa.String(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.CheckConstraint("count >= 1", name="report_case_counts"),
        sa.CheckConstraint(
            "outcome IN ('dismissed', 'taken_down', 'withdrawn')", name="report_case_outcome"
        ),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (outcome IS NULL)", name="report_case_ended_whole"
        ),
        sa.ForeignKeyConstraint(["clip_id"], ["clip.id"]),
        sa.ForeignKeyConstraint(["closed_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["escalated_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_report_case_open",
        "report_case",
        ["clip_id"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index("ix_report_case_clip", "report_case", ["clip_id"], unique=False)
    op.create_table(
        "report",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("clip_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("at_s", sa.Float(), nullable=True),
        sa.Column("until_s", sa.Float(), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("source_day", sa.String(), nullable=True),
        sa.CheckConstraint("at_s IS NULL OR at_s >= 0", name="report_within_clip"),
        sa.CheckConstraint(
            "until_s IS NULL OR (at_s IS NOT NULL AND until_s >= at_s)", name="report_range"
        ),
        sa.ForeignKeyConstraint(["case_id"], ["report_case.id"]),
        sa.ForeignKeyConstraint(["clip_id"], ["clip.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_report_once", "report", ["clip_id", "reason", "source"], unique=True)
    op.create_index("ix_report_case_made", "report", ["case_id", "made_at"], unique=False)
    op.create_index("ix_report_source_day", "report", ["source_day"], unique=False)
    op.create_table(
        "report_try",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_report_try", "report_try", ["source", "at"], unique=False)
    op.create_index("ix_report_try_at", "report_try", ["at"], unique=False)
    op.create_table(
        "report_day",
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("day"),
    )
    op.create_table(
        "reshelving",
        sa.Column("clip_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["clip_id"], ["clip.id"]),
        sa.PrimaryKeyConstraint("clip_id"),
    )
    # Clips that were taken down or withdrawn before this: their files leave the public shelf too.
    op.execute(
        "INSERT INTO reshelving (clip_id) SELECT id FROM clip WHERE public_sha256 IS NOT NULL"
        " AND state <> 'published' AND deleted_at IS NULL"
    )
