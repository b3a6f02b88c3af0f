"""What a clip's creator says of it to the public, and its place in the order of publishing.

Revision: 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("title", sa.String(), nullable=False, server_default=sa.text("''")),
        sa.Column("shares_prompt", sa.Boolean(), nullable=False, server_default="1"),
        sa.Column("licence", sa.String(), nullable=False, server_default="all-rights-reserved"),
        sa.Column("credits", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("style", sa.String(), nullable=False, server_default=sa.text("''")),
        sa.Column("publish_seq", sa.Integer(), nullable=True),
    ):
        op.add_column("clip", column)
    op.execute(
        "UPDATE clip SET publish_seq = (SELECT count(*) FROM clip AS other"
        " WHERE other.published_at IS NOT NULL AND (other.published_at < clip.published_at"
        " OR (other.published_at = clip.published_at AND other.id <= clip.id)))"
        " WHERE published_at IS NOT NULL"
    )
    op.create_index("ix_clip_publish_seq", "clip", ["publish_seq"], unique=True)
