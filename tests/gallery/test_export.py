"""Everything of one's own in one zip, and nothing of anybody else."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from sqlalchemy import update

from accounts import profiles
from accounts.profiles import Wanted
from gallery import export
from moderation import appeals, desk
from moderation.models import Clip, State, Verdict
from moderation.presentation import Credit, Said
from tests.conftest import REQUEST, House

DUSK = Said(title="Dusk", licence="cc-by", credits=(Credit("Bea", "music"),))


def zipped(house: House, who: str = "ana") -> zipfile.ZipFile:
    with house.store.read() as session:
        belongings = export.gather(session, house.user(who))
    body = b"".join(export.zipped(belongings, house.media))
    found = zipfile.ZipFile(io.BytesIO(body))
    assert found.testzip() is None
    return found


def lines(found: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in found.read(name).decode().splitlines()]


def test_it_has_the_bytes_of_every_own_clip(house: House) -> None:
    made = [house.clip(State.PENDING_REVIEW), house.clip(State.REJECTED)]
    found = zipped(house)
    for clip in made:
        held = house.media.path("held", clip.sha256 or "", ".mp4").read_bytes()
        assert found.read(f"clips/{clip.id}/clip.mp4") == held
        assert f"clips/{clip.id}/poster.jpg" in found.namelist()


def test_a_published_clip_is_in_it_twice_as_reviewed_and_as_published(house: House) -> None:
    clip = house.clip(State.PUBLISHED)
    signed = house.media.path("public", clip.public_sha256 or "", ".mp4").read_bytes()
    assert zipped(house).read(f"clips/{clip.id}/public.mp4") == signed


def test_it_says_what_was_sent_and_where_each_stands(house: House) -> None:
    clip = house.clip(State.PUBLISHED, said=DUSK)
    [told] = lines(zipped(house), "clips.jsonl")
    assert (told["id"], told["prompt"], told["title"], told["state"]) == (
        clip.id,
        REQUEST["prompt"],
        "Dusk",
        "published",
    )


def test_it_has_titles_licences_and_credits(house: House) -> None:
    clip = house.clip(said=DUSK)
    assert lines(zipped(house), "credits.jsonl") == [
        {
            "clip_id": clip.id,
            "title": "Dusk",
            "shares_prompt": True,
            "licence": "cc-by",
            "credits": [{"name": "Bea", "role": "music", "link": ""}],
        }
    ]


def test_it_has_decisions_and_their_reasons(house: House) -> None:
    clip = house.clip(State.REJECTED)
    found = zipped(house)
    [decision] = lines(found, "decisions.jsonl")
    assert (decision["clip_id"], decision["outcome"], decision["reasons"]) == (
        clip.id,
        "rejected",
        ["technical_fault"],
    )
    assert lines(found, "statements.jsonl")[0]["id"] == decision["id"]


def test_it_has_the_words_of_an_appeal(house: House) -> None:
    clip = house.clip(State.REJECTED)
    with house.store.write() as session:
        appeals.appeal(session, house.user("ana"), clip.id, "Look again.", house.rules)
    assert [each["text"] for each in lines(zipped(house), "appeals.jsonl")] == ["Look again."]


def test_it_has_the_profile(house: House) -> None:
    with house.store.write() as session:
        profiles.write(session, house.user("ana"), Wanted(bio="I film dusk."))
    assert json.loads(zipped(house).read("profile.json"))["bio"] == "I film dusk."


def test_its_readme_explains_every_file(house: House) -> None:
    house.clip(State.PUBLISHED)
    found = zipped(house)
    readme = found.read("README.txt").decode()
    names = {name.rpartition("/")[2] for name in found.namelist()} - {"README.txt"}
    assert [name for name in names if name not in readme] == []


def test_whoever_made_nothing_gets_an_empty_one(house: House) -> None:
    found = zipped(house, "ben")
    assert [name for name in found.namelist() if name.startswith("clips/")] == []
    assert lines(found, "clips.jsonl") == []


def test_nothing_of_anybody_else_is_in_it(house: House) -> None:
    """Canaries in all that others wrote: another's clip, its remix, notes, marks, names."""
    theirs = house.clip(State.PUBLISHED, creator="ben", said=Said(title="canary-title"))
    with house.store.write() as session:
        session.execute(
            update(Clip).where(Clip.id == theirs.id).values(prompt="canary-prompt")  # type: ignore[arg-type]
        )
        profiles.write(session, house.user("ben"), Wanted("canary-credit", "canary-bio"))
    mine = house.clip()
    with house.store.write() as session:
        session.execute(update(Clip).where(Clip.id == mine.id).values(parent_id=theirs.id))  # type: ignore[arg-type]
    ruling = desk.Ruling(
        Verdict.REJECT,
        mine.version,
        reasons=["technical_fault"],
        note="For its maker.",
        internal_note="canary-internal",
    )
    with house.store.write() as session:
        desk.decide(
            session,
            house.user("rita"),
            mine.id,
            ruling,
            rules=house.rules,
            enqueue_publish=house.note_job,
        )
    found = zipped(house)
    every = b"\n".join(found.read(name) for name in found.namelist() if "clips/" not in name)
    assert b"canary" not in every
    assert b"For its maker." in every
    for name in ("rita", "ben"):
        assert f'"{name}"'.encode() not in every
        assert house.user(name).id.encode() not in every


def test_a_reviewer_s_own_export_has_no_word_that_reviewers_keep_to_themselves(
    house: House,
) -> None:
    clip = house.clip(creator="rita")
    ruling = desk.Ruling(
        Verdict.REJECT,
        clip.version,
        reasons=["technical_fault"],
        internal_note="canary-internal",
    )
    with house.store.write() as session:
        desk.decide(
            session,
            house.user("rob"),
            clip.id,
            ruling,
            rules=house.rules,
            enqueue_publish=house.note_job,
        )
    found = zipped(house, "rita")
    every = b"\n".join(found.read(name) for name in found.namelist() if "clips/" not in name)
    assert b"canary" not in every
    assert b'"internal_notes"' not in every


def test_a_clip_that_goes_meanwhile_is_named_as_missing(house: House) -> None:
    stays, goes = house.clip(), house.clip()
    with house.store.read() as session:
        belongings = export.gather(session, house.user("ana"))
    body = export.zipped(belongings, house.media)
    begun = next(body)
    house.media.path("held", goes.sha256 or "", ".mp4").unlink()
    found = zipfile.ZipFile(io.BytesIO(begun + b"".join(body)))
    assert found.read("missing.txt").decode().split() == [f"clips/{goes.id}/clip.mp4"]
    assert f"clips/{stays.id}/clip.mp4" in found.namelist()


def test_a_file_is_read_when_its_turn_comes_and_not_before(house: House) -> None:
    house.clip()
    with house.store.read() as session:
        belongings = export.gather(session, house.user("ana"))
    pieces = export.zipped(belongings, house.media)
    assert max(len(piece) for piece in pieces) <= 1 << 18  # never a whole film at once
