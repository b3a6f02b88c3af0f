"""The shared pipeline: whose turn it is, how long things take, first frames, deleted clips.

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

from store import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # One by one: SQLite adds columns in place, while a batch would copy the table and its triggers.
    for column in (
        sa.Column("first_frame", sa.String(), nullable=True),
        sa.Column("batch_id", sa.String(), nullable=True),
        sa.Column("cost_s", sa.Float(), nullable=False, server_default="0"),
        sa.Column("progress_at", UtcDateTime(), nullable=True),
        sa.Column("used_s", sa.Float(), nullable=True),
        sa.Column("made_as", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
    ):
        op.add_column("clip", column)
    op.create_index("ix_clip_parent", "clip", ["parent_id"], unique=False)

    op.create_table(
        "fair_clock",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("now", sa.Float(), nullable=False),
        sa.Column("arrivals", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "fair_share",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("finish", sa.Float(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.CheckConstraint("weight > 0", name="fair_share_weight"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_table(
        "timing",
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("num_frames", sa.Integer(), nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("model", "width", "height", "num_frames", "phase"),
    )
    op.create_table(
        "first_frame",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_first_frame_person_id", "first_frame", ["person_id"], unique=False)
