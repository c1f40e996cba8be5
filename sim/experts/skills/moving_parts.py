"""Moving the parts of things: `open`, `close`, `turnon`, `turnoff`, `press`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from robolearn.sim.bddl_scene import Place
from robolearn.sim.catalogue.thing import HandlePose, ThingPart
from robolearn.sim.experts.hand_target import HandTarget
from robolearn.sim.experts.skills.grasps import aim
from robolearn.sim.experts.skills.hand import SLOW_MPS, Actions, HandSkills

Check = Callable[[], bool]

# At full size.
STANDOFF_M = 0.07
NUM_WAYPOINTS = 16  # along a joint's whole way


def find_covers(place: Place) -> list[ThingPart]:
    """Returns the drawer or door that must be open for something to be put in a place."""
    assert place.owner is not None
    part = place.boxes[0].part
    return [place.owner.parts[part]] if part else list(place.owner.parts.values())


def make_skill(
    skill: str, hand: HandSkills, part: ThingPart, attempt: int
) -> tuple[Actions, Check]:
    """Returns the actions of a skill and what finds whether it worked."""
    if skill in ("open", "turnon"):
        return pull(hand, part, part.part.limit), lambda: part.is_open
    return pull(hand, part, 0.0), lambda: part.is_closed


def pull(hand: HandSkills, part: ThingPart, goal: float) -> Actions:
    """Takes a part by its handle, leads it along its joint's way, and lets go."""
    handle = part.find_handle()
    opening = hand.find_opening(handle.width_m)
    start = _make_target(hand, handle)
    before = start.shift(-STANDOFF_M * hand.scale * start.ahead_w)
    hand.arm.opening = opening
    yield from hand.travel(before)
    yield from hand.go(start)
    yield from hand.arm.wait(1)
    yield from hand.close()
    position = part.position
    share = abs(goal - position) / part.part.limit
    for position in np.linspace(position, goal, max(2, round(NUM_WAYPOINTS * share)))[1:]:
        yield from hand.go(_make_target(hand, part.find_handle(float(position))), speed_mps=SLOW_MPS)
    yield from hand.arm.wait(2)
    yield from hand.open(opening)
    here = hand.arm.target
    yield from hand.go(here.shift(-STANDOFF_M * hand.scale * here.ahead_w))


def _make_target(hand: HandSkills, handle: HandlePose) -> HandTarget:
    target = hand.make_target(handle.position_w, handle.approach_w, handle.opening_w)
    return aim(hand, target, handle.width_m)
