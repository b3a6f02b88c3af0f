"""The acts of Greenlight, one method each: one transaction, the rule's own room, the job.

Knows nothing of HTTP or Gradio. Routes, events and commands all come through here, so an act is
authorised and logged the same way whoever asks. Every method takes the user first.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from accounts import people, switches
from accounts.models import Person, Role
from accounts.permissions import User
from errors import BadInput, ModelNotLoaded, SignInNeeded
from gallery import browse
from gallery.publish import check_public
from jobs import Jobs
from media import MediaStore
from moderation import clips, desk, statistics
from moderation.models import Clip, Verdict
from moderation.views import clip_json, clips_json
from moderation.visibility import visible_clip
from pipeline.engine import Engine
from pipeline.lexicon import open_lexicon
from pipeline.request import SEED_LIMIT, check_inputs
from settings import VERSION, Settings
from store import Store
from text import check_text

Json = dict[str, Any]


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

    # ---- creators -------------------------------------------------------------------------

    def create(self, user: User, wish: Wish) -> Json:
        """Accept a prompt. The permission comes first, so a stranger learns no limits."""
        user.must("create clips")
        if self.engine.state == "failed":
            raise ModelNotLoaded()  # taken now, it would only be lost
        preset = self.engine.preset
        request = check_inputs(
            preset,
            prompt=wish.prompt,
            negative_prompt=wish.negative_prompt,
            preset_name=wish.preset,
            seed=secrets.randbelow(SEED_LIMIT) if wish.seed is None else wish.seed,
            num_frames=wish.num_frames,
            width=wish.width,
            height=wish.height,
            num_inference_steps=wish.num_inference_steps,
            guidance_scale=wish.guidance_scale,
            prompt_limit=self.settings.prompt_limit,
        )
        columns = {**request.as_columns(), "model": preset.name, "fps": preset.fps}
        with self.store.write() as session:
            clip = clips.submit(
                session,
                user,
                request=columns,
                parent_id=wish.parent_id,
                note=wish.note,
                enqueue=self._jobs.enqueue_make,
            )
            return clip_json(session, user, clip)

    def reading(self, user: User, prompt: str) -> Json:
        """How the model would read a prompt, before it is sent. Nothing of it is kept."""
        user.must("create clips")
        check_text("prompt", prompt, self.settings.prompt_limit)
        preset = self.engine.preset
        if preset.lexicon is None:
            return {"lexicon": False}
        reading = open_lexicon(preset.lexicon).read(prompt, preset.assumes)
        return {"lexicon": True, **reading.as_json()}

    def mine(self, user: User, *, state: str | None, cursor: str | None) -> Json:
        user.must("create clips")
        with self.store.read() as session:
            query = select(Clip).where(Clip.creator_id == user.id)
            if state is not None:
                query = query.where(Clip.state == state)
            found, following = browse.page(session, query, col(Clip.created_at), cursor)
            return {"items": clips_json(session, user, found), "next": following}

    def cancel(self, user: User, clip_id: str) -> Json:
        return self._act(user, lambda session: clips.cancel(session, user, clip_id))

    def retry(self, user: User, clip_id: str) -> Json:
        make = self._jobs.enqueue_make
        return self._act(user, lambda session: clips.retry(session, user, clip_id, enqueue=make))

    def withdraw(self, user: User, clip_id: str) -> Json:
        return self._act(user, lambda session: clips.withdraw(session, user, clip_id))

    # ---- everyone -------------------------------------------------------------------------

    def clip(self, user: User, clip_id: str) -> Json:
        with self.store.read() as session:
            return clip_json(session, user, visible_clip(session, user, clip_id))

    def gallery(self, *, text: str, creator: str, cursor: str | None) -> Json:
        """What the public sees; the same for everyone, whoever asks."""
        with self.store.read() as session:
            found, following = browse.published(session, text=text, creator=creator, cursor=cursor)
            return {"items": clips_json(session, User(), found), "next": following}

    def statistics(self) -> Json:
        with self.store.read() as session:
            return statistics.numbers(session)

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

    # ---- reviewers ------------------------------------------------------------------------

    def review_queue(self, user: User) -> Json:
        with self.store.read() as session:
            return {"items": clips_json(session, user, desk.queue(session, user)), "next": None}

    def claim(self, user: User, clip_id: str | None) -> Json:
        lease_s = self.settings.claim_s
        return self._act(user, lambda session: desk.claim(session, user, clip_id, lease_s=lease_s))

    def release(self, user: User, clip_id: str) -> Json:
        return self._act(user, lambda session: desk.release(session, user, clip_id))

    def decide(self, user: User, clip_id: str, ruling: desk.Ruling) -> Json:
        publish = self._jobs.enqueue_publish
        return self._act(
            user,
            lambda session: desk.decide(session, user, clip_id, ruling, enqueue_publish=publish),
        )

    def take_down(self, user: User, clip_id: str, *, reason: str, note: str) -> Json:
        return self._act(
            user, lambda session: clips.take_down(session, user, clip_id, reason=reason, note=note)
        )

    def restore(self, user: User, clip_id: str, *, note: str) -> Json:
        def check_file(clip: Clip) -> None:
            check_public(clip, self._media)

        return self._act(
            user,
            lambda session: clips.restore(session, user, clip_id, note=note, check_file=check_file),
        )

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
            desk.drop_claims(session, person.id)

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
            return clip_json(session, user, clip)


def as_role(name: str) -> Role:
    try:
        return Role(name)
    except ValueError as error:
        known = ", ".join(role.value for role in Role)
        raise BadInput(
            field="role", value=name, rule=f"one of {known}", step="Name one of them."
        ) from error


def as_verdict(name: str) -> Verdict:
    try:
        return Verdict(name)
    except ValueError as error:
        known = ", ".join(verdict.value for verdict in Verdict)
        raise BadInput(
            field="verdict", value=name, rule=f"one of {known}", step="Send one of them."
        ) from error
