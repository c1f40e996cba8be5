"""Ways to take a thing that stands where it stands, and the choice of one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from robolearn.sim.catalogue.category import Grasp
from robolearn.sim.catalogue.thing import Thing
from robolearn.sim.experts.hand_target import DOWN_RAD, HandTarget
from robolearn.sim.experts.skills.goals import STANDOFF_M, Goal, get_pose
from robolearn.sim.experts.skills.hand import NARROW_M, WIDE_M, HandSkills
from robolearn.sim.experts.skills.pose import Pose, make_turn_z
from robolearn.sim.experts.skills.preview import Held
from robolearn.specs import Array

NUM_TURNS = 12  # tried for a thing that is as good however it is turned
TILTS_RAD = (0.0, math.pi / 4, -math.pi / 4, 1.4, -1.4)  # about the line of the fingers
TILT_COST, TURN_COST, OFFSET_COST = 1.0, 0.3, 1.0  # per rad, per rad, per share
NARROW_COST = 0.05
Ratings = dict[tuple[float, ...], float]

TIP_ROOM_M = 0.003  # below the fingertips
LIFT_M = 0.05
# Let go higher where the hand would touch something else, at full size.
DROPS_M = (0.0, 0.02, 0.045, 0.08, 0.12)


@dataclass(frozen=True)
class Candidate:
    """A way to take a thing.

    Attributes:
        target: of the hand.
        opening: of the gripper before it closes, and when it lets go.
        cost: what speaks against it before anything is looked at.
    """

    target: HandTarget
    opening: float
    cost: float


@dataclass(frozen=True)
class Choice:
    """A candidate that was looked at.

    Attributes:
        candidate: the way to take the thing.
        rating: up to 1 it is good; see `Preview.rate`.
    """

    candidate: Candidate
    rating: float


@dataclass(frozen=True)
class Placing:
    """A way to put down what the hand holds.

    Attributes:
        target: of the hand when it lets go.
        goal: of the thing.
        rating: see `Preview.rate`.
    """

    target: HandTarget
    goal: Goal
    rating: float


def list_candidates(hand: HandSkills, thing: Thing) -> list[Candidate]:
    """Returns all ways to take a thing, the most comfortable first."""
    found = [
        _make_candidate(hand, thing, grasp, (turn, tilt_rad, room_m), index)
        for index, grasp in enumerate(thing.category.grasps)
        for turn in _find_turns(grasp)
        for tilt_rad in TILTS_RAD
        for room_m in (WIDE_M, NARROW_M)
    ]
    return sorted(found, key=lambda candidate: candidate.cost)


def choose_grasp(
    hand: HandSkills, thing: Thing, goals: Sequence[Goal], skip: int = 0
) -> Choice | None:
    """Returns the first way that is free now and where the thing is to go; else the best.

    Args:
        hand: the hand.
        thing: what to take.
        goals: where it is to go; empty: nowhere yet.
        skip: how many good ways to pass over: those that failed.
    """
    best: Choice | None = None
    seen: Ratings = {}
    for candidate in list_candidates(hand, thing):
        rating = rate_candidate(hand, thing, candidate)
        if rating <= 1.0 and goals:
            held = _imagine(thing, candidate)
            placing = choose_placing(hand, held, goals, candidate.opening, seen)
            rating = 2.0 if placing is None else max(rating, placing.rating)
        if rating <= 1.0:
            if skip == 0:
                return Choice(candidate, rating)
            skip -= 1
        if best is None or rating < best.rating:
            best = Choice(candidate, rating)
    return best


def rate_candidate(hand: HandSkills, thing: Thing, candidate: Candidate) -> float:
    """Returns how bad a grasp would be: up to 1 is good; see `Preview.rate`."""
    target, preview = candidate.target, hand.preview
    rating = preview.rate(preview.look(target, candidate.opening))
    if rating > 1.0:
        return rating
    before = target.shift(-STANDOFF_M * hand.scale * target.ahead_w)
    lifted = target.shift(np.array([0.0, 0.0, LIFT_M * hand.scale]))
    return max(
        rating,
        preview.rate(preview.look(before, candidate.opening)),
        preview.rate(preview.look(lifted, candidate.opening, _imagine(thing, candidate))),
    )


def choose_placing(
    hand: HandSkills,
    held: Held,
    goals: Sequence[Goal],
    opening: float,
    seen: Ratings | None = None,
) -> Placing | None:
    """Returns the first way of putting down that is free; else the best of those looked at.

    Args:
        hand: the hand.
        held: what is in it.
        goals: where that may go.
        opening: of the gripper when it lets go.
        seen: ratings of what was looked at before; filled.
    """
    seen = {} if seen is None else seen
    best: Placing | None = None
    here = hand.arm.target
    choices = sorted(
        ((_find_target(hand, held, goal.pose), goal) for goal in goals),
        key=lambda choice: _cost(choice, here),
    )
    for drop_m in DROPS_M:
        for target, goal in choices:
            raised = target.shift(-drop_m * hand.scale * goal.way_in_w)
            rating = _rate_placing(hand, held, raised, opening, seen)
            if best is None or rating < best.rating:
                best = Placing(raised, goal, rating)
            if rating <= 1.0:
                return best
    return best


def _rate_placing(
    hand: HandSkills, held: Held, target: HandTarget, opening: float, seen: Ratings
) -> float:
    """Looks at a way of putting down, unless a hand so placed was looked at before."""
    turned = (target.rotation[:, 0], target.rotation[:, 2], target.roll_rad)
    key = tuple(np.round(np.hstack((target.position_w * 200 / hand.scale, *turned)), 1).tolist())
    if key not in seen:
        seen[key] = hand.preview.rate(hand.preview.look(target, opening, held))
    return seen[key]


def _cost(choice: tuple[HandTarget, Goal], here: HandTarget) -> float:
    target, goal = choice
    return TURN_COST * abs(target.roll_rad - here.roll_rad) + OFFSET_COST * goal.offset


def _find_target(hand: HandSkills, held: Held, pose: Pose) -> HandTarget:
    """Returns where the hand is when what it holds has a pose."""
    tool = pose @ held.pose.invert()
    return hand.make_holding_target(tool)


def _imagine(thing: Thing, candidate: Candidate) -> Held:
    """Returns the thing as it would be in the hand."""
    tool = Pose(candidate.target.position_w, candidate.target.rotation)
    return Held(thing, tool.invert() @ get_pose(thing))


def _find_turns(grasp: Grasp) -> Iterator[float]:
    step_rad = grasp.symmetry_rad or 2 * math.pi / NUM_TURNS
    for turn in range(max(1, round(2 * math.pi / step_rad))):
        yield turn * step_rad


def _make_candidate(
    hand: HandSkills,
    thing: Thing,
    grasp: Grasp,
    variant: tuple[float, float, float],
    index: int,
) -> Candidate:
    turn_rad, tilt_rad, room_m = variant
    turn = make_turn_z(turn_rad)
    position_w = thing.to_world(turn @ np.array(grasp.position_t))
    opening_w = thing.direction_to_world(turn @ np.array(grasp.opening_t))
    ahead_w = thing.direction_to_world(turn @ np.array(grasp.approach_t))
    ahead_w = math.cos(tilt_rad) * ahead_w + math.sin(tilt_rad) * np.cross(opening_w, ahead_w)
    width_m = grasp.width_m * thing.scale
    target = hand.make_target(position_w, ahead_w, opening_w)
    target = aim(hand, target, width_m)
    target = target.shift(np.array([0.0, 0.0, _find_rise(hand, thing, grasp)]))
    cost = 0.1 * index + TILT_COST * abs(tilt_rad) + TURN_COST * abs(target.roll_rad - DOWN_RAD)
    cost += NARROW_COST * (room_m == NARROW_M)
    return Candidate(target, hand.find_opening(width_m, room_m), cost)


def _find_rise(hand: HandSkills, thing: Thing, grasp: Grasp) -> float:
    """Returns how much higher the hand stays so that its fingertips do not get too low [m]."""
    tips_m = grasp.position_t[2] * thing.scale - hand.arm.body.tool_to_tip_m
    return max(0.0, (grasp.tip_floor_m + TIP_ROOM_M) * thing.scale - tips_m)


def aim(hand: HandSkills, target: HandTarget, width_m: float) -> HandTarget:
    """Moves a target aside, for a hand that takes things beside a fixed finger."""
    aside: Array = target.rotation[:, 2]
    return target.shift(-hand.arm.find_aside(width_m) * aside)
