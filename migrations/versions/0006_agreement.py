"""Agreement: blind opinions, golden clips, and the turns in which they are given.

Revision: 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

from store import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_VERDICT = "verdict IN ('approve', 'reject', 'request_changes')"
_KIND = "kind IN ('second', 'golden')"


def upgrade() -> None:
    op.add_column("mark", sa.Column("is_blind", sa.Boolean(), nullable=False, server_default="0"))
    op.create_table(
        "opinion",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("clip_id", sa.String(), nullable=False),
        sa.Column("reviewer_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("decision_id", sa.String(), nullable=True),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(_KIND, name="opinion_kind"),
        sa.CheckConstraint(_VERDICT, name="opinion_verdict"),
        sa.CheckConstraint(
            "(kind = 'second') = (decision_id IS NOT NULL)", name="opinion_second_to_a_decision"
        ),
        sa.ForeignKeyConstraint(["clip_id"], ["clip.id"]),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"]),
        sa.ForeignKeyConstraint(["reviewer_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("clip_id", "reviewer_id", name="one_opinion_per_person"),
    )
    op.create_table(
        "golden",
        sa.Column("clip_id", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("retired_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(_VERDICT, name="golden_verdict"),
        sa.ForeignKeyConstraint(["clip_id"], ["clip.id"]),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("clip_id"),
    )
    op.create_table(
        "opinion_wanted",
        sa.Column("clip_id", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["clip_id"], ["clip.id"]),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("clip_id"),
    )
    op.create_table(
        "blind_turn",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("clip_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("drawn_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.Column("waits_since", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("late_at", UtcDateTime(), nullable=False),
        sa.Column("claimed_until", UtcDateTime(), nullable=True),
        sa.Column("handed_to", sa.String(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(_KIND, name="blind_turn_kind"),
        sa.ForeignKeyConstraint(["clip_id"], ["clip.id"]),
        sa.ForeignKeyConstraint(["handed_to"], ["person.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("person_id", "clip_id"),
    )
    op.create_index(
        "ix_blind_turn_open",
        "blind_turn",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_blind_turn_clip", "blind_turn", ["clip_id"], unique=False)

    # An opinion is never changed, and of a golden clip only that it is retired, once.
    for table, same in (
        ("opinion", "id = NEW.id OR (clip_id = NEW.clip_id AND reviewer_id = NEW.reviewer_id)"),
        ("golden", "clip_id = NEW.clip_id"),
    ):
        refuse = f"SELECT RAISE(ABORT, 'rows of {table} are only ever added')"
        op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN {refuse}; END")
        there = f"SELECT 1 FROM {table} WHERE {same}"  # noqa: S608  (constants of this file)
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS ({there}) BEGIN {refuse}; END"
        )
    op.execute(
        "CREATE TRIGGER opinion_no_update BEFORE UPDATE ON opinion BEGIN "
        "SELECT RAISE(ABORT, 'rows of opinion are only ever added'); END"
    )
    op.execute(
        "CREATE TRIGGER golden_no_update BEFORE UPDATE ON golden "
        "WHEN OLD.retired_at IS NOT NULL OR NEW.retired_at IS NULL "
        "OR OLD.clip_id <> NEW.clip_id OR OLD.verdict <> NEW.verdict "
        "OR OLD.reasons <> NEW.reasons OR OLD.made_by <> NEW.made_by OR OLD.made_at <> NEW.made_at "
        "BEGIN SELECT RAISE(ABORT, 'a golden clip can only be retired, once'); END"
    )
