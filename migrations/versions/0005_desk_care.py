"""The desk and those who sit at it: marks on a clip, each reviewer's care, and what they looked at.

Revision: 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

from store import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mark",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("clip_id", sa.String(), nullable=False),
        sa.Column("author_id", sa.String(), nullable=False),
        sa.Column("author_role", sa.String(), nullable=False),
        sa.Column("at_s", sa.Float(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("strokes", sa.JSON(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("at_s >= 0", name="mark_within_clip"),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["clip_id"], ["clip.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_mark_clip_id", "mark", ["clip_id"], unique=False)
    op.create_table(
        "care",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("blur", sa.String(), nullable=False),
        sa.Column("grey", sa.String(), nullable=False),
        sa.Column("mute", sa.String(), nullable=False),
        sa.Column("skips", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_table(
        "look",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("clip_id", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["clip_id"], ["clip.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("person_id", "clip_id"),
    )
    op.create_index("ix_look_person", "look", ["person_id", "at"], unique=False)
