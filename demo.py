"""A filled instance for newcomers: real prompts, real clips, real decisions by invented people.

Knows nothing of shortcuts: everything goes through the same acts as a person's click, so a clip
that the demo shows was made by the model and approved by somebody else than its creator.
"""

from __future__ import annotations

import time
from typing import Final

from rich.progress import Progress
from sqlmodel import Session, func, select

from accounts import people
from accounts.models import Role
from accounts.permissions import User
from actions import Wish
from app import Greenlight
from audit import SYSTEM
from errors import GreenlightError
from moderation.desk import Ruling
from moderation.models import Clip, State, Verdict

_CREATORS: Final = ("Mira", "Jun", "Sol")
_REVIEWER: Final = "Rita"
_PROMPTS: Final = (
    "a red ball bouncing in a meadow",
    "two yellow stars going up in the night",
    "a big pink heart growing in the snow",
    "a blue ring circling fast in the desert",
    "a purple ball moving right on the grass",
    "two small green triangles moving left in the sky",
    "an orange square moving down in a grey room",
    "a cyan heart standing still in the night",
    "a large red star shrinking slowly in the desert",
    "two pink rings moving left in the snow",
    "a green square hopping in the meadow",
    "a yellow triangle moving right fast at night",
)
_LEFT_WAITING: Final = 3
_REJECTED: Final = 4
_PATIENCE_S: Final = 600


class NotEmpty(GreenlightError):
    code = "not_empty"
    says = "This instance has {count} clips already; the demo fills empty ones only."
    fix_says = "Give it a fresh folder: GREENLIGHT_DATA=demo-data python manage.py demo"


def fill(greenlight: Greenlight) -> None:
    """Make, review and publish the demo's clips. Raises NotEmpty."""
    with greenlight.store.write() as session:
        count = session.exec(select(func.count()).select_from(Clip)).one()
        if count:
            raise NotEmpty(count=count)
        creators = [_person(session, name, Role.CREATOR) for name in _CREATORS]
        reviewer = _person(session, _REVIEWER, Role.REVIEWER)
    is_embedded = greenlight.settings.model == "embedded"
    prompts = _PROMPTS if is_embedded else greenlight.engine.preset.examples or _PROMPTS
    with Progress(transient=True) as bar:
        loading = bar.add_task("Loading the model", total=None)
        greenlight.engine.load()
        bar.remove_task(loading)
        making = bar.add_task("Making clips", total=len(prompts))
        sent = [
            greenlight.actions.create(
                creators[place % len(creators)], Wish(prompt=prompt, seed=place)
            )["id"]
            for place, prompt in enumerate(prompts)
        ]
        for clip_id in sent:
            _wait(greenlight, reviewer, clip_id, State.PENDING_REVIEW)
            bar.advance(making)
        decided = sent[: len(sent) - _LEFT_WAITING] if len(sent) > _LEFT_WAITING else sent
        publishing = bar.add_task("Reviewing and publishing", total=len(decided))
        for place, clip_id in enumerate(decided):
            _decide(greenlight, reviewer, clip_id, reject=place == _REJECTED)
        # All together: each is published when its approval can no longer be taken back.
        for place, clip_id in enumerate(decided):
            if place != _REJECTED:
                _wait(greenlight, reviewer, clip_id, State.PUBLISHED)
            bar.advance(publishing)


def _decide(greenlight: Greenlight, reviewer: User, clip_id: str, *, reject: bool) -> None:
    version = greenlight.actions.reviewing.claim(reviewer, clip_id)["version"]
    if reject:
        note = "The shape dissolves half way. The same prompt with another seed may hold it."
        ruling = Ruling(Verdict.REJECT, version, reasons=["technical_fault"], note=note)
        greenlight.actions.reviewing.decide(reviewer, clip_id, ruling)
        return
    greenlight.actions.reviewing.decide(reviewer, clip_id, Ruling(Verdict.APPROVE, version))


def _wait(greenlight: Greenlight, user: User, clip_id: str, wanted: State) -> None:
    give_up = time.monotonic() + _PATIENCE_S
    while time.monotonic() < give_up:
        clip = greenlight.actions.clip(user, clip_id)
        if clip["state"] == wanted:
            return
        if clip["state"] == State.FAILED:
            break
        time.sleep(0.05)
    raise DemoStuck(clip_id=clip_id, state=clip["state"], wanted=wanted.value)


class DemoStuck(GreenlightError):
    code = "demo_stuck"
    says = "Clip {clip_id} is {state} and did not become {wanted}."
    fix_says = "See the log above for the reason."


def _person(session: Session, name: str, role: Role) -> User:
    person, _ = people.person_with_role(session, name, role, created_by=SYSTEM)
    return User(person.id, person.name, role)
