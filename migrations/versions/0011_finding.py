"""Finding published clips: their words for search, the queue of the rotation, what was shown.

Revision: 0011, after 0010. The triggers keep the search true whatever code changes a clip or a name:
it holds published clips only, at every instant. A later migration that makes the table `clip` or
`person` anew (Alembic's batch mode) drops them with the old one, and has to make them again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# The filters are words as well, so that any of them and a search are one look. Names are written
# in hexadecimal, so that each is one word; no search reaches this column.
_FACETS = """
    'creator' || hex({clip}.creator_id) || ' model' || hex({clip}.model)
    || ' style' || hex({clip}.style)
    || CASE
        WHEN coalesce(json_extract({clip}.made_as, '$.width'), {clip}.width)
            > coalesce(json_extract({clip}.made_as, '$.height'), {clip}.height)
            THEN ' shapelandscape'
        WHEN coalesce(json_extract({clip}.made_as, '$.width'), {clip}.width)
            < coalesce(json_extract({clip}.made_as, '$.height'), {clip}.height)
            THEN ' shapeportrait'
        ELSE ' shapesquare' END
    || CASE
        WHEN coalesce(json_extract({clip}.made_as, '$.num_frames'), {clip}.num_frames)
            < 4 * coalesce(json_extract({clip}.made_as, '$.fps'), {clip}.fps) THEN ' lengthshort'
        WHEN coalesce(json_extract({clip}.made_as, '$.num_frames'), {clip}.num_frames)
            <= 8 * coalesce(json_extract({clip}.made_as, '$.fps'), {clip}.fps)
            THEN ' lengthmedium'
        ELSE ' lengthlong' END
"""

_ROW = f"""
    {{clip}}.publish_seq, {{clip}}.title,
    CASE WHEN {{clip}}.shares_prompt THEN {{clip}}.prompt ELSE '' END,
    (SELECT name FROM person WHERE id = {{clip}}.creator_id), {_FACETS}
"""  # noqa: S608  (all of it is ours)

_PUBLIC = (
    "{clip}.state = 'published' AND {clip}.publish_seq IS NOT NULL AND {clip}.deleted_at IS NULL"
)

_FORGET = "DELETE FROM clip_words WHERE rowid = OLD.publish_seq"
_KEEP = (
    "INSERT INTO clip_words (rowid, title, prompt, creator, facets)"
    f" SELECT {_ROW.format(clip='NEW')} WHERE {_PUBLIC.format(clip='NEW')}"
)
# Whoever comes into the gallery joins the end of the queue for its first places.
_QUEUE_UP = (
    "INSERT INTO rotation_turn (creator_id, ticket)"  # noqa: S608
    " SELECT NEW.creator_id, (SELECT coalesce(max(ticket), 0) + 1 FROM rotation_turn)"
    f" WHERE {_PUBLIC.format(clip='NEW')}"
    " AND NOT EXISTS (SELECT 1 FROM rotation_turn WHERE creator_id = NEW.creator_id)"
)
_RENAME = (
    "UPDATE clip_words SET creator = NEW.name WHERE rowid IN"
    " (SELECT publish_seq FROM clip WHERE creator_id = NEW.id AND state = 'published')"
)
_TURN_THE_PAGE = "UPDATE gallery_edition SET number = number + 1"

_TRIGGERS = {
    "clip_words_insert": (
        "AFTER INSERT ON clip WHEN NEW.state = 'published'",
        (_KEEP, _QUEUE_UP, _TURN_THE_PAGE),
    ),
    "clip_words_update": (
        "AFTER UPDATE ON clip WHEN OLD.state = 'published' OR NEW.state = 'published'",
        (_FORGET, _KEEP, _QUEUE_UP, _TURN_THE_PAGE),
    ),
    "clip_words_delete": (
        "AFTER DELETE ON clip WHEN OLD.state = 'published'",
        (_FORGET, _TURN_THE_PAGE),
    ),
    "clip_words_name": (
        "AFTER UPDATE OF name ON person WHEN OLD.name <> NEW.name",
        (_RENAME, _TURN_THE_PAGE),
    ),
}


def upgrade() -> None:
    # The order of the gallery is that of publishing; its indexes hold published clips alone.
    op.drop_index("ix_clip_gallery", "clip")
    public = sa.text("state = 'published'")
    for name, columns in (
        ("ix_clip_gallery", ["publish_seq"]),
        ("ix_clip_gallery_creator", ["creator_id", "publish_seq"]),
        ("ix_clip_gallery_model", ["model", "publish_seq"]),
        ("ix_clip_gallery_style", ["style", "publish_seq"]),
    ):
        op.create_index(name, "clip", columns, sqlite_where=public, postgresql_where=public)

    op.create_table(
        "rotation_turn",
        sa.Column("creator_id", sa.String(), sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("ticket", sa.Integer(), nullable=False),
    )
    op.create_index("ix_rotation_turn_ticket", "rotation_turn", ["ticket"])
    op.create_table(
        "first_place",
        sa.Column("window", sa.Integer(), primary_key=True),
        sa.Column("place", sa.Integer(), primary_key=True),
        sa.Column("clip_id", sa.String(), sa.ForeignKey("clip.id"), nullable=False),
    )
    op.create_table(
        "exposure",
        sa.Column("clip_id", sa.String(), sa.ForeignKey("clip.id"), primary_key=True),
        sa.Column("windows", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("shown", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("opened", sa.Integer(), nullable=False, server_default="0"),
    )
    op.create_table(
        "gallery_edition",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("number", sa.Integer(), nullable=False),
    )
    op.execute("INSERT INTO gallery_edition (id, number) VALUES (1, 1)")

    op.execute(
        "CREATE VIRTUAL TABLE clip_words USING fts5(title, prompt, creator, facets,"
        " tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3 4 5 6')"
    )
    op.execute(
        "INSERT INTO clip_words (rowid, title, prompt, creator, facets)"  # noqa: S608
        f" SELECT {_ROW.format(clip='clip')} FROM clip WHERE {_PUBLIC.format(clip='clip')}"
        " ORDER BY publish_seq"
    )
    op.execute(
        "INSERT INTO rotation_turn (creator_id, ticket)"  # noqa: S608
        " SELECT creator_id, row_number() OVER (ORDER BY min(publish_seq)) FROM clip"
        f" WHERE {_PUBLIC.format(clip='clip')} GROUP BY creator_id"
    )
    for name, (when, acts) in _TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {when} BEGIN {'; '.join(acts)}; END")
