"""Clips that somebody is asked about blind, made as they come to be: by decisions and the draw.

Knows nothing of what is tested.
"""

from __future__ import annotations

from dataclasses import replace

from moderation import golden
from moderation.blind import open_turn
from moderation.models import BlindTurn, Clip, State, Verdict
from tests.conftest import House


def second_opinion(
    house: House, name: str = "rob", state: State = State.PUBLISHED, creator: str = "ana"
) -> Clip:
    """A clip that rita decided on, and that `name` is asked about without knowing."""
    house.rules = replace(house.rules, opinion_share=1.0)
    clip = house.clip(state, creator)
    house.rules = replace(house.rules, opinion_share=0.0)
    work(house, name)
    return house.get(clip.id)


def golden_clip(
    house: House,
    name: str = "rob",
    verdict: Verdict = Verdict.REJECT,
    reasons: tuple[str, ...] = ("violence",),
    state: State = State.REJECTED,
) -> Clip:
    """A clip whose answer lea knows, and that `name` is asked about without knowing."""
    clip = make_golden(house, house.clip(state), verdict, reasons)
    house.rules = replace(house.rules, golden_share=1.0)
    work(house, name)
    house.rules = replace(house.rules, golden_share=0.0)
    return clip


def make_golden(
    house: House,
    clip: Clip,
    verdict: Verdict = Verdict.REJECT,
    reasons: tuple[str, ...] = ("violence",),
    by: str = "lea",
) -> Clip:
    with house.store.write() as session:
        golden.mark(session, house.user(by), clip.id, verdict, list(reasons))
    return house.get(clip.id)


def work(house: House, name: str) -> Clip:
    """A decision on some other clip, after which a turn may come."""
    return house.decide(name, house.clip(creator="ben"), Verdict.APPROVE)


def turn_of(house: House, name: str) -> BlindTurn | None:
    with house.store.read() as session:
        return open_turn(session, house.user(name))


def answer(
    house: House, name: str, clip: Clip, verdict: Verdict = Verdict.APPROVE, *reasons: str
) -> Clip:
    """What that person says of the clip they are asked about."""
    turn = turn_of(house, name)
    assert turn is not None
    assert turn.clip_id == clip.id
    seen = Clip(**clip.model_dump() | {"version": turn.version, "state": "pending_review"})
    return house.decide(name, seen, verdict, *reasons)
