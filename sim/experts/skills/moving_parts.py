"""Moving the parts of things: `open`, `close`, `turnon`, `turnoff`, `press`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from robolearn.sim.catalogue.thing import ThingPart
from robolearn.sim.experts.hand_target import HandTarget, nearest_turn
from robolearn.sim.experts.skills.grasps import aim
from robolearn.sim.experts.skills.hand import SLOW_MPS, Actions, HandSkills, Route
from robolearn.sim.experts.skills.log import Check
from robolearn.sim.experts.skills.preview import Knot
from robolearn.sim.predicates import is_released

# At full size.
STANDOFF_M = 0.07
UP_W = np.array([0.0, 0.0, 1.0])
NUM_WAYPOINTS = 16  # along a joint's whole way
TURN_SHARES = (1.0, 0.5, 0.0)  # of the turn of a door, by which the hand turns with it
MAX_RELAXED_RAD = 0.8  # a hand may lean while it leads a part
PRESS_ON_M, PRESS_ON_RAD = 0.012, 0.08  # beyond closed: the arm yields, and friction holds the part


def make_skill(skill: str, hand: HandSkills, part: ThingPart) -> tuple[Actions, Check]:
    """Returns the actions of a skill and what finds whether it worked.

    Args:
        skill: `open`, `close`, `turnon` or `turnoff`.
        hand: the hand.
        part: what to move.
    """
    unit = PRESS_ON_RAD if part.is_hinge else PRESS_ON_M
    if skill in ("close", "turnoff"):
        return lead(hand, part, [-unit]), lambda: part.is_closed and _is_left_alone(hand, part)
    just, limit = part.part.open_from + unit, part.part.limit
    goals = [(just + limit) / 2, just] if part.is_hinge else [limit]
    return lead(hand, part, goals), lambda: part.is_open and _is_left_alone(hand, part)


def _is_left_alone(hand: HandSkills, part: ThingPart) -> bool:
    return is_released(hand.scene.world, part.thing.geoms)


def lead(hand: HandSkills, part: ThingPart, goals: Sequence[float]) -> Actions:
    """Takes a part by its handle, leads it to the first goal within reach, and lets go."""
    opening = hand.arm.opening = hand.find_opening(part.find_handle().width_m)
    plan = _choose_lead(hand, part, goals)
    if plan.rating > 1.0:
        yield from hand.recover()
        plan = _choose_lead(hand, part, goals)
    yield from hand.follow(plan.route.knots)
    yield from hand.catch_up()
    yield from hand.follow(plan.route.way_in)
    yield from hand.arm.wait(1)
    yield from hand.close()
    yield from hand.follow(plan.knots, speed_mps=SLOW_MPS)
    yield from hand.arm.wait(2)
    yield from hand.open(opening)
    yield from hand.back_off(STANDOFF_M, -hand.arm.target.ahead_w, UP_W)


@dataclass(frozen=True)
class Lead:
    """A way to move a part.

    Attributes:
        route: to its handle.
        knots: of the hand that holds it.
        rating: of both; see `Preview.rate`.
    """

    route: Route
    knots: tuple[Knot, ...]
    rating: float


def _choose_lead(hand: HandSkills, part: ThingPart, goals: Sequence[float]) -> Lead:
    """Returns the first good way; else the best.

    The fingers may change places, and a hand need not turn as far as a door it leads.
    """
    best: Lead | None = None
    shares = TURN_SHARES if part.is_hinge else (1.0,)
    for goal, share, side_rad in product(goals, shares, (0.0, -math.pi)):
        targets = _find_targets(hand, part, goal, share)
        lead = _plan_lead(hand, part, [replace(t, roll_rad=t.roll_rad + side_rad) for t in targets])
        if best is None or lead.rating < best.rating:
            best = lead
        if best.rating <= 1.0:
            break
    assert best is not None
    return best


def _plan_lead(hand: HandSkills, part: ThingPart, targets: list[HandTarget]) -> Lead:
    """Looks along the way to the handle, and then with it."""
    route = hand.find_route(_back_off(hand, targets[0]), lead_in=targets[0])
    start = route.way_in[-1] if route.way_in else hand.here
    found = hand.preview.look_along(
        [start.target, *targets],
        hand.arm.opening,
        ignored=part.thing.geoms,
        joint_pos=start.joint_pos,
    )
    rating = hand.preview.rate(found, MAX_RELAXED_RAD)
    return Lead(route, found.knots, max(route.rating, rating))


def _find_targets(
    hand: HandSkills, part: ThingPart, goal: float, turn_share: float
) -> list[HandTarget]:
    """Returns the hand's way with the handle, turning by a share of its turn."""
    start = part.position
    num_steps = max(1, math.ceil(NUM_WAYPOINTS * abs(goal - start) / part.part.limit))
    targets = list[HandTarget]()
    for position in np.linspace(start, goal, num_steps + 1):
        handle = part.find_handle(float(position))
        turned = part.find_handle(float(start + turn_share * (position - start)))
        target = hand.make_target(handle.position_w, turned.approach_w, turned.opening_w)
        if targets:  # fingers change places only if they are told to
            roll_rad = nearest_turn(target.roll_rad, targets[-1].roll_rad, math.pi)
            target = replace(target, roll_rad=roll_rad)
        targets.append(aim(hand, target, handle.width_m))
    return targets


def _back_off(hand: HandSkills, target: HandTarget) -> HandTarget:
    return target.shift(-STANDOFF_M * hand.scale * target.ahead_w)
