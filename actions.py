"""The acts of Greenlight, one method each: one transaction, the rule's own room, the job.

Knows nothing of HTTP or Gradio. Routes, events and commands all come through here, so an act is
authorised and logged the same way whoever asks. Every method takes the user first.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlmodel import Session, col, select

from accounts import people, switches
from accounts.models import Person, Role, new_id
from accounts.permissions import User
from authorship import Authorship
from curating import Curating
from errors import (
    BadInput,
    DiskFull,
    ModelNotLoaded,
    NoDraft,
    NoFirstFrame,
    NotFound,
    SignInNeeded,
    StorageFull,
)
from finding import Finding
from gallery import browse, published, reshelving, shelving
from gallery.feeds import SITEMAP_PART
from gallery.question import Question
from gallery.tombstone import Tombstone, tombstone
from hub.report import report
from jobs import Jobs
from media import MediaStore
from moderation import (
    amendment,
    appeals,
    claims,
    clips,
    policy,
    statements,
    statistics,
)
from moderation.dsa import as_dsa
from moderation.models import Clip, State
from moderation.presentation import SAID_NOTHING, Said
from moderation.rules import rules_of
from moderation.views import clips_json
from moderation.visibility import visible_clip
from pipeline.encode import label
from pipeline.engine import Engine
from pipeline.frame import check_frame
from pipeline.lexicon import open_lexicon
from pipeline.request import SEED_LIMIT, check_inputs, check_variants
from pipeline.surprise import surprise
from reporting import Reporting
from reviewing import Reviewing
from settings import VERSION, Settings
from sharing import allowance, backlog, frames, timings, turns
from sharing.forecast import Forecaster
from store import Store, as_text
from text import check_text

Json = dict[str, Any]

_UNKNOWN_COST_S: Final = 10.0
"""What a clip counts for in fair queueing while the model's times are not known yet."""


@dataclass(frozen=True)
class Wish:
    """A prompt as it came in, unchecked. None means the preset's own default."""

    prompt: str
    negative_prompt: str | None = None
    preset: str | None = None
    seed: int | None = None
    num_frames: int | None = None
    width: int | None = None
    height: int | None = None
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    parent_id: str | None = None
    note: str = ""
    variants: int = 1
    first_frame: str | None = None
    said: Said = SAID_NOTHING  # of the clip, to the public


class Actions:
    """What people do, over one store, one engine and one job queue."""

    def __init__(
        self, settings: Settings, store: Store, media: MediaStore, engine: Engine, jobs: Jobs
    ) -> None:
        self.settings = settings
        self.engine = engine
        self.store = store
        self._media = media
        self._jobs = jobs
        self._rules = allowance.Rules(
            slots=settings.slots,
            most_slots=max(settings.slots, settings.most_slots),
            clips_per_hour=settings.clips_per_hour,
            day_s=settings.gpu_seconds_per_day or None,
        )
        self._review = rules_of(settings)
        self.reviewing = Reviewing(
            store,
            media,
            self._review,
            act=self._act,
            shown=self._shown,
            enqueue_publish=jobs.enqueue_publish,
        )
        self.reporting = Reporting(store, shown=self._shown)
        self.finding = Finding(store)
        self.authorship = Authorship(store, media, act=self._act)
        self.curating = Curating(store)
        self._limits = backlog.Limits(own=settings.own_backlog, all=settings.review_backlog)
        self._forecaster = Forecaster(self._limits)
        self._board = statistics.Board()

    # ---- creators -------------------------------------------------------------------------

    def create(self, user: User, wish: Wish) -> Json:
        """Accept a prompt, once or in variants whose seeds follow each other. The first clip is
        answered. The permission comes first, so a stranger learns no limits."""
        user.must("create clips")
        self._refuse_without_model()
        preset = self.engine.preset
        count = check_variants(preset, wish.variants)
        seed = secrets.randbelow(SEED_LIMIT - count) if wish.seed is None else wish.seed
        requests = [self._checked(wish, seed + number) for number in range(count)]
        batch_id = new_id() if count > 1 else None
        with self.store.write() as session:
            allowance.check(session, user, self._rules, count=count)
            first_frame = None
            if wish.first_frame is not None:
                first_frame = frames.own_frame(session, user, wish.first_frame).sha256
            sent = [
                clips.submit(
                    session,
                    user,
                    request={**request, "first_frame": first_frame},
                    parent_id=wish.parent_id,
                    note=wish.note,
                    enqueue=self._join,
                    batch_id=batch_id,
                    style=preset.style_of(wish.prompt),
                    said=wish.said,
                )
                for request in requests
            ]
            answer = self._shown(session, user, [sent[0]])[0]
        if count > 1:
            answer["variants"] = [clip.id for clip in sent]
        return answer

    def final(self, user: User, clip_id: str) -> Json:
        """Render a draft again at the full number of steps: the same prompt, seed and size."""
        user.must("create clips")
        self._refuse_without_model()
        preset = self.engine.preset
        with self.store.write() as session:
            draft = clips.draft_for_final(session, user, clip_id)
            if not self._is_draft(draft):
                raise NoDraft(steps=draft.num_inference_steps, model=draft.model)
            allowance.check(session, user, self._rules, count=1)
            request = {name: getattr(draft, name) for name in clips.REQUEST_FIELDS}
            request |= {
                "first_frame": draft.first_frame,
                "model_licence": draft.model_licence,
                "num_inference_steps": preset.final_steps,
            }
            clip = clips.submit(
                session,
                user,
                request=request,
                parent_id=draft.id,
                note=draft.note,
                enqueue=self._join,
                style=draft.style,
            )
            return self._shown(session, user, [clip])[0]

    def delete(self, user: User, clip_id: str) -> Json:
        """Take an ended clip of one's own away for good."""
        user.must("create clips")
        with self.store.write() as session:
            clips.delete(session, user, clip_id, remove=partial(self._remove_files, session))
        return {"deleted": clip_id}

    def keep_frame(self, user: User, data: bytes) -> Json:
        """Take a picture as the first frame of a clip to come. It is never handed out again."""
        user.must("create clips")
        if self.engine.preset.first_frame is None:
            raise NoFirstFrame(model=self.engine.preset.name)
        with self._media.working(f"frame-{new_id()}") as folder:
            picture = check_frame(data, folder=folder)
            self._media.put(picture.path, "frames", picture.sha256)
        with self.store.write() as session:
            kept, forgotten = frames.keep(
                session,
                user,
                sha256=picture.sha256,
                width=picture.width,
                height=picture.height,
            )
        for sha256 in forgotten:
            self._media.path("frames", sha256, ".png").unlink(missing_ok=True)
        return {"id": kept.id, "width": kept.width, "height": kept.height}

    def copy_with_facts(self, clip: Clip) -> Path:
        """A copy of a clip's reviewed file that says in its metadata how it was made. The caller
        has asked whether its reader may have it, and deletes the folder it lies in."""
        settings = {name: getattr(clip, name) for name in clips.REQUEST_FIELDS if name != "prompt"}
        facts = {
            "title": clip.title or clip.prompt,
            "comment": json.dumps({"clip": clip.id, **settings}, ensure_ascii=False),
            "synopsis": "Made with AI",
        }
        folder = self._media.work_folder(f"copy-{new_id()}")
        held = self._media.path("held", clip.sha256 or "", ".mp4")
        try:
            return label(held, facts, folder / "clip.mp4")
        except DiskFull as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise StorageFull from error

    def model(self) -> Json:
        """What the loaded model can do, for a form that offers nothing else."""
        return {**self.engine.preset.as_json(), "state": self.engine.state}

    def allowance(self, user: User) -> Json:
        """How much the asker may send now, with the arithmetic."""
        user.must("create clips")
        with self.store.read() as session:
            return allowance.as_json(session, user, self._rules, self._limits)

    def surprise(self, user: User) -> Json:
        """A prompt that the loaded model can really do."""
        user.must("create clips")
        return {"prompt": surprise(self.engine.preset)}

    def reading(self, user: User, prompt: str) -> Json:
        """How the model would read a prompt, before it is sent. Nothing of it is kept."""
        user.must("create clips")
        check_text("prompt", prompt, self.settings.prompt_limit)
        preset = self.engine.preset
        if preset.lexicon is None:
            return {"lexicon": False}
        reading = open_lexicon(preset.lexicon).read(prompt, preset.assumes)
        return {"lexicon": True, **reading.as_json()}

    def mine(self, user: User, *, states: list[str], cursor: str | None, text: str = "") -> Json:
        user.must("create clips")
        with self.store.read() as session:
            found, following = browse.own(session, user.id, text=text, states=states, cursor=cursor)
            return {"items": self._shown(session, user, found), "next": following}

    def cancel(self, user: User, clip_id: str) -> Json:
        def stop(session: Session) -> Clip:
            clip = clips.cancel(session, user, clip_id)
            if clip.state == State.CANCELLED:  # it never began; a running one is settled at its end
                turns.give_back(session, clip, clip.cost_s)
            return clip

        stopped = self._act(user, stop)
        self._jobs.ask_now(clip_id)
        return stopped

    def retry(self, user: User, clip_id: str) -> Json:
        def again(session: Session) -> Clip:
            clips.own_clip(session, user, clip_id)
            allowance.check(session, user, self._rules, count=1)
            return clips.retry(session, user, clip_id, enqueue=self._join)

        return self._act(user, again)

    def withdraw(self, user: User, clip_id: str) -> Json:
        done = self._act(user, lambda session: clips.withdraw(session, user, clip_id))
        reshelving.settle(self.store, self._media)
        return done

    def appeal(self, user: User, clip_id: str, words: str) -> Json:
        return self._act(
            user, lambda session: appeals.appeal(session, user, clip_id, words, self._review)
        )

    # ---- everyone -------------------------------------------------------------------------

    def clip(self, user: User, clip_id: str) -> Json:
        with self.store.read() as session:
            return self._shown(session, user, [visible_clip(session, user, clip_id)])[0]

    def tombstone(self, clip_id: str) -> Tombstone | None:
        with self.store.read() as session:
            return tombstone(session, clip_id)

    def newest(self) -> tuple[list[Json], dict[str, int]]:
        """The first page of the gallery, and the bytes of each clip's public file."""
        found: list[Json] = self.finding.page(Question(), None)["items"]
        return found, {clip["id"]: self._public_bytes(clip) for clip in found}

    def sitemap_parts(self) -> list[str]:
        with self.store.read() as session:
            return published.parts(session, SITEMAP_PART)

    def sitemap_part(self, begin: str | None) -> list[Json]:
        with self.store.read() as session:
            return clips_json(session, User(), published.part(session, begin, SITEMAP_PART))

    def statistics(self) -> Json:
        return self._board.read(self.store)

    def review_policy(self, version: int | None, language: str) -> Json:
        """One version of the review policy, the newest when none is named."""
        with self.store.read() as session:
            newest = policy.current(session)
            found = newest if version is None else policy.find(session, version)
            return policy.as_json(found, language)

    def statements(self, user: User, clip_id: str) -> Json:
        """The statements of reasons about a clip, oldest first."""
        with self.store.read() as session:
            found = statements.readable(session, user, clip_id)
            return {"items": [statements.as_json(each) for each in found], "next": None}

    def statement(
        self, user: User, clip_id: str, statement_id: str, *, style: str, language: str
    ) -> Json:
        """One statement, as it is or in the shape of the Digital Services Act."""
        with self.store.read() as session:
            found = statements.readable(session, user, clip_id)
            statement = next((each for each in found if each.id == statement_id), None)
            if statement is None:
                raise NotFound()
            if style == "plain":
                return statements.as_json(statement)
            clip = visible_clip(session, user, clip_id)
            return as_dsa(statement, clip, language=language, address=self.settings.address)

    def health(self) -> Json:
        with self.store.read() as session:
            paused = [switch.what for switch in switches.paused(session)]
        return {
            "status": "failing" if self.engine.state == "failed" else "ok",
            "paused": paused,
            "model": self.engine.preset.name,
            "model_state": self.engine.state,
            "version": VERSION,
        }

    def hub(self, user: User, language: str) -> Json:
        """How far the Hub is in step, for leads."""
        with self.store.read() as session:
            return report(session, user, language)

    # ---- admins ---------------------------------------------------------------------------

    def invite(self, user: User, *, role: str, name: str | None) -> str:
        """A new invitation as a link that is shown once."""
        user.must("administer")
        with self.store.write() as session:
            token = people.invite(
                session,
                role=as_role(role),
                name=name or None,
                created_by=user.id,
                hours=self.settings.invite_hours,
            )
        return f"{self.settings.address}/invite/{token}"

    def people(self, user: User) -> list[Person]:
        user.must("administer")
        with self.store.read() as session:
            return people.everyone(session)

    def revoke(self, user: User, name: str) -> None:
        user.must("administer")
        with self.store.write() as session:
            person = people.revoke(session, name, revoked_by=user.id)
            claims.drop(session, person.id)

    def preview_policy(self, user: User, seen: int, reasons: Sequence[policy.Reason]) -> Json:
        """What publishing these reasons would change. Writes nothing."""
        with self.store.read() as session:
            after, found = amendment.preview(session, user, seen=seen, reasons=reasons)
        return {"version": str(after.version), "changes": [each.as_json() for each in found]}

    def publish_policy(
        self, user: User, seen: int, reasons: Sequence[policy.Reason], language: str
    ) -> Json:
        """Make these reasons the version that decisions are made under from now on."""
        with self.store.write() as session:
            after, _ = amendment.publish(session, user, seen=seen, reasons=reasons)
        return policy.as_json(after, language)

    def pause(self, user: User, what: str, message: str | None = None) -> Json:
        user.must("administer")
        with self.store.write() as session:
            switches.pause(session, what, message=message, paused_by=user.id)
        return self.health()

    def resume(self, user: User, what: str) -> Json:
        user.must("administer")
        with self.store.write() as session:
            switches.resume(session, what, resumed_by=user.id)
        return self.health()

    def _act(self, user: User, act: Callable[[Session], Clip]) -> Json:
        """One act on one clip: signed in, in one transaction, answered with the clip after it."""
        if user.role is None:
            raise SignInNeeded()
        with self.store.write() as session:
            clip = act(session)
            session.flush()
            return self._shown(session, user, [clip])[0]

    def _refuse_without_model(self) -> None:
        """A clip that is taken now would only be lost."""
        if self.engine.state == "failed":
            raise getattr(self.engine, "load_error", None) or ModelNotLoaded()

    def _checked(self, wish: Wish, seed: int) -> dict[str, Any]:
        """The columns of a request that the preset can make. Raises BadInput."""
        preset = self.engine.preset
        request = check_inputs(
            preset,
            prompt=wish.prompt,
            negative_prompt=wish.negative_prompt,
            preset_name=wish.preset,
            seed=seed,
            num_frames=wish.num_frames,
            width=wish.width,
            height=wish.height,
            num_inference_steps=wish.num_inference_steps,
            guidance_scale=wish.guidance_scale,
            first_frame=wish.first_frame,
            prompt_limit=self.settings.prompt_limit,
        )
        made_by = {"model": preset.name, "model_licence": preset.licence, "fps": preset.fps}
        return {**request.as_columns(), **made_by}

    def _join(self, session: Session, clip: Clip) -> None:
        """A place in line and the job, in the transaction of the clip itself."""
        expected = timings.phases(session, clip)
        turns.join(session, clip, timings.total(expected, otherwise=_UNKNOWN_COST_S))
        self._jobs.enqueue_make(session, clip)

    def _shown(self, session: Session, user: User, found: Sequence[Clip]) -> list[Json]:
        """Clips as the asker may read them, those under way with what the pipeline forecasts."""
        shown = clips_json(session, user, found)
        ahead = self._forecaster.forecasts(session, found)
        for clip, view in zip(found, shown, strict=True):
            if "timeline" not in view or "note" not in view:
                continue  # a stranger's view of a published clip
            view |= ahead.get(clip.id, {})
            until = self.reviewing.undo_until(session, user, clip)
            view["undo_until"] = as_text(until) if until else None
            view["can"] += ["undo"] if until else []
            own = clip.creator_id == user.id
            if own and view["progress"] and self._media.preview(clip.id).is_file():
                address = f"/media/{clip.id}.preview.jpg?step={clip.step}"
                view["progress"] = {**view["progress"], "preview": address}
            if own and clip.state in clips.FINAL_FROM and self._is_draft(clip):
                view["can"].append("final")
        return shown

    def _public_bytes(self, clip: Json) -> int:
        """0 when the file is not there: a feed that lists it is better than no feed."""
        path = self._media.released(clip["public_sha256"] or "", ".mp4")
        try:
            return path.stat().st_size
        except OSError:
            return 0

    def _is_draft(self, clip: Clip) -> bool:
        preset = self.engine.preset
        return clip.model == preset.name and clip.num_inference_steps < preset.final_steps

    def _remove_files(self, session: Session, clip: Clip) -> None:
        """Delete a clip's files, except those that another clip has too (the same bytes)."""
        others = select(Clip.id).where(Clip.id != clip.id, col(Clip.deleted_at).is_(None))
        if clip.sha256 and not session.exec(others.where(Clip.sha256 == clip.sha256)).first():
            for ending in (".mp4", *clip.pictures):
                self._media.path("held", clip.sha256, ending).unlink(missing_ok=True)
        shelving.forget(session, self._media, clip)
        for frame in frames.forget(session, clip):
            self._media.path("frames", frame, ".png").unlink(missing_ok=True)


def as_role(name: str) -> Role:
    try:
        return Role(name)
    except ValueError as error:
        known = ", ".join(role.value for role in Role)
        raise BadInput(
            field="role", value=name, rule=f"one of {known}", step="Name one of them."
        ) from error
