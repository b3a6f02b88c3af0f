"""Clips that were published before files had rows: the migration gives them theirs, and they are
served as before.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlmodel import col, select

from moderation.models import PublicFile, State
from tests.conftest import House
from tests.server import ROOT

_REVISION = "0010"


def migrate_again(house: House) -> None:
    """Take the tables back to how they were before the migration, and let it run."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    before: Any = ScriptDirectory.from_config(config).get_revision(_REVISION).down_revision
    with house.store.engine.connect() as connection:
        for each in ("DROP TABLE public_file", "DROP INDEX ix_clip_reviewed"):
            connection.execute(text(each))
        connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": before})
        connection.commit()
        config.attributes["connection"] = connection
        command.upgrade(config, _REVISION)


def test_earlier_clips_get_rows_for_their_files(house: House) -> None:
    clip, _ = house.clip(State.PUBLISHED), house.clip(State.PENDING_REVIEW)
    migrate_again(house)
    with house.store.read() as session:
        rows = session.exec(select(PublicFile).order_by(col(PublicFile.ending))).all()
    assert [(row.clip_id, row.kind, row.sha256, row.ending) for row in rows] == [
        (clip.id, "poster", clip.pictures[".jpg"], ".jpg"),
        (clip.id, "video", clip.public_sha256, ".mp4"),
        (clip.id, "strip", clip.pictures[".webp"], ".webp"),
    ]


def test_their_pictures_are_found_where_they_were(house: House) -> None:
    clip = house.clip(State.PUBLISHED)
    public, poster = clip.public_sha256 or "", clip.pictures[".jpg"]
    older: Path = house.media.path("public", public, ".jpg")
    house.media.path("public", poster, ".jpg").rename(older)
    assert house.media.picture(poster, ".jpg", beside=public) == older
