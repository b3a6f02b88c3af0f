"""The public files of each clip, every one under the sha256 of its own bytes.

Revision: 0010, after 0009. Clips that were published before get the rows of their video, poster and
strip; their pictures stay where they are on the disk, named by the video, and are found there.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_KINDS = {".jpg": "poster", ".webp": "strip"}


def upgrade() -> None:
    table = op.create_table(
        "public_file",
        sa.Column("clip_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("ending", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["clip_id"], ["clip.id"]),
        sa.PrimaryKeyConstraint("clip_id", "kind"),
        sa.CheckConstraint(
            "kind IN ('video', 'light', 'poster', 'poster_webp', 'strip')", name="public_file_kind"
        ),
    )
    op.create_index("ix_public_file_sha256", "public_file", ["sha256"])
    op.create_index(
        "ix_clip_reviewed",
        "clip",
        ["sha256"],
        sqlite_where=sa.text("state = 'published'"),
        postgresql_where=sa.text("state = 'published'"),
    )
    published = op.get_bind().execute(
        sa.text(
            "SELECT id, public_sha256, pictures FROM clip"
            " WHERE public_sha256 IS NOT NULL AND deleted_at IS NULL"
        )
    )
    while rows := published.fetchmany(1000):
        files = [
            {"clip_id": clip_id, "kind": kind, "sha256": sha256, "ending": ending}
            for clip_id, video, pictures in rows
            for kind, ending, sha256 in _files(video, pictures)
        ]
        op.bulk_insert(table, files)


def _files(video: str, pictures: object) -> list[tuple[str, str, str]]:
    known = json.loads(pictures) if isinstance(pictures, str) else pictures
    found = [("video", ".mp4", video)]
    if isinstance(known, dict):
        found += [(_KINDS[end], end, sha) for end, sha in known.items() if end in _KINDS]
    return found
