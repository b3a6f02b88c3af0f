"""What is, or should be, on the Hub, and the triggers that keep it in step with the clips.

Revision: 0013, after 0012.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "hub_place",
        sa.Column("repo", sa.String(), primary_key=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_ours", sa.Boolean(), nullable=False, server_default="0"),
        sa.Column("card_sha256", sa.String(), nullable=False, server_default=sa.text("''")),
        sa.Column("trouble", sa.String(), nullable=False, server_default=sa.text("''")),
        sa.Column("trouble_since", moment),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("due_at", moment),
    )
    op.create_table(
        "hub_copy",
        sa.Column("clip_id", sa.String(), sa.ForeignKey("clip.id"), primary_key=True),
        sa.Column("repo", sa.String(), sa.ForeignKey("hub_place.repo"), primary_key=True),
        sa.Column("wanted", sa.String(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("is_done", sa.Boolean(), nullable=False, server_default="0"),
        sa.Column("is_reworded", sa.Boolean(), nullable=False, server_default="0"),
        sa.Column("begun_at", moment),
        sa.Column("put_at", moment),
        sa.Column("part", sa.Integer()),
        sa.Column("sha256", sa.String()),
        sa.Column("poster_sha256", sa.String()),
        sa.Column("commits", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("removed_at", moment),
        sa.Column("purged_at", moment),
        sa.Column("checked_at", moment),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("error", sa.String(), nullable=False, server_default=sa.text("''")),
        sa.CheckConstraint("wanted IN ('there', 'gone')", name="hub_copy_wanted"),
    )
    op.create_index(
        "ix_hub_copy_due",
        "hub_copy",
        ["repo", "wanted", "due_at"],
        sqlite_where=sa.text("is_done = 0"),
        postgresql_where=sa.text("NOT is_done"),
    )
    op.create_index("ix_hub_copy_part", "hub_copy", ["repo", "part"])
    op.create_index("ix_hub_copy_poster", "hub_copy", ["poster_sha256"])
    # Every way into and out of the gallery, in the transaction that takes it. `updated_at` is
    # when: it is set with the state, and spells time as all our columns do.
    again = (
        "asked = asked + 1, asked_at = NEW.updated_at, is_done = 0, tries = 0,"
        " due_at = NEW.updated_at, error = '', removed_at = NULL, purged_at = NULL,"
        " checked_at = NULL"
    )
    joins = (
        "INSERT INTO hub_copy (clip_id, repo, wanted, asked_at, due_at)"
        " SELECT NEW.id, repo, 'there', NEW.updated_at, NEW.updated_at FROM hub_place"
        " WHERE is_active AND NEW.state = 'published'"
        " ON CONFLICT (clip_id, repo) DO UPDATE SET wanted = 'there',"
    )
    of_clip = f"UPDATE hub_copy SET {again}"  # noqa: S608  (constants of this file)
    leaves = of_clip + ", wanted = 'gone' WHERE clip_id = NEW.id AND NEW.state <> 'published'"
    op.execute(
        "CREATE TRIGGER hub_copy_follows_state AFTER UPDATE OF state ON clip"
        " WHEN (NEW.state = 'published') <> (OLD.state = 'published')"
        f" BEGIN {joins} {again}; {leaves}; END"
    )
    words = ("prompt", "title", "shares_prompt", "licence", "credits")
    changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in words)
    reworded = (
        of_clip + ", wanted = 'there', is_reworded = begun_at IS NOT NULL"
        " WHERE clip_id = NEW.id AND (wanted = 'there' OR error = 'says_prompt')"
    )
    op.execute(
        f"CREATE TRIGGER hub_copy_follows_words AFTER UPDATE OF {', '.join(words)} ON clip"
        f" WHEN NEW.state = 'published' AND OLD.state = 'published' AND ({changed})"
        f" BEGIN {reworded}; END"
    )
