"""Moving the parts of things: `open`, `close`, `turnon`, `turnoff`, `press`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from robolearn.sim.bddl_scene import Place
from robolearn.sim.catalogue.thing import HandlePose, ThingPart
from robolearn.sim.experts.hand_target import HandTarget, nearest_turn
from robolearn.sim.experts.skills.grasps import aim
from robolearn.sim.experts.skills.hand import SLOW_MPS, Actions, HandSkills

Check = Callable[[], bool]

# At full size.
STANDOFF_M = 0.07
NUM_WAYPOINTS = 16  # along a joint's whole way
PRESS_ON_M, PRESS_ON_RAD = 0.012, 0.08  # beyond closed: the arm yields, and friction holds the part


def find_covers(place: Place) -> list[ThingPart]:
    """Returns the drawer or door that must be open for something to be put in a place."""
    assert place.owner is not None
    part = place.boxes[0].part
    return [place.owner.parts[part]] if part else list(place.owner.parts.values())


def make_skill(
    skill: str, hand: HandSkills, part: ThingPart, attempt: int
) -> tuple[Actions, Check]:
    """Returns the actions of a skill and what finds whether it worked.

    Args:
        skill: `open`, `close`, `turnon` or `turnoff`.
        hand: the hand.
        part: what to move.
        attempt: how often it was tried before.
    """
    unit = PRESS_ON_RAD if part.is_hinge else PRESS_ON_M
    if skill in ("close", "turnoff"):
        return lead(hand, part, -unit), lambda: part.is_closed
    goal = part.part.limit if skill == "open" else (part.part.open_from + part.part.limit) / 2
    return lead(hand, part, goal), lambda: part.is_open


def lead(hand: HandSkills, part: ThingPart, goal: float) -> Actions:
    """Takes a part by its handle, leads it along its joint's way, and lets go."""
    opening = hand.find_opening(part.find_handle().width_m)
    targets = _choose_targets(hand, part, goal, opening)
    yield from reach(hand, targets[0], opening)
    yield from hand.go(targets[0])
    yield from hand.arm.wait(1)
    yield from hand.close()
    for target in targets[1:]:
        yield from hand.go(target, speed_mps=SLOW_MPS)
    yield from hand.arm.wait(2)
    yield from hand.open(opening)
    yield from hand.go(_back_off(hand, hand.arm.target))


def reach(hand: HandSkills, target: HandTarget, opening: float) -> Actions:
    """Goes before a target, the gripper open."""
    hand.arm.opening = opening
    yield from hand.travel(_back_off(hand, target))
    yield from hand.catch_up()


def _choose_targets(
    hand: HandSkills, part: ThingPart, goal: float, opening: float
) -> list[HandTarget]:
    """Returns the hand's way with the handle, turned so that the arm can go it to its end."""
    upright = _find_targets(hand, part, goal)
    turned = [replace(t, roll_rad=t.roll_rad - math.pi) for t in upright]
    return min((upright, turned), key=lambda targets: _rate(hand, part, targets, opening))


def _rate(hand: HandSkills, part: ThingPart, targets: list[HandTarget], opening: float) -> float:
    found = hand.preview.look_along(targets, opening, ignored=part.thing.geoms)
    return hand.preview.rate(found)


def _find_targets(hand: HandSkills, part: ThingPart, goal: float) -> list[HandTarget]:
    start = part.position
    num_steps = max(1, math.ceil(NUM_WAYPOINTS * abs(goal - start) / part.part.limit))
    targets = list[HandTarget]()
    for position in np.linspace(start, goal, num_steps + 1):
        target = _make_target(hand, part.find_handle(float(position)))
        if targets:  # fingers change places only if they are told to
            roll_rad = nearest_turn(target.roll_rad, targets[-1].roll_rad, math.pi)
            target = replace(target, roll_rad=roll_rad)
        targets.append(target)
    return targets


def _back_off(hand: HandSkills, target: HandTarget) -> HandTarget:
    return target.shift(-STANDOFF_M * hand.scale * target.ahead_w)


def _make_target(hand: HandSkills, handle: HandlePose) -> HandTarget:
    target = hand.make_target(handle.position_w, handle.approach_w, handle.opening_w)
    return aim(hand, target, handle.width_m)
