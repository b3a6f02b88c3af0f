"""Programmes: selections of published clips in a curator's order.

Revision: 0014, after 0013. Whatever changes an open programme turns the gallery's page, as a change
of a clip does; its places change only together with its row.
"""

import sqlalchemy as sa
from alembic import op

from store import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "programme",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("slug", sa.String(), nullable=False, unique=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("curator", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.String(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("open_seq", sa.Integer(), nullable=True),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("status IN ('draft', 'open', 'closed')", name="programme_status"),
        sa.CheckConstraint(
            "status = 'draft' OR (open_seq IS NOT NULL AND opened_at IS NOT NULL)",
            name="programme_was_opened",
        ),
    )
    op.create_index("ix_programme_open", "programme", ["open_seq"], unique=True)
    op.create_index("ix_programme_made", "programme", ["made_at", "id"])
    op.create_table(
        "programme_place",
        sa.Column("programme_id", sa.String(), sa.ForeignKey("programme.id"), primary_key=True),
        sa.Column("place", sa.Integer(), primary_key=True),
        sa.Column("clip_id", sa.String(), sa.ForeignKey("clip.id"), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.UniqueConstraint("programme_id", "clip_id", name="programme_place_once"),
    )
    op.create_index("ix_programme_place_clip", "programme_place", ["clip_id"])
    op.execute(
        "CREATE TRIGGER programme_edition AFTER UPDATE ON programme"
        " WHEN OLD.status = 'open' OR NEW.status = 'open'"
        " BEGIN UPDATE gallery_edition SET number = number + 1; END"
    )
