"""Bringing the Hub in step with the gallery: one thread, for as long as the app runs.

Knows nothing of how requests are made (call.py), of the order of work (copies.py), or of what is
written (dataset.py). A step that a crash or the Hub interrupts is done again from its beginning:
paths are named by the clip, so that what is put there twice is there once.
"""

from __future__ import annotations

import hashlib
import logging
import random
import shutil
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from hub import copies, dataset
from hub.copies import Batch, Copy
from hub.line import HubFailed, Line
from hub.models import HubPlace, Wanted
from media import MediaStore, sha256_of
from moderation.models import Clip
from settings import Settings
from store import Store, utc_now

log = logging.getLogger("greenlight.hub")

_LOOK_EVERY_S: Final = 2.0
_STOP_S: Final = 3.0
DEADLINE_S: Final = 600.0
"""For one command as a whole, such as the upload of a batch."""

_EMPTY: Final = frozenset({".gitattributes", dataset.CARD})
_SHORT: Final = 12
"""Bytes of a prompt that may stand in a video by chance."""


class Keeper:
    """`start()` once, `close()` at the end. `work` does it all and needs no thread of ours."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        media: MediaStore,
        *,
        clock: Callable[[], datetime] = utc_now,
        chance: random.Random | None = None,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._settings = settings
        self._store = store
        self._media = media
        self._clock = clock
        self._chance = chance or random.Random()
        self._deadline_s = deadline_s
        self._closing = threading.Event()
        self._line: Line | None = None
        self._thread = threading.Thread(target=self._run, name="hub", daemon=True)

    def start(self) -> None:
        self.install()
        if self._settings.hub_repo:
            self._thread.start()

    def install(self) -> None:
        with self._store.write() as session:
            copies.install(session, self._settings.hub_repo, self._clock())
            left = copies.open_elsewhere(session)
        for repo, count in left:
            log.warning("%s clips lie in %s, where no more of them go", count, repo)
        if left and not self._settings.hub_repo:
            log.warning("Without GREENLIGHT_HUB_REPO a take-down does not reach them")

    def close(self) -> None:
        """Stop at once; what is under way is done again after the next start."""
        self._closing.set()
        if self._line is not None:
            self._line.cut()
        if self._thread.is_alive():
            self._thread.join(_STOP_S)

    def work(self) -> int:
        """Do what is due, one batch after the other. Returns how many clips came where they
        should be."""
        count = 0
        while not self._closing.is_set():
            with self._store.read() as session:
                batch = copies.next_batch(session, self._clock())
            if batch is None:
                return count
            count += self._try(batch)
        return count

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self.work()
            except Exception:  # a full disk, say: the next look must come
                log.exception("Work on the Hub stopped; it goes on in a while")
            self._closing.wait(_LOOK_EVERY_S)

    def _try(self, batch: Batch) -> int:
        try:
            if batch.wanted is Wanted.GONE:
                return self._remove(batch)
            with self._media.working("hub") as folder:
                return self._put(batch, folder)
        except HubFailed as error:
            if not self._closing.is_set():
                self._note_failure(batch, error)
            return 0

    # ---- putting clips there --------------------------------------------------------------

    def _put(self, batch: Batch, folder: Path) -> int:
        # 1. Copy the public files and check the copies: what changes on the shelf after that
        #    cannot slip in. What is not public any more is left out here, and in every step below.
        with self._store.read() as session:
            clips = copies.published(session, batch.copies)
        files, posters, spoilt = self._copy_files(clips, folder)
        self._note_spoilt(batch, spoilt)
        left = [copy for copy in batch.copies if copy.clip_id in files]
        if not left:
            return self._drop(batch, clips)
        with self._open(batch.repo) as line:
            # 2. The repo, as it should be, before anything goes to it.
            head = self._prepare(line, batch.repo)
            # 3. Write down that there may be something from now on.
            with self._store.write() as session:
                clips = copies.published(session, left)
                copies.begin(session, batch, clips.values(), posters, self._clock())
            # 4. The large files. Nobody sees them before the commit.
            wanted = {path: str(file) for each in clips for path, file in files[each].items()}
            line.ask("upload", files=wanted)
            # 5. Look again whether they are public, and commit.
            with self._store.read() as session:
                clips = copies.published(session, left)
                texts = self._metadata(session, batch.repo, clips)
            card = dataset.card(address=self._settings.address)
            card_sha256 = hashlib.sha256(card.encode()).hexdigest()
            if self._place(batch.repo).card_sha256 != card_sha256:
                texts[dataset.CARD] = card
            commit = ""
            if clips:
                commit = line.ask(
                    "commit",
                    only=[path for each in clips for path in files[each]],
                    texts=texts,
                    delete=[],
                    head=head,
                    says=f"Publish {len(clips)} clips" if len(clips) > 1 else "Publish a clip",
                )["commit"]
            # 6. Write down where they are. What was taken down meanwhile is the next to be done.
            with self._store.write() as session:
                here = [
                    copies.put(
                        session,
                        batch,
                        clip,
                        part=dataset.part_of(clip),
                        commit=commit,
                        now=self._clock(),
                    )
                    for clip in clips.values()
                ]
                changed = {"card_sha256": card_sha256} if dataset.CARD in texts and clips else {}
                copies.goes_well(session, batch.repo, **changed)
            # 7. Words that changed: the old ones are in the history still.
            if any(copy.is_reworded for copy in left):
                line.ask("squash")
                with self._store.write() as session:
                    copies.reworded(session, batch)
        log.info("Put %s clips into %s", sum(here), batch.repo)
        return sum(here)

    def _copy_files(
        self, clips: dict[str, Clip], folder: Path
    ) -> tuple[dict[str, dict[str, Path]], dict[str, str], dict[str, str]]:
        """Checked copies by clip and path in the repo, posters' sha256, and clips that cannot go."""
        files: dict[str, dict[str, Path]] = {}
        posters: dict[str, str] = {}
        spoilt: dict[str, str] = {}
        for clip in clips.values():
            copied = {}
            for path, (source, expected) in dataset.public_files(clip, self._media).items():
                target = folder / path.replace("/", "-")
                if source.is_file():
                    shutil.copyfile(source, target)
                if not target.is_file() or sha256_of(target) != expected:
                    spoilt[clip.id] = "bytes_changed"
                elif not clip.shares_prompt and _holds(target, clip.prompt):
                    spoilt[clip.id] = copies.SAYS_PROMPT
                if path == dataset.poster_path(clip):
                    posters[clip.id] = expected
                copied[path] = target
            if clip.id not in spoilt:
                files[clip.id] = copied
        return files, posters, spoilt

    def _note_spoilt(self, batch: Batch, spoilt: dict[str, str]) -> None:
        for clip_id, error in spoilt.items():
            log.error("Clip %s does not go to %s: %s", clip_id, batch.repo, error)
            lies_there = any(copy.begun for copy in batch.copies if copy.clip_id == clip_id)
            with self._store.write() as session:
                if lies_there and error == copies.SAYS_PROMPT:
                    copies.withhold(session, batch, clip_id, error=error, now=self._clock())
                else:
                    self._fail(session, batch, [clip_id], error)

    def _drop(self, batch: Batch, clips: dict[str, Clip]) -> int:
        """Of rows whose clip is not public the trigger says so; one that it does not was made
        by no act of ours, and waits."""
        strange = [copy.clip_id for copy in batch.copies if copy.clip_id not in clips]
        with self._store.write() as session:
            self._fail(session, batch, strange, "not_public")
        return 0

    def _prepare(self, line: Line, repo: str) -> str:
        """Make the repo if need be, and refuse one that is not as it should be. Returns its head."""
        wants_private = not self._settings.hub_public
        found = line.ask("look")
        if not found["exists"]:
            line.ask("create", private=wants_private)
            found = line.ask("look")
        if wants_private and not found.get("private"):
            raise HubFailed("public")
        if not self._place(repo).is_ours:
            # A take-down squashes the whole history, which somebody else's must not suffer.
            if dataset.TAG not in found["tags"] and set(found["root"]) - _EMPTY:
                raise HubFailed("not_empty")
            with self._store.write() as session:
                copies.goes_well(session, repo, is_ours=True)
        return str(found["head"])

    def _metadata(self, session: Any, repo: str, clips: dict[str, Clip]) -> dict[str, str]:
        joining: dict[int, list[str]] = defaultdict(list)
        for clip in clips.values():
            joining[dataset.part_of(clip)].append(clip.id)
        return {
            dataset.metadata_path(part): dataset.metadata(
                session,
                copies.part_clips(session, repo, part, ids),
                address=self._settings.address,
            )
            for part, ids in joining.items()
        }

    # ---- taking clips away ----------------------------------------------------------------

    def _remove(self, batch: Batch) -> int:
        if not all(copy.begun for copy in batch.copies):
            with self._store.write() as session:
                copies.never_sent(session, batch)
            return 0
        with self._store.read() as session:
            clips = {copy.clip_id: session.get_one(Clip, copy.clip_id) for copy in batch.copies}
            texts = {}
            for part in sorted({dataset.part_of(clip) for clip in clips.values()}):
                rows = copies.part_clips(session, batch.repo, part, [])
                path = dataset.metadata_path(part)
                texts[path] = dataset.metadata(session, rows, address=self._settings.address)
            kept = copies.shared_posters(session, batch)
        with self._open(batch.repo) as line:
            found = line.ask("look")
            if found["exists"]:
                # 1. Out of the newest revision, with their rows.
                files = [path for clip in clips.values() for path in _paths(clip)]
                there = set(line.ask("which", paths=[*files, *texts])["paths"])
                gone = [path for path in files if path in there]
                gone += [path for path, text in texts.items() if not text and path in there]
                kept_texts = {path: text for path, text in texts.items() if text and path in there}
                with self._store.write() as session:
                    copies.showed(session, batch, str(found["head"]) if gone else "")
                if gone or kept_texts:
                    says = (
                        "Take away a clip" if len(clips) == 1 else f"Take away {len(clips)} clips"
                    )
                    line.ask(
                        "commit",
                        only=[],
                        texts=kept_texts,
                        delete=gone,
                        head=found["head"],
                        says=says,
                    )
                with self._store.write() as session:
                    copies.removed(session, batch, self._clock())
                # 2. The large files themselves, and the history that had the rest.
                doomed = {copy.sha256 for copy in batch.copies if copy.sha256}
                doomed |= {each.poster_sha256 for each in batch.copies if each.poster_sha256} - kept
                line.ask("purge", sha256=sorted(doomed))
                line.ask("squash")
            with self._store.write() as session:
                copies.purged(session, batch, self._clock())
            # 3. Ask for every address that ever showed them.
            count = 0
            for copy in batch.copies:
                is_gone = not found["exists"] or self._is_gone(line, batch, copy, clips)
                with self._store.write() as session:
                    now, chance = self._clock(), self._chance
                    copies.checked(session, batch, copy, is_gone=is_gone, now=now, chance=chance)
                count += is_gone
        with self._store.write() as session:
            copies.goes_well(session, batch.repo)
        log.info("Took %s clips out of %s; %s are gone", len(clips), batch.repo, count)
        return count

    def _is_gone(self, line: Line, batch: Batch, copy: Copy, clips: dict[str, Clip]) -> bool:
        with self._store.read() as session:
            commits = copies.commits_of(session, batch.repo, copy.clip_id)
        clip = clips[copy.clip_id]
        asked = [["main", path] for path in _paths(clip)]
        for commit in commits:
            # There, what its row said as well.
            paths = [*_paths(clip), dataset.metadata_path(dataset.part_of(clip))]
            asked += [[commit, path] for path in paths]
        return not line.ask("answers", places=asked)["found"]

    # ---- both -----------------------------------------------------------------------------

    def _open(self, repo: str) -> Line:
        line = Line(
            endpoint=self._settings.hub_endpoint,
            token=self._settings.hf_token.get_secret_value(),
            repo=repo,
            deadline_s=self._deadline_s,
        )
        self._line = line
        if self._closing.is_set():
            line.cut()
        return line

    def _place(self, repo: str) -> HubPlace:
        with self._store.read() as session:
            return session.get_one(HubPlace, repo)

    def _note_failure(self, batch: Batch, error: HubFailed) -> None:
        with self._store.write() as session:
            now, chance = self._clock(), self._chance
            trouble = f"{error.code}:{error.status}" if error.status else error.code
            if error.code in ("refused", "strange"):  # by what was sent, not by who or when
                self._fail(session, batch, [copy.clip_id for copy in batch.copies], trouble)
            if error.code == "refused":
                return
            is_news = copies.stopped(
                session,
                batch.repo,
                trouble=trouble,
                asked_wait_s=error.wait_s,
                now=now,
                chance=chance,
            )
        if is_news:
            log.warning("The Hub, %s: %s. It is tried again by itself", batch.repo, trouble)

    def _fail(self, session: Any, batch: Batch, ids: Sequence[str], error: str) -> None:
        now, chance = self._clock(), self._chance
        copies.failed(session, batch, ids, error=error, now=now, chance=chance)


def _paths(clip: Clip) -> tuple[str, str]:
    return dataset.mp4_path(clip), dataset.poster_path(clip)


def _holds(path: Path, prompt: str) -> bool:
    """Whether a file says what its creator does not share; a signed file can."""
    words = prompt.encode()
    return len(words) >= _SHORT and words in path.read_bytes()
